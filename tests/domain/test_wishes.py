"""On which days an office may ask to be reminded."""

from dataclasses import replace
from datetime import date

from notifier.domain.dates import Interval
from notifier.domain.deadlines import Due, Shape
from notifier.domain.wishes import days_to_wish, last_safe_day
from tests.builders import day_due

TODAY = date(2026, 4, 1)


def test_a_reminder_is_never_wished_for_past_the_last_safe_day() -> None:
    dated = replace(day_due(date(2026, 4, 30)), target=date(2026, 4, 27))
    assert last_safe_day(dated) == date(2026, 4, 27)
    assert days_to_wish(dated, TODAY) == Interval(date(2026, 4, 2), date(2026, 4, 27))


def test_on_the_last_safe_day_itself_no_reminder_can_be_wished_for_any_more() -> None:
    assert days_to_wish(replace(day_due(date(2026, 4, 30)), target=TODAY), TODAY) is None


def test_what_runs_to_an_uncertain_end_may_be_wished_for_up_to_it() -> None:
    part = Due(Shape.PART, "6月ごろ", date(2026, 6, 1), date(2026, 6, 30))
    assert last_safe_day(part) == date(2026, 6, 30)


def test_what_has_no_end_may_be_wished_for_within_a_year() -> None:
    endless = Due(Shape.STANDING, "いつでも", ends=False)
    assert last_safe_day(endless) is None
    assert days_to_wish(endless, TODAY) == Interval(date(2026, 4, 2), date(2027, 4, 1))
