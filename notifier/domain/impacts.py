"""Impacts: what a bill would do if it were approved, counted, for whoever has to decide on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Final

from notifier.domain.changes import ChangeKind
from notifier.domain.ladders import Occasion
from notifier.domain.law import Deadline, Party
from notifier.domain.notices import Notice
from notifier.domain.statements import Statement

UNCHANGED: Final = "変更なし"


@dataclass(frozen=True, slots=True)
class Bill:
    """What would become law: a notice, the deadlines it defines, what it says. None of it is in force yet."""

    notice: Notice
    deadlines: tuple[Deadline, ...]
    statements: tuple[Statement, ...]

    @property
    def touched(self) -> frozenset[str]:
        """Return the deadlines about which something is said."""
        return frozenset(each.deadline for each in self.statements)


@dataclass(frozen=True, slots=True)
class Effect:
    """What the change does to one deadline for some of its offices: `old` → `new` are wordings, `label` is Japanese.

    `offices` are concerned, of these `open` have not settled; `told` get a letter, `no_address` and `not_subscribed`
    do not. `authorities` are told besides. `kind` is None where nobody would notice.
    """

    deadline: str
    title: str
    kind: ChangeKind | None
    label: str
    old: str
    new: str
    offices: int = 0
    open: int = 0
    told: int = 0
    no_address: int = 0
    not_subscribed: int = 0
    authorities: int = 0


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaves on the civil date `on`: items of letters with an address, and those that nobody can receive."""

    on: date
    deadline: str
    title: str
    occasion: Occasion
    rung: str | None
    party: Party
    letters: int
    no_address: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A letter as it would leave on the civil date `on`."""

    on: date
    address: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Unreached:
    """An office that is concerned and not reached; `why` is no-address or not-subscribed."""

    number: str
    name: str
    municipality: str
    why: str


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change would do, on the civil date `on` and until `until` (inclusive).

    `offices` are told the news, in `letters` (one for each address); `by_day` has the letters of each day. `unreached`
    names the first offices that are concerned and not reached, of `no_address` and `not_subscribed`. `left` counts
    duties that offices no longer have. `audience` is a digest of who is told what; `stamp` marks the state it was
    worked out from.
    """

    on: date
    until: date
    effects: tuple[Effect, ...]
    days: tuple[Leaving, ...]
    by_day: Mapping[date, int]
    samples: tuple[Sample, ...]
    unreached: tuple[Unreached, ...]
    offices: int
    letters: int
    no_address: int
    not_subscribed: int
    left: int
    audience: str
    stamp: str


def audience_of(digest: str, effects: Sequence[Effect]) -> str:
    """Return a digest that binds who is told what (`digest`) to what becomes of the deadlines for how many."""
    found = blake2b(digest.encode(), digest_size=16)
    for each in effects:
        found.update(f"{each.deadline}|{each.kind}|{each.old}|{each.new}|{each.offices}\n".encode())
    return found.hexdigest()
