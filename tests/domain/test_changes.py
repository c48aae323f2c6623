"""From old to new: how a change is called, and when there is none."""

import json
from dataclasses import replace
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain import dates
from notifier.domain.changes import ChangeKind, Situation, change
from notifier.domain.dates import Half, Interval, Part, Period
from notifier.domain.expressions import (
    AfterAnchor,
    Expression,
    FiscalYearsAfter,
    Fixed,
    InFiscalYear,
    InMonth,
    OnAnchor,
    Standing,
    Unclear,
    Unknown,
    UntilEvent,
)
from notifier.domain.law import Setting
from notifier.domain.notices import Rank
from notifier.domain.obligations import Decision, decide
from notifier.domain.statements import Statement
from tests.builders import anchor, by, key, law, said, set_by_prefecture, setting

TODAY, OWN = date(2026, 4, 1), date(2026, 2, 1)
JULY, AUGUST = by(date(2026, 7, 31)), by(date(2026, 8, 31))
SECOND_HALF = dates.half_year(2026, Half.SECOND)
EXPECTED = UntilEvent("day", ("announced",), SECOND_HALF, "2026年度下期中")
UNDECIDED = UntilEvent("day", ("announced",), None, "")
RECURRING = FiscalYearsAfter(anchor("granted"), 3, set_by_prefecture())
WHOLE_YEAR = Fixed(date(2026, 12, 31), date(2026, 1, 1))


def decided(*statements: Statement, settings: tuple[Setting, ...] = (), occurrence: int = 0) -> Decision:
    """What holds for a cohort whose own day is in fiscal 2025."""
    found = decide(law(*statements, settings=settings), key(OWN, occurrence=occurrence), TODAY)
    assert found is not None
    return found


def step(old: Expression, new: Expression, *, was_tentative: bool = False, tentative: bool = False) -> object:
    """What becomes of a deadline when a newer notice says `new`."""
    before = said(old, date(2026, 4, 1), tentative=was_tentative)
    after = said(new, date(2026, 4, 10), tentative=tentative, confirms=was_tentative and not tentative)
    return change(Situation.of(decided(before)), decided(before, after))


@pytest.mark.parametrize(
    "old, new, kind",
    [
        (JULY, AUGUST, ChangeKind.EXTENDED),
        (AUGUST, JULY, ChangeKind.ADVANCED),
        (JULY, Unknown("未定"), ChangeKind.REWORDED),
        (Unknown("未定"), JULY, ChangeKind.ANNOUNCED),
        (Unknown("未定"), Unknown("検討中"), ChangeKind.REWORDED),
        (JULY, Unclear(Interval(None, None), None, "?"), ChangeKind.REWORDED),
        (Standing("ずっと"), Standing("算定中ずっと"), ChangeKind.REWORDED),
        (Standing("ずっと"), JULY, ChangeKind.REWORDED),
        (InMonth(2026, 7), by(date(2026, 7, 13)), ChangeKind.CONFIRMED),
        (InMonth(2026, 7, Part.EARLY), JULY, ChangeKind.EXTENDED),
        (InMonth(2026, 7), InMonth(2026, 7, Part.LATE), ChangeKind.WIDENED),
        (InMonth(2026, 7), InMonth(2026, 7, Part.EARLY), ChangeKind.ADVANCED),
        (InFiscalYear(2026), EXPECTED, ChangeKind.NARROWED),
        (EXPECTED, by(date(2027, 2, 1)), ChangeKind.CONFIRMED),
        (EXPECTED, by(date(2027, 5, 1)), ChangeKind.EXTENDED),
        (EXPECTED, by(date(2026, 9, 1)), ChangeKind.ADVANCED),
        (UNDECIDED, JULY, ChangeKind.CONFIRMED),
        (AfterAnchor(anchor("granted"), Period(years=1)), by(date(2027, 2, 1)), ChangeKind.CONFIRMED),
        (WHOLE_YEAR, Fixed(date(2026, 12, 31), date(2025, 12, 1)), ChangeKind.WIDENED),
        (WHOLE_YEAR, Fixed(date(2026, 12, 31), date(2026, 2, 1)), ChangeKind.NARROWED),
        (by(date(2026, 12, 31)), WHOLE_YEAR, ChangeKind.NARROWED),
        (WHOLE_YEAR, by(date(2026, 12, 31)), ChangeKind.REWORDED),
        (JULY, OnAnchor(anchor("granted")), ChangeKind.ADVANCED),
    ],
)
def test_a_new_end_has_a_name(old: Expression, new: Expression, kind: ChangeKind) -> None:
    expected_plan = isinstance(new, UntilEvent)
    assert step(old, new, tentative=expected_plan) is kind


def test_a_plan_that_is_confirmed_or_made_of_a_day_has_a_name() -> None:
    assert step(JULY, JULY, was_tentative=True) is ChangeKind.CONFIRMED
    assert step(JULY, JULY, tentative=True) is ChangeKind.MADE_TENTATIVE
    assert step(EXPECTED, by(date(2027, 2, 1)), tentative=True) is ChangeKind.NARROWED


def test_the_day_that_an_authority_sets_inside_the_year_confirms_it() -> None:
    before = decided(said(RECURRING), occurrence=1)
    posted = (setting("example.due.set", TODAY, fiscal_year=2026, due=date(2026, 6, 30)),)
    after = decided(said(RECURRING), settings=posted, occurrence=1)
    assert change(Situation.of(before), after) is ChangeKind.CONFIRMED


def test_the_first_day_that_an_authority_sets_is_announced() -> None:
    before = decided(said(set_by_prefecture()))
    posted = (setting("example.due.set", TODAY, due=date(2026, 6, 30)),)
    after = decided(said(set_by_prefecture()), settings=posted)
    assert change(Situation.of(before), after) is ChangeKind.ANNOUNCED


def test_an_undecided_event_that_gets_an_expected_window_is_narrowed_by_it() -> None:
    assert step(UNDECIDED, EXPECTED, tentative=True) is ChangeKind.REWORDED


# ---- new, withdrawn, contradicted, widened ----


def test_what_is_new_is_announced() -> None:
    assert change(None, decided(said(JULY))) is ChangeKind.ANNOUNCED


def test_what_is_withdrawn_is_told_once_and_only_to_those_who_were_told_of_it() -> None:
    gone = decided(said(JULY), said(None, date(2026, 4, 10), withdraws=True))
    assert change(Situation.of(decided(said(JULY))), gone) is ChangeKind.WITHDRAWN
    assert change(Situation.of(gone), gone) is None
    assert change(None, gone) is None


def test_what_comes_back_after_a_withdrawal_is_announced() -> None:
    withdrawal = said(None, date(2026, 4, 10), withdraws=True)
    gone = decided(said(JULY), withdrawal)
    back = decided(said(JULY), withdrawal, said(JULY, date(2026, 5, 1)))
    assert change(Situation.of(gone), back) is ChangeKind.ANNOUNCED


def slide(due: Expression, day: int = 10) -> Statement:
    """A newer paper of lower rank."""
    return said(due, date(2026, 4, day), Rank.EXPLANATION, beside=True, id=f"slide-{day}")


def test_a_contradiction_is_told_when_it_arises_and_again_when_another_joins() -> None:
    letter = said(JULY)
    one = decided(letter, slide(AUGUST))
    both = decided(letter, slide(AUGUST), slide(by(date(2026, 9, 30)), 11))
    assert change(Situation.of(decided(letter)), one) is ChangeKind.CONTRADICTED
    assert change(Situation.of(one), one) is None
    assert change(Situation.of(one), both) is ChangeKind.CONTRADICTED
    assert change(Situation.of(both), one) is None


def test_a_repetition_is_no_change() -> None:
    again = decided(said(JULY), said(JULY, date(2026, 4, 10)))
    assert change(Situation.of(decided(said(JULY))), again) is None


def test_a_remark_that_says_what_it_does_to_the_scope_names_the_change_once() -> None:
    before = decided(said(JULY))
    wider = decided(said(JULY), said(None, date(2026, 4, 10), effect="widened"))
    assert change(Situation.of(before), wider) is ChangeKind.WIDENED
    assert change(Situation.of(wider), wider) is None


def test_a_silent_remark_names_no_change() -> None:
    before = decided(said(JULY))
    silent = decided(said(JULY), said(None, date(2026, 4, 10), effect="widened", silent=True))
    assert change(Situation.of(before), silent) is None


def test_the_word_that_prevails_names_the_change_before_its_remarks() -> None:
    before = decided(said(JULY))
    after = decided(
        said(JULY),
        said(None, date(2026, 4, 10), effect="widened"),
        said(JULY, date(2026, 4, 10), effect="narrowed"),
    )
    assert change(Situation.of(before), after) is ChangeKind.NARROWED


def test_a_safe_day_beside_the_same_end_is_no_change() -> None:
    verdict = said(JULY, date(2026, 4, 10), Rank.DECISION, target=date(2026, 7, 10))
    assert change(Situation.of(decided(said(JULY))), decided(said(JULY), verdict)) is None


def test_the_passing_of_time_is_no_change() -> None:
    whole = law(said(JULY))
    before, after = (decide(whole, key(), day) for day in (TODAY, date(2026, 8, 1)))
    assert before is not None
    assert after is not None
    assert before.state is not after.state
    assert change(Situation.of(before), after) is None


def test_every_kind_has_a_name_for_readers() -> None:
    assert len({kind.label for kind in ChangeKind}) == len(ChangeKind)


# ---- rules with a shape ----

DUES: list[Expression] = [
    JULY,
    AUGUST,
    WHOLE_YEAR,
    Fixed(None, TODAY),
    InMonth(2026, 7),
    InMonth(2026, 7, Part.LATE),
    InFiscalYear(2026),
    EXPECTED,
    UNDECIDED,
    RECURRING,
    AfterAnchor(anchor("granted"), Period(years=1)),
    set_by_prefecture(),
    Standing("ずっと"),
    Unknown("未定"),
    Unclear(dates.fiscal_year(2025), None, "?"),
]
DECISIONS = st.builds(
    lambda due, tentative, other: decided(
        said(due, tentative=tentative), *([slide(other)] if other else []), occurrence=1
    ),
    st.sampled_from(DUES),
    st.booleans(),
    st.none() | st.sampled_from(DUES),
)


@given(DECISIONS)
def test_the_same_situation_is_no_change(decision: Decision) -> None:
    assert change(Situation.of(decision), decision) is None


@given(DECISIONS)
def test_a_situation_survives_being_kept(decision: Decision) -> None:
    situation = Situation.of(decision)
    assert Situation.from_data(json.loads(json.dumps(situation.as_data()))) == situation


@given(DECISIONS, DECISIONS)
def test_offices_are_told_exactly_when_something_they_would_notice_has_changed(
    old: Decision, new: Decision
) -> None:
    before, after = Situation.of(old), Situation.of(new)
    kind = change(before, new)
    noticed = before.effective != after.effective
    assert (kind not in {None, ChangeKind.CONTRADICTED}) is noticed


@pytest.mark.parametrize("old, new", list(product(DUES, repeat=2)))
def test_going_back_is_not_called_the_same_as_going_on(old: Expression, new: Expression) -> None:
    forth, back = (
        change(Situation.of(decided(said(a), occurrence=1)), decided(said(b), occurrence=1))
        for a, b in ((old, new), (new, old))
    )
    for kind in (ChangeKind.EXTENDED, ChangeKind.ADVANCED, ChangeKind.CONFIRMED, ChangeKind.WIDENED):
        assert not (forth is kind and back is kind)


def test_equal_situations_are_equal_whatever_they_rest_on() -> None:
    situation = Situation.of(decided(said(JULY)))
    assert replace(situation, said=("other",)).effective == situation.effective
