"""Letters that wait for the weekdays and hours at which a contact wants them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import update

from notifier.clock import civil_date, japan_time
from notifier.domain.callers import Tenant
from notifier.domain.dates import Part
from notifier.domain.expressions import Expression, Fixed, InMonth
from notifier.steps.derive import derive
from notifier.steps.dispatch import dispatch
from notifier.steps.resend import resend
from notifier.steps.vouch import amend
from notifier.store.database import table
from notifier.store.tables import AuditRow, CohortRow, ContactRow, DeliveryRow, SayingRow
from tests.builders import CITY, by, city, deadline, said, settlement
from tests.steps.pages import APPLIED, declared, say
from tests.steps.workshop import A, B, Workshop, enrolled

TODAY = date(2026, 4, 1)
"""A Wednesday."""
THURSDAY, FRIDAY, SATURDAY, MONDAY, TUESDAY = (date(2026, 4, day) for day in (2, 3, 4, 6, 7))
WISHES: dict[str, Any] = {"weekdays": (4, 2), "hours": "13-17"}
DUTY = deadline(settled_by=(settlement(APPLIED),))
THEIRS, USUAL, OTHERS = "a@example.jp", "office@example.jp", "b@example.jp"


async def owing(shop: Workshop, due: Expression, **wishes: Any) -> None:
    """Two offices owe something; the first contact of the first wishes for hours."""
    await shop.publish(said(due), deadlines=[DUTY])
    await shop.enrol(enrolled(A, THEIRS, USUAL), enrolled(B, OTHERS))
    await wish(shop, **wishes)


async def wish(shop: Workshop, **wishes: Any) -> None:
    (contact,) = [each for each in await shop.all(ContactRow) if each.address == THEIRS]
    await amend(shop.tools, Tenant(CITY), contact.id, wishes, "a clerk")


async def dispatched(shop: Workshop, day: date, hour: int) -> dict[str, datetime]:
    """When what is not gathered at that hour is due, by address."""
    shop.turn_to(day, hour)
    await shop.forget_outbox()
    await dispatch(shop.tools)
    return {row.recipient: row.due_at for row in await shop.all(DeliveryRow) if row.letter_id is None}


async def change(shop: Workshop, model: Any, **values: Any) -> None:
    async with shop.database.transaction() as conn:
        await conn.execute(update(table(model)).values(**values))


async def test_a_letter_waits_for_the_hours_of_its_contact_and_no_other_letter_does(shop: Workshop) -> None:
    await owing(shop, by(date(2026, 6, 30)), weekdays=(3, 4), hours="13-17")
    await derive(shop.tools)
    assert await dispatched(shop, TODAY, 9) == {THEIRS: japan_time(TODAY, 13)}
    assert await shop.waiting() == [("deliver", japan_time(TODAY, 9)), ("dispatch", japan_time(TODAY, 13))]
    assert (await shop.all(AuditRow))[-1].detail == {"letters": 2, "put_off": 1}
    # Whoever comes too late for the hours of one day is sent for on the next.
    assert await dispatched(shop, TODAY, 18) == {THEIRS: japan_time(THURSDAY, 13)}
    assert (await shop.all(AuditRow))[-1].detail == {"letters": 0, "put_off": 1}
    assert await dispatched(shop, THURSDAY, 13) == {}


async def test_hours_that_change_are_looked_at_anew_for_what_waits(shop: Workshop) -> None:
    await owing(shop, by(date(2026, 6, 30)), **WISHES)
    await derive(shop.tools)
    await dispatched(shop, TODAY, 9)
    shop.turn_to(TODAY, 10)
    for wishes, until in (({"hours": "15-17"}, (THURSDAY, 15)), ({"weekdays": (3,)}, (TODAY, 15))):
        await wish(shop, **wishes)
        await shop.run()
        assert await dispatched(shop, TODAY, 10) == {THEIRS: japan_time(*until)}
    await wish(shop, weekdays=(), hours="")
    assert ("dispatch", japan_time(TODAY, 10)) in await shop.waiting()
    assert await dispatched(shop, TODAY, 10) == {}


async def test_a_letter_waits_for_the_weekday_and_leaves_by_itself(shop: Workshop) -> None:
    await owing(shop, by(date(2026, 6, 30)), **WISHES)
    await shop.live_until(THURSDAY)
    leaving = [(each.date, each.recipient) for each in shop.channel.parcels]
    assert leaving == [
        (japan_time(TODAY, 9), USUAL),
        (japan_time(TODAY, 9), OTHERS),
        (japan_time(THURSDAY, 13), THEIRS),
    ]
    first, _, last = shop.channel.parcels
    assert first.subject == last.subject
    assert all("（令和8年4月1日（水）現在、あと90日）" in each.text for each in (first, last))


async def test_nothing_waits_that_is_due_before_the_next_weekday_is_over(shop: Workshop) -> None:
    """Thursday is the first day that was chosen: a duty due by then is told at once, on each day on which it is told."""
    await owing(shop, by(THURSDAY), **WISHES)
    await shop.live_until(THURSDAY)
    leaving = [(civil_date(each.date), each.recipient, each.subject) for each in shop.channel.parcels]
    assert [day for day, to, _ in leaving if to == THEIRS] == [day for day, to, _ in leaving if to == USUAL]
    assert all((day == THURSDAY) == ("本日締切" in subject) for day, _, subject in leaving)
    assert any("本日締切" in subject for _, _, subject in leaving)


async def test_on_the_day_itself_nothing_waits_for_an_hour(shop: Workshop) -> None:
    await owing(shop, by(TODAY), weekdays=(), hours="13-17")
    await derive(shop.tools)
    assert await dispatched(shop, TODAY, 9) == {}


async def test_a_wait_ends_before_the_closed_days_ahead_of_a_due_day(shop: Workshop) -> None:
    """Due on a Sunday: the letter asks to call by Friday, and does not come on Friday afternoon."""
    await owing(shop, by(date(2026, 4, 5)), weekdays=(5,), hours="13-17")
    await derive(shop.tools)
    assert await dispatched(shop, TODAY, 9) == {}


async def test_of_reminders_that_wait_for_the_same_hour_the_last_is_sent(shop: Workshop) -> None:
    """Due on Thursday, 30 April: Thursday, Monday and Tuesday before it are rungs, and all wait for Tuesday afternoon."""
    await owing(shop, by(date(2026, 4, 30)), weekdays=(2,), hours="13-17")
    await shop.live_until(date(2026, 4, 29))
    last = [each for each in shop.channel.parcels if each.recipient == THEIRS][-1]
    assert last.date == japan_time(date(2026, 4, 28), 13)
    assert [line for line in last.text.splitlines() if "現在、あと" in line] == [
        "　（令和8年4月28日（火）現在、あと2日）"
    ]
    dropped = [row for row in await shop.all(DeliveryRow) if row.state == "cancelled"]
    assert [row.recipient for row in dropped] == [THEIRS, THEIRS]


async def test_closed_days_of_the_authority_are_passed_over(shop: Workshop) -> None:
    await shop.keep(city(closed=frozenset({THURSDAY})))
    await owing(shop, by(date(2026, 6, 30)), **WISHES)
    await derive(shop.tools)
    assert await dispatched(shop, TODAY, 9) == {THEIRS: japan_time(TUESDAY, 13)}


async def test_what_may_end_on_each_day_of_a_part_of_a_month_does_not_wait_in_it(shop: Workshop) -> None:
    await owing(shop, InMonth(2026, 4, Part.EARLY), **WISHES)
    shop.turn_to(FRIDAY)
    await derive(shop.tools)
    assert await dispatched(shop, FRIDAY, 9) == {}


async def test_that_something_begins_is_said_before_it_does(shop: Workshop) -> None:
    """What begins on a Saturday is said on the Friday before it, and not on Tuesday."""
    await owing(shop, Fixed(date(2026, 6, 30), SATURDAY), **WISHES)
    await shop.live_until(FRIDAY)
    assert [each.recipient for each in shop.channel.parcels if civil_date(each.date) == FRIDAY] == [
        THEIRS,
        USUAL,
        OTHERS,
    ]


async def test_the_day_to_which_a_letter_counts_matters_beside_the_days_of_the_duty(shop: Workshop) -> None:
    """While papers contradict each other reminders run to the earlier day, and the safe day may lie before it."""
    await owing(shop, by(THURSDAY), **WISHES)
    await derive(shop.tools)
    late = date(2026, 6, 30)
    await change(shop, CohortRow, target=None, earliest=late, latest=late)
    assert await dispatched(shop, TODAY, 9) == {}


async def test_what_was_always_late_is_sent_at_last(shop: Workshop) -> None:
    await owing(shop, by(date(2026, 6, 30)), **WISHES)
    await derive(shop.tools)
    await change(shop, SayingRow, on=date(2026, 3, 18))
    assert await dispatched(shop, TODAY, 9) == {}


async def test_who_asks_for_a_letter_anew_gets_it_at_once(shop: Workshop) -> None:
    await owing(shop, by(date(2026, 6, 30)), **WISHES)
    await derive(shop.tools)
    assert await dispatched(shop, TODAY, 9) == {THEIRS: japan_time(THURSDAY, 13)}
    (waiting,) = [row.id for row in await shop.all(DeliveryRow) if row.recipient == THEIRS]
    await resend(shop.tools, Tenant(CITY), waiting, "a clerk", lambda _: None)
    await dispatch(shop.tools)
    rows = [row for row in await shop.all(DeliveryRow) if row.recipient == THEIRS]
    assert [(row.repeat, row.letter_id is not None) for row in rows] == [(0, False), (1, True)]


async def test_what_is_awaited_on_a_day_waits_for_an_hour_of_that_day_only(shop: Workshop) -> None:
    await owing(shop, by(date(2026, 6, 30)))
    await shop.live_until(TODAY)
    await wish(shop, **WISHES)
    for day in (MONDAY, TUESDAY):
        await say(shop, declared("reminder", on=day))
        await shop.live_until(day)
    leaving = [each.date for each in shop.channel.parcels if each.recipient == THEIRS]
    assert leaving == [japan_time(TODAY, 9), japan_time(MONDAY, 9), japan_time(TUESDAY, 13)]


async def test_an_answer_waits_too_but_never_comes_after_news_that_overtake_it(shop: Workshop) -> None:
    await owing(shop, by(date(2026, 6, 30)))
    await shop.live_until(TODAY)
    await wish(shop, **WISHES)
    shop.turn_to(THURSDAY, 18)
    before = len(shop.channel.parcels)
    await shop.note(APPLIED)
    await shop.run()
    shop.turn_to(FRIDAY, 10)
    await shop.run()
    assert [each.recipient for each in shop.channel.parcels[before:]] == [USUAL]
    await shop.publish(said(by(date(2026, 5, 29)), FRIDAY), deadlines=[DUTY])
    await shop.run()
    later = {each.recipient: each.subject for each in shop.channel.parcels[before + 1 :]}  # in any order
    assert later.keys() == {THEIRS, OTHERS}
    assert "受付済" in later[THEIRS]
