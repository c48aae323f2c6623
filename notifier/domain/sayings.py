"""Sayings: everything a letter says about one deadline except the office's own values.

The office's own values are its name and number, the code, the progress and the day of settlement. The rest
is the same for all members of a cohort, is built once (`notifier.domain.letters.content_of`) and kept as
JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Self

from notifier.domain.changes import ChangeKind
from notifier.domain.deadlines import Shape
from notifier.domain.ladders import Occasion
from notifier.domain.law import Modality, Party
from notifier.domain.obligations import State


@dataclass(frozen=True, slots=True)
class DueSaid:
    """When it is due, as said in a letter; inclusive civil dates in Japan.

    `short` is the day for a subject line and `days_left` the days from the letter's day to it; both None
    where there is no day to count to. `target_label` is the safe day, only where it differs from the due
    day. `last_open` is the last open day before a due day on which the offices are closed. `estimate` marks
    a year without proclaimed holidays.
    """

    wording: str
    shape: Shape
    short: str | None = None
    earliest: date | None = None
    latest: date | None = None
    opens: date | None = None
    target: date | None = None
    target_label: str | None = None
    tentative: bool = False
    days_left: int | None = None
    closed_day: bool = False
    last_open: str | None = None
    estimate: bool = False

    @classmethod
    def from_data(cls, written: Mapping[str, Any]) -> Self:
        """Read what `as_data` wrote."""
        days = {name: _day(written.get(name)) for name in ("earliest", "latest", "opens", "target")}
        return cls(**{**written, **days, "shape": Shape(written["shape"])})


@dataclass(frozen=True, slots=True)
class ChangeSaid:
    """Old to new: both wordings; `old` is empty where nothing comparable was said before."""

    kind: ChangeKind
    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What another source says instead, and which."""

    wording: str
    source: str


@dataclass(frozen=True, slots=True)
class Source:
    """The place that says it; `issued` is the notice's day of issue in the era, "" if it bears none."""

    notice: str
    title: str
    number: str
    issued: str
    place: str


@dataclass(frozen=True, slots=True)
class FactSaid:
    """What was recorded, and for which day (with era and weekday)."""

    label: str
    on: str


@dataclass(frozen=True, slots=True)
class Member:
    """An office of which an authority is told."""

    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Content:
    """Everything about one deadline on one occasion that is the same for all members of a cohort.

    `party` is who is addressed. `condition` names, for a duty that follows from a choice not recorded yet,
    those on whom it would bind. `set_by` says who set the day, if an authority did. `count` is the number
    of offices an authority is told of, `members` their beginning.
    """

    deadline: str
    occurrence: int
    occurrence_label: str
    title: str
    short: str
    modality: Modality
    occasion: Occasion
    rung: str | None
    on: date
    party: Party
    due: DueSaid
    state: State
    action: str
    where: str
    silence: str
    money: str
    why: str
    condition: str = ""
    set_by: str = ""
    change: ChangeSaid | None = None
    unknown: tuple[str, ...] = ()
    contradiction: tuple[Contradiction, ...] = ()
    remarks: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    related: tuple[str, ...] = ()
    fact: FactSaid | None = None
    members: tuple[Member, ...] = ()
    count: int = 0

    def as_data(self) -> dict[str, Any]:
        """Return the content as JSON: dates in ISO 8601, enumerations by their value, tuples as lists."""
        return {field.name: _written(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_data(cls, written: Mapping[str, Any]) -> Self:
        """Read what `as_data` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        change, fact = written.get("change"), written.get("fact")
        read: dict[str, Any] = {
            "modality": Modality(written["modality"]),
            "occasion": Occasion(written["occasion"]),
            "on": date.fromisoformat(written["on"]),
            "party": Party(written["party"]),
            "due": DueSaid.from_data(written["due"]),
            "state": State(written["state"]),
            "change": ChangeSaid(**{**change, "kind": ChangeKind(change["kind"])}) if change else None,
            "fact": FactSaid(**fact) if fact else None,
            "unknown": tuple(written.get("unknown", ())),
            "contradiction": tuple(Contradiction(**each) for each in written.get("contradiction", ())),
            "remarks": tuple(written.get("remarks", ())),
            "sources": tuple(Source(**each) for each in written.get("sources", ())),
            "related": tuple(written.get("related", ())),
            "members": tuple(Member(**each) for each in written.get("members", ())),
        }
        return cls(**{**written, **read})


def _written(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [_written(each) for each in value]
    if is_dataclass(value):
        return {field.name: _written(getattr(value, field.name)) for field in fields(value)}
    return value


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None
