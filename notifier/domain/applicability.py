"""Applicability: whom a duty concerns, as a small expression written in data.

It has two readings: the predicate here, for one office, and a condition in SQL
(`notifier.store.applicability`), for all of them; a property test holds the two equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from notifier.domain.facts import FactPattern, Value
from notifier.domain.offices import Office


@dataclass(frozen=True, slots=True)
class Services:
    """The office provides at least one of these services (two-character codes)."""

    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Authorities:
    """The office lies in one of these municipalities or prefectures (six-digit codes)."""

    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Recorded:
    """At least one fact of this pattern is recorded for the office."""

    pattern: FactPattern


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; with no part at all it holds for everybody."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds; with no part at all it holds for nobody."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class NotThat:
    """The part does not hold."""

    part: "Condition"


Condition: TypeAlias = Services | Authorities | Recorded | AllOf | AnyOf | NotThat

EVERYBODY = AllOf(())
NOBODY = AnyOf(())


def holds(condition: Condition, office: Office) -> bool:
    """Tell whether `condition` holds for `office` with the facts it carries."""
    match condition:
        case Services(codes):
            return not codes.isdisjoint(office.services)
        case Authorities(codes):
            return not codes.isdisjoint(office.authorities)
        case Recorded(pattern):
            return any(pattern.matches(fact) for fact in office.facts)
        case AllOf(parts):
            return all(holds(part, office) for part in parts)
        case AnyOf(parts):
            return any(holds(part, office) for part in parts)
    return not holds(condition.part, office)


def fact_types(condition: Condition) -> frozenset[str]:
    """Return the types of fact on which `condition` depends."""
    match condition:
        case Recorded(pattern):
            return frozenset(pattern.types)
        case AllOf(parts) | AnyOf(parts):
            return frozenset().union(*(fact_types(part) for part in parts))
        case NotThat(part):
            return fact_types(part)
    return frozenset()


_PATTERN = {"fact", "where", "since", "until"}


def parse_pattern(written: Mapping[str, object]) -> FactPattern:
    """Read `{ fact = "…" | ["…"], where = {…}, since = date, until = date }`.

    Raises ValueError with what is wrong.
    """
    unknown = set(written) - _PATTERN
    if unknown:
        raise ValueError(f"unknown keys {sorted(unknown)} beside fact, where, since, until")
    named = written.get("fact")
    types = (named,) if isinstance(named, str) else tuple(named) if isinstance(named, list) else ()
    if not types or not all(isinstance(each, str) for each in types):
        raise ValueError("fact must name one or more types of fact")
    where = written.get("where", {})
    if not isinstance(where, dict):
        raise ValueError("where must be a table of values")  # noqa: TRY004 -- the reader of data expects ValueError
    pairs: list[tuple[str, Value]] = sorted(where.items())
    return FactPattern(types, tuple(pairs), _day(written.get("since")), _day(written.get("until")))


def _day(written: object) -> date | None:
    if written is None or isinstance(written, date):
        return written
    raise ValueError(f"since and until must be dates; found {written!r}")


def parse_condition(written: Mapping[str, object], groups: Mapping[str, frozenset[str]]) -> Condition:
    """Read a condition as it is written in the catalogue; all keys of a table must hold together.

    Keys: `services` (codes or `@group` names), `authorities`, `fact` (with `where`, `since`, `until`), `all`,
    `any` (lists of tables), `not` (a table). No key at all means everybody. Raises ValueError with what is
    wrong.
    """
    parts: list[Condition] = []
    for key, value in written.items():
        match key, value:
            case "services", list():
                parts.append(Services(frozenset().union(*(_codes(code, groups) for code in value))))
            case "authorities", list():
                parts.append(Authorities(frozenset(_code(code) for code in value)))
            case "fact", _:
                pattern = {name: each for name, each in written.items() if name in _PATTERN}
                parts.append(Recorded(parse_pattern(pattern)))
            case (("where" | "since" | "until"), _) if "fact" in written:
                continue
            case "all", list():
                parts.append(AllOf(tuple(parse_condition(each, groups) for each in value)))
            case "any", list():
                parts.append(AnyOf(tuple(parse_condition(each, groups) for each in value)))
            case "not", dict():
                parts.append(NotThat(parse_condition(value, groups)))
            case _:
                message = "a condition knows services, authorities, all, any (lists), fact and not (a table)"
                raise ValueError(f"{message}; found {key!r} = {value!r}")
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _codes(written: object, groups: Mapping[str, frozenset[str]]) -> frozenset[str]:
    code = _code(written)
    if not code.startswith("@"):
        return frozenset({code})
    if code[1:] not in groups:
        raise ValueError(f"unknown group of services {code!r}; known are {sorted(groups)}")
    return groups[code[1:]]


def _code(written: object) -> str:
    if not isinstance(written, str):
        raise ValueError(f"codes are text, written in quotes; found {written!r}")  # noqa: TRY004 -- data
    return written
