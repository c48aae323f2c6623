"""Which statement prevails on a day, and what stands against it."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.expressions import Fixed, InMonth, Unknown
from notifier.domain.notices import Rank
from notifier.domain.statements import Resolution, Statement, known_on, resolve
from tests.builders import CITY, PREFECTURE, by, notice, said

JANUARY, MARCH, JUNE = date(2026, 1, 13), date(2026, 3, 17), date(2026, 6, 1)
FIRST, SECOND, THIRD = by(date(2026, 7, 31)), by(date(2026, 8, 31)), by(date(2026, 9, 30))

STATEMENTS = st.lists(
    st.builds(
        lambda number, due, issued, rank, **more: said(due, issued, rank, id=f"s{number}", **more),
        st.integers(0, 99),
        st.sampled_from([FIRST, SECOND, THIRD, None]),
        st.sampled_from([JANUARY, MARCH, JUNE]),
        st.sampled_from(Rank),
        tentative=st.booleans(),
        confirms=st.booleans(),
        withdraws=st.booleans(),
        beside=st.booleans(),
        authority=st.sampled_from(["", PREFECTURE, CITY]),
        fiscal_year=st.sampled_from([None, None, 2026, 2027]),
    ),
    max_size=7,
    unique_by=lambda each: each.id,
)
YEARS = st.sampled_from([None, 2026])


def resolved(*statements: Statement, year: int | None = None) -> Resolution:
    """What holds for an office of the invented city."""
    found = resolve(statements, [CITY, PREFECTURE], year)
    assert found is not None
    return found


# ---- rank and date ----


def test_the_newest_statement_of_the_highest_rank_prevails() -> None:
    letter, older = said(FIRST, MARCH), said(SECOND, JANUARY)
    slides = said(THIRD, JANUARY, Rank.EXPLANATION)
    assert resolved(older, slides, letter).prevailing is letter


def test_a_newer_slide_does_not_override_the_letter_but_stands_against_it() -> None:
    letter, slides = said(FIRST, JANUARY), said(SECOND, MARCH, Rank.EXPLANATION)
    found = resolved(letter, slides)
    assert found.prevailing is letter
    assert found.against == (slides,)
    assert found.superseded == ()


def test_an_older_slide_is_simply_superseded() -> None:
    letter, slides = said(FIRST, MARCH), said(SECOND, JANUARY, Rank.EXPLANATION)
    found = resolved(letter, slides)
    assert found.against == ()
    assert found.superseded == (slides,)


def test_an_old_flyer_enclosed_in_a_new_letter_keeps_its_own_age() -> None:
    letter = said(FIRST, MARCH)
    flyer = said(
        SECOND, notice=notice(JANUARY, Rank.ADVERTISEMENT, known_from=MARCH, id="example-2026-03/flyer")
    )
    found = resolved(letter, flyer)
    assert found.prevailing is letter
    assert found.against == ()


def test_two_places_of_one_paper_that_disagree_are_a_contradiction() -> None:
    found = resolved(said(FIRST, MARCH, id="a"), said(SECOND, MARCH, id="b"))
    assert (found.prevailing.id, [each.id for each in found.against]) == ("b", ["a"])


def test_a_slide_that_came_round_no_longer_contradicts() -> None:
    letter = said(FIRST, JANUARY)
    slides = [said(SECOND, MARCH, Rank.EXPLANATION), said(FIRST, JUNE, Rank.EXPLANATION)]
    found = resolved(letter, *slides)
    assert found.against == ()
    assert found.superseded == (slides[0], slides[1])


def test_a_statement_that_stands_beside_does_not_give_way_to_a_newer_one() -> None:
    beside, newer = said(FIRST, JANUARY, beside=True), said(SECOND, MARCH)
    assert resolved(beside, newer).against == (beside,)
    agreeing = said(FIRST, MARCH)
    assert resolved(beside, agreeing).against == ()


def test_what_adds_something_without_a_date_is_a_remark() -> None:
    letter, remark = said(FIRST, JANUARY), said(None, MARCH)
    found = resolved(letter, remark)
    assert (found.prevailing, found.remarks) == (letter, (remark,))


def test_a_deadline_of_which_only_remarks_are_known_has_no_date() -> None:
    older, newer = said(None, JANUARY), said(None, MARCH)
    found = resolved(older, newer)
    assert (found.prevailing, found.remarks, found.layers) == (newer, (older,), ("",))
    assert not found.tentative


def test_nothing_said_is_no_answer() -> None:
    assert resolve([]) is None
    assert resolve([said(FIRST, authority="999024")], [CITY]) is None


# ---- 予定 ----


def test_the_mark_of_a_plan_is_inherited_by_a_repetition_without_it() -> None:
    found = resolved(said(FIRST, JANUARY, tentative=True), said(FIRST, MARCH))
    assert (found.tentative, found.inherited) == (True, True)


def test_a_new_date_without_the_mark_is_no_plan() -> None:
    found = resolved(said(FIRST, JANUARY, tentative=True), said(SECOND, MARCH))
    assert (found.tentative, found.inherited) == (False, False)


def test_a_printed_mark_is_not_inherited() -> None:
    found = resolved(said(FIRST, JANUARY), said(FIRST, MARCH, tentative=True))
    assert (found.tentative, found.inherited) == (True, False)


def test_a_confirmation_ends_the_plan_and_is_inherited_too() -> None:
    plan, confirmed = said(FIRST, JANUARY, tentative=True), said(FIRST, MARCH, confirms=True)
    assert not resolved(plan, confirmed).tentative
    found = resolved(plan, confirmed, said(FIRST, JUNE))
    assert (found.tentative, found.inherited) == (False, False)


def test_a_city_that_repeats_the_nations_plan_inherits_the_mark() -> None:
    found = resolved(said(FIRST, JANUARY, tentative=True), said(FIRST, MARCH, authority=CITY))
    assert found.prevailing.authority == CITY
    assert found.inherited


# ---- layers ----


def test_the_nearest_layer_that_speaks_prevails_and_every_layer_is_named() -> None:
    nation, far = said(FIRST, JUNE), said(SECOND, JANUARY, authority=PREFECTURE)
    near = said(THIRD, JANUARY, Rank.LOCAL_MATERIAL, authority=CITY)
    found = resolved(nation, far, near)
    assert found.prevailing is near
    assert found.layers == ("", PREFECTURE, CITY)
    assert found.superseded == (far, nation)
    assert found.against == ()


def test_the_layer_of_another_city_is_not_heard() -> None:
    nation = said(FIRST, JANUARY)
    found = resolved(nation, said(SECOND, MARCH, authority="999024"))
    assert (found.prevailing, found.layers) == (nation, ("",))


def test_a_prefectures_own_cohort_hears_its_prefecture_before_the_nation() -> None:
    nation, own = said(FIRST, JUNE), said(SECOND, JANUARY, authority=PREFECTURE)
    found = resolve([nation, own], ["", PREFECTURE])
    assert found is not None
    assert found.prevailing is own


def test_what_the_nation_withdraws_ends_in_the_cities_as_well() -> None:
    nation, city = said(FIRST, JANUARY), said(SECOND, JANUARY, authority=CITY)
    withdrawal = said(None, JUNE, withdraws=True)
    assert resolved(nation, city, withdrawal).prevailing is withdrawal


def test_a_city_that_goes_on_after_the_withdrawal_is_heard() -> None:
    withdrawal = said(None, MARCH, withdraws=True)
    city = said(SECOND, JUNE, authority=CITY)
    assert resolved(withdrawal, city).prevailing is city


# ---- exceptions of a year ----


def test_an_exception_prevails_in_its_year_and_does_not_contradict_its_rule() -> None:
    rule = said(FIRST, MARCH)
    exception = said(SECOND, MARCH, fiscal_year=2026)
    assert resolved(rule, exception).prevailing is rule
    found = resolved(rule, exception, year=2026)
    assert found.prevailing is exception
    assert found.against == ()
    assert found.superseded == (rule,)
    assert resolved(rule, exception, year=2027).prevailing is rule


def test_of_two_exceptions_of_a_year_the_newer_prevails() -> None:
    rule = said(FIRST, JUNE)
    older, newer = (said(due, day, fiscal_year=2026) for due, day in ((SECOND, JANUARY), (THIRD, MARCH)))
    found = resolved(rule, older, newer, year=2026)
    assert found.prevailing is newer


# ---- withdrawal ----


def test_a_withdrawal_prevails_over_what_it_withdraws() -> None:
    withdrawal = said(None, MARCH, withdraws=True)
    found = resolved(said(FIRST, JANUARY), withdrawal)
    assert found.prevailing is withdrawal
    assert found.against == ()


def test_a_withdrawal_of_lower_rank_is_a_contradiction() -> None:
    letter, slides = said(FIRST, JANUARY), said(FIRST, MARCH, Rank.EXPLANATION, withdraws=True)
    found = resolved(letter, slides)
    assert (found.prevailing, found.against) == (letter, (slides,))


# ---- decisions ----


def decision(day: date = MARCH, due: Fixed = FIRST) -> Statement:
    """What the rule editor decided."""
    return said(due, day, Rank.DECISION, target=date(2026, 7, 1))


def test_an_editors_decision_ends_the_contradictions_it_has_seen() -> None:
    letter, slides = said(FIRST, JANUARY), said(SECOND, MARCH, Rank.EXPLANATION)
    beside = said(THIRD, JANUARY, beside=True)
    found = resolved(letter, slides, beside, decision(MARCH + timedelta(days=1)))
    assert found.prevailing.notice.rank is Rank.DECISION
    assert found.against == ()


def test_what_becomes_known_after_a_decision_and_disagrees_opens_it_again() -> None:
    later = said(SECOND, JUNE)
    assert resolved(said(FIRST, JANUARY), decision(), later).against == (later,)


def test_what_becomes_known_after_a_decision_and_agrees_does_not() -> None:
    assert resolved(said(FIRST, JANUARY), decision(), said(FIRST, JUNE)).against == ()


def test_an_old_enclosure_that_becomes_known_after_a_decision_does_not_open_it() -> None:
    flyer = said(SECOND, notice=notice(JANUARY, Rank.ADVERTISEMENT, known_from=JUNE))
    assert resolved(decision(), flyer).against == ()


# ---- knowledge ----


def test_a_statement_may_be_used_from_the_day_it_is_known() -> None:
    late = said(FIRST, notice=notice(JANUARY, known_from=MARCH))
    assert known_on([late], MARCH - timedelta(days=1)) == []
    assert known_on([late], MARCH) == [late]


@given(STATEMENTS, st.dates(date(2026, 1, 1), date(2026, 7, 1)))
def test_nothing_known_later_is_known(statements: list[Statement], day: date) -> None:
    known = known_on(statements, day)
    assert all(each.known_from <= day for each in known)
    assert [each.known_from for each in known] == sorted(each.known_from for each in known)
    assert {each.id for each in statements if each.known_from <= day} == {each.id for each in known}


# ---- rules with a shape ----


@given(STATEMENTS.flatmap(lambda each: st.tuples(st.just(each), st.permutations(each))), YEARS)
def test_the_order_in_which_statements_are_told_does_not_matter(
    told: tuple[list[Statement], list[Statement]], year: int | None
) -> None:
    once, again = told
    assert resolve(once, [CITY, PREFECTURE], year) == resolve(again, [CITY, PREFECTURE], year)


@given(STATEMENTS, YEARS)
def test_every_statement_that_is_heard_has_exactly_one_part(
    statements: list[Statement], year: int | None
) -> None:
    found = resolve(statements, [CITY, PREFECTURE], year)
    heard = [each for each in statements if each.fiscal_year in {None, year}]
    if found is None:
        assert heard == []
        return
    parts = [found.prevailing, *found.superseded, *found.against, *found.remarks]
    assert sorted(each.id for each in parts) == sorted(each.id for each in heard)


@given(STATEMENTS, YEARS)
def test_what_stands_against_disagrees_inside_the_same_layer(
    statements: list[Statement], year: int | None
) -> None:
    found = resolve(statements, [CITY, PREFECTURE], year)
    for each in found.against if found else ():
        assert found is not None
        assert not each.agrees_with(found.prevailing)
        assert each.authority == found.prevailing.authority


@given(STATEMENTS, YEARS)
def test_a_plan_is_marked_or_inherited_and_never_confirmed(
    statements: list[Statement], year: int | None
) -> None:
    found = resolve(statements, [CITY, PREFECTURE], year)
    if found is not None and found.tentative:
        assert not found.prevailing.confirms
        assert found.inherited is not found.prevailing.tentative


@pytest.mark.parametrize("due", [InMonth(2026, 3), Unknown("未定")])
def test_what_says_the_same_agrees(due: InMonth | Unknown) -> None:
    assert said(due, JANUARY).agrees_with(said(due, MARCH))
    assert not said(due, JANUARY).agrees_with(said(due, JANUARY, withdraws=True))


# ---- retractions ----


def taken_back(statement: Statement, issued: date, **more: Any) -> Statement:
    """What takes a statement back on a day."""
    return said(None, issued, remark="誤りでした。", retracts=statement.id, **more)


def test_what_was_retracted_counts_as_never_said() -> None:
    first = said(by(date(2026, 6, 30)), tentative=True)
    later = said(by(date(2026, 8, 31)), date(2026, 4, 10))
    back = taken_back(later, date(2026, 4, 20))
    found = resolve([first, later, back])
    assert found is not None
    assert (found.prevailing, found.tentative, found.superseded, found.remarks) == (first, True, (), (back,))


def test_a_retraction_can_be_retracted_itself() -> None:
    first, later = said(by(date(2026, 6, 30))), said(by(date(2026, 8, 31)), date(2026, 4, 10))
    back = taken_back(later, date(2026, 4, 20))
    again = taken_back(back, date(2026, 4, 30))
    found = resolve([first, later, back, again])
    assert found is not None
    assert found.prevailing is later


def test_nobody_retracts_what_another_layer_has_said() -> None:
    first = said(by(date(2026, 6, 30)))
    foreign = taken_back(first, date(2026, 4, 20), authority=CITY)
    found = resolve([first, foreign], [CITY])
    assert found is not None
    assert found.prevailing is first


def test_a_duty_of_which_nothing_else_speaks_ends_with_its_retraction() -> None:
    only = said(by(date(2026, 6, 30)))
    found = resolve([only, taken_back(only, date(2026, 4, 20), withdraws=True)])
    assert found is not None
    assert found.prevailing.withdraws
