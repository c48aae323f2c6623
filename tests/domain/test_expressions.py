"""What a due expression depends on besides what is written in it."""

from datetime import date

import pytest

from notifier.domain.dates import Interval, Period
from notifier.domain.expressions import (
    AfterAnchor,
    BeforeFact,
    Expression,
    FiscalYearsAfter,
    Fixed,
    InFiscalYear,
    MonthFromAnchor,
    OnAnchor,
    OuterLimit,
    Standing,
    Unclear,
    Unknown,
    UntilEvent,
    anchor_of,
    events_of,
    occurrences_of,
)
from tests.builders import anchor, set_by_prefecture

OWN = anchor("joined")
YEAR = Period(years=1)


@pytest.mark.parametrize(
    "expression",
    [
        AfterAnchor(OWN, YEAR),
        OnAnchor(OWN),
        MonthFromAnchor(OWN, 1, 10),
        BeforeFact(OWN, "提出まで", set_by_prefecture()),
        FiscalYearsAfter(OWN, 3, set_by_prefecture()),
        Standing("ずっと", OWN),
    ],
)
def test_some_ends_depend_on_the_offices_own_day(expression: Expression) -> None:
    assert anchor_of(expression) == OWN


@pytest.mark.parametrize(
    "expression", [Fixed(date(2026, 7, 31)), Standing("ずっと"), Unknown("未定"), set_by_prefecture()]
)
def test_other_ends_are_the_same_for_every_office(expression: Expression) -> None:
    assert anchor_of(expression) is None


@pytest.mark.parametrize(
    "expression, events",
    [
        (set_by_prefecture("a.set"), ("a.set",)),
        (OuterLimit(date(2023, 5, 19), Period(years=4), "in-force.set"), ("in-force.set",)),
        (BeforeFact(OWN, "提出まで", set_by_prefecture("a.set")), ("a.set",)),
        (FiscalYearsAfter(OWN, 3, set_by_prefecture("a.set")), ("a.set",)),
        (UntilEvent("day", ("announced", "happened"), None, ""), ("announced", "happened")),
        (InFiscalYear(2026), ()),
        (Unclear(Interval(None, None), None, "?"), ()),
    ],
)
def test_an_end_that_somebody_sets_names_the_events_that_set_it(
    expression: Expression, events: tuple[str, ...]
) -> None:
    assert events_of(expression) == events


def test_a_report_in_three_fiscal_years_has_three_occurrences() -> None:
    assert occurrences_of(FiscalYearsAfter(OWN, 3, set_by_prefecture())) == (1, 2, 3)


def test_a_duty_that_does_not_recur_has_one_occurrence() -> None:
    assert occurrences_of(Fixed(date(2026, 7, 31))) == (0,)
