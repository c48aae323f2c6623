"""Telling: when news leaves, what is urgent, and the day to come back on."""

from datetime import date, datetime

import pytest

from notifier.clock import japan_time
from notifier.domain.law import Party
from notifier.domain.obligations import Decision, decide
from notifier.store.tables import DeliveryRow
from notifier.telling import is_urgent, leaves_at, upcoming
from tests.builders import CALENDAR, by, deadline, key, law, said, settlement
from tests.steps.workshop import A, B, Workshop, enrolled

WEDNESDAY, SATURDAY, MONDAY = date(2026, 4, 1), date(2026, 4, 4), date(2026, 4, 6)


def decided(due: date, today: date = WEDNESDAY) -> Decision:
    found = decide(law(said(by(due))), key(), today)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "now, urgent, leaves",
    [
        (japan_time(WEDNESDAY, 8), False, japan_time(WEDNESDAY, 9)),
        (japan_time(WEDNESDAY, 0), False, japan_time(WEDNESDAY, 9)),
        (japan_time(WEDNESDAY, 10, 30), False, japan_time(WEDNESDAY, 10, 30)),
        (japan_time(SATURDAY, 8), False, japan_time(MONDAY, 9)),
        (japan_time(SATURDAY, 18), False, japan_time(MONDAY, 9)),
        (japan_time(SATURDAY, 8), True, japan_time(SATURDAY, 9)),
        (japan_time(SATURDAY, 18), True, japan_time(SATURDAY, 18)),
        (japan_time(date(2026, 12, 29), 8), False, japan_time(date(2027, 1, 4), 9)),
    ],
)
def test_news_leaves_at_nine_on_an_open_day_and_urgent_news_at_once(
    now: datetime, urgent: bool, leaves: datetime
) -> None:
    assert leaves_at(now, CALENDAR, urgent=urgent) == leaves


def test_what_is_due_within_three_days_is_urgent_and_what_is_over_is_not() -> None:
    due = decided(MONDAY)
    urgent = [is_urgent(due, date(2026, 4, day)) for day in (2, 3, 6, 7)]
    assert urgent == [False, True, True, False]


def test_the_next_day_is_that_of_a_rung_or_the_day_after_the_end() -> None:
    due = date(2026, 4, 30)
    assert upcoming(decided(due), WEDNESDAY) == date(2026, 4, 16)
    assert upcoming(decided(due, due), due) == date(2026, 5, 1)
    closed = date(2026, 5, 1)
    assert upcoming(decided(due, closed), closed) is None


async def test_a_reminder_on_a_free_day_leaves_at_once_if_the_end_is_near(shop: Workshop) -> None:
    """The office is enrolled on Saturday; the duty is due on Tuesday."""
    await shop.publish(said(by(date(2026, 4, 7))), said(by(date(2026, 4, 30)), deadline="example/later"))
    await shop.run()
    shop.turn_to(SATURDAY)
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.live_until(MONDAY)
    assert [
        (each.on, each.deadline, each.occasion) for each in await shop.said() if each.party == f"office/{A}"
    ] == [
        (SATURDAY, "example/annual-report", "announcement"),
        (MONDAY, "example/later", "announcement"),
        (MONDAY, "example/annual-report", "reminder"),
    ]


async def test_the_same_is_never_planned_twice_for_one_address(shop: Workshop) -> None:
    await shop.publish(said(by(date(2026, 4, 30))))
    await shop.enrol(enrolled(A, "a@example.jp", "a2@example.jp"))
    await shop.run()
    for _ in range(2):
        await shop.enrol(enrolled(A, "a@example.jp", "a2@example.jp", services=("11", "15")))
        await shop.run()
        await shop.enrol(enrolled(A, "a@example.jp", "a2@example.jp"))
        await shop.run()
    planned = [row.recipient for row in await shop.all(DeliveryRow)]
    assert sorted(planned) == ["a2@example.jp", "a@example.jp"]


async def test_an_authority_hears_only_of_its_own_cohorts(shop: Workshop) -> None:
    duty = deadline(
        parties=(Party.OFFICE, Party.PREFECTURE), settled_by=(settlement("example.report.filed"),)
    )
    await shop.publish(said(by(date(2026, 6, 30))), deadlines=[duty])
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
    await shop.live_until(WEDNESDAY)
    told = [each.party for each in await shop.said("accepted", "unreachable")]
    assert sorted(told) == ["authority/888001", "authority/999008", f"office/{A}", f"office/{B}"]
