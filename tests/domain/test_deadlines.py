"""From a due expression and the days known to an interval with a certainty and a wording."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain import dates
from notifier.domain.dates import Half, Interval, Part, Period
from notifier.domain.deadlines import Due, Known, SetDay, Shape, due_of
from notifier.domain.expressions import (
    AfterAnchor,
    BeforeFact,
    Expression,
    FiscalYearsAfter,
    Fixed,
    InFiscalYear,
    InMonth,
    MonthFromAnchor,
    Months,
    OnAnchor,
    OuterLimit,
    SetByAuthority,
    Standing,
    Unclear,
    Unknown,
    UntilEvent,
)
from tests.builders import anchor, set_by_prefecture

DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
PERIODS = st.builds(Period, st.integers(0, 4), st.integers(0, 11), st.integers(1, 60))
OWN = anchor("joined")
EVENT = UntilEvent("integration-day", ("announced",), dates.half_year(2026, Half.SECOND), "2026年度下期中")
BEFORE = BeforeFact(OWN, "自事業所の報告を出すまで", set_by_prefecture())
RECURRING = FiscalYearsAfter(OWN, 3, set_by_prefecture())

EXPRESSIONS: st.SearchStrategy[Expression] = st.one_of(
    st.builds(Fixed, DAYS),
    st.builds(lambda opens, length: Fixed(opens + timedelta(days=length), opens), DAYS, st.integers(0, 90)),
    st.builds(Fixed, st.none(), DAYS),
    st.builds(InMonth, st.integers(2020, 2035), st.integers(1, 12), st.none() | st.sampled_from(Part)),
    st.builds(lambda year: Months(dates.fiscal_year(year)), st.integers(2020, 2035)),
    st.builds(InFiscalYear, st.integers(2020, 2035), st.none() | st.sampled_from(Half)),
    st.sampled_from([EVENT, UntilEvent("event", ("announced",), None, "")]),
    st.builds(AfterAnchor, st.just(OWN), PERIODS),
    st.just(OnAnchor(OWN)),
    st.builds(
        MonthFromAnchor,
        st.just(OWN),
        st.integers(-3, 3),
        st.one_of(st.integers(1, 31), st.just("end")),
    ),
    st.builds(
        SetByAuthority,
        st.sampled_from(["prefecture", "municipality", "designation-authority"]),
        st.just("example.due.set"),
    ),
    st.just(BEFORE),
    st.just(RECURRING),
    st.builds(OuterLimit, DAYS, PERIODS, st.just("in-force.set")),
    st.sampled_from([Standing("ずっと"), Standing("ずっと", OWN), Unknown("未定です")]),
    st.builds(
        lambda printed, probable: Unclear(
            dates.fiscal_year(printed), probable and dates.fiscal_year(probable), "どの年度ですか。"
        ),
        st.integers(2020, 2035),
        st.none() | st.integers(2020, 2035),
    ),
)
SET_DAYS = st.builds(
    lambda closes, length: SetDay(closes, None if length is None else closes - timedelta(days=length)),
    DAYS,
    st.none() | st.integers(0, 60),
)
KNOWN = st.builds(Known, st.none() | DAYS, st.none() | SET_DAYS, st.integers(1, 3))


@given(EXPRESSIONS, KNOWN, st.booleans())
def test_every_due_is_an_interval_with_a_wording(
    expression: Expression, known: Known, tentative: bool
) -> None:
    due = due_of(expression, known, tentative=tentative)
    assert due.wording
    assert None in {due.earliest, due.latest} or due.earliest <= due.latest  # type: ignore[operator] # neither is None
    assert not due.is_dated or due.earliest == due.ladder_day


@given(EXPRESSIONS, KNOWN, st.booleans())
def test_what_is_planned_says_so_exactly_once(expression: Expression, known: Known, tentative: bool) -> None:
    due = due_of(expression, known, tentative=tentative)
    assert due.wording.count("予定") == (1 if due.tentative and due.wording != "時期は未定" else 0)


@given(EXPRESSIONS, KNOWN)
def test_what_names_no_time_cannot_be_planned(expression: Expression, known: Known) -> None:
    due = due_of(expression, known, tentative=True)
    assert due.tentative is (due.shape not in {Shape.UNKNOWN, Shape.UNSET, Shape.UNCLEAR})


@given(EXPRESSIONS, KNOWN)
def test_what_is_no_day_is_never_counted_down_to(expression: Expression, known: Known) -> None:
    due = due_of(expression, known)
    no_days = {Shape.PART, Shape.EVENT, Shape.UNSET, Shape.UNKNOWN, Shape.UNCLEAR}
    assert not (due.is_dated and due.shape in no_days)


# ---- days and windows ----


def test_a_day_is_written_with_era_weekday_and_western_year() -> None:
    due = due_of(Fixed(date(2026, 3, 13)), tentative=True)
    assert due.wording == "令和8年3月13日（金）［2026-03-13］まで（予定）"
    assert due == Due(
        Shape.DAY,
        due.wording,
        date(2026, 3, 13),
        date(2026, 3, 13),
        tentative=True,
        ladder_day=date(2026, 3, 13),
        target=date(2026, 3, 13),
    )


def test_a_window_names_both_of_its_ends() -> None:
    due = due_of(Fixed(date(2026, 5, 31), date(2025, 6, 1)))
    assert due.shape is Shape.WINDOW
    assert (due.opens, due.ladder_day) == (date(2025, 6, 1), date(2026, 5, 31))
    assert due.wording == "令和7年6月1日（日）［2025-06-01］から令和8年5月31日（日）［2026-05-31］まで"


def test_what_only_begins_has_no_end_to_miss() -> None:
    due = due_of(Fixed(None, date(2026, 4, 1)))
    assert (due.shape, due.opens, due.latest, due.ends) == (Shape.STANDING, date(2026, 4, 1), None, False)


def test_a_day_without_any_day_is_refused() -> None:
    with pytest.raises(ValueError, match="opens"):
        due_of(Fixed(None))


# ---- parts of months, months, fiscal years ----


def test_early_march_is_ten_days_and_no_day() -> None:
    due = due_of(InMonth(2026, 3, Part.EARLY))
    assert (due.earliest, due.latest, due.ladder_day) == (date(2026, 3, 1), date(2026, 3, 10), None)
    assert due.wording == "令和8年3月上旬（日は示されていません）"


def test_within_march_is_the_whole_month() -> None:
    due = due_of(InMonth(2026, 3))
    assert (due.earliest, due.latest) == (date(2026, 3, 1), date(2026, 3, 31))
    assert due.wording == "令和8年3月（日は示されていません）"


def test_covered_months_end_with_the_last_of_them() -> None:
    due = due_of(Months(Interval(date(2025, 12, 1), date(2026, 5, 31))))
    assert (due.shape, due.opens, due.ladder_day) == (Shape.MONTHS, date(2025, 12, 1), date(2026, 5, 31))
    assert due.wording == "令和7年12月分から令和8年5月分まで"


@pytest.mark.parametrize("covered", [Interval(None, date(2026, 5, 31)), Interval(date(2025, 12, 1), None)])
def test_covered_months_need_a_first_and_a_last(covered: Interval) -> None:
    with pytest.raises(ValueError, match="the first and the last"):
        due_of(Months(covered))


def test_within_a_fiscal_year_is_due_on_its_last_day() -> None:
    due = due_of(InFiscalYear(2026))
    assert (due.opens, due.ladder_day) == (date(2026, 4, 1), date(2027, 3, 31))
    assert due.wording == "令和8年度（2026年度）中（令和9年3月31日（水）［2027-03-31］まで）"


def test_within_the_first_half_of_a_fiscal_year_is_due_at_the_end_of_september() -> None:
    due = due_of(InFiscalYear(2026, Half.FIRST))
    assert (due.opens, due.ladder_day) == (date(2026, 4, 1), date(2026, 9, 30))


# ---- events ----


def test_until_an_event_is_an_expected_window_and_a_plan() -> None:
    due = due_of(EVENT)
    assert (due.shape, due.earliest, due.latest) == (Shape.EVENT, date(2026, 10, 1), date(2027, 3, 31))
    assert due.tentative
    assert due.wording == "2026年度下期中（予定）"


def test_an_event_without_an_expected_window_says_that_the_time_is_undecided() -> None:
    due = due_of(UntilEvent("event", ("announced",), None, ""))
    assert (due.earliest, due.latest, due.wording) == (None, None, "時期は未定")


def test_an_announced_event_is_a_day() -> None:
    due = due_of(EVENT, Known(set_day=SetDay(date(2027, 2, 1))))
    assert (due.shape, due.ladder_day, due.tentative) == (Shape.DAY, date(2027, 2, 1), False)


# ---- the office's own day ----


def test_a_year_from_a_day_is_shown_in_both_readings_and_counted_down_to_the_earlier() -> None:
    due = due_of(AfterAnchor(OWN, Period(years=1)), Known(date(2025, 6, 20)))
    assert due.ladder_day == due.earliest == date(2026, 6, 19)
    assert due.latest == due.later_reading == date(2026, 6, 20)
    assert "［2026-06-19］まで" in due.wording
    assert "［2026-06-20］までとも" in due.wording


@pytest.mark.parametrize(
    "months, day, expected",
    [(1, 10, date(2026, 6, 10)), (-1, 15, date(2026, 4, 15)), (-2, "end", date(2026, 3, 31))],
)
def test_a_day_of_a_month_nearby_is_counted_from_the_offices_own_day(
    months: int, day: int | str, expected: date
) -> None:
    due = due_of(MonthFromAnchor(OWN, months, day), Known(date(2026, 5, 20)))  # type: ignore[arg-type] # "end"
    assert due.ladder_day == expected


def test_the_end_of_a_licence_is_due_that_day() -> None:
    assert due_of(OnAnchor(OWN), Known(date(2026, 4, 20))).ladder_day == date(2026, 4, 20)


@pytest.mark.parametrize(
    "expression", [OnAnchor(OWN), AfterAnchor(OWN, Period(years=1)), MonthFromAnchor(OWN, 1, 10)]
)
def test_an_office_without_a_day_of_its_own_is_told_that_it_depends(expression: Expression) -> None:
    due = due_of(expression)
    assert (due.shape, due.ends) == (Shape.UNKNOWN, False)
    assert "登録がありません" in due.wording


# ---- days that authorities set ----


@pytest.mark.parametrize(
    "setter, name",
    [("prefecture", "都道府県"), ("municipality", "市町村"), ("designation-authority", "指定権者")],
)
def test_until_it_is_set_the_letter_says_who_sets_it(setter: str, name: str) -> None:
    due = due_of(SetByAuthority(setter, "example.due.set"))
    assert (due.shape, due.wording) == (Shape.UNSET, f"期日は{name}が定めます（未公表）")


def test_a_set_window_is_a_window() -> None:
    posted = SetDay(date(2026, 6, 12), date(2026, 5, 11), "999008")
    due = due_of(set_by_prefecture(), Known(set_day=posted))
    assert (due.shape, due.opens, due.ladder_day) == (Shape.WINDOW, date(2026, 5, 11), date(2026, 6, 12))


def test_before_the_own_report_without_a_set_day_there_is_no_day() -> None:
    due = due_of(BEFORE)
    assert (due.shape, due.latest) == (Shape.UNSET, None)
    assert due.wording == "自事業所の報告を出すまで（期日は都道府県が定めます・未公表）"


def test_before_the_own_report_is_at_the_latest_the_set_day() -> None:
    due = due_of(BEFORE, Known(set_day=SetDay(date(2026, 7, 31))))
    assert due.ladder_day == date(2026, 7, 31)
    assert due.wording == "自事業所の報告を出すまで、遅くとも令和8年7月31日（金）［2026-07-31］まで"


@pytest.mark.parametrize("posted", [None, SetDay(date(2026, 7, 31))])
def test_the_own_report_ends_it_even_before_the_set_day(posted: SetDay | None) -> None:
    due = due_of(BEFORE, Known(date(2026, 7, 10), posted))
    assert due.ladder_day == due.latest == date(2026, 7, 10)
    assert "［2026-07-10］に済んでいます" in due.wording


def test_a_late_report_does_not_move_the_end_behind_the_set_day() -> None:
    due = due_of(BEFORE, Known(date(2026, 8, 5), SetDay(date(2026, 7, 31))))
    assert due.latest == date(2026, 7, 31)


@pytest.mark.parametrize("occurrence", [1, 2, 3])
def test_a_recurring_duty_falls_into_each_fiscal_year_after_the_grant(occurrence: int) -> None:
    due = due_of(RECURRING, Known(date(2027, 3, 31), None, occurrence))
    span = dates.fiscal_year(2026 + occurrence)
    assert (due.earliest, due.latest, due.opens) == (span.start, span.end, span.start)
    assert not due.is_dated
    assert not due.ends
    assert due.wording.endswith("。期日は都道府県が定めます（未公表）")


def test_the_set_day_of_a_recurring_duty_keeps_its_fiscal_year() -> None:
    due = due_of(RECURRING, Known(date(2026, 8, 1), SetDay(date(2027, 6, 30)), 1))
    assert (due.shape, due.opens) == (Shape.FISCAL_YEAR, date(2027, 4, 1))
    assert due.ladder_day == date(2027, 6, 30)


@pytest.mark.parametrize("years, wording", [(3, "翌年度から3年間、毎年度"), (1, "翌年度")])
def test_a_recurring_duty_without_a_grant_names_no_year(years: int, wording: str) -> None:
    due = due_of(FiscalYearsAfter(OWN, years, set_by_prefecture()))
    assert due.wording == f"{wording}（起点となる年度の登録がありません）"


# ---- limits, conditions, what is not known ----


def test_an_outer_limit_is_counted_both_ways_and_gives_way_to_the_day_itself() -> None:
    limit = OuterLimit(date(2023, 5, 19), Period(years=4), "in-force.set")
    due = due_of(limit)
    assert (due.shape, due.ladder_day, due.later_reading) == (
        Shape.OUTER_LIMIT,
        date(2027, 5, 18),
        date(2027, 5, 19),
    )
    assert (
        due.wording
        == "遅くとも令和9年5月18日（火）［2027-05-18］まで（初日を数えなければ令和9年5月19日（水）まで）"
    )
    assert due_of(limit, Known(set_day=SetDay(date(2027, 4, 1)))).ladder_day == date(2027, 4, 1)


def test_a_condition_holds_without_a_day_or_as_long_as_the_licence() -> None:
    assert due_of(Standing("算定している間ずっと")) == Due(Shape.STANDING, "算定している間ずっと", ends=False)
    lasting = due_of(Standing("算定している間ずっと", OWN), Known(date(2026, 4, 20)))
    assert (lasting.latest, lasting.ends) == (date(2026, 4, 20), True)
    assert lasting.wording == "算定している間ずっと（いまは令和8年4月20日（月）［2026-04-20］まで有効）"


def test_what_is_not_known_is_said_in_the_words_of_the_notice() -> None:
    assert due_of(Unknown("検討中です")) == Due(Shape.UNKNOWN, "検討中です", ends=False)


def test_a_year_that_cannot_be_meant_is_under_clarification_and_never_ends() -> None:
    due = due_of(Unclear(dates.fiscal_year(2025), dates.fiscal_year(2026), "どの年度ですか。"))
    assert (due.earliest, due.latest) == (date(2026, 4, 1), date(2027, 3, 31))
    assert not due.ends
    assert due.wording.startswith("確認中")
    assert "遅れの扱いにはなりません" in due.wording
    assert due_of(Unclear(dates.fiscal_year(2025), None, "?")).latest == date(2026, 3, 31)
