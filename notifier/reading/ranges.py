"""The days of what has two ends, or a beginning and a length: what one end leaves out follows from the other."""

from dataclasses import replace
from datetime import date

from notifier.domain.dates import add_months, fiscal_year_of, last_day_of, month_end
from notifier.reading.dating import Resolved, moment_days
from notifier.reading.days import days_of, length_of
from notifier.reading.moments import Moment
from notifier.reading.phrases import Phrase
from notifier.reading.years import Surroundings, guessed_era, word_offset


def range_days(phrase: Phrase, around: Surroundings) -> Resolved:
    """Return the days from one end to the other; an end that is an event stays open."""
    if phrase.moment is None or phrase.last is None:
        return _half_open(phrase, around)
    first, last = _completed(phrase.moment, phrase.last)
    opening = _running(first, last, moment_days(first, phrase, around), around, phrase.start)
    opening = _brought_before(last, opening, around, phrase)
    if opening.start is None and (first.year_word or first.month_word):
        return Resolved("relative", flags=opening.flags)
    if opening.start is None:
        return Resolved("range", flags=opening.flags or frozenset(("not-understood",)))
    closing = _closing(last, opening.start, around.issued)
    flags = opening.flags | closing.flags
    if closing.end is None or closing.end < opening.start:
        return Resolved("range", flags=flags | {"not-understood"})
    return Resolved("range", opening.start, closing.end, flags)


def _half_open(phrase: Phrase, around: Surroundings) -> Resolved:
    """Return the days of a range of which one end is an event."""
    named = phrase.moment or phrase.last
    if named is None:
        return Resolved("range", flags=frozenset(("not-understood",)))
    found = moment_days(named, phrase, around)
    is_opening = phrase.moment is not None
    return Resolved(
        "range", found.start if is_opening else None, None if is_opening else found.end, found.flags
    )


def _running(first: Moment, last: Moment, opening: Resolved, around: Surroundings, start: int) -> Resolved:
    """Return the opening a year earlier if only its year was inferred and the range then still runs at issue."""
    is_free = "year-inferred" in opening.flags and first.month is not None and first.weekday is None
    if not is_free or opening.start is None or around.issued is None or around.beside(start) is not None:
        return opening
    earlier = add_months(opening.start, -12)
    closing = _closing(last, earlier, around.issued)
    if (
        not (last.weekday or last.year_word)
        and closing.end is not None
        and earlier <= around.issued <= closing.end
    ):
        return replace(opening, start=earlier)
    return opening


def _brought_before(last: Moment, opening: Resolved, around: Surroundings, phrase: Phrase) -> Resolved:
    """Return the opening a year earlier if the months in brackets would else end after the day they are due on.

    6月10日(12月~翌年5月分): they lie before it.
    """
    is_aside = around.last_is_day and around.text[around.last_end : phrase.start] in ("(", " (")
    due = around.last
    if not is_aside or due is None or opening.start is None or not around.text.startswith("分", phrase.end):
        return opening
    closing = _closing(last, opening.start, around.issued)
    is_late = "year-inferred" in opening.flags and closing.end is not None and closing.end > due
    return replace(opening, start=add_months(opening.start, -12)) if is_late else opening


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


def _closing(last: Moment, opens: date, issued: date | None) -> Resolved:
    """Return the end of a range that began on `opens`: what it leaves out follows from the beginning."""
    if last.month_word or (last.month is None and (last.day is not None or last.part) and not last.has_year):
        months = {"翌月": 1, "翌々月": 2}.get(last.month_word, 0)
        there = add_months(opens.replace(day=1), months)
        last = replace(last, year=there.year, month=there.month, is_fiscal=False)
    elif last.year_word:
        from_issue, from_text = word_offset(last.year_word)
        origin = issued if from_issue is not None and issued is not None else opens
        offset = (from_issue if origin is issued else from_text) or 0
        last = replace(last, year=(fiscal_year_of(origin) if last.is_fiscal else origin.year) + offset)
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


def length_days(phrase: Phrase, around: Surroundings) -> Resolved:
    """Return the days of a length that begins on a named day."""
    opening = moment_days(phrase.moment or Moment(), phrase, around)
    period = length_of(phrase.word)
    if opening.start is None or period is None:
        return Resolved("relative", flags=opening.flags)
    # The first day counts where a period is said to run from a named day on: 2025年6月1日から1年間.
    return Resolved("range", opening.start, last_day_of(opening.start, period)[0], opening.flags)
