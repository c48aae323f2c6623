"""Every expression of time in a notice, with what it means: the grammar's answer as CONTRACTS 3 prints it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from notifier.domain.dates import Interval, add_months, month_end
from notifier.reading.coordination import alike_in_lists, is_listed
from notifier.reading.dating import Resolved
from notifier.reading.duties import judge
from notifier.reading.findings import Expression, Reading
from notifier.reading.flagging import flagged
from notifier.reading.issuing import issue_date
from notifier.reading.joining import phrases
from notifier.reading.normalising import Copy, normalised
from notifier.reading.phrases import Phrase, Shape
from notifier.reading.places import Page, Place
from notifier.reading.resolving import resolve
from notifier.reading.sequences import in_order
from notifier.reading.tentativeness import governing_marks, why_tentative
from notifier.reading.years import Surroundings

__all__ = ["Expression", "Reading", "Standing", "read", "standings"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A phrase where it stands: what it means, what is around it, and how far it is to the next one."""

    phrase: Phrase
    meaning: Resolved
    place: Place
    reach: int


def standings(copy: Copy, issued: date | None = None) -> tuple[list[Standing], date | None]:
    """Return the phrases of a normalised text in reading order, and the issue date they were related to."""
    page = Page(copy.text)
    found = tuple(phrases(copy.text))
    reference = issued or issue_date(page, found)
    meanings = in_order(copy.text, found, _meanings(copy.text, found, reference), reference)
    places = _places(page, copy.text, found)
    row = [
        Standing(phrase, meaning, place, reach)
        for phrase, meaning, (place, reach) in zip(found, meanings, places, strict=True)
    ]
    return row, reference


def read(text: str, issued: date | None = None) -> Reading:
    """Read a text. `issued` is the day relative words refer to; without it, the issue date the text bears.

    Any text can be read; the time taken grows with its length.
    """
    copy = normalised(text)
    page, originals = Page(copy.text), Page(text)
    row, reference = standings(copy, issued)
    governing = governing_marks(page)
    found = [_expression(each, copy, page, originals, reference, governing) for each in row]
    found = alike_in_lists(found, copy.text, tuple(each.phrase for each in row))
    return Reading(text, reference, flagged(tuple(found), originals, reference))


def _expression(
    here: Standing, copy: Copy, page: Page, originals: Page, reference: date | None, governing: dict[int, str]
) -> Expression:
    phrase, meaning, place = here.phrase, here.meaning, here.place
    start, end = copy.span(phrase.start, phrase.end)
    line = originals.number(start)
    surface = copy.text[phrase.start : phrase.end]
    is_over = reference is not None and meaning.end is not None and meaning.end < reference
    mark = "" if is_over else governing.get(page.number(phrase.start), "")
    tentative = "" if meaning.kind == "other" else why_tentative(surface, place, mark, reach=here.reach)
    verdict = judge(phrase, meaning, place, reference, here.reach)
    return Expression(
        line + 1,
        start - originals.starts[line],
        originals.text[start:end],
        meaning.kind,
        meaning.start,
        meaning.end,
        bool(tentative),
        verdict.is_deadline,
        tuple(sorted(meaning.flags)),
        start,
        (*verdict.reasons, *((f"予定: {tentative}",) if tentative else ())),
        _sentence(place, originals.text[start:end]),
        verdict.total,
    )


def _places(page: Page, text: str, found: tuple[Phrase, ...]) -> list[tuple[Place, int]]:
    """Return the place of each phrase and how far it is to the next; what follows a list follows each member."""
    places: list[tuple[Place, int]] = []
    for index in reversed(range(len(found))):
        phrase = found[index]
        place = page.place(phrase.start, phrase.end)
        following = found[index + 1] if index + 1 < len(found) else None
        reach = (following.start if following else len(text)) - phrase.end
        if following is not None and is_listed(text, phrase, following):
            place, reach = replace(place, after=places[-1][0].after), places[-1][1]
        places.append((place, max(0, reach)))
    return places[::-1]


def _meanings(text: str, found: tuple[Phrase, ...], issued: date | None) -> list[Resolved]:
    """Resolve the phrases in reading order; each may lean on those before it."""
    around = Surroundings(text, issued, _years_named([each for each in found if not _is_of_years(each)]))
    around.is_report = _REPORT.search(text, 0, _TITLE) is not None
    meanings = []
    for phrase in found:
        meaning = resolve(phrase, around)
        anchor = meaning.start or meaning.end
        if phrase.shape is Shape.RECURRING and phrase.word.startswith("毎"):
            around.each_end = phrase.end
        if anchor is None and _ENDS_IN_DAY.search(text, phrase.start, phrase.end):
            around.anchored_end = phrase.end
        is_lasting = phrase.shape in (Shape.MOMENT, Shape.RANGE, Shape.FROM_LENGTH)
        if anchor is not None and is_lasting and not _is_compared(phrase):
            around.last, around.last_end = anchor, phrase.end
            around.last_until = meaning.end
            around.last_is_day = meaning.kind == "date"
            around.last_is_range = meaning.kind == "range"
            around.last_has_year = "year-inferred" not in meaning.flags
            if around.last_has_year and (
                around.named is None or abs(anchor.year - around.named.year) <= _SAME_TIME
            ):
                around.named = anchor
        if meaning.kind == "month" and anchor is not None and _HEADS_ROW.match(text, phrase.end):
            meaning = _after_row_above(meaning, phrase, around)
            around.row, around.row_end = meaning.start, _line_end(text, phrase.end)
        if _is_whole(phrase) and meaning.start is not None and meaning.end is not None:
            around.frame, around.frame_end = Interval(meaning.start, meaning.end), phrase.end
            if phrase.end < _TITLE and _SCHEDULE.match(text, phrase.end):
                around.of_title = around.frame
        for day, years in _years_named(() if _is_of_years(phrase) else (phrase,)).items():
            around.year_before.setdefault(day, set()).update(years)
        meanings.append(meaning)
    return meanings


def _after_row_above(meaning: Resolved, phrase: Phrase, around: Surroundings) -> Resolved:
    """Return the month that heads a row a year later if only so it follows the month of the row above."""
    row, start = around.row, meaning.start
    if row is None or start is None or start >= row or "year-inferred" not in meaning.flags:
        return meaning
    is_next = _BETWEEN_ROWS.fullmatch(around.text, around.row_end, phrase.start) is not None
    later = add_months(start, 12)
    return replace(meaning, start=later, end=month_end(later.year, later.month)) if is_next else meaning


_BETWEEN_ROWS = re.compile(r"\n[| \t]*")


def _is_compared(phrase: Phrase) -> bool:
    """Say whether it is the year before, as in 前年度の発生量: what follows is due in the year of the text."""
    moment = phrase.moment
    return (
        moment is not None and moment.year_word.startswith("前") and not moment.has_month and not phrase.last
    )


def _is_whole(phrase: Phrase) -> bool:
    moment = phrase.moment
    if _is_compared(phrase):
        return False
    return phrase.shape is Shape.MOMENT and moment is not None and not moment.has_month and moment.day is None


_ENDS_IN_DAY = re.compile("[0-9一二三四五六七八九十]日(?:まで|以前|から)?$")
_LONGEST_ROW = 2_000
_HEADS_ROW = re.compile(r"[ ]*[|\t]")


def _line_end(text: str, start: int) -> int:
    reach = min(len(text), start + _LONGEST_ROW)
    found = text.find("\n", start, reach)
    return reach if found < 0 else found


_TITLE = 200
"""Signs at the top among which the title stands."""
_SCHEDULE = re.compile(
    r"[^。、\n]{0,16}(?:スケジュール|年間(?:予定|計画)|予定表|日程表?|カレンダー|納期|一覧)[^。、\n]{0,16}(?:\n|$)"
)
_REPORT = re.compile(r"(?:開催|活動)報告書?[ ]*(?:\n|$)|(?:議事|会議)(?:録|要旨|概要)")
_SAME_TIME = 2
"""Years within which a year written in a text may still be that of the text itself."""


_BOUNDS = frozenset(((4, 1), (3, 31), (1, 1), (12, 31)))


def _is_of_years(phrase: Phrase) -> bool:
    """Say whether it is a stretch of whole years: that 4月1日 stands elsewhere without a year repeats nothing."""
    ends = (phrase.moment, phrase.last)
    return phrase.shape is Shape.RANGE and any(
        each is not None and (each.month, each.day) in _BOUNDS for each in ends
    )


def _years_named(found: Sequence[Phrase]) -> dict[tuple[int, int | None], set[int]]:
    """Return the years in which the document itself puts a month and day, for where it repeats them without."""
    named: dict[tuple[int, int | None], set[int]] = {}
    for phrase in found:
        for moment in (phrase.moment, phrase.last):
            if (
                moment is not None
                and moment.year is not None
                and moment.month is not None
                and moment.day is not None
            ):
                named.setdefault((moment.month, moment.day), set()).add(moment.year)
    return named


def _sentence(place: Place, surface: str) -> str:
    head = f"{place.label or place.heading}｜" if place.label or place.heading else ""
    return f"{head}{place.before}{surface}{place.after}".strip()
