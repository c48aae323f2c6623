"""Civil dates as Japanese administration writes and counts them.

Every date here is a civil date in Japan; every interval includes both of its ends.
The eras begin on the days fixed by their cabinet orders: the day of the change already belongs to
the new era. 明治 is kept only from 1873-01-01 (明治6年1月1日), the first day of the Gregorian
calendar in Japan (明治5年太政官布告第337号): before it, month and day of the two calendars differ.
"""

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal, NamedTuple, Self

_ONE_DAY = timedelta(days=1)
_MONTHS_IN_YEAR = 12
_LONGEST_MONTH = 31
_APRIL = 4
_WEEKDAYS = "月火水木金土日"


@dataclass(frozen=True, slots=True)
class Interval:
    """The days from `start` to `end`, both included; None leaves that side open.

    Raises ValueError if `start` lies after `end`.
    """

    start: date | None
    end: date | None

    def __post_init__(self) -> None:
        """Refuse an interval that ends before it starts."""
        if self.start is not None and self.end is not None and self.start > self.end:
            message = f"an interval cannot start on {self.start} and end before that, on {self.end}"
            raise ValueError(message)

    def __contains__(self, day: date) -> bool:
        """Say whether `day` is one of the days of the interval."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)

    def overlaps(self, other: "Interval") -> bool:
        """Say whether at least one day belongs to both intervals."""
        return _not_after(self.start, other.end) and _not_after(other.start, self.end)

    @property
    def is_day(self) -> bool:
        """Say whether the interval is exactly one day."""
        return self.start is not None and self.start == self.end


def _not_after(start: date | None, end: date | None) -> bool:
    return start is None or end is None or start <= end


class Half(StrEnum):
    """Half of a fiscal year: 上期 is April to September, 下期 October to March."""

    FIRST = "first"
    SECOND = "second"


class Part(StrEnum):
    """Part of a month: 上旬 is 1 to 10, 中旬 11 to 20, 下旬 21 to the last day, 末 the last day."""

    EARLY = "early"
    MIDDLE = "middle"
    LATE = "late"
    END = "end"


_HALF_NAMES = {Half.FIRST: "上期", Half.SECOND: "下期"}
_PART_NAMES = {Part.EARLY: "上旬", Part.MIDDLE: "中旬", Part.LATE: "下旬", Part.END: "末"}


# ---- eras ----


class _Era(NamedTuple):
    name: str
    letter: str
    first_day: date
    year_one: int


_ERAS = (  # the latest first
    _Era("令和", "R", date(2019, 5, 1), 2019),
    _Era("平成", "H", date(1989, 1, 8), 1989),
    _Era("昭和", "S", date(1926, 12, 25), 1926),
    _Era("大正", "T", date(1912, 7, 30), 1912),
    _Era("明治", "M", date(1873, 1, 1), 1868),
)
_ERA_OF_MARK = {mark: era for era in _ERAS for mark in (era.name, era.letter)}
_WAREKI = re.compile(
    rf"({'|'.join(_ERA_OF_MARK)})\s*([0-9]+|元)\s*年\s*([0-9]+)\s*月\s*([0-9]+)\s*日", re.IGNORECASE
)


def era_name_and_year(day: date) -> tuple[str, int]:
    """Return the era of `day` and the year in it, the first being 1: 2026-03-13 is ("令和", 8).

    Raises ValueError before 1873-01-01 (see the module).
    """
    for era in _ERAS:
        if era.first_day <= day:
            return era.name, day.year - era.year_one + 1
    message = f"{day} lies before {_ERAS[-1].first_day}, the first day that can be written in an era"
    raise ValueError(message)


def _era_year(day: date) -> str:
    name, year = era_name_and_year(day)
    return f"{name}{'元' if year == 1 else year}年"


def wareki(day: date) -> str:
    """Write `day` in its era, without zeros in front: 令和8年3月13日, 令和元年5月1日.

    Raises ValueError before 1873-01-01.
    """
    return f"{_era_year(day)}{day.month}月{day.day}日"


def from_wareki(era: str, year: int, month: int, day: int) -> date:
    """Return the civil date of a day written in an era: by name (令和), letter (R) or sign (㋿).

    A year after the era's end is counted on (平成32年 is 2020): documents issued before a change
    name such years. A day before the era's first day never had that name.
    Raises ValueError for an unknown era, a day before its first day, or a day that does not exist.
    """
    found = _ERA_OF_MARK.get(unicodedata.normalize("NFKC", era).strip().upper())
    if found is None:
        message = f"{era!r} is no era; write one of {'、'.join(known.name for known in _ERAS)}"
        raise ValueError(message)
    if year < 1:
        message = f"{found.name}{year}年 does not exist; the first year of an era is 1 (元年)"
        raise ValueError(message)
    civil = date(found.year_one + year - 1, month, day)
    if civil < found.first_day:
        message = f"{civil} lies before {found.first_day}, the first day that can be written in {found.name}"
        raise ValueError(message)
    return civil


def parse_wareki(text: str) -> date:
    """Read a day written in an era: 令和8年3月13日, also with full-width digits, 元年, ㋿ or inner spaces.

    Raises ValueError for anything else; there is no guessing.
    """
    match = _WAREKI.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None:
        message = f"{text!r} is not a day such as 令和8年3月13日"
        raise ValueError(message)
    era, year, month_number, day = match.groups()
    return from_wareki(era, 1 if year == "元" else int(year), int(month_number), int(day))


# ---- labels of days ----


def weekday_ja(day: date) -> str:
    """Return the weekday in one character, 月 to 日."""
    return _WEEKDAYS[day.weekday()]


def day_label(day: date) -> str:
    """Write `day` with era and weekday: 令和8年3月13日（金）."""
    return f"{wareki(day)}（{weekday_ja(day)}）"


def day_label_with_western(day: date) -> str:
    """Write `day` with era, weekday and ISO date: 令和8年3月13日（金）［2026-03-13］."""
    return f"{day_label(day)}［{day.isoformat()}］"


def short_label(day: date) -> str:
    """Write `day` for a subject line, without the year: 3/13(金)."""
    return f"{day.month}/{day.day}({weekday_ja(day)})"


# ---- years, halves, months and their parts ----


def fiscal_year_of(day: date) -> int:
    """Return the fiscal year (1 April to 31 March, named after its April) that `day` belongs to."""
    return day.year if day.month >= _APRIL else day.year - 1


def fiscal_year(year: int) -> Interval:
    """Return the days of fiscal year `year`: 2026 is 2026-04-01 to 2027-03-31."""
    return Interval(date(year, 4, 1), date(year + 1, 3, 31))


def _era_fiscal_year(year: int) -> str:
    # Fiscal 2019 began in 平成31年 and is 令和元年度 as a whole (ministries' agreement of 2019-04-01);
    # no other era began between 1 April and 1 May, so the era of 1 May names every fiscal year.
    return f"{_era_year(date(year, 5, 1))}度"


def fiscal_year_label(year: int) -> str:
    """Write a fiscal year in both counts: 令和8年度（2026年度）; fiscal 2019 is 令和元年度."""
    return f"{_era_fiscal_year(year)}（{year}年度）"


def half_year(year: int, half: Half) -> Interval:
    """Return the days of a half of fiscal year `year`: the second half of 2026 ends on 2027-03-31."""
    if half is Half.FIRST:
        return Interval(date(year, 4, 1), date(year, 9, 30))
    return Interval(date(year, 10, 1), date(year + 1, 3, 31))


def half_year_label(year: int, half: Half) -> str:
    """Write a half of a fiscal year with its months: 令和8年度下期（2026年10月〜2027年3月）."""
    months = f"{year}年4月〜9月" if half is Half.FIRST else f"{year}年10月〜{year + 1}年3月"
    return f"{_era_fiscal_year(year)}{_HALF_NAMES[half]}（{months}）"


def month_end(year: int, month: int) -> date:
    """Return the last day of a month. Raises ValueError for a month outside 1 to 12."""
    return date(year, month, monthrange(year, month)[1])


def month(year: int, month: int) -> Interval:
    """Return the days of a month. Raises ValueError for a month outside 1 to 12."""
    return Interval(date(year, month, 1), month_end(year, month))


def month_label(year: int, month: int) -> str:
    """Write a month with its era, 令和8年3月; a month of two eras bears the name of the later."""
    return f"{_era_year(month_end(year, month))}{month}月"


def part_of_month(year: int, month: int, part: Part) -> Interval:
    """Return the days of a part of a month: 下旬 and 末 end on its last day."""
    last = month_end(year, month)
    first_day, last_day = {
        Part.EARLY: (1, 10),
        Part.MIDDLE: (11, 20),
        Part.LATE: (21, last.day),
        Part.END: (last.day, last.day),
    }[part]
    return Interval(last.replace(day=first_day), last.replace(day=last_day))


def part_of_month_label(year: int, month: int, part: Part) -> str:
    """Write a part of a month: 令和8年3月上旬, 令和8年3月末."""
    return f"{month_label(year, month)}{_PART_NAMES[part]}"


# ---- moving by months and years ----


def _month_away(day: date, months: int) -> tuple[int, int]:
    years, month_index = divmod(day.month - 1 + months, _MONTHS_IN_YEAR)
    return day.year + years, month_index + 1


def add_months(day: date, n: int) -> date:
    """Return the same day of the month `n` months on (or back); the month's end if it has none."""
    year, month_number = _month_away(day, n)
    return date(year, month_number, min(day.day, month_end(year, month_number).day))


def add_years(day: date, n: int) -> date:
    """Return the same day `n` years on (or back); 29 February becomes 28 February where it must."""
    return add_months(day, n * _MONTHS_IN_YEAR)


def shift_month(anchor: date, months: int, day: int | Literal["end"]) -> date:
    """Return a day of the month that lies `months` from that of `anchor`.

    前月15日 is (-1, 15), 前々月の末日 (-2, "end"), 翌月10日 (1, 10). A day the month does not have
    becomes its last day. Raises ValueError for a day outside 1 to 31.
    """
    last = month_end(*_month_away(anchor, months))
    if day == "end":
        return last
    if not 1 <= day <= _LONGEST_MONTH:
        message = f"no month has a day {day}; give 1 to {_LONGEST_MONTH} or 'end'"
        raise ValueError(message)
    return last.replace(day=min(day, last.day))


# ---- periods ----

_PERIOD = re.compile(r"P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)D)?")


@dataclass(frozen=True, slots=True)
class Period:
    """A length of time by the calendar. Raises ValueError if a part is negative or all are 0."""

    years: int = 0
    months: int = 0
    days: int = 0

    def __post_init__(self) -> None:
        """Refuse a period that runs backwards or lasts no day."""
        parts = (self.years, self.months, self.days)
        if min(parts) < 0 or not any(parts):
            message = f"a period lasts at least a day and has no negative part: {parts}"
            raise ValueError(message)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the ISO 8601 forms of years, months and days: P1Y, P3M, P30D, P1Y6M. Raises ValueError."""
        match = _PERIOD.fullmatch(text)
        if match is None:
            message = f"{text!r} is not a period such as P1Y, P3M or P30D"
            raise ValueError(message)
        return cls(*(int(number or 0) for number in match.groups()))

    def label(self) -> str:
        """Write the period in Japanese: 1年, 3か月, 30日, 1年6か月."""
        parts = ((self.years, "年"), (self.months, "か月"), (self.days, "日"))
        return "".join(f"{number}{unit}" for number, unit in parts if number)


def last_day_of(start: date, period: Period) -> tuple[date, date]:
    """Return the last day of a period that runs from `start`, in the two readings of "from a day".

    The first reading counts `start` itself (eve of the anniversary), the second does not (anniversary):
    one year from 2025-06-20 ends on 2026-06-19 or on 2026-06-20. The first is never the later one.
    The second is the Civil Code's where nothing else is said: 民法140条 leaves the first day out
    (初日不算入), 141条 ends the period with the end of its last day, 143条 counts years and months by the
    calendar and ends them on the eve of the corresponding day, or on the last day of a month that has
    no such day. So one month from 04-30 ends on 05-29, or on 05-31, for 05-01 is then the first counted.
    142条 (a last day that is a holiday) is not applied: the roll of a date belongs to its deadline.
    """
    return _last_day_counting(start, period), _last_day_counting(start + _ONE_DAY, period)


def _last_day_counting(first: date, period: Period) -> date:
    """Return the last day of a period whose first counted day (起算日) is `first`: 民法143条2項."""
    corresponding = add_months(first, period.years * _MONTHS_IN_YEAR + period.months)
    is_clamped = corresponding.day != first.day
    months_end = corresponding if is_clamped else corresponding - _ONE_DAY
    return months_end + timedelta(days=period.days)
