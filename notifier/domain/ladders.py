"""Ladders: on which days before a due day a reminder leaves.

A ladder is data. A rung that falls on a closed day moves to the previous working day; rungs that meet become
one, named after the last of them; the due day itself never moves.
Source: the reminder policy of the project's domain register, section 7.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from notifier.domain import dates
from notifier.domain.calendar import Calendar
from notifier.domain.deadlines import Due, Shape


class Occasion(StrEnum):
    """Why something is said; the value is what the contracts call it."""

    ANNOUNCEMENT = "announcement"
    CHANGE = "change"
    OPENING = "opening"
    REMINDER = "reminder"
    LAST_CALL = "last-call"
    CLOSING = "closing"
    ACKNOWLEDGEMENT = "acknowledgement"
    PROMPT = "prompt"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs of one kind of deadline.

    `days` are calendar days before the due day. `opening` says the first day of a window, `before_window` how
    many days before an expected window one notice leaves, `checks` whether the editor is asked every month
    inside it. `year_opening` says the first day of a fiscal year in which the duty falls. `closing` says once
    that the end was missed. `editor` sends copies of its rungs to the rule editor.
    """

    id: str
    days: tuple[int, ...] = ()
    opening: bool = True
    before_window: int | None = None
    checks: bool = False
    year_opening: bool = False
    closing: bool = True
    editor: bool = False


@dataclass(frozen=True, slots=True)
class Rung:
    """One day on which something is said: `name` is T-n, or None where no days are counted.

    `to_editor` rungs ask the rule editor to look whether a day has been announced; offices hear nothing.
    """

    on: date
    occasion: Occasion
    name: str | None
    to_editor: bool = False

    @property
    def key(self) -> str:
        """Return the part of a delivery's permanent key that tells this rung from the others."""
        return self.name or f"{self.occasion}:{self.on.isoformat()}"


def rungs(ladder: Ladder, due: Due, calendar: Calendar) -> tuple[Rung, ...]:
    """Return all rungs of `ladder` for `due`, earliest first, one a day at most (and one for the editor).

    A due that is no day yields no countdown: an expected window yields one notice before it opens and one at
    its opening. Days before a window's opening are not counted down. The closing rung lies on the first open
    day after the last day on which the thing may still be done, even where the countdown ran to an earlier,
    safer day.
    """
    found: list[Rung] = []
    first = _said_opening(ladder, due)
    if first is not None:
        found.append(Rung(calendar.previous_open(first), Occasion.OPENING, None))
    if due.shape is Shape.EVENT and due.earliest and ladder.before_window is not None:
        notice = due.earliest - timedelta(days=ladder.before_window)
        found.append(Rung(calendar.previous_open(notice), Occasion.REMINDER, None))
        found.append(Rung(calendar.previous_open(due.earliest), Occasion.OPENING, None))
    if due.ladder_day is not None:
        found.extend(_countdown(ladder, due, due.ladder_day, calendar))
        if ladder.closing and due.ends:
            end = max(due.ladder_day, due.latest or due.ladder_day)
            found.append(Rung(calendar.next_open(end + timedelta(days=1)), Occasion.CLOSING, None))
    checks = _checks(due, calendar) if ladder.checks else []
    return tuple(sorted([*_one_a_day(found), *checks], key=lambda rung: (rung.on, rung.to_editor)))


def _said_opening(ladder: Ladder, due: Due) -> date | None:
    """Return the first day of a window, or of a recurring duty's fiscal year, if the ladder says it."""
    spoken = {Shape.WINDOW: ladder.opening, Shape.FISCAL_YEAR: ladder.year_opening}
    return due.opens if spoken.get(due.shape, False) else None


def _checks(due: Due, calendar: Calendar) -> list[Rung]:
    """Ask the editor on the first open day of each month inside an expected window."""
    if due.shape is not Shape.EVENT or due.earliest is None or due.latest is None:
        return []
    days, day = set(), due.earliest
    while day <= due.latest:
        days.add(calendar.next_open(day))
        day = dates.shift_month(day, 1, 1)
    return [Rung(day, Occasion.QUESTION, None, to_editor=True) for day in days if day <= due.latest]


def _countdown(ladder: Ladder, due: Due, last: date, calendar: Calendar) -> list[Rung]:
    found = []
    opens = due.opens if due.shape is Shape.WINDOW else _said_opening(ladder, due)
    for days in sorted(ladder.days, reverse=True):
        on = last - timedelta(days=days)
        if opens is not None and on <= opens and days:
            continue
        occasion = Occasion.LAST_CALL if days == 0 else Occasion.REMINDER
        found.append(Rung(calendar.previous_open(on), occasion, f"T-{days}"))
    return found


def _one_a_day(found: list[Rung]) -> tuple[Rung, ...]:
    by_day: dict[date, Rung] = {}
    for rung in found:
        earlier = by_day.get(rung.on)
        if earlier is None:
            by_day[rung.on] = rung
        else:
            is_opening = earlier.occasion is Occasion.OPENING and rung.occasion is Occasion.REMINDER
            by_day[rung.on] = replace(rung, occasion=earlier.occasion) if is_opening else rung
    return tuple(by_day[day] for day in sorted(by_day))


def next_rung(climbed: tuple[Rung, ...], after: date) -> Rung | None:
    """Return the first rung that lies strictly after the civil date `after`, or None."""
    return next((rung for rung in climbed if rung.on > after), None)
