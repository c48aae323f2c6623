"""On which weekdays and at which hours letters come."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.clock import JAPAN, civil_date, japan_time
from notifier.domain.hours import Hours, wait
from notifier.errors import SubscriptionRefusedError
from tests.builders import CALENDAR

MONDAY, TUESDAY, THURSDAY, FRIDAY = (date(2026, 4, day) for day in (6, 7, 9, 10))
SATURDAY, SUNDAY = date(2026, 4, 11), date(2026, 4, 12)
AFTERNOONS = Hours.of([4, 2], "13-17")

HOURS = st.builds(
    lambda days, first, length: Hours(tuple(sorted(days)), first, min(24, first + length)),
    st.sets(st.integers(1, 7)),
    st.integers(0, 23),
    st.integers(1, 24),
)
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.sampled_from([UTC, JAPAN]))  # noqa: DTZ001


def is_inside(hours: Hours, at: datetime) -> bool:
    """Read from the definition."""
    there = at.astimezone(JAPAN)
    named = not hours.weekdays or there.isoweekday() in hours.weekdays
    return named and there.hour in range(hours.first, hours.last)


@given(HOURS, INSTANTS)
def test_an_opening_is_the_nearest_instant_inside_and_never_eight_days_away(
    hours: Hours, at: datetime
) -> None:
    found = hours.next_opening(at)
    assert at <= found < at + timedelta(days=8)
    assert is_inside(hours, found)
    top = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    between = [at, *(top + timedelta(hours=each) for each in range(1, 8 * 24))]
    nearest = next(each for each in between if is_inside(hours, each))
    is_morning = found == japan_time(civil_date(nearest), 9)
    assert found == nearest or (is_morning and not hours.kept_hours)
    assert (found == at) == is_inside(hours, at)


@given(HOURS, INSTANTS)
def test_an_opening_that_suits_the_authority_is_one_of_the_openings(hours: Hours, at: datetime) -> None:
    found = hours.opening(at, CALENDAR)
    assert found in list(hours.openings(at))
    passed_over = [each for each in hours.openings(at) if each < found]
    assert not any(CALENDAR.is_open(civil_date(each)) for each in passed_over)
    waits = wait(hours, at, CALENDAR)
    assert (waits is None) == (found == at)
    assert waits is None or waits.today <= waits.opening <= waits.through


@given(HOURS)
def test_hours_are_read_as_they_were_kept(hours: Hours) -> None:
    assert Hours.read(hours.kept_weekdays, hours.kept_hours) == hours


@pytest.mark.parametrize(
    "weekdays,hours,said",
    [
        ([4, 2], "13-17", "火・木の13時〜17時"),
        ([1, 2, 3, 4, 5], "", "月〜金"),
        ([6, 7], "", "土・日"),
        ([1, 3, 4, 5], "", "月・水・木・金"),
        ([1, 2, 3, 4, 5, 6, 7], "9-12", "毎日の9時〜12時"),
        ([], "22-24", "22時〜24時"),
        ([], "0-24", ""),
        ([], "", ""),
    ],
)
def test_hours_are_worded_as_people_say_them(weekdays: list[int], hours: str, said: str) -> None:
    assert Hours.of(weekdays, hours).wording == said


@pytest.mark.parametrize(
    "weekdays,hours,about,said",
    [
        ([0], "", "weekdays", "1から7まで"),
        ([8], "", "weekdays", "1から7まで"),
        ([2, 2], "", "weekdays", "2回"),
        ([], "13", "hours", "「13-17」のように"),
        ([], "1-2-3", "hours", "「13-17」のように"),
        ([], "a-b", "hours", "「13-17」のように"),
        ([], "１-２", "hours", "「13-17」のように"),
        ([], "012-13", "hours", "「13-17」のように"),
        ([], "13-25", "hours", "0時から24時まで"),
        ([], "13-13", "hours", "後の時刻"),
        ([], "17-9", "hours", "後の時刻"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_field(
    weekdays: list[int], hours: str, about: str, said: str
) -> None:
    with pytest.raises(SubscriptionRefusedError, match=said) as refusal:
        Hours.of(weekdays, hours)
    assert refusal.value.about == about


@pytest.mark.parametrize(
    "hours,at,until",
    [
        (AFTERNOONS, japan_time(TUESDAY, 9), japan_time(TUESDAY, 13)),
        (AFTERNOONS, japan_time(TUESDAY, 16, 59), japan_time(TUESDAY, 16, 59)),
        (AFTERNOONS, japan_time(TUESDAY, 17), japan_time(THURSDAY, 13)),
        # On closed days nothing leaves that could leave on an open one, unless they were chosen by name.
        (Hours.of([], "9-12"), japan_time(FRIDAY, 18), japan_time(MONDAY + timedelta(days=7), 9)),
        (Hours.of([], "13-17"), japan_time(SATURDAY, 9), japan_time(SATURDAY, 13)),
        (Hours.of([5, 6], "9-12"), japan_time(FRIDAY, 18), japan_time(SATURDAY, 9)),
        (Hours.of([3, 4], "9-12"), japan_time(date(2026, 4, 28), 9), japan_time(date(2026, 4, 30), 9)),
        # 29 April is a holiday: who names Wednesdays only gets the letter on it rather than a week later.
        (Hours.of([3], ""), japan_time(date(2026, 4, 28), 9), japan_time(date(2026, 4, 29), 9)),
    ],
)
def test_a_letter_waits_for_the_opening_that_suits_contact_and_authority(
    hours: Hours, at: datetime, until: datetime
) -> None:
    assert hours.opening(at, CALENDAR) == until


def test_a_wait_reaches_through_the_closed_days_behind_its_opening() -> None:
    waits = wait(Hours.of([5], "13-17"), japan_time(TUESDAY, 9), CALENDAR)
    assert waits is not None
    assert (waits.today, waits.opening, waits.through) == (TUESDAY, FRIDAY, SUNDAY)
    assert (waits.is_today, waits.oldest) == (False, FRIDAY - timedelta(days=14))
