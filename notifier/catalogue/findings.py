"""Findings: what is wrong or doubtful in the law as data, before anybody is written to because of it.

An error is a fault of the data; a warning is a question that only the rule editor or an authority can answer.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from notifier.catalogue.duties import LONGEST_SHORT
from notifier.catalogue.loader import Catalogue
from notifier.catalogue.references import unknown_references
from notifier.domain import dates
from notifier.domain.calendar import Calendar
from notifier.domain.deadlines import Known, SetDay, due_of
from notifier.domain.expressions import (
    BeforeFact,
    Expression,
    FiscalYearsAfter,
    Fixed,
    InFiscalYear,
    InMonth,
    Months,
    SetByAuthority,
    Unclear,
    UntilEvent,
)
from notifier.domain.ladders import Ladder, Occasion, rungs
from notifier.domain.law import Deadline
from notifier.domain.statements import Statement, resolve


class Level(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: `id` names the rule, `place` the file and entry, `mend` what to do."""

    level: Level
    id: str
    place: str
    message: str
    mend: str


def lint(catalogue: Catalogue, calendar: Calendar) -> list[Finding]:
    """Return every finding, errors first, then by place. `calendar` serves to climb the ladders."""
    said: dict[str, list[Statement]] = defaultdict(list)
    for statement in catalogue.statements:
        said[statement.deadline].append(statement)
    found = [_of_reference(catalogue, each) for each in unknown_references(catalogue)]
    for deadline in catalogue.deadlines.values():
        found.extend(_of_deadline(catalogue, deadline, said[deadline.id], calendar))
    for statement in catalogue.statements:
        found.extend(_of_statement(catalogue, statement))
    found.extend(_unused_ladders(catalogue))
    return sorted(found, key=lambda each: (each.level, each.place, each.id, each.message))


def _of_reference(catalogue: Catalogue, reference: tuple[str, str, str]) -> Finding:
    kind, name, where = reference
    mend = f"add {name} to {_HOMES[kind]} or name one that stands there"
    return Finding(
        Level.ERROR, f"unknown-{kind}", _place(catalogue, where), f"no {kind} is called {name!r}", mend
    )


_HOMES = {
    "fact": "facts.toml",
    "value": "the schema of the fact in facts.toml",
    "event": "facts.toml, about an authority or the nation",
    "ladder": "ladders.toml",
    "service": "services.toml",
    "authority": "authorities.toml",
    "deadline": "its family's file",
    "notice": "notices.toml",
}


def _place(catalogue: Catalogue, where: str) -> str:
    file = catalogue.files.get(where.partition("#")[0])
    return f"{file}: {where}" if file else where


def _of_deadline(
    catalogue: Catalogue, deadline: Deadline, said: list[Statement], calendar: Calendar
) -> Iterator[Finding]:
    place = _place(catalogue, deadline.id)
    if len(deadline.short) > LONGEST_SHORT:
        message = f"the short title {deadline.short!r} has {len(deadline.short)} characters"
        yield Finding(Level.ERROR, "long-short", place, message, f"shorten it to {LONGEST_SHORT} or fewer")
    if not said:
        mend = "add a [[deadline.statement]] that cites a notice"
        yield Finding(Level.ERROR, "missing-citation", place, "no notice speaks of this deadline", mend)
        return
    yield from _contradictions(deadline, said, place)
    ladder = catalogue.ladders.get(deadline.ladder)
    if ladder is not None and _speaks(ladder) and not _fires(ladder, said, calendar):
        message = f"the ladder {ladder.id!r} has no rung for any due that is stated"
        yield Finding(Level.ERROR, "silent-ladder", place, message, "choose a ladder that fits, or `none`")
    last = resolve(said)
    if last is not None and isinstance(last.prevailing.due, SetByAuthority | BeforeFact | FiscalYearsAfter):
        due = last.prevailing.due
        event = due.event if isinstance(due, SetByAuthority) else due.latest.event
        message = f"the day is unknown to each office until its authority posts {event}"
        mend = "ask the authorities concerned for their date and post it"
        yield Finding(Level.WARNING, "unset-authority-date", place, message, mend)


def _contradictions(deadline: Deadline, said: list[Statement], place: str) -> Iterator[Finding]:
    for layer in sorted({each.authority for each in said}):
        resolution = resolve(said, [layer] if layer else [])
        against = resolution.against if resolution is not None else ()
        if resolution is None or not against or resolution.prevailing.authority != layer:
            continue
        others = "、".join(each.id for each in against)
        message = f"{resolution.prevailing.id} prevails, but {others} says otherwise and nobody has decided"
        mend = f"decide it: [[decision]] in decisions.toml, or the event deadline.decided for {deadline.id}"
        yield Finding(Level.WARNING, "undecided-contradiction", place, message, mend)


def _of_statement(catalogue: Catalogue, said: Statement) -> Iterator[Finding]:
    place = _place(catalogue, said.id)
    if not said.place.strip():
        mend = "name the section, and the line if there is one"
        yield Finding(Level.ERROR, "missing-place", place, "the place in the notice is not named", mend)
    end = last_day_written(said.due) if said.due is not None else None
    if end is None or end >= said.notice.dated:
        return
    message = f"what is due ends on {end}, before {said.notice.id} was issued on {said.notice.dated}"
    if isinstance(said.due, Unclear):
        mend = "it is held as unclear and never overdue; ask who issued it and decide"
        yield Finding(Level.WARNING, "due-before-issue", place, message, mend)
    else:
        mend = "check the year; if the notice prints it so, write it as `unclear` with a question"
        yield Finding(Level.ERROR, "due-before-issue", place, message, mend)


def last_day_written(due: Expression) -> date | None:  # noqa: PLR0911 -- one line a form, read as a table
    """Return the last day that `due` itself names, or None if it names none."""
    match due:
        case Fixed(by=by):
            return by
        case InMonth(year=year, month=month, part=None):
            return dates.month_end(year, month)
        case InMonth(year=year, month=month, part=part) if part is not None:
            return dates.part_of_month(year, month, part).end
        case Months(covered=covered):
            return covered.end
        case InFiscalYear(year=year, half=None):
            return dates.fiscal_year(year).end
        case InFiscalYear(year=year, half=half) if half is not None:
            return dates.half_year(year, half).end
        case UntilEvent(expected=expected) if expected is not None:
            return expected.end
        case Unclear(printed=printed):
            return printed.end
        case _:
            return None


def _speaks(ladder: Ladder) -> bool:
    return bool(ladder.days or ladder.before_window is not None or ladder.year_opening)


def _fires(ladder: Ladder, said: Iterable[Statement], calendar: Calendar) -> bool:
    """Tell whether the ladder has a rung before the closing one, once every awaited day is known."""
    return any(
        rung.occasion is not Occasion.CLOSING
        for each in said
        if each.due is not None
        for known in _once_known(each)
        for rung in rungs(ladder, due_of(_as_meant(each.due), known), calendar)
    )


def _as_meant(due: Expression) -> Expression:
    return Fixed(due.probable.end) if isinstance(due, Unclear) and due.probable is not None else due


def _once_known(said: Statement) -> tuple[Known, Known]:
    day = said.notice.dated + timedelta(days=365)
    later = day + timedelta(days=365)
    posted = SetDay(later, later - timedelta(days=90))
    return Known(anchor=day, occurrence=1), Known(anchor=None, set_day=posted, occurrence=1)


def _unused_ladders(catalogue: Catalogue) -> Iterator[Finding]:
    own = {name for each in catalogue.authorities.values() for name in each.ladders.values()}
    used = own | {each.ladder for each in catalogue.deadlines.values()}
    for name in sorted(set(catalogue.ladders) - used):
        mend = "take it out or use it"
        yield Finding(Level.WARNING, "unused-ladder", f"ladders.toml: {name}", "no deadline climbs it", mend)
