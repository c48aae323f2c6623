"""The days of what names its year, and of words that count from the issue date. Both ends are included."""

import re
from datetime import date, timedelta

from notifier.domain.dates import (
    Half,
    Interval,
    Part,
    Period,
    add_months,
    fiscal_year,
    fiscal_year_of,
    half_year,
    month,
    month_end,
    part_of_month,
)
from notifier.reading.moments import Moment, weekday_number
from notifier.reading.numerals import number

_PARTS = {
    "上旬": Part.EARLY,
    "初旬": Part.EARLY,
    "初め": Part.EARLY,
    "初頭": Part.EARLY,
    "中旬": Part.MIDDLE,
    "半ば": Part.MIDDLE,
    "中頃": Part.MIDDLE,
    "下旬": Part.LATE,
    "末": Part.END,
    "末日": Part.END,
    "月末": Part.END,
}
HALVES = {
    name: half
    for half, names in ((Half.FIRST, "上期 上半期 前期 前半"), (Half.SECOND, "下期 下半期 後期 後半"))
    for name in names.split()
}
_WINTER_ENDS = 3
SEASONS = {"春": 3, "夏": 6, "秋": 9, "冬": 12}
_LENGTH = re.compile(
    r"([0-9]{1,3}|[一二三四五六七八九十百]{1,4}|半)(年度|年|か年|[かヶカヵケ箇個]?月|週間?|日)(半)?"
)


def days_of(moment: Moment) -> tuple[Interval, str]:
    """Return the days of a moment whose year is known, and its kind. Raises ValueError if there is no such day."""
    year = moment.year or 0
    if moment.month is None:
        return _days_of_year(moment, year)
    if moment.is_fiscal and moment.month < 4:
        year += 1
    if moment.nth is not None:
        return _nth_weekday(year, moment.month, *moment.nth), "date"
    if moment.day is not None:
        last = date(year, moment.month, moment.day)
        first = last.replace(day=moment.first_day) if moment.first_day else last
        return Interval(first, last), "range" if moment.first_day else "date"
    return _days_of_month(moment, year, moment.month)


def _days_of_month(moment: Moment, year: int, number_of_month: int) -> tuple[Interval, str]:
    if moment.part and moment.last_part:
        opens, closes = (_part(each, year, number_of_month) for each in (moment.part, moment.last_part))
        return Interval(opens.start, closes.end), "range"
    if moment.part:
        return _part(moment.part, year, number_of_month), "part_of_month"
    if moment.first_month:
        opens_on = date(year - (moment.first_month > number_of_month), moment.first_month, 1)
        return Interval(opens_on, month_end(year, number_of_month)), "range"
    return month(year, number_of_month), "month"


def _part(part: str, year: int, month_number: int) -> Interval:
    if part in _PARTS:
        return part_of_month(year, month_number, _PARTS[part])
    first, last = date(year, month_number, 1), month_end(year, month_number)
    if "週" in part:
        return _week(first, last, number(part[1]))
    return Interval(first, first.replace(day=15)) if part == "前半" else Interval(first.replace(day=16), last)


def _week(first: date, last: date, nth: int) -> Interval:
    """Return the nth week of a month, Monday to Sunday, the first being that of its first day; no day of another month.

    Nobody has laid that down, so what is read is marked tentative (`vague` in words.toml). Raises ValueError if the
    month has no such week.
    """
    monday = first - timedelta(days=first.weekday()) + timedelta(weeks=nth - 1)
    if monday > last:
        message = f"{first:%Y-%m} has no week {nth}"
        raise ValueError(message)
    return Interval(max(first, monday), min(last, monday + timedelta(days=6)))


def _days_of_year(moment: Moment, year: int) -> tuple[Interval, str]:
    if moment.half and moment.is_fiscal:
        return half_year(year, HALVES[moment.half]), "half_year"
    if moment.half:
        return _months_from(date(year, 1 if HALVES[moment.half] is Half.FIRST else 7, 1), 6), "range"
    if moment.quarter is not None:
        return _months_from(date(year, 3 * moment.quarter + 1, 1), 3) if moment.quarter < 4 else _months_from(
            date(year + 1, 1, 1), 3
        ), "half_year"
    if moment.season:
        return _months_from(date(year, SEASONS[moment.season], 1), 3), "range"
    return _whole_years(moment, year)


def _months_from(opens: date, months: int) -> Interval:
    return Interval(opens, add_months(opens, months) - timedelta(days=1))


def _whole_years(moment: Moment, year: int) -> tuple[Interval, str]:
    last_year = moment.last_year or year
    if moment.is_fiscal:
        first, last = date(year, 4, 1), date(last_year + 1, 3, 31)
    else:
        first, last = date(year, 1, 1), date(last_year, 12, 31)
    kind = "fiscal_year" if moment.is_fiscal and last_year == year else "range"
    if moment.part.startswith("末"):
        return Interval(last, last), kind
    if moment.part:
        return Interval(first, month_end(first.year, first.month)), kind
    return Interval(first, last), kind


def _nth_weekday(year: int, month_number: int, nth: int, weekday: int) -> Interval:
    first = date(year, month_number, 1)
    day = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
    if day.month != month_number:
        message = f"{year}-{month_number:02} has no such weekday"
        raise ValueError(message)
    return Interval(day, day)


def length_of(text: str) -> Period | None:
    """Return the period a length names: 1年6か月, 三月, 半年, 2週間; None for 数か月 or a range of lengths."""
    years = months = days = 0
    for count, unit, half in _LENGTH.findall(text):
        value = 0 if count == "半" else number(count)
        if unit.startswith("年") or unit == "か年":
            years += value
            months += 6 * (bool(half) + (count == "半"))
        elif unit.endswith("月"):
            months += value
        else:
            days += value * (7 if unit.startswith("週") else 1)
    is_vague = "数" in text or re.search("[~・、-]", text) is not None or not (years or months or days)
    return None if is_vague else Period(years, months, days)


def issue_days(word: str, issued: date) -> Interval | None:
    """Return the days of a word that counts from the issue date; None for one that counts from something else."""
    days = {"本日": 0, "明日": 1, "明後日": 2, "昨日": -1, "一昨日": -2}
    if word in days:
        day = issued + timedelta(days=days[word])
        return Interval(day, day)
    weeks = {"今週": 0, "来週": 1, "次週": 1, "翌週": 1, "先週": -1, "再来週": 2, "今週末": 0, "来週末": 1}
    if word in weeks:
        monday = issued - timedelta(days=issued.weekday()) + timedelta(weeks=weeks[word])
        return Interval(monday + timedelta(days=5 if word.endswith("末") else 0), monday + timedelta(days=6))
    week, weekday = weeks.get(word[: word.find("週") + 1]), word.removesuffix("日").removesuffix("曜")[-1:]
    if week is not None and "曜" in word:
        monday = issued - timedelta(days=issued.weekday()) + timedelta(weeks=week)
        day = monday + timedelta(days=weekday_number(weekday))
        return Interval(day, day)
    this_year = fiscal_year(fiscal_year_of(issued))
    known = {
        "年内": Interval(date(issued.year, 1, 1), date(issued.year, 12, 31)),
        "年末": Interval(date(issued.year, 12, 31), date(issued.year, 12, 31)),
        "年度内": this_year,
        "年度中": this_year,
        "年度いっぱい": this_year,
        "年度末": Interval(this_year.end, this_year.end),
        "月内": month(issued.year, issued.month),
    }
    if word in known:
        return known[word]
    season = SEASONS.get(word[-1])
    if season is not None:
        # 今冬 said in January is the winter that began in December.
        began = issued.year - (season == SEASONS["冬"] and issued.month <= _WINTER_ENDS)
        opens = date(began + {"来": 1, "昨": -1}.get(word[0], 0), season, 1)
        return _months_from(opens, 3)
    return None
