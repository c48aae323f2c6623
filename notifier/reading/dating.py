"""The days of one moment where it stands: its year completed, one side opened by its particle."""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

from notifier.domain.dates import add_months
from notifier.reading.days import days_of
from notifier.reading.hindsight import is_counted, looks_ahead, looks_back
from notifier.reading.moments import Moment
from notifier.reading.phrases import Phrase, Shape
from notifier.reading.years import (
    Outlook,
    Surroundings,
    guessed_era,
    missing_year,
    weekday_of,
    word_offset,
    worded_year,
)

_CLOSES = ("まで", "以前")
_BEFORE = ("より前", "より先")
_OPENS = ("から", "より", "~", "以降", "以後")


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a phrase means: its kind, its days, and what had to be inferred or could not be."""

    kind: str
    start: date | None = None
    end: date | None = None
    flags: frozenset[str] = frozenset()


def bounded_moment(phrase: Phrase, around: Surroundings) -> Resolved:
    """Return the days of a phrase of one moment, open where its particle opens it."""
    if phrase.moment is None:
        return Resolved("relative")
    whole = moment_days(phrase.moment, phrase, around)
    return whole if phrase.moment.is_run else bounded(whole, phrase.suffix)


def bounded(whole: Resolved, suffix: str) -> Resolved:
    """Open one side if the particle does: まで leaves no start, から no end."""
    if (suffix == "前" or suffix.endswith(_BEFORE)) and whole.start is not None:
        return replace(whole, start=None, end=whole.start - timedelta(days=1))
    if suffix == "後" and whole.end is not None:
        return replace(whole, start=whole.end + timedelta(days=1), end=None)
    if suffix.endswith(_CLOSES) and not suffix.startswith("遅い"):
        return replace(whole, start=None)
    if suffix.endswith(_OPENS):
        return replace(whole, end=None)
    return whole


def moment_days(moment: Moment, phrase: Phrase, around: Surroundings) -> Resolved:
    """Return the days of a moment of `phrase`, its particle aside. Raises ValueError if there is no such day."""
    flags: set[str] = set()
    dated, kind = _with_year(moment, phrase, around, flags)
    if dated is None:
        return Resolved(kind or _kind(moment), flags=frozenset(flags))
    found, own_kind = days_of(dated)
    # Of 9/19~23(水) the weekday is that of the last day.
    named = found.end if dated.first_day else found.start
    if dated.weekday is not None and named is not None and named.weekday() != dated.weekday:
        flags.add("weekday-mismatch")
    return Resolved(kind or own_kind, found.start, found.end, frozenset(flags))


def _with_year(
    moment: Moment, phrase: Phrase, around: Surroundings, flags: set[str]
) -> tuple[Moment | None, str | None]:
    """Return the moment with its year and month in numbers, and the kind if a word makes it relative."""
    if moment.month_word:
        return _worded_month(moment, phrase, around)
    if moment.year_word:
        return _worded(moment, phrase, around, flags)
    if moment.year is not None:
        return moment, None
    if moment.bare_year is not None:
        flags.add("era-inferred")
        return replace(moment, year=guessed_era(moment, around)), None
    if moment.month is None and moment.day is not None:
        is_anchored = around.is_anchored(phrase.start)
        return (None, "relative") if is_anchored else (_lone_day(moment, phrase, around, flags), None)
    return _without_year(moment, phrase, around, flags), None


def _without_year(moment: Moment, phrase: Phrase, around: Surroundings, flags: set[str]) -> Moment | None:
    # 令和８年６月分から算定する場合は４月末日まで: what a case asks for may lie before the month it speaks of.
    beside = around.text[around.last_end : phrase.start]
    is_case = around.last_has_year and not around.last_is_day and _CASE.search(beside) is not None
    is_run = moment.first_month is not None
    closes = phrase.shape is Shape.MOMENT and phrase.suffix.endswith("まで") and not is_case
    outlook = Outlook(
        ahead=looks_ahead(around.text, phrase.end) if is_run else closes,
        is_run=is_run,
        near=is_case,
        is_stretch=phrase.shape is not Shape.MOMENT,
        back=looks_back(around.text, phrase.start, phrase.end, phrase.suffix),
        is_report=around.is_report,
        is_counted=is_counted(around.text, phrase.end, phrase.suffix),
    )
    year, contradicts = missing_year(moment, around, phrase.start, outlook)
    if year is None:
        flags.add("not-understood")
        return None
    flags |= {"year-inferred"} | ({"weekday-mismatch"} if contradicts else set())
    return replace(moment, year=year)


_CASE = re.compile(
    r"(?:から|を|は|に|の|、|分)[^。\n]{0,24}(?:場合|とき|もの|に係る|については)[^。\n]{0,8}$"
)


def _worded(
    moment: Moment, phrase: Phrase, around: Surroundings, flags: set[str]
) -> tuple[Moment | None, str | None]:
    year = worded_year(moment, around, phrase.start)
    from_issue, from_text = word_offset(moment.year_word)
    if year is None:
        return None, "relative"
    if moment.month is None or from_issue is not None:
        return replace(moment, year=year), "relative"
    if from_text:
        flags.add("year-inferred")
    # 令和8年度の翌年4月 counts from the civil year in which the neighbour begins.
    return replace(moment, year=year), None


def _worded_month(moment: Moment, phrase: Phrase, around: Surroundings) -> tuple[Moment | None, str | None]:
    from_issue, from_text = word_offset(moment.month_word)
    stem = moment.month_word
    if stem.startswith("先"):
        from_issue = -2 if stem.startswith("先々") else -1
    if from_issue is not None and around.issued is not None:
        origin = add_months(around.issued, from_issue)
    elif from_text == 0 and (neighbour := _pointed_at(stem, phrase, around)) is not None:
        year = neighbour.year - (moment.year_word == "前年")
        kind = None if moment.day or moment.part else "relative"
        return replace(moment, year=year, month=neighbour.month), kind
    else:
        return None, "relative"
    return replace(moment, year=origin.year, month=origin.month), "relative"


def _pointed_at(word: str, phrase: Phrase, around: Surroundings) -> date | None:
    found = around.in_cell(phrase.start)
    return around.same(phrase.start) if found is None and word.startswith("同") else found


def _lone_day(moment: Moment, phrase: Phrase, around: Surroundings, flags: set[str]) -> Moment | None:
    """Return the day with the month of the expression before it, or of the issue date."""
    origin = around.same_line(phrase.start) or around.issued or around.last
    if origin is None or moment.day is None:
        flags.add("not-understood")
        return None
    flags.add("year-inferred")
    # An event on the 27th may ask for something until the 22nd; otherwise one speaks of the days to come.
    is_before = moment.day < origin.day
    asks_before = (phrase.suffix.endswith("まで") and origin != around.issued) or around.text.startswith(
        "が", phrase.end
    )
    months = [add_months(origin.replace(day=1), offset) for offset in (0, 1, -1)]
    if is_before and not asks_before:
        months = [months[1], months[0]]
    fitting = [each for each in months if weekday_of(each.year, each.month, moment.day) == moment.weekday]
    month = (fitting or months)[0]
    return replace(moment, year=month.year, month=month.month)


def _kind(moment: Moment) -> str:
    if moment.day is not None or moment.nth is not None:
        return "date"
    if moment.part and moment.has_month:
        return "part_of_month"
    return "month" if moment.has_month else "relative"
