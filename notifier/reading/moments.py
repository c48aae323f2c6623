"""What an expression says about a time, field by field, before anything is inferred from elsewhere."""

import re
from dataclasses import dataclass, replace

from notifier.reading.numerals import number
from notifier.reading.patterns import LONE

_ERA_BEGINS = {"令和": 2019, "平成": 1989, "昭和": 1926, "大正": 1912, "明治": 1868}
_ERA_LETTERS = {"R": "令和", "H": "平成", "S": "昭和", "令": "令和", "平": "平成", "昭": "昭和"}
_WEEKDAYS = "月火水木金土日"
_PLAUSIBLE_MONTHS = range(1, 13)
_PLAUSIBLE_DAYS = range(1, 32)


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, a month, a year or a part of one, as far as the expression itself names it.

    `year` is a civil year, or a fiscal one if `is_fiscal`; `bare_year` a number whose era is not written.
    Words that need another day to be understood (今年度, 翌月) stay words. `last_…` closes a run such as 4～6月.
    """

    year: int | None = None
    last_year: int | None = None
    bare_year: int | None = None
    is_fiscal: bool = False
    year_word: str = ""
    month: int | None = None
    first_month: int | None = None
    month_word: str = ""
    day: int | None = None
    first_day: int | None = None
    part: str = ""
    half: str = ""
    quarter: int | None = None
    last_part: str = ""
    season: str = ""
    nth: tuple[int, int] | None = None
    weekday: int | None = None

    @property
    def has_year(self) -> bool:
        """Say whether the expression itself names its year, be it by a word."""
        return self.year is not None or self.bare_year is not None or bool(self.year_word)

    @property
    def has_month(self) -> bool:
        """Say whether it names a month, be it by a word."""
        return self.month is not None or bool(self.month_word)

    @property
    def is_run(self) -> bool:
        """Say whether the moment itself has two ends: 4～6月, 令和6～8年度, 上旬～中旬."""
        return any((self.last_year, self.first_month, self.first_day, self.last_part))

    @property
    def is_possible(self) -> bool:
        """Say whether months and days lie within what any calendar has."""
        months = [each for each in (self.month, self.first_month) if each is not None]
        days = [each for each in (self.day, self.first_day) if each is not None]
        return all(each in _PLAUSIBLE_MONTHS for each in months) and all(
            each in _PLAUSIBLE_DAYS for each in days
        )


def weekday_number(sign: str) -> int:
    """Return 0 for 月 to 6 for 日."""
    return _WEEKDAYS.index(sign)


def era_year(era: str, year: str) -> int:
    """Return the civil year of a year of an era, named in full or by its letter. Years after its end count on."""
    return _ERA_BEGINS[_ERA_LETTERS.get(era, era)] + number(year) - 1


def _count(text: str | None) -> int | None:
    return number(text) if text else None


def calendar_moment(match: re.Match[str]) -> Moment:
    """Return what a match of the branch `calendar` says."""
    group = match.groupdict()
    year, last, bare = _years(group)
    word = group["year_word"] or ""
    moment = _month_and_day(group, "")
    return replace(
        moment,
        year=year,
        last_year=last,
        bare_year=bare,
        is_fiscal=bool(group["fiscal"]) or "度" in word,
        year_word=word.removesuffix("度"),
        half=group["half"] or "",
        quarter=_count(group["quarter"]),
        season=group["season"] or "",
        part=group["year_part"] or moment.part,
    )


def _years(group: dict[str, str | None]) -> tuple[int | None, int | None, int | None]:
    """Return year, last year of a run, and a number without an era."""
    if group["era"]:
        era = group["era"]
        last = era_year(era, group["era_last"]) if group["era_last"] else None
        return era_year(era, group["era_year"] or ""), last, None
    if group["letter"]:
        return era_year(group["letter"], group["letter_year"] or ""), None, None
    if group["western"]:
        year = number(group["western"])
        last_text = group["western_last"]
        if last_text is None:
            return year, None, None
        return year, number(last_text) if len(last_text) > 2 else year // 100 * 100 + number(last_text), None
    if group["short"]:
        return 2000 + number(group["short"]), None, None
    return None, None, _count(group["bare"])


def lone_moment(match: re.Match[str]) -> Moment:
    """Return what a match of the branch `month_day` says: a month without a year."""
    return _month_and_day(match.groupdict(), LONE)


def _month_and_day(group: dict[str, str | None], prefix: str) -> Moment:
    nth, weekday = group[f"{prefix}nth"], group[f"{prefix}nth_weekday"]
    return Moment(
        month=_count(group[f"{prefix}month"]),
        first_month=_count(group[f"{prefix}month_first"]),
        month_word=group[f"{prefix}month_word"] or "",
        day=_count(group[f"{prefix}day"]),
        first_day=_count(group[f"{prefix}day_first"]),
        nth=(number(nth), weekday_number(weekday)) if nth and weekday else None,
        part=re.split("から|~|-|・", group[f"{prefix}part"] or "")[0],
        last_part=group[f"{prefix}last_part"] or "",
    )


def numeric_moment(match: re.Match[str]) -> Moment | None:
    """Return what R8.3.17, 2026/3/13, 20260313 or 8.3.17 says; None if it is no date."""
    branch, text = match.lastgroup, match[0]
    if branch == "compact":
        return Moment(year=int(text[:4]), month=int(text[4:6]), day=int(text[6:]))
    if branch == "triple":
        year, month, day = (int(each) for each in text.split("."))
        moment = Moment(bare_year=year, month=month, day=day)
        return moment if moment.is_possible and year else None
    if branch == "slash":
        month, day, *last = map(int, re.findall("[0-9]+", text))
        return Moment(month=month, day=last[0] if last else day, first_day=day if last else None)
    if branch == "letter_only":
        return Moment(year=era_year(text[0], text[1:]), is_fiscal=True)
    return _dotted(match)


def _dotted(match: re.Match[str]) -> Moment | None:
    written = match["number_year"]
    if written[:2] in _ERA_BEGINS:
        year = era_year(written[:2], written[2:])
    elif written[0] in _ERA_LETTERS:
        year = era_year(written[0], written[1:].lstrip("."))
    else:
        year = int(written) if written[0] != "'" else 2000 + int(written[1:])
    moment = Moment(year=year, month=int(match["number_month"]), day=_count(match["number_day"]))
    is_range_of_years = match["mark"] == "-" and moment.day is None
    return None if is_range_of_years or not moment.is_possible else moment
