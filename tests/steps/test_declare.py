"""What an office declares on its page, what follows at once, and what can be taken back."""

from dataclasses import replace
from datetime import date, timedelta

from notifier.domain.origins import OFFICE_PAGE
from notifier.steps.declare import GRACE, MOST_AN_HOUR, declare, undo
from notifier.store import declarations, enquiries, feed, listeners, wishes
from notifier.store.declarations import DeclarationRow
from notifier.store.enquiries import EnquiryRow
from notifier.store.happenings import MessageRow
from notifier.store.tables import AuditRow, FactRow
from notifier.store.wishes import WishRow
from tests.builders import REPORT, by, deadline, said, settlement
from tests.steps.pages import APPLIED, by_page, declared, done, guest, say
from tests.steps.workshop import A, B, Workshop, enrolled

TODAY = date(2026, 4, 1)
DUE = date(2026, 6, 30)


async def owing(shop: Workshop) -> None:
    """An office owes a report by the end of June."""
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
    await shop.publish(said(by(DUE)), deadlines=[deadline(settled_by=(settlement(APPLIED),))])
    await shop.live_until(TODAY)


async def states(shop: Workshop) -> list[str]:
    return [row.state for row in await shop.all(DeclarationRow)]


async def test_what_is_declared_done_is_no_fact_until_it_can_no_longer_be_undone(shop: Workshop) -> None:
    await owing(shop)
    await say(shop, done(TODAY))
    await shop.run()
    assert await shop.all(FactRow) == []
    assert await states(shop) == ["pending"]
    shop.clock.turn_to(shop.tools.now() + GRACE)
    await shop.run()
    assert [(row.type, row.on, row.source) for row in await shop.all(FactRow)] == [
        (APPLIED, TODAY, OFFICE_PAGE)
    ]
    assert await states(shop) == ["applied"]


async def test_what_can_still_be_undone_waits_while_the_rest_is_filed(shop: Workshop) -> None:
    await owing(shop)
    await say(shop, done(TODAY))
    shop.clock.turn_to(shop.tools.now() + GRACE / 2)
    await say(shop, done(TODAY), B)
    shop.clock.turn_to(shop.tools.now() + GRACE / 2)
    await shop.run()
    assert await states(shop) == ["applied", "pending"]
    shop.clock.turn_to(shop.tools.now() + GRACE)
    await shop.run()
    assert await states(shop) == ["applied", "applied"]


async def test_what_was_declared_by_mistake_never_becomes_a_fact(shop: Workshop) -> None:
    await owing(shop)
    kept = await say(shop, done(TODAY))
    assert await undo(shop.tools, await guest(shop), kept.id, by_page())
    assert not await undo(shop.tools, await guest(shop), kept.id, by_page())
    await shop.live_until(TODAY + timedelta(days=1))
    assert await shop.all(FactRow) == []
    assert await states(shop) == ["undone"]


async def test_a_fact_cannot_be_undone(shop: Workshop) -> None:
    await owing(shop)
    kept = await say(shop, done(TODAY))
    await shop.live_until(TODAY + timedelta(days=1))
    assert not await undo(shop.tools, await guest(shop), kept.id, by_page())
    assert await states(shop) == ["applied"]


async def test_no_office_takes_back_what_another_declared(shop: Workshop) -> None:
    await owing(shop)
    kept = await say(shop, done(TODAY))
    assert not await undo(shop.tools, await guest(shop, B), kept.id, by_page(B))
    assert not await undo(shop.tools, await guest(shop), 99, by_page())
    assert await states(shop) == ["pending"]


async def test_a_form_that_is_sent_twice_counts_once(shop: Workshop) -> None:
    await owing(shop)
    what = done(TODAY)
    first, second = await say(shop, what), await say(shop, what)
    assert (first.id, first.is_new, second.is_new) == (second.id, True, False)
    assert len(await shop.all(DeclarationRow)) == 1


async def test_who_declares_without_end_is_stopped_for_a_while(shop: Workshop) -> None:
    await owing(shop)
    for _ in range(MOST_AN_HOUR):
        await say(shop, declared("seen"))
    assert await declare(shop.tools, await guest(shop), declared("seen"), by_page()) is None
    assert await declare(shop.tools, await guest(shop, B), declared("seen"), by_page(B)) is not None
    shop.clock.turn_to(shop.tools.now() + timedelta(minutes=61))
    assert await declare(shop.tools, await guest(shop), declared("seen"), by_page()) is not None


async def test_that_a_duty_does_not_apply_waits_for_the_municipality_and_the_duty_stays(
    shop: Workshop,
) -> None:
    await owing(shop)
    kept = await say(shop, declared("not-applicable", reason="提供していない", words="休止中です。"))
    async with shop.database.reading() as conn:
        found = await enquiries.of_office(conn, (await guest(shop)).id)
    assert [(each.kind, each.deadline, each.reason, each.words, each.state) for each in found] == [
        ("not-applicable", REPORT, "提供していない", "休止中です。", "open")
    ]
    assert await undo(shop.tools, await guest(shop), kept.id, by_page())
    assert [row.state for row in await shop.all(EnquiryRow)] == ["withdrawn"]
    assert not await undo(shop.tools, await guest(shop), (await say(shop, declared("seen"))).id, by_page())


async def test_a_wish_replaces_the_one_before_and_can_be_dropped(shop: Workshop) -> None:
    await owing(shop)
    await say(shop, declared("reminder", on=date(2026, 5, 11)))
    kept = await say(shop, declared("reminder", on=date(2026, 5, 12)))
    async with shop.database.reading() as conn:
        waiting = await wishes.of_office(conn, (await guest(shop)).id)
    assert [each.on for each in waiting] == [date(2026, 5, 12)]
    assert await undo(shop.tools, await guest(shop), kept.id, by_page())
    assert [row.state for row in await shop.all(WishRow)] == ["dropped", "dropped"]


async def test_a_reminder_without_a_day_is_kept_and_asks_for_nothing(shop: Workshop) -> None:
    await owing(shop)
    await say(shop, declared("reminder"))
    assert await shop.all(WishRow) == []


async def test_those_who_listen_hear_that_an_office_has_acknowledged(shop: Workshop) -> None:
    await owing(shop)
    async with shop.database.transaction() as conn:
        listener = await listeners.listen(conn, "", "", shop.tools.now())
    await say(shop, declared("seen"))
    await say(shop, declared("not-applicable", reason="提供していない"))
    await say(shop, done(TODAY))
    shop.clock.turn_to(shop.tools.now() + GRACE)
    await shop.run()
    rows = await shop.all(MessageRow)
    told = [row for row in rows if row.type == "office.acknowledged"]
    assert [(row.subject, row.deadline) for row in told] == [(f"office/{A}", REPORT)] * 3
    async with shop.database.reading() as conn:
        heard = await feed.read(conn, listener.id, feed.Place(), 50)
    said = [each.data for each in heard if each.type == "office.acknowledged"]
    assert [(each["kind"], each["by"], each["facts"], each["on"]) for each in said] == [
        ("seen", "page", [], None),
        ("not-applicable", "page", [], None),
        ("done", "page", [APPLIED], TODAY.isoformat()),
    ]


async def test_where_nobody_listens_nothing_is_written_down_to_be_told(shop: Workshop) -> None:
    await owing(shop)
    await say(shop, declared("seen"))
    assert await shop.all(MessageRow) == []


async def test_each_deed_stands_in_the_audit_with_the_office_and_from_where(shop: Workshop) -> None:
    await owing(shop)
    kept = await say(shop, replace(done(TODAY), reason="", words="だれにも見せない言葉"))
    await say(shop, declared("not-applicable", reason="提供していない"))
    await say(shop, declared("reminder", on=date(2026, 5, 11)))
    await undo(shop.tools, await guest(shop), kept.id, by_page())
    rows = [row for row in await shop.all(AuditRow) if row.who == f"office/{A}"]
    assert [(row.action, row.origin, row.authority) for row in rows] == [
        ("office.declared", "192.0.2.1", "999016"),
        ("office.declared", "192.0.2.1", "999016"),
        ("office.declared", "192.0.2.1", "999016"),
        ("office.undeclared", "192.0.2.1", "999016"),
    ]
    assert rows[0].detail["facts"] == [f"{APPLIED} {TODAY.isoformat()}"]
    assert rows[2].detail["on"] == "2026-05-11"
    assert not any("だれにも" in str(row.detail) for row in rows)


async def test_a_report_filed_on_the_page_stops_the_reminders(shop: Workshop) -> None:
    await owing(shop)
    await say(shop, done(TODAY))
    await shop.live_until(DUE)
    reminded = {each.party for each in await shop.said() if each.occasion == "reminder"}
    assert reminded == {f"office/{B}"}
    async with shop.database.reading() as conn:
        assert await declarations.next_ready(conn) is None
