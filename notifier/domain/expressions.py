"""Due expressions: what a notice says about time, as data without code.

An expression depends on at most three things that are not written in it: a day of the office's own (an
*anchor*), what an authority has set, and which occurrence of a recurring duty is meant.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias

from notifier.domain.dates import Half, Interval, Part, Period
from notifier.domain.facts import FactPattern


@dataclass(frozen=True, slots=True)
class Anchor:
    """A day of the office's own: of the newest fact of `pattern` the value `value`, or its date if None.

    With `earliest`, the oldest fact counts instead of the newest. With `lasting` the day is computed, where
    the value is missing, as the last day of that period from the fact's date, the fact's day counted.
    """

    pattern: FactPattern
    value: str | None = None
    earliest: bool = False
    lasting: Period | None = None


@dataclass(frozen=True, slots=True)
class Fixed:
    """A day, `by` inclusive, or a window from `opens` to `by`, both inclusive; without `by` open-ended."""

    by: date | None
    opens: date | None = None


@dataclass(frozen=True, slots=True)
class InMonth:
    """Within a part of a month (`part` None: within the month); no day is named."""

    year: int
    month: int
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Months:
    """From the first day of one month to the last day of another: a range of months that is covered."""

    covered: Interval


@dataclass(frozen=True, slots=True)
class InFiscalYear:
    """Within a fiscal year, 1 April to 31 March, or `half` of it: its last day is the due day."""

    year: int
    half: Half | None = None


@dataclass(frozen=True, slots=True)
class UntilEvent:
    """Until something happens on a national day announced by one of `events`; expected within `expected`."""

    name: str
    events: tuple[str, ...]
    expected: Interval | None
    expected_wording: str


@dataclass(frozen=True, slots=True)
class AfterAnchor:
    """A period from the office's own day; reminders use the earlier reading (that day counted)."""

    anchor: Anchor
    period: Period


@dataclass(frozen=True, slots=True)
class OnAnchor:
    """The office's own day itself (the end of a licence)."""

    anchor: Anchor


@dataclass(frozen=True, slots=True)
class MonthFromAnchor:
    """A day of the month that lies `months` after (negative: before) that of the office's own day.

    翌月10日 is (1, 10), 前月15日 (-1, 15), 前々月の末日 (-2, "end").
    """

    anchor: Anchor
    months: int
    day: int | Literal["end"]


DUE_SET: Final = "duty.due.set"
"""The type of event that sets the day of a duty which brings no type of its own; its value `deadline` names the duty."""


@dataclass(frozen=True, slots=True)
class SetByAuthority:
    """A day or window that an authority sets by `event`.

    `by` says which: `prefecture`, `municipality` or `designation-authority` (指定権者).
    """

    by: str
    event: str


@dataclass(frozen=True, slots=True)
class BeforeFact:
    """Before the office itself does something, at the latest by the day that an authority sets."""

    anchor: Anchor
    wording: str
    latest: SetByAuthority


@dataclass(frozen=True, slots=True)
class FiscalYearsAfter:
    """In each of `years` fiscal years after that of the anchor; the day in it is set by an authority."""

    anchor: Anchor
    years: int
    latest: SetByAuthority


@dataclass(frozen=True, slots=True)
class OuterLimit:
    """At the latest at the end of `period` from `start`; the day itself comes by `event`, nationally."""

    start: date
    period: Period
    event: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A condition without a day; with an anchor it holds until that day and breaks after it."""

    wording: str
    until: Anchor | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """No date is given; `wording` says what is said instead (未定, 未公表, 検討中)."""

    wording: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """What is printed cannot be meant. `probable` is what it probably means; never overdue."""

    printed: Interval
    probable: Interval | None
    question: str


Expression: TypeAlias = (
    Fixed
    | InMonth
    | Months
    | InFiscalYear
    | UntilEvent
    | AfterAnchor
    | OnAnchor
    | MonthFromAnchor
    | SetByAuthority
    | BeforeFact
    | FiscalYearsAfter
    | OuterLimit
    | Standing
    | Unknown
    | Unclear
)


def anchor_of(expression: Expression) -> Anchor | None:
    """Return the office's own day on which `expression` depends, if it depends on one."""
    match expression:
        case (
            AfterAnchor(anchor=anchor)
            | OnAnchor(anchor=anchor)
            | MonthFromAnchor(anchor=anchor)
            | BeforeFact(anchor=anchor)
            | FiscalYearsAfter(anchor=anchor)
        ):
            return anchor
        case Standing(until=anchor):
            return anchor
        case _:
            return None


def setter_of(expression: Expression) -> str | None:
    """Return who sets the day of `expression` by an event that any duty may use; None if nobody, or by one of its own."""
    match expression:
        case SetByAuthority(by=setter, event=event):
            return setter if event == DUE_SET else None
        case BeforeFact(latest=latest) | FiscalYearsAfter(latest=latest):
            return setter_of(latest)
        case _:
            return None


def is_left_to_designators(expression: Expression) -> bool:
    """Tell whether the day of `expression` is set by whoever designates the office (指定権者), by whatever event."""
    match expression:
        case SetByAuthority(by=setter):
            return setter == "designation-authority"
        case BeforeFact(latest=latest) | FiscalYearsAfter(latest=latest):
            return is_left_to_designators(latest)
        case _:
            return False


def events_of(expression: Expression) -> tuple[str, ...]:
    """Return the types of event by which an authority, or the nation, sets the day of `expression`."""
    match expression:
        case SetByAuthority(event=event) | OuterLimit(event=event):
            return (event,)
        case BeforeFact(latest=latest) | FiscalYearsAfter(latest=latest):
            return (latest.event,)
        case UntilEvent(events=events):
            return events
        case _:
            return ()


def occurrences_of(expression: Expression) -> tuple[int, ...]:
    """Return the numbers of the occurrences of the duty: (0,) unless it recurs, then 1 … years."""
    return tuple(range(1, expression.years + 1)) if isinstance(expression, FiscalYearsAfter) else (0,)
