"""Facts: what is asserted about an office or set by an authority, kept for ever with who said so and when.

加入, 利用, 連携 and 申請 are different facts; nothing here turns one into another.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeAlias

Value: TypeAlias = str | int | bool | date | None


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that holds from a civil date in Japan on.

    `on` is when it became true, `recorded` the aware UTC instant at which the service learned it (None where
    that is not kept). `values` are the event's data after its JSON Schema was checked, with dates as dates.
    """

    type: str
    on: date
    values: Mapping[str, Value] = field(default_factory=dict)
    recorded: datetime | None = None
    source: str = ""

    def day(self, name: str) -> date | None:
        """Return the value `name` if it is a civil date, else None."""
        value = self.values.get(name)
        return value if isinstance(value, date) else None


@dataclass(frozen=True, slots=True)
class FactPattern:
    """Which facts count: one of `types`, with all of `where` among the values, within `since`..`until`.

    Both ends are inclusive, None is open.
    """

    types: tuple[str, ...]
    where: tuple[tuple[str, Value], ...] = ()
    since: date | None = None
    until: date | None = None

    def matches(self, fact: Fact) -> bool:
        """Tell whether `fact` is one of those meant."""
        return (
            fact.type in self.types
            and (self.since is None or fact.on >= self.since)
            and (self.until is None or fact.on <= self.until)
            and all(fact.values.get(name) == value for name, value in self.where)
        )

    def among(self, facts: Iterable[Fact]) -> list[Fact]:
        """Return the facts meant, by date; facts of one date stay in the order given."""
        return sorted((fact for fact in facts if self.matches(fact)), key=lambda fact: fact.on)
