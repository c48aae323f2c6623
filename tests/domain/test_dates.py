"""Civil dates as Japanese administration writes and counts them."""

from calendar import isleap
from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from notifier.domain.dates import (
    Half,
    Interval,
    Part,
    Period,
    add_months,
    add_years,
    day_label,
    day_label_with_western,
    era_name_and_year,
    fiscal_year,
    fiscal_year_label,
    fiscal_year_of,
    from_wareki,
    half_year,
    half_year_label,
    last_day_of,
    month,
    month_end,
    month_label,
    parse_wareki,
    part_of_month,
    part_of_month_label,
    shift_month,
    short_label,
    wareki,
    weekday_ja,
)

ONE_DAY = timedelta(days=1)
DAYS = st.dates(date(1873, 1, 1), date(2199, 12, 31))


@st.composite
def intervals(draw: st.DrawFn) -> Interval:
    start = draw(st.none() | DAYS)
    end = draw(st.none() | st.dates(start or date.min, date(2199, 12, 31)))
    return Interval(start, end)


# ---- intervals ----


def test_an_interval_includes_both_of_its_ends() -> None:
    march = month(2026, 3)
    assert date(2026, 3, 1) in march
    assert date(2026, 3, 31) in march
    assert date(2026, 2, 28) not in march
    assert date(2026, 4, 1) not in march


def test_an_open_side_has_no_limit() -> None:
    assert date.max in Interval(date(2026, 4, 1), None)
    assert date.min in Interval(None, date(2026, 4, 1))
    assert date(2026, 4, 2) not in Interval(None, date(2026, 4, 1))
    assert date(2026, 4, 2) in Interval(None, None)


def test_an_interval_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match=r"2026-03-02 .* 2026-03-01"):
        Interval(date(2026, 3, 2), date(2026, 3, 1))


@pytest.mark.parametrize(
    "interval, expected",
    [
        (Interval(date(2026, 3, 13), date(2026, 3, 13)), True),
        (Interval(date(2026, 3, 13), date(2026, 3, 14)), False),
        (Interval(date(2026, 3, 13), None), False),
        (Interval(None, None), False),
    ],
)
def test_only_an_interval_of_exactly_one_day_is_a_day(interval: Interval, expected: bool) -> None:
    assert interval.is_day is expected


def test_intervals_that_touch_on_one_day_overlap_and_neighbours_do_not() -> None:
    april = month(2026, 4)
    assert Interval(date(2026, 4, 30), None).overlaps(april)
    assert not Interval(date(2026, 5, 1), None).overlaps(april)
    assert not Interval(None, date(2026, 3, 31)).overlaps(april)


@given(intervals(), intervals(), DAYS)
def test_intervals_that_share_a_day_overlap_whichever_is_asked(a: Interval, b: Interval, day: date) -> None:
    assert a.overlaps(b) is b.overlaps(a)
    assert a.overlaps(b) or not (day in a and day in b)


@given(intervals(), intervals())
def test_intervals_that_overlap_share_a_day(a: Interval, b: Interval) -> None:
    assume(a.overlaps(b))
    latest_start = max(a.start or date.min, b.start or date.min)
    assert latest_start in a
    assert latest_start in b


# ---- eras ----


@pytest.mark.parametrize(
    "day, written",
    [
        (date(1873, 1, 1), "明治6年1月1日"),
        (date(1912, 7, 29), "明治45年7月29日"),
        (date(1912, 7, 30), "大正元年7月30日"),
        (date(1926, 12, 24), "大正15年12月24日"),
        (date(1926, 12, 25), "昭和元年12月25日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1989, 1, 8), "平成元年1月8日"),
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(2020, 1, 1), "令和2年1月1日"),
        (date(2026, 3, 13), "令和8年3月13日"),
    ],
)
def test_an_era_changes_on_its_day_and_the_first_year_is_gannen(day: date, written: str) -> None:
    assert written == wareki(day)
    assert day == parse_wareki(written)


def test_the_era_and_its_year_can_be_had_apart() -> None:
    assert era_name_and_year(date(2026, 3, 13)) == ("令和", 8)
    assert era_name_and_year(date(2019, 5, 1)) == ("令和", 1)


def test_a_day_before_the_gregorian_calendar_cannot_be_written_in_an_era() -> None:
    with pytest.raises(ValueError, match="1873-01-01"):
        wareki(date(1872, 12, 31))
    with pytest.raises(ValueError, match="1873-01-01"):
        parse_wareki("明治5年12月2日")


@given(DAYS)
def test_a_day_written_in_its_era_is_read_back_as_the_same_day(day: date) -> None:
    assert day == parse_wareki(wareki(day))


@given(DAYS)
def test_the_next_day_is_in_the_same_year_of_the_era_or_starts_one(day: date) -> None:
    era, year = era_name_and_year(day)
    assert era_name_and_year(day + ONE_DAY) in {(era, year), (era, year + 1)} | {
        (later, 1) for later in ("大正", "昭和", "平成", "令和")
    }


@pytest.mark.parametrize("era", ["令和", "R", "r", "Ｒ", "㋿", " 令和 "])
def test_an_era_is_known_by_its_name_its_letter_and_its_sign(era: str) -> None:
    assert date(2026, 3, 13) == from_wareki(era, 8, 3, 13)


def test_older_eras_are_known_by_letter_and_sign_too() -> None:
    assert date(2019, 4, 30) == from_wareki("H", 31, 4, 30) == from_wareki("㍻", 31, 4, 30)
    assert date(1989, 1, 7) == from_wareki("S", 64, 1, 7) == from_wareki("㍼", 64, 1, 7)
    assert date(1926, 12, 24) == from_wareki("T", 15, 12, 24) == from_wareki("㍽", 15, 12, 24)
    assert date(1912, 7, 29) == from_wareki("M", 45, 7, 29) == from_wareki("㍾", 45, 7, 29)


def test_a_year_after_the_end_of_its_era_is_counted_on() -> None:
    assert date(2020, 3, 31) == from_wareki("平成", 32, 3, 31)
    assert date(2019, 5, 1) == parse_wareki("平成31年5月1日")


@pytest.mark.parametrize(
    "era, year, month_number, day, reason",
    [
        ("令和", 1, 4, 30, "2019-05-01"),
        ("平成", 1, 1, 7, "1989-01-08"),
        ("令和", 0, 1, 1, "元年"),
        ("慶応", 3, 1, 1, "令和、平成、昭和、大正、明治"),
        ("", 3, 1, 1, "no era"),
        ("令和", 8, 2, 29, "day"),
        ("令和", 8, 13, 1, "month"),
    ],
)
def test_a_day_that_never_bore_that_name_is_refused(
    era: str, year: int, month_number: int, day: int, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        from_wareki(era, year, month_number, day)


@pytest.mark.parametrize(
    "text",
    [
        "令和８年３月１３日",
        "令和 8 年 3 月 13 日",
        "　令和08年03月13日 ",  # ideographic space
        "㋿8年3月13日",
        "R8年3月13日",
    ],
)
def test_the_ways_offices_and_notices_write_one_day_are_read_alike(text: str) -> None:
    assert date(2026, 3, 13) == parse_wareki(text)


@pytest.mark.parametrize("text", ["令和元年5月1日", "令和１年５月１日", "令和 元 年 5 月 1 日"])
def test_the_first_year_is_read_as_gannen_and_as_a_number(text: str) -> None:
    assert date(2019, 5, 1) == parse_wareki(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-13",
        "8年3月13日",
        "令和8年3月",
        "令和8年度",
        "令和8年3月13日まで",
        "令和八年三月十三日",
        "令和²年3月13日ノ",
        "令和8年2月30日",
        "令和99999年1月1日",
    ],
)
def test_what_is_not_one_whole_day_is_not_guessed_at(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_wareki(text)


# ---- labels ----


def test_a_day_is_printed_with_era_weekday_and_western_date() -> None:
    day = date(2026, 3, 13)
    assert day_label(day) == "令和8年3月13日（金）"
    assert day_label_with_western(day) == "令和8年3月13日（金）［2026-03-13］"
    assert short_label(day) == "3/13(金)"


def test_the_week_has_its_seven_names() -> None:
    monday = date(2026, 3, 9)
    assert "".join(weekday_ja(monday + timedelta(days=n)) for n in range(7)) == "月火水木金土日"


# ---- fiscal years, halves, months and their parts ----


def test_the_fiscal_year_ends_with_march() -> None:
    assert fiscal_year_of(date(2026, 3, 31)) == 2025
    assert fiscal_year_of(date(2026, 4, 1)) == 2026
    assert fiscal_year(2026) == Interval(date(2026, 4, 1), date(2027, 3, 31))


@given(DAYS)
def test_every_day_lies_in_its_own_fiscal_year_and_in_one_half_of_it(day: date) -> None:
    year = fiscal_year_of(day)
    assert day in fiscal_year(year)
    assert [day in half_year(year, half) for half in Half].count(True) == 1


@pytest.mark.parametrize(
    "year, label",
    [
        (2026, "令和8年度（2026年度）"),
        (2020, "令和2年度（2020年度）"),
        (2019, "令和元年度（2019年度）"),
        (2018, "平成30年度（2018年度）"),
        (1989, "平成元年度（1989年度）"),
        (1988, "昭和63年度（1988年度）"),
    ],
)
def test_a_fiscal_year_is_printed_in_both_counts(year: int, label: str) -> None:
    assert label == fiscal_year_label(year)


def test_the_second_half_of_a_fiscal_year_reaches_into_the_next_calendar_year() -> None:
    assert half_year(2026, Half.FIRST) == Interval(date(2026, 4, 1), date(2026, 9, 30))
    assert half_year(2026, Half.SECOND) == Interval(date(2026, 10, 1), date(2027, 3, 31))
    assert half_year_label(2026, Half.FIRST) == "令和8年度上期（2026年4月〜9月）"
    assert half_year_label(2026, Half.SECOND) == "令和8年度下期（2026年10月〜2027年3月）"


def test_a_month_ends_on_its_last_day_in_leap_years_too() -> None:
    assert month_end(2026, 2) == date(2026, 2, 28)
    assert month_end(2028, 2) == date(2028, 2, 29)
    assert month(2026, 12) == Interval(date(2026, 12, 1), date(2026, 12, 31))


@pytest.mark.parametrize("number", [0, 13])
def test_there_are_twelve_months(number: int) -> None:
    with pytest.raises(ValueError, match="month"):
        month(2026, number)


@pytest.mark.parametrize(
    "year, number, label",
    [
        (2026, 3, "令和8年3月"),
        (2019, 4, "平成31年4月"),
        (2019, 5, "令和元年5月"),
        (1989, 1, "平成元年1月"),
    ],
)
def test_a_month_is_printed_with_its_era(year: int, number: int, label: str) -> None:
    assert label == month_label(year, number)


@pytest.mark.parametrize(
    "part, first, last, label",
    [
        (Part.EARLY, 1, 10, "令和8年2月上旬"),
        (Part.MIDDLE, 11, 20, "令和8年2月中旬"),
        (Part.LATE, 21, 28, "令和8年2月下旬"),
        (Part.END, 28, 28, "令和8年2月末"),
    ],
)
def test_a_part_of_a_month_is_an_interval_with_a_name(part: Part, first: int, last: int, label: str) -> None:
    assert part_of_month(2026, 2, part) == Interval(date(2026, 2, first), date(2026, 2, last))
    assert label == part_of_month_label(2026, 2, part)


@given(DAYS)
def test_every_day_lies_in_exactly_one_third_of_its_month(day: date) -> None:
    thirds = (Part.EARLY, Part.MIDDLE, Part.LATE)
    assert [day in part_of_month(day.year, day.month, part) for part in thirds].count(True) == 1
    assert (day in part_of_month(day.year, day.month, Part.END)) is ((day + ONE_DAY).day == 1)


# ---- moving by months and years ----


@pytest.mark.parametrize(
    "day, months, expected",
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 1, 15), -1, date(2025, 12, 15)),
        (date(2026, 3, 31), -13, date(2025, 2, 28)),
        (date(2026, 3, 31), 0, date(2026, 3, 31)),
    ],
)
def test_moving_by_months_keeps_the_day_or_takes_the_end_of_the_month(
    day: date, months: int, expected: date
) -> None:
    assert expected == add_months(day, months)


def test_29_february_moves_to_28_february_of_a_common_year() -> None:
    assert add_years(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert add_years(date(2024, 2, 29), 4) == date(2028, 2, 29)
    assert add_years(date(2024, 2, 29), -1) == date(2023, 2, 28)


def test_moving_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="year"):
        add_years(date(2026, 3, 13), 9999)


@given(DAYS, st.integers(-600, 600))
def test_moving_by_months_lands_that_many_months_away_and_never_on_a_later_day(day: date, n: int) -> None:
    moved = add_months(day, n)
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == n
    assert moved.day == min(day.day, month_end(moved.year, moved.month).day)


@given(DAYS, st.integers(1, 28), st.integers(-600, 600))
def test_moving_there_and_back_loses_nothing_up_to_the_28th(day: date, number: int, n: int) -> None:
    start = day.replace(day=number)
    assert start == add_months(add_months(start, n), -n)


@pytest.mark.parametrize(
    "months, day, expected",
    [
        (-1, 15, date(2026, 5, 15)),  # 前月15日
        (-2, "end", date(2026, 4, 30)),  # 前々月の末日
        (1, 10, date(2026, 7, 10)),  # 翌月10日
        (0, 31, date(2026, 6, 30)),
        (-6, "end", date(2025, 12, 31)),
        (8, 30, date(2027, 2, 28)),
    ],
)
def test_a_day_is_found_in_a_month_before_or_after_that_of_the_anchor(
    months: int, day: int, expected: date
) -> None:
    assert expected == shift_month(date(2026, 6, 30), months, day)


@pytest.mark.parametrize("day", [0, -1, 32])
def test_a_day_that_no_month_has_is_refused(day: int) -> None:
    with pytest.raises(ValueError, match="no month has a day"):
        shift_month(date(2026, 6, 30), 0, day)


# ---- periods ----


@pytest.mark.parametrize(
    "text, period, label",
    [
        ("P1Y", Period(years=1), "1年"),
        ("P3M", Period(months=3), "3か月"),
        ("P30D", Period(days=30), "30日"),
        ("P4Y", Period(years=4), "4年"),
        ("P1Y6M", Period(years=1, months=6), "1年6か月"),
        ("P1Y2M3D", Period(1, 2, 3), "1年2か月3日"),
    ],
)
def test_a_period_is_read_from_iso_8601_and_printed_in_japanese(
    text: str, period: Period, label: str
) -> None:
    assert period == Period.parse(text)
    assert label == period.label()


@pytest.mark.parametrize("text", ["", "P", "1Y", "P1", "PY", "P-1Y", "P1W", "P1D1Y", "P1Y ", "P0D", "1年"])
def test_what_is_no_period_of_at_least_a_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="period"):
        Period.parse(text)


def test_a_period_never_runs_backwards() -> None:
    with pytest.raises(ValueError, match="negative"):
        Period(years=1, days=-1)


@pytest.mark.parametrize(
    "start, period, counted, not_counted",
    [
        (date(2025, 6, 20), "P1Y", date(2026, 6, 19), date(2026, 6, 20)),
        (date(2023, 5, 19), "P4Y", date(2027, 5, 18), date(2027, 5, 19)),
        (date(2026, 4, 1), "P10D", date(2026, 4, 10), date(2026, 4, 11)),
        (date(2026, 4, 1), "P1D", date(2026, 4, 1), date(2026, 4, 2)),
        (date(2026, 4, 1), "P1Y", date(2027, 3, 31), date(2027, 4, 1)),
        # no such day in the last month: the period ends with that month (民法143条2項但書)
        (date(2026, 1, 31), "P1M", date(2026, 2, 28), date(2026, 2, 28)),
        (date(2026, 1, 30), "P1M", date(2026, 2, 28), date(2026, 2, 28)),
        (date(2024, 2, 29), "P1Y", date(2025, 2, 28), date(2025, 2, 28)),
        # the day after the month's end is the first counted, so whole months follow
        (date(2026, 4, 30), "P1M", date(2026, 5, 29), date(2026, 5, 31)),
        (date(2027, 2, 28), "P1Y", date(2028, 2, 27), date(2028, 2, 29)),
        (date(2025, 6, 20), "P1Y10D", date(2026, 6, 29), date(2026, 6, 30)),
    ],
)
def test_a_period_ends_on_two_days_by_whether_its_first_day_counts(
    start: date, period: str, counted: date, not_counted: date
) -> None:
    assert (counted, not_counted) == last_day_of(start, Period.parse(period))


PERIODS = st.tuples(st.integers(0, 10), st.integers(0, 30), st.integers(0, 400)).filter(any)


@given(DAYS, PERIODS)
def test_the_reading_that_counts_the_first_day_is_never_the_later_one(
    start: date, parts: tuple[int, int, int]
) -> None:
    counted, not_counted = last_day_of(start, Period(*parts))
    assert start <= counted <= not_counted


@given(DAYS, st.integers(1, 400))
def test_a_period_of_days_has_as_many_days(start: date, days: int) -> None:
    counted, not_counted = last_day_of(start, Period(days=days))
    assert (counted - start).days + 1 == days
    assert (not_counted - start).days == days


@given(DAYS, st.integers(1, 20))
def test_years_from_any_day_but_the_end_of_february_end_on_the_anniversary(start: date, years: int) -> None:
    assume((start.month, start.day) not in {(2, 28), (2, 29)})
    anniversary = start.replace(year=start.year + years)
    assert last_day_of(start, Period(years=years)) == (anniversary - ONE_DAY, anniversary)


@given(st.integers(1873, 2150))
def test_a_year_from_1_march_ends_with_february(year: int) -> None:
    last = 29 if isleap(year + 1) else 28
    assert last_day_of(date(year, 3, 1), Period(years=1))[0] == date(year + 1, 2, last)
