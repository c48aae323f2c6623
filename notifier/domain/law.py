"""The law as data: deadlines, the statements about them, what authorities have set, and who may set what.

A `Law` is a value. `as_known` gives the law as the service knew it on a day; nothing learned later can enter
a letter.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta, timezone
from enum import StrEnum

from notifier.domain import dates, exemptions
from notifier.domain.applicability import EVERYBODY, Condition, fact_types
from notifier.domain.calendar import Calendar, Roll
from notifier.domain.deadlines import SetDay
from notifier.domain.expressions import anchor_of, events_of, is_left_to_designators, setter_of
from notifier.domain.facts import Fact, FactPattern
from notifier.domain.ladders import Ladder
from notifier.domain.statements import Statement, known_on

_JAPAN = timezone(timedelta(hours=9))
"""Japan keeps no summer time."""


class Party(StrEnum):
    """Who owes something, or is told."""

    OFFICE = "office"
    MUNICIPALITY = "municipality"
    PREFECTURE = "prefecture"
    EDITOR = "editor"


class AuthorityKind(StrEnum):
    """What an authority is. A 広域連合 is the insurer for several municipalities, its members."""

    MUNICIPALITY = "municipality"
    UNION = "union"
    PREFECTURE = "prefecture"


class Modality(StrEnum):
    """How binding a duty is."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    RECOMMENDED = "recommended"


@dataclass(frozen=True, slots=True)
class Settlement:
    """What discharges a duty: `count` facts of `pattern`, each with another value of `distinct` if named.

    `inside` asks that the facts lie in the due window (from its opening to its last day, inclusive).
    """

    pattern: FactPattern
    distinct: str | None = None
    count: int = 1
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Deadline:
    """An identity `family/duty` and what does not change when its date moves.

    `concerns` says to whom it may come, `taken_up` the choice after which it binds (None: at once),
    `excluded` what takes an office out. `parties` are who owes it or is told. `follow` tells those who have
    settled it of later changes, too. `tell_when_dated` keeps silent until a day is known. `acknowledge`
    answers facts that settle or open it.
    """

    id: str
    title: str
    short: str
    modality: Modality
    action: str
    where: str
    silence: str
    money: str
    ladder: str
    parties: tuple[Party, ...] = (Party.OFFICE,)
    concerns: Condition = EVERYBODY
    concerns_wording: str = ""
    taken_up: Condition | None = None
    taken_up_wording: str = ""
    excluded: Condition | None = None
    settled_by: tuple[Settlement, ...] = ()
    roll: Roll = Roll.NONE
    follow: bool = False
    announce: bool = True
    tell_when_dated: bool = False
    acknowledge: bool = True
    prompt: bool = False
    related: tuple[str, ...] = ()
    occurrence_unit: str = ""

    @property
    def family(self) -> str:
        """Return the part of the id that offices subscribe to."""
        return self.id.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Authority:
    """A municipality, 広域連合 or prefecture.

    `code` is the six-digit 団体コード, `closed` its own closed days, `ladders` and `rolls` its own choices by
    deadline. A roll under `<deadline>@<fiscal year>` holds for days in that year only (1 April to 31 March).
    `union` is the 広域連合 to which a municipality belongs.
    """

    code: str
    name: str
    kind: AuthorityKind
    prefecture: str | None = None
    closed: frozenset[date] = frozenset()
    ladders: Mapping[str, str] = field(default_factory=dict)
    rolls: Mapping[str, Roll] = field(default_factory=dict)
    union: str | None = None

    def roll_of(self, deadline: str, fiscal_year: int) -> Roll | None:
        """Return the authority's own roll of `deadline` in a fiscal year, else its usual one, else None."""
        return self.rolls.get(f"{deadline}@{fiscal_year}", self.rolls.get(deadline))


@dataclass(frozen=True, slots=True)
class Setting:
    """A fact about an authority (its code) or about the nation (code ""): a day that was set or announced."""

    authority: str
    fact: Fact

    def is_known(self, day: date) -> bool:
        """Tell whether it was in force, and recorded with the service, by the end of the civil date `day`."""
        recorded = self.fact.recorded
        return self.fact.on <= day and (recorded is None or recorded.astimezone(_JAPAN).date() <= day)

    @property
    def days(self) -> tuple[date | None, date | None]:
        """Return the first day, if one was set, and the last: inclusive civil dates."""
        closes = self.fact.day("closes") or self.fact.day("due") or self.fact.day("date")
        return self.fact.day("opens"), closes

    def is_about(self, deadline: str) -> bool:
        """Tell whether it may be about `deadline`: it names it, or no deadline at all."""
        return self.fact.values.get("deadline") in {None, deadline}

    def is_for(self, fiscal_year: int | None) -> bool:
        """Tell whether it speaks of `fiscal_year` (None: of any): as it says, else by its last day."""
        closes = self.days[1]
        said = self.fact.values.get("fiscal_year") or (closes and dates.fiscal_year_of(closes))
        return fiscal_year in {None, said}


@dataclass(frozen=True)
class Law:
    """Everything from which obligations follow, apart from the offices' own facts."""

    deadlines: Mapping[str, Deadline]
    statements: Mapping[str, tuple[Statement, ...]]
    ladders: Mapping[str, Ladder]
    calendar: Calendar
    authorities: Mapping[str, Authority] = field(default_factory=dict)
    settings: tuple[Setting, ...] = ()

    def as_known(self, day: date) -> "Law":
        """Return the law with nothing that became known after the civil date `day`."""
        statements = {name: tuple(known_on(said, day)) for name, said in self.statements.items()}
        settings = tuple(each for each in self.settings if each.is_known(day))
        return replace(self, statements=statements, settings=settings)

    def said(self, deadline: str) -> tuple[Statement, ...]:
        """Return the statements about `deadline`, as first to last known."""
        return self.statements.get(deadline, ())

    def set_about(self, deadline: str) -> tuple[Setting, ...]:
        """Return what authorities have set, or the nation has announced, about `deadline`, as it was recorded."""
        events = self.event_types_of(deadline)
        return tuple(each for each in self.settings if each.fact.type in events and each.is_about(deadline))

    def may_set(self, deadline: str, code: str) -> bool:
        """Tell whether the law leaves the day of `deadline` to such an authority as `code`, by `duty.due.set`."""
        kind = "prefecture" if code[2:5] == "000" else "municipality"
        setters = {setter_of(said.due) for said in self.said(deadline) if said.due is not None}
        return not setters.isdisjoint({kind, "designation-authority"})

    def is_left_to_designators(self, deadline: str) -> bool:
        """Tell whether the law leaves the day of `deadline` to whoever designates the office (指定権者).

        Cohorts know where an office lies, not who designates it: what the nearest authority sets counts for all there.
        """
        return any(is_left_to_designators(said.due) for said in self.said(deadline) if said.due is not None)

    def set_day(
        self, events: Sequence[str], chain: Iterable[str], fiscal_year: int | None, deadline: str = ""
    ) -> SetDay | None:
        """Return what the nearest authority of `chain` last set by one of `events`, or None.

        What names another deadline than `deadline` does not count. For a recurring duty only what was set for
        `fiscal_year` counts. Ties of one date go to the one set last. Empty codes are no authority; the nation comes
        after all of them.
        """
        for code in [*filter(None, chain), ""]:
            found = [
                each
                for each in self.settings
                if each.authority == code
                and each.fact.type in events
                and each.is_for(fiscal_year)
                and each.is_about(deadline)
            ]
            opens, closes = (
                max(reversed(found), key=lambda each: each.fact.on).days if found else (None, None)
            )
            if closes is not None:
                return SetDay(closes, opens, code)
        return None

    def nearby(self, authorities: Iterable[str]) -> tuple[str, ...]:
        """Return `authorities` (the nearest first), each municipality followed by its 広域連合, if it has one."""
        found: list[str] = []
        for code in authorities:
            authority = self.authorities.get(code)
            found += [code, authority.union] if authority and authority.union else [code]
        return tuple(found)

    def places(self, code: str) -> frozenset[str]:
        """Return where the layer of the authority `code` holds: the members of a 広域連合, else itself."""
        members = frozenset(each.code for each in self.authorities.values() if each.union == code)
        return members or frozenset({code})

    def calendar_of(self, authority: Authority | None) -> Calendar:
        """Return the calendar with the authority's own closed days."""
        return self.calendar.with_closed(authority.closed) if authority else self.calendar

    def fact_types_of(self, deadline: str) -> frozenset[str]:
        """Return the types of office fact on which `deadline` depends in any way."""
        settling = (each.pattern.types for each in self.deadlines[deadline].settled_by)
        return self.placing_types_of(deadline).union(*settling)

    def placing_types_of(self, deadline: str) -> frozenset[str]:
        """Return the types of office fact that decide whom `deadline` concerns, and from which day it counts."""
        entry = self.deadlines[deadline]
        conditions = [each for each in (entry.concerns, entry.taken_up, entry.excluded) if each is not None]
        anchors = [anchor_of(said.due) for said in self.said(deadline) if said.due is not None]
        counted = [frozenset(anchor.pattern.types) for anchor in anchors if anchor is not None]
        return exemptions.TYPES.union(*map(fact_types, conditions), *counted)

    def event_types_of(self, deadline: str) -> frozenset[str]:
        """Return the types of authority or national event on which `deadline` depends."""
        dues = [said.due for said in self.said(deadline) if said.due is not None]
        return frozenset(event for due in dues for event in events_of(due))
