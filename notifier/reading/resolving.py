"""From a phrase to its kind and its days, as CONTRACTS 3 defines them: both ends included, None where open."""

import re
from collections.abc import Callable
from datetime import date

from notifier.domain.dates import fiscal_year_of, half_year, month_end
from notifier.reading.dating import Resolved, bounded, bounded_moment
from notifier.reading.days import HALVES, days_of, issue_days
from notifier.reading.moments import Moment
from notifier.reading.numerals import number
from notifier.reading.phrases import Phrase, Shape
from notifier.reading.ranges import length_days, range_days
from notifier.reading.years import Surroundings


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


_DAY_AWAY = re.compile("の(?:翌日|前日|末日|翌月|前月)まで$")
"""What lies apart from the event: 復旧した日の翌日まで."""


def _resolved(phrase: Phrase, around: Surroundings) -> Resolved:
    kind = _FIXED.get(phrase.shape)
    if kind == "until_event" and _DAY_AWAY.search(around.text, phrase.start, phrase.end):
        return Resolved("relative")
    if kind is not None:
        is_counted = phrase.shape is Shape.LENGTH and phrase.word.startswith(("向こう", "前"))
        return Resolved("relative" if is_counted or phrase.word in ("時点", "現在") else kind)
    by_shape: dict[Shape, Callable[[Phrase, Surroundings], Resolved]] = {
        Shape.WORD: _word,
        Shape.RANGE: range_days,
        Shape.FROM_LENGTH: length_days,
    }
    return by_shape.get(phrase.shape, bounded_moment)(phrase, around)


def _word(phrase: Phrase, around: Surroundings) -> Resolved:
    word, issued = phrase.word, around.issued
    if word in {"年末年始", "月末月初"}:
        return Resolved("recurring")
    if word in HALVES or word.endswith("四半期"):
        return bounded(_half(word, phrase, around), phrase.suffix)
    if word in ("同日", "当日", "月末") or word.endswith("旬"):
        of_line = _part_of if word.endswith("旬") else _day_of_words
        return bounded(of_line(word, phrase, around), phrase.suffix)
    if word.startswith("第"):
        return Resolved("relative", flags=frozenset(("not-understood",)))
    days = issue_days(word, issued) if issued is not None else None
    if days is None:
        return Resolved("relative")
    return bounded(Resolved("relative", days.start, days.end), phrase.suffix)


def _day_of_words(word: str, phrase: Phrase, around: Surroundings) -> Resolved:
    day: date | None = None
    if word in ("同日", "当日"):
        # After a stretch it is its last day: from the 1st to the 25th; the original must arrive on the same day.
        names_day = around.last_is_day or (word == "同日" and around.last_until is not None)
        is_near = names_day and phrase.start - around.last_end < _SAME_DAY
        day = around.last_until or around.last if is_near else None
        if day is None and word == "同日":
            day = around.neighbour(phrase.start)
    elif around.issued is not None and _EACH_MONTH.search(_said_before(around, phrase)) is None:
        day = month_end(around.issued.year, around.issued.month)
    return Resolved("relative", day, day)


def _part_of(word: str, phrase: Phrase, around: Surroundings) -> Resolved:
    """Return the part of the month named before on the line; the month of a bare 上旬 is said elsewhere."""
    origin = around.same_line(phrase.start)
    if origin is None:
        return Resolved("part_of_month")
    days, kind = days_of(Moment(year=origin.year, month=origin.month, part=word))
    return Resolved(kind, days.start, days.end, frozenset(("year-inferred",)))


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
