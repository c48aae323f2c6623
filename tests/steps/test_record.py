from dataclasses import replace
from datetime import date

from notifier.clock import japan_time
from notifier.steps.record import record
from notifier.store.facts import Intake
from notifier.store.tables import FactRow, ObligationRow
from tests.builders import by, deadline, said, settlement
from tests.steps.workshop import A, Workshop, enrolled

DUTY = deadline(settled_by=(settlement("example.report.filed"),))
SAID = said(by(date(2026, 6, 30)))


async def test_what_became_of_each_event_comes_back_in_order(shop: Workshop) -> None:
    await shop.enrol(enrolled(A))
    await shop.forget_outbox()
    filed, unknown = shop.event("example.report.filed"), shop.event("example.applied", "9970000099")
    other = replace(filed, body_hash="another text")
    assert await record(shop.tools, [filed, unknown, filed, other]) == [
        Intake.RECORDED,
        Intake.WAITING,
        Intake.REPEATED,
        Intake.CONFLICTING,
    ]
    assert [row.type for row in await shop.all(FactRow)] == ["example.report.filed"]
    assert await shop.waiting() == [("derive", shop.tools.now())]


async def test_no_events_leave_nothing(shop: Workshop) -> None:
    assert await record(shop.tools, []) == []
    assert await shop.waiting() == []


async def test_what_is_told_ahead_waits_for_its_day(shop: Workshop) -> None:
    await shop.enrol(enrolled(A))
    await shop.forget_outbox()
    told = replace(shop.event("example.report.filed"), on=date(2026, 5, 1))
    known = shop.event("example.applied", "9970000099")
    assert await record(shop.tools, [told, known]) == [Intake.WAITING] * 2
    assert await record(shop.tools, [known, replace(told, event_id="later")]) == [
        Intake.REPEATED,
        Intake.WAITING,
    ]
    assert await shop.waiting() == [("ripen", japan_time(date(2026, 5, 1), 0))]


async def test_nothing_is_worked_out_for_a_repeat(shop: Workshop) -> None:
    await shop.enrol(enrolled(A))
    filed = shop.event("example.report.filed")
    await record(shop.tools, [filed])
    await shop.forget_outbox()
    assert await record(shop.tools, [filed]) == [Intake.REPEATED]
    assert await shop.waiting() == []


async def test_a_replayed_event_sends_nothing(shop: Workshop) -> None:
    await shop.publish(SAID, deadlines=[DUTY])
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.live_until(date(2026, 4, 1))
    shop.turn_to(date(2026, 4, 2))
    filed = shop.event("example.report.filed")
    for _ in range(3):
        await record(shop.tools, [filed])
        await shop.live_until(date(2026, 4, 2))
    assert await shop.briefs() == [(A, "announcement", None), (A, "acknowledgement", None)]


async def test_a_fact_of_the_past_counts_from_its_own_day(shop: Workshop) -> None:
    await shop.publish(SAID, deadlines=[DUTY])
    await shop.enrol(enrolled(A))
    await shop.run()
    await shop.note("example.report.filed", on=date(2026, 3, 2))
    await shop.run()
    (kept,) = await shop.all(ObligationRow)
    assert kept.settled_on == date(2026, 3, 2)
