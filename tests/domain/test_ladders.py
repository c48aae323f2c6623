"""On which days something is said before and after a due day."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain import dates
from notifier.domain.dates import Half
from notifier.domain.deadlines import Due, Known, Shape, due_of
from notifier.domain.expressions import AfterAnchor, InFiscalYear, Standing, UntilEvent
from notifier.domain.ladders import Ladder, Occasion, Rung, next_rung, rungs
from tests.builders import CALENDAR, LADDERS, anchor, day_due

FRIDAY = date(2026, 7, 31)
FIXED = LADDERS["fixed"]
EXPECTED = due_of(UntilEvent("day", ("announced",), dates.half_year(2026, Half.SECOND), "2026年度下期中"))

DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
SHAPES_OF_DAYS = [Shape.DAY, Shape.WINDOW, Shape.FISCAL_YEAR, Shape.MONTHS, Shape.OUTER_LIMIT, Shape.STANDING]


def due(shape: Shape, last: date, length: int | None, earlier: int, later: int) -> Due:
    """An end on `last`, opened `length` days before, with a safer day before and another reading after it."""
    opens = None if length is None else last - timedelta(days=length)
    safe = max(last - timedelta(days=earlier), opens or date.min)
    return Due(shape, "例", last, last + timedelta(days=later), opens, ladder_day=safe, target=safe)


DUES = st.builds(
    due,
    st.sampled_from(SHAPES_OF_DAYS),
    DAYS,
    st.none() | st.integers(0, 400),
    st.integers(0, 5),
    st.integers(0, 2),
)
WINDOWS = st.builds(
    lambda first, length: Due(
        Shape.EVENT, "例（予定）", first, first + timedelta(days=length), tentative=True, ends=False
    ),
    DAYS,
    st.integers(0, 200),
)
UNDATED = st.sampled_from(
    [
        Due(Shape.UNKNOWN, "未定", ends=False),
        Due(Shape.UNSET, "未公表"),
        Due(Shape.PART, "3月上旬", date(2026, 3, 1), date(2026, 3, 10)),
        Due(Shape.EVENT, "時期は未定", tentative=True, ends=False),
        Due(Shape.EVENT, "2026年度中", date(2026, 4, 1), None, tentative=True, ends=False),
        Due(Shape.UNCLEAR, "確認中", date(2026, 4, 1), date(2027, 3, 31), ends=False),
    ]
)
LADDER = st.builds(
    Ladder,
    st.just("any"),
    st.lists(st.integers(0, 200), max_size=6, unique=True).map(tuple),
    opening=st.booleans(),
    before_window=st.none() | st.integers(0, 60),
    checks=st.booleans(),
    year_opening=st.booleans(),
    closing=st.booleans(),
)
CLOSED = st.frozensets(DAYS, max_size=30)


def days_of(found: tuple[Rung, ...]) -> list[tuple[date, str | None]]:
    """The days and names of what the offices hear."""
    return [(rung.on, rung.name) for rung in found if not rung.to_editor]


# ---- a fixed day ----


def test_a_fixed_day_is_counted_down_and_closed_once() -> None:
    found = rungs(FIXED, day_due(FRIDAY), CALENDAR)
    assert days_of(found) == [
        (date(2026, 6, 1), "T-60"),
        (date(2026, 7, 1), "T-30"),
        (date(2026, 7, 17), "T-14"),
        (date(2026, 7, 24), "T-7"),
        (date(2026, 7, 28), "T-3"),
        (date(2026, 7, 30), "T-1"),
        (date(2026, 7, 31), "T-0"),
        (date(2026, 8, 3), None),
    ]
    assert [rung.occasion for rung in found[-2:]] == [Occasion.LAST_CALL, Occasion.CLOSING]


def test_rungs_that_meet_before_a_weekend_become_one_named_after_the_last() -> None:
    sunday = date(2026, 5, 31)
    found = rungs(LADDERS["until-event"], day_due(sunday), CALENDAR)
    assert (date(2026, 5, 29), "T-0") in days_of(found)
    assert "T-1" not in {rung.name for rung in found}


def test_the_due_day_itself_does_not_move_with_its_last_call() -> None:
    sunday = date(2026, 5, 31)
    assert rungs(FIXED, day_due(sunday), CALENDAR)[-1].on == date(2026, 6, 1)


def test_an_end_counted_two_ways_is_missed_only_after_the_later_one() -> None:
    end = AfterAnchor(anchor("applied"), dates.Period(years=1))
    found = rungs(FIXED, due_of(end, Known(date(2025, 7, 31))), CALENDAR)
    assert days_of(found)[-2:] == [(date(2026, 7, 30), "T-0"), (date(2026, 8, 3), None)]


def test_a_safer_day_is_counted_down_to_and_the_day_itself_closed() -> None:
    careful = Due(Shape.DAY, "例", FRIDAY, FRIDAY, ladder_day=date(2026, 7, 27))
    found = days_of(rungs(LADDERS["short"], careful, CALENDAR))
    assert found == [(date(2026, 7, 17), "T-7"), (date(2026, 7, 27), "T-0"), (date(2026, 8, 3), None)]


# ---- windows ----


def test_a_window_is_said_at_its_opening_and_days_before_it_are_not_counted_down() -> None:
    found = rungs(FIXED, day_due(date(2026, 6, 12), date(2026, 5, 11)), CALENDAR)
    assert days_of(found)[:3] == [
        (date(2026, 5, 11), None),
        (date(2026, 5, 13), "T-30"),
        (date(2026, 5, 29), "T-14"),
    ]
    assert found[0].occasion is Occasion.OPENING


def test_a_window_that_opens_on_a_sunday_is_said_on_the_friday_before() -> None:
    found = rungs(FIXED, day_due(date(2026, 7, 31), date(2026, 5, 31)), CALENDAR)
    assert found[0] == Rung(date(2026, 5, 29), Occasion.OPENING, None)


def test_an_opening_that_meets_a_reminder_stays_an_opening_and_counts() -> None:
    found = rungs(Ladder("l", (6, 0)), day_due(date(2026, 7, 24), date(2026, 7, 17)), CALENDAR)
    assert found[0] == Rung(date(2026, 7, 17), Occasion.OPENING, "T-6")


def test_a_window_of_one_day_is_a_last_call() -> None:
    found = rungs(FIXED, day_due(FRIDAY, FRIDAY), CALENDAR)
    assert found[0] == Rung(FRIDAY, Occasion.LAST_CALL, "T-0")


# ---- events, years, conditions ----


def test_an_expected_window_is_said_a_month_before_and_at_its_opening() -> None:
    found = rungs(LADDERS["until-event"], EXPECTED, CALENDAR)
    assert [(rung.on, rung.occasion) for rung in found if not rung.to_editor] == [
        (date(2026, 9, 1), Occasion.REMINDER),
        (date(2026, 10, 1), Occasion.OPENING),
    ]


def test_the_editor_is_asked_every_month_of_an_expected_window() -> None:
    found = rungs(LADDERS["until-event"], EXPECTED, CALENDAR)
    asked = [rung.on for rung in found if rung.to_editor]
    assert asked == [
        date(2026, 10, 1),
        date(2026, 11, 2),
        date(2026, 12, 1),
        date(2027, 1, 4),
        date(2027, 2, 1),
        date(2027, 3, 1),
    ]
    assert {rung.occasion for rung in found if rung.to_editor} == {Occasion.QUESTION}


def test_the_editor_is_not_asked_after_the_window() -> None:
    weekend = Due(Shape.EVENT, "例", date(2026, 8, 1), date(2026, 8, 2), ends=False)
    assert rungs(Ladder("l", checks=True), weekend, CALENDAR) == ()


def test_a_recurring_duty_is_said_at_the_start_of_its_fiscal_year_and_not_before() -> None:
    own_year = Due(
        Shape.FISCAL_YEAR,
        "例",
        date(2027, 4, 23),
        date(2027, 4, 23),
        date(2027, 4, 1),
        ladder_day=date(2027, 4, 23),
    )
    found = rungs(LADDERS["recurring"], own_year, CALENDAR)
    assert days_of(found) == [
        (date(2027, 4, 1), None),
        (date(2027, 4, 16), "T-7"),
        (date(2027, 4, 23), "T-0"),
        (date(2027, 4, 26), None),
    ]


def test_the_end_of_a_fiscal_year_is_counted_down_from_half_a_year_before() -> None:
    found = days_of(rungs(LADDERS["fiscal-year"], due_of(InFiscalYear(2026)), CALENDAR))
    assert found[0] == (date(2026, 10, 2), "T-180")
    assert found[1] == (date(2026, 12, 28), "T-90")


def test_a_condition_that_cannot_end_says_nothing() -> None:
    assert rungs(FIXED, due_of(Standing("ずっと")), CALENDAR) == ()


@pytest.mark.parametrize("ladder", ["none"])
def test_what_is_said_once_has_no_rungs(ladder: str) -> None:
    assert rungs(LADDERS[ladder], day_due(FRIDAY), CALENDAR) == ()


# ---- keys and what comes next ----


def test_a_rung_is_known_by_its_name_or_by_its_occasion_and_day() -> None:
    assert Rung(FRIDAY, Occasion.REMINDER, "T-7").key == "T-7"
    assert Rung(FRIDAY, Occasion.CLOSING, None).key == "closing:2026-07-31"


def test_what_comes_next_lies_after_the_day() -> None:
    found = rungs(FIXED, day_due(FRIDAY), CALENDAR)
    assert next_rung(found, date(2026, 7, 30)) == Rung(FRIDAY, Occasion.LAST_CALL, "T-0")
    assert next_rung(found, date(2026, 8, 3)) is None


# ---- rules with a shape ----


@given(LADDER, DUES | WINDOWS | UNDATED, CLOSED)
def test_nothing_is_said_on_a_closed_day(ladder: Ladder, when: Due, closed: frozenset[date]) -> None:
    calendar = CALENDAR.with_closed(closed)
    assert all(calendar.is_open(rung.on) for rung in rungs(ladder, when, calendar))


@given(LADDER, DUES, CLOSED)
def test_only_the_closing_lies_after_the_day(ladder: Ladder, when: Due, closed: frozenset[date]) -> None:
    assert when.ladder_day is not None
    assert when.latest is not None
    for rung in rungs(ladder, when, CALENDAR.with_closed(closed)):
        if rung.occasion is Occasion.CLOSING:
            assert rung.on > when.latest
        else:
            assert rung.on <= when.ladder_day


@given(LADDER, DUES | WINDOWS | UNDATED, CLOSED)
def test_an_office_hears_once_a_day_at_most_and_never_the_same_rung_twice(
    ladder: Ladder, when: Due, closed: frozenset[date]
) -> None:
    found = rungs(ladder, when, CALENDAR.with_closed(closed))
    heard = [rung for rung in found if not rung.to_editor]
    assert max(Counter(rung.on for rung in heard).values(), default=0) <= 1
    assert max(Counter(rung.key for rung in found).values(), default=0) <= 1
    assert [rung.on for rung in found] == sorted(rung.on for rung in found)


@given(LADDER, WINDOWS | UNDATED)
def test_what_is_no_day_is_not_counted_down_to(ladder: Ladder, when: Due) -> None:
    found = rungs(ladder, when, CALENDAR)
    assert all(rung.name is None for rung in found)
    assert Occasion.CLOSING not in {rung.occasion for rung in found}


@given(LADDER, DUES)
def test_an_end_is_closed_once_if_the_ladder_closes_at_all(ladder: Ladder, when: Due) -> None:
    closings = [rung for rung in rungs(ladder, when, CALENDAR) if rung.occasion is Occasion.CLOSING]
    assert len(closings) == (1 if ladder.closing else 0)


@given(LADDER, DUES, DAYS)
def test_climbing_from_rung_to_rung_misses_none(ladder: Ladder, when: Due, start: date) -> None:
    found = tuple(rung for rung in rungs(ladder, when, CALENDAR) if not rung.to_editor)
    climbed, day = [], start
    while (rung := next_rung(found, day)) is not None:
        climbed.append(rung)
        day = rung.on
    assert climbed == [rung for rung in found if rung.on > start]
