from dataclasses import replace
from datetime import date

from notifier.steps.enrol import close, enrol
from notifier.store.facts import Intake
from notifier.store.tables import AuditRow, ObligationRow, OfficeRow
from tests.builders import REPORT, by, said, settlement
from tests.builders import deadline as entry
from tests.steps.workshop import A, B, Workshop, enrolled

DUE = date(2026, 6, 30)
SAID = said(by(DUE))


async def test_an_enrolled_office_is_told_what_is_open_for_it(shop: Workshop) -> None:
    await shop.publish(SAID)
    await shop.run()
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.live_until(date(2026, 4, 1))
    assert await shop.briefs() == [(A, "announcement", None)]


async def test_an_office_that_joins_late_is_told_once_and_others_not_again(shop: Workshop) -> None:
    await shop.publish(SAID)
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.live_until(date(2026, 4, 9))
    shop.turn_to(date(2026, 4, 10))
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
    await shop.live_until(date(2026, 4, 10))
    assert [(each.on, each.brief) for each in await shop.said()] == [
        (date(2026, 4, 1), (A, "announcement", None)),
        (date(2026, 4, 10), (B, "announcement", None)),
    ]


async def test_what_is_past_is_not_told_to_a_newcomer(shop: Workshop) -> None:
    await shop.publish(SAID)
    await shop.live_until(date(2026, 7, 3))
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.live_until(date(2026, 7, 10))
    assert await shop.said() == []


async def test_an_event_that_waited_for_its_office_is_applied_when_it_appears(shop: Workshop) -> None:
    await shop.publish(SAID, deadlines=[entry(settled_by=(settlement("example.report.filed"),))])
    assert await shop.note("example.report.filed", on=date(2026, 3, 20)) is Intake.WAITING
    await shop.run()
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.live_until(date(2026, 4, 2))
    (kept,) = await shop.all(ObligationRow)
    assert kept.settled_on == date(2026, 3, 20)
    assert await shop.said() == []


async def test_taking_offices_over_is_written_down_once_a_list(shop: Workshop) -> None:
    await enrol(shop.tools, [enrolled(A), enrolled(B)], "a clerk")
    await enrol(shop.tools, [], "a clerk")
    assert [(row.who, row.action, row.detail) for row in await shop.all(AuditRow)] == [
        ("a clerk", "offices.enrolled", {"count": 2, "first": A}),
        ("a clerk", "offices.enrolled", {"count": 0, "first": ""}),
    ]
    assert await shop.waiting() == [("derive", shop.tools.now())]


async def test_a_closed_office_owes_nothing_more_and_hears_nothing_more(shop: Workshop) -> None:
    await shop.publish(SAID)
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
    await shop.live_until(date(2026, 4, 1))
    assert await close(shop.tools, A, date(2026, 4, 2), "a clerk")
    await shop.live_until(date(2026, 5, 1))
    assert [row.deadline for row in await shop.all(ObligationRow)] == [REPORT]
    assert await shop.briefs() == [
        (A, "announcement", None),
        (B, "announcement", None),
        (B, "reminder", "T-60"),
    ]
    assert [row.closed_on for row in await shop.all(OfficeRow)] == [date(2026, 4, 2), None]
    (told,) = [row for row in await shop.all(AuditRow) if row.action == "office.closed"]
    assert told.detail == {"on": "2026-04-02"}


async def test_an_unknown_office_cannot_be_closed(shop: Workshop) -> None:
    assert not await close(shop.tools, "9970000099", date(2026, 4, 2), "a clerk")
    assert await shop.waiting() == []
    assert await shop.all(AuditRow) == []


async def test_a_closed_office_that_is_listed_again_is_open_again(shop: Workshop) -> None:
    office = enrolled(A, "a@example.jp")
    await shop.publish(SAID)
    await shop.enrol(office)
    await shop.live_until(date(2026, 4, 1))
    await close(shop.tools, A, date(2026, 4, 2), "a clerk")
    await shop.live_until(date(2026, 4, 2))
    await shop.enrol(replace(office, name="再開した事業所"))
    await shop.live_until(date(2026, 4, 3))
    assert len(await shop.all(ObligationRow)) == 1
