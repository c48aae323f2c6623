"""Open days of an authority, and the roll of a date that falls on a free day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.calendar import Calendar, Roll
from notifier.domain.dates import Interval

ONE_DAY = timedelta(days=1)

# The holidays of the months these cases move in.
CALENDAR = Calendar(
    holidays=frozenset(
        {
            date(2026, 1, 1),
            date(2026, 1, 12),
            date(2026, 3, 20),
            date(2026, 4, 29),
            date(2026, 5, 3),
            date(2026, 5, 4),
            date(2026, 5, 5),
            date(2026, 5, 6),
            date(2027, 1, 1),
        }
    ),
    known=Interval(date(2026, 1, 1), date(2027, 12, 31)),
)
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
CLOSED = st.frozensets(DAYS, max_size=40)


@pytest.mark.parametrize(
    "day, expected",
    [
        (date(2026, 3, 13), True),  # Friday
        (date(2026, 3, 14), False),  # Saturday
        (date(2026, 3, 15), False),  # Sunday
        (date(2026, 3, 20), False),  # 春分の日
        (date(2026, 5, 6), False),  # 振替休日
        (date(2026, 12, 28), True),  # Monday, 御用納め
        (date(2026, 12, 29), False),
        (date(2026, 12, 30), False),
        (date(2026, 12, 31), False),
        (date(2028, 1, 3), False),  # Monday
        (date(2027, 1, 4), True),  # Monday, 御用始め
    ],
)
def test_weekends_holidays_and_the_turn_of_the_year_are_free(day: date, expected: bool) -> None:
    assert CALENDAR.is_open(day) is expected


def test_a_date_on_an_open_day_stays_by_every_rule() -> None:
    friday = date(2026, 3, 13)
    assert [friday] * 3 == [CALENDAR.roll(friday, rule) for rule in Roll]


@pytest.mark.parametrize(
    "roll, expected",
    [
        (Roll.NONE, date(2026, 3, 21)),
        (Roll.PREVIOUS, date(2026, 3, 19)),
        (Roll.NEXT, date(2026, 3, 23)),
    ],
)
def test_a_date_on_a_free_day_stays_or_moves_over_the_whole_free_stretch(roll: Roll, expected: date) -> None:
    assert expected == CALENDAR.roll(date(2026, 3, 21), roll)


def test_a_date_in_the_closing_at_the_turn_of_the_year_moves_out_of_the_year() -> None:
    assert CALENDAR.previous_open(date(2027, 1, 2)) == date(2026, 12, 28)
    assert CALENDAR.next_open(date(2026, 12, 29)) == date(2027, 1, 4)


def test_an_authority_closes_on_days_of_its_own_without_touching_the_national_calendar() -> None:
    founding_day = date(2026, 6, 15)
    own = CALENDAR.with_closed([founding_day]).with_closed([date(2026, 6, 16)])
    assert own.next_open(founding_day) == date(2026, 6, 17)
    assert own.previous_open(founding_day) == date(2026, 6, 12)
    assert CALENDAR.is_open(founding_day)


def test_a_day_whose_holidays_are_not_proclaimed_is_an_estimate() -> None:
    assert not CALENDAR.is_estimate(date(2027, 12, 31))
    assert CALENDAR.is_estimate(date(2028, 1, 1))
    assert CALENDAR.is_estimate(date(2025, 12, 31))


def test_open_days_are_listed_in_order_with_both_ends() -> None:
    week = CALENDAR.open_days(date(2026, 3, 18), date(2026, 3, 23))
    assert week == [date(2026, 3, 18), date(2026, 3, 19), date(2026, 3, 23)]
    assert CALENDAR.open_days(date(2026, 3, 18), date(2026, 3, 18)) == [date(2026, 3, 18)]
    assert CALENDAR.open_days(date(2026, 3, 18), date(2026, 3, 17)) == []


@given(DAYS, CLOSED)
def test_rolling_reaches_the_nearest_open_day_and_no_further(day: date, closed: frozenset[date]) -> None:
    calendar = CALENDAR.with_closed(closed)
    before, after = calendar.previous_open(day), calendar.next_open(day)
    assert before <= day <= after
    assert {before, after} == set(calendar.open_days(before, after))


@given(DAYS, CLOSED, st.sampled_from(Roll))
def test_rolling_twice_changes_nothing(day: date, closed: frozenset[date], roll: Roll) -> None:
    calendar = CALENDAR.with_closed(closed)
    rolled = calendar.roll(day, roll)
    assert rolled == calendar.roll(rolled, roll)


@given(DAYS, CLOSED)
def test_rolling_keeps_the_order_of_dates(day: date, closed: frozenset[date]) -> None:
    calendar = CALENDAR.with_closed(closed)
    assert calendar.previous_open(day) <= calendar.previous_open(day + ONE_DAY)
    assert calendar.next_open(day) <= calendar.next_open(day + ONE_DAY)
