"""From a phrase to its kind and its days, as CONTRACTS 3 defines them: both ends included, None where open."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from notifier.domain.dates import add_months, fiscal_year_of, half_year, last_day_of, month_end
from notifier.reading.days import HALVES, days_of, issue_days, length_of
from notifier.reading.moments import Moment
from notifier.reading.numerals import number
from notifier.reading.phrases import Phrase, Shape
from notifier.reading.years import (
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


def resolve(phrase: Phrase, around: Surroundings) -> Resolved:
    """Return what `phrase` means where it stands. It never raises: what cannot be is flagged `not-understood`."""
    try:
        return _resolved(phrase, around)
    except (ValueError, OverflowError):
        return Resolved(
            "date" if phrase.shape is Shape.MOMENT else "range", flags=frozenset(("not-understood",))
        )


_FIXED = {
    Shape.LENGTH: "period",
    Shape.OPEN: "period",
    Shape.PROMPT: "relative",
    Shape.RECURRING: "recurring",
    Shape.CLOCK: "other",
    Shape.NAME: "other",
    Shape.ANCHORED: "relative",
    Shape.EVENT: "until_event",
}


def _resolved(phrase: Phrase, around: Surroundings) -> Resolved:
    kind = _FIXED.get(phrase.shape)
    if kind is not None:
        is_counted = phrase.shape is Shape.LENGTH and phrase.word.startswith(("向こう", "前"))
        return Resolved("relative" if is_counted or phrase.word == "時点" else kind)
    by_shape: dict[Shape, Callable[[Phrase, Surroundings], Resolved]] = {
        Shape.WORD: _word,
        Shape.RANGE: _range,
        Shape.FROM_LENGTH: _from_length,
    }
    return by_shape.get(phrase.shape, _bounded_moment)(phrase, around)


def _bounded_moment(phrase: Phrase, around: Surroundings) -> Resolved:
    if phrase.moment is None:
        return Resolved("relative")
    whole = _moment(phrase.moment, phrase, around)
    return whole if phrase.moment.is_run else _bounded(whole, phrase.suffix)


def _bounded(whole: Resolved, suffix: str) -> Resolved:
    """Open one side if the particle does: まで leaves no start, から no end."""
    if (suffix == "前" or suffix.endswith(_BEFORE)) and whole.start is not None:
        return replace(whole, start=None, end=whole.start - timedelta(days=1))
    if suffix.endswith(_CLOSES):
        return replace(whole, start=None)
    if suffix.endswith(_OPENS):
        return replace(whole, end=None)
    return whole


# ---- moments ----


def _moment(moment: Moment, phrase: Phrase, around: Surroundings) -> Resolved:
    flags: set[str] = set()
    dated, kind = _with_year(moment, phrase, around, flags)
    if dated is None:
        return Resolved(kind or _kind(moment), flags=frozenset(flags))
    found, own_kind = days_of(dated)
    if dated.weekday is not None and found.start is not None and found.start.weekday() != dated.weekday:
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
        return _lone_day(moment, phrase, around, flags), None
    return _without_year(moment, phrase, around, flags), None


def _without_year(moment: Moment, phrase: Phrase, around: Surroundings, flags: set[str]) -> Moment | None:
    # 令和８年６月分から算定する場合は４月末日まで: what a case asks for may lie before the month it speaks of.
    beside = around.text[around.last_end : phrase.start]
    is_case = around.last_has_year and not around.last_is_day and _CASE.search(beside) is not None
    year, contradicts = missing_year(
        moment,
        around,
        phrase.start,
        ahead=phrase.shape is Shape.MOMENT and phrase.suffix.endswith("まで") and not is_case,
        near=is_case,
        back=_looks_back(around.text, phrase.end),
    )
    if year is None:
        flags.add("not-understood")
        return None
    flags |= {"year-inferred"} | ({"weekday-mismatch"} if contradicts else set())
    return replace(moment, year=year)


_CASE = re.compile(
    r"(?:から|を|は|に|の|、|分)[^。\n]{0,24}(?:場合|とき|もの|に係る|については)[^。\n]{0,8}$"
)
_PAST = re.compile(
    r"(?:[、,・と][ ]?[0-9]{1,2}月(?:[0-9]{1,2}日)?)*[^、。\n]{0,16}?"
    r"(?:ました|でした|された|った(?!場合)|した(?![いが分額]|場合|うえ|上で)|済み?)"
)


def _looks_back(text: str, end: int) -> bool:
    return _PAST.match(text, end, end + 40) is not None


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
    elif from_text == 0 and (neighbour := around.in_cell(phrase.start)) is not None:
        return replace(moment, year=neighbour.year, month=neighbour.month), None if moment.day else "relative"
    else:
        return None, "relative"
    return replace(moment, year=origin.year, month=origin.month), "relative"


def _lone_day(moment: Moment, phrase: Phrase, around: Surroundings, flags: set[str]) -> Moment | None:
    """Return the day with the month of the expression before it, or of the issue date."""
    origin = around.same_line(phrase.start) or around.issued or around.last
    if origin is None or moment.day is None:
        flags.add("not-understood")
        return None
    flags.add("year-inferred")
    # An event on the 27th may ask for something until the 22nd; otherwise one speaks of the days to come.
    is_before = moment.day < origin.day
    asks_before = phrase.suffix.endswith("まで") and origin != around.issued
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


# ---- ranges ----


def _range(phrase: Phrase, around: Surroundings) -> Resolved:
    if phrase.moment is None and phrase.last is not None:
        closed = _moment(phrase.last, phrase, around)
        return Resolved("range", None, closed.end, closed.flags)
    if phrase.moment is None or phrase.last is None:
        return Resolved("range", flags=frozenset(("not-understood",)))
    first, last = _completed(phrase.moment, phrase.last)
    opening = _running(first, last, _moment(first, phrase, around), around, phrase.start)
    if opening.start is None and (first.year_word or first.month_word):
        return Resolved("relative", flags=opening.flags)
    if opening.start is None:
        return Resolved("range", flags=opening.flags or frozenset(("not-understood",)))
    closing = _closing(last, opening.start)
    flags = opening.flags | closing.flags
    if closing.end is None or closing.end < opening.start:
        return Resolved("range", flags=flags | {"not-understood"})
    return Resolved("range", opening.start, closing.end, flags)


def _running(first: Moment, last: Moment, opening: Resolved, around: Surroundings, start: int) -> Resolved:
    """Return the opening a year earlier if only its year was inferred and the range then still runs at issue."""
    is_free = "year-inferred" in opening.flags and first.month is not None and first.weekday is None
    if not is_free or opening.start is None or around.issued is None or around.beside(start) is not None:
        return opening
    earlier = add_months(opening.start, -12)
    closing = _closing(last, earlier)
    if (
        not (last.weekday or last.year_word)
        and closing.end is not None
        and earlier <= around.issued <= closing.end
    ):
        return replace(opening, start=earlier)
    return opening


def _completed(first: Moment, last: Moment) -> tuple[Moment, Moment]:
    """Carry over what one end leaves to the other: 令和6～8年度, ４～６月, 4月1日～令和9年3月31日."""
    if last.is_fiscal and not first.is_fiscal and first.month is None:
        first = replace(first, is_fiscal=True)
    if not first.has_year and last.year is not None and first.month is not None and last.month is not None:
        is_before = (first.month, first.day or 1) <= (last.month, last.day or 31)
        first = replace(first, year=last.year - (not is_before))
    if first.month is not None and last.month is None and last.day is None and not last.has_year:
        last = replace(last, month=first.month)
    return first, last


def _closing(last: Moment, opens: date) -> Resolved:
    """Return the end of a range that began on `opens`: what it leaves out follows from the beginning."""
    if last.month_word or (last.month is None and (last.day is not None or last.part) and not last.has_year):
        months = {"翌月": 1, "翌々月": 2}.get(last.month_word, 0)
        there = add_months(opens.replace(day=1), months)
        last = replace(last, year=there.year, month=there.month, is_fiscal=False)
    elif last.year_word:
        offset = word_offset(last.year_word)[1] or 0
        last = replace(last, year=(fiscal_year_of(opens) if last.is_fiscal else opens.year) + offset)
    elif last.bare_year is not None:
        guess = Surroundings("", opens)
        last = replace(last, year=guessed_era(last, guess))
    elif last.year is None and last.month is not None:
        end_day = last.day or month_end(opens.year, last.month).day
        is_after = (last.month, end_day) >= (opens.month, opens.day)
        last = replace(last, year=opens.year + (not is_after))
    if last.year is None:
        return Resolved("range", flags=frozenset(("not-understood",)))
    found, _ = days_of(last)
    day = found.end
    mismatch = last.weekday is not None and day is not None and day.weekday() != last.weekday
    return Resolved("range", None, day, frozenset(("weekday-mismatch",)) if mismatch else frozenset())


def _from_length(phrase: Phrase, around: Surroundings) -> Resolved:
    opening = _moment(phrase.moment or Moment(), phrase, around)
    period = length_of(phrase.word)
    if opening.start is None or period is None:
        return Resolved("relative", flags=opening.flags)
    # The first day counts where a period is said to run from a named day on: 2025年6月1日から1年間.
    return Resolved("range", opening.start, last_day_of(opening.start, period)[0], opening.flags)


# ---- words ----


def _word(phrase: Phrase, around: Surroundings) -> Resolved:
    word, issued = phrase.word, around.issued
    if word in {"年末年始", "月末月初"}:
        return Resolved("recurring")
    if word in HALVES or word.endswith("四半期"):
        return _bounded(_half(word, phrase, around), phrase.suffix)
    if word in ("同日", "月末"):
        return _bounded(_day_of_words(word, phrase, around), phrase.suffix)
    if word.startswith("第"):
        return Resolved("relative", flags=frozenset(("not-understood",)))
    days = issue_days(word, issued) if issued is not None else None
    if days is None:
        return Resolved("relative")
    return _bounded(Resolved("relative", days.start, days.end), phrase.suffix)


def _day_of_words(word: str, phrase: Phrase, around: Surroundings) -> Resolved:
    day: date | None = None
    if word == "同日":
        is_near = around.last_is_day and phrase.start - around.last_end < _SAME_DAY
        day = around.last_until or around.last if is_near else around.neighbour(phrase.start)
    elif around.issued is not None and _EACH_MONTH.search(_said_before(around, phrase)) is None:
        day = month_end(around.issued.year, around.issued.month)
    return Resolved("relative", day, day)


_SAME_DAY = 60
"""Signs within which 同日 still means the day named before it, be it in the sentence before."""
_EACH_MONTH = re.compile("毎月|各月|月次|当月|翌|属する月|[^0-9]月分|毎")


def _said_before(around: Surroundings, phrase: Phrase) -> str:
    return around.text[max(0, phrase.start - 60) : phrase.start].rpartition("。")[2]


def _half(word: str, phrase: Phrase, around: Surroundings) -> Resolved:
    beside = around.beside(phrase.start) if around.last_has_year else None
    origin = beside or around.issued
    if origin is None:
        return Resolved("half_year", flags=frozenset(("not-understood",)))
    if word not in HALVES:
        quarter = Moment(year=fiscal_year_of(origin), is_fiscal=True, quarter=number(word[1]))
        days, kind = days_of(quarter)
        return Resolved(kind, days.start, days.end, frozenset(("year-inferred",)))
    found = half_year(fiscal_year_of(origin), HALVES[word])
    return Resolved("half_year", found.start, found.end, frozenset(("year-inferred",)))
