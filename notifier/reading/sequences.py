"""Days of one list that name no year follow one another: 第1期 6月30日、第2期 8月31日、第3期 11月1日.

Each alone would get the nearest year, so that a list read in November would begin in next June and end in this month.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise

from notifier.domain.dates import month_end
from notifier.reading.dating import Resolved, bounded
from notifier.reading.days import days_of
from notifier.reading.phrases import Phrase, Shape

_BETWEEN = re.compile(
    r"(?:まで)?[、,・ ]?[ ]?\n?[^ぁ-ん。\n|\t]{0,10}(?:は|と|や|及び|又は|または|の|も)?[^ぁ-ん。\n|\t]{0,6}[は:]?[ ]{0,2}"
)
"""What stands between the members of a list: no verb, and at most one break of a line."""
_AND = re.compile("[ ]?(?:、|,|・|及び|並びに|又は|と)[ ]?")
_CLOSED_BY = frozenset((("month", "part_of_month"), ("month", "date")))
_FREE = frozenset(("year-inferred",))
_LATEST = 2
"""Years after that of issue beyond which no list begins."""


def in_order(
    text: str, found: Sequence[Phrase], meanings: Sequence[Resolved], issued: date | None
) -> list[Resolved]:
    """Return the meanings; a list of days whose years were inferred apart is put in order, so that it ends after issue."""
    row = list(meanings)
    if issued is None:
        return row
    for run in _runs(text, found, row):
        if _is_ascending([_anchor(row[index]) for index in run]):
            continue
        ordered = _ordered([found[index] for index in run], issued)
        for index, meaning in zip(run, ordered, strict=True) if ordered else ():
            row[index] = meaning
    return row


def _runs(text: str, found: Sequence[Phrase], row: Sequence[Resolved]) -> Iterator[list[int]]:
    """Yield the places of the members of each list: at least two, alike but for what closes them."""
    run: list[int] = []
    for index, phrase in enumerate(found):
        goes_on = run and _follows(text, found[run[-1]], phrase, row[run[-1]].kind, row[index].kind)
        if not goes_on:
            if len(run) > 1:
                yield run
            run = []
        if _is_free(phrase, row[index]):
            run.append(index)
    if len(run) > 1:
        yield run


def _is_free(phrase: Phrase, meaning: Resolved) -> bool:
    moment = phrase.moment
    is_named = moment is None or bool(moment.has_year or moment.month_word or moment.is_run)
    if is_named or phrase.shape is not Shape.MOMENT or moment is None or phrase.is_listed:
        return False
    return moment.month is not None and moment.weekday is None and meaning.flags == _FREE


def _follows(text: str, first: Phrase, second: Phrase, kind: str, next_kind: str) -> bool:
    if kind == next_kind:
        return _BETWEEN.fullmatch(text, first.end, second.start) is not None
    # 4月、7月、10月、1月の末日まで: only the last of the months is named in full.
    is_closed = (kind, next_kind) in _CLOSED_BY
    return is_closed and _AND.fullmatch(text, first.end, second.start) is not None


def _anchor(meaning: Resolved) -> date:
    return meaning.end or meaning.start or date.min


def _is_ascending(days: Sequence[date]) -> bool:
    return all(first <= second for first, second in pairwise(days))


def _ordered(phrases: Sequence[Phrase], issued: date) -> list[Resolved] | None:
    """Return the days one after another within twelve months, as early as they end on the issue date or after it."""
    keys = [(each.moment.month or 1, each.moment.day or 0) for each in phrases if each.moment is not None]
    turns = [first > second for first, second in pairwise(keys)]
    if sum(turns) > 1 or (any(turns) and keys[-1] >= keys[0]):
        return None
    for year in range(issued.year - 1, issued.year + _LATEST):
        years = [year + any(turns[:index]) for index in range(len(phrases))]
        row = [_in_year(each, own) for each, own in zip(phrases, years, strict=True)]
        if _anchor(row[-1]) >= issued:
            return row
    return None


def _in_year(phrase: Phrase, year: int) -> Resolved:
    moment = phrase.moment
    if moment is None or moment.month is None:
        return Resolved("relative")
    day = min(moment.day, month_end(year, moment.month).day) if moment.day is not None else None
    days, kind = days_of(replace(moment, year=year, day=day))
    return bounded(Resolved(kind, days.start, days.end, _FREE), phrase.suffix)
