"""Random small worlds for the properties of the sets: a part of the shipped law, a few offices, and what happens."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any, TypeAlias

from hypothesis import strategies as st

from notifier.catalogue.vocabulary import FactType
from notifier.domain.exemptions import TYPES
from notifier.domain.facts import Fact
from notifier.domain.law import Authority, AuthorityKind, Setting
from notifier.domain.obligations import Obligation
from notifier.domain.offices import Office
from notifier.domain.statements import Statement
from tests.catalogue.offices import shipped, shipped_law

FIRST = date(2025, 2, 6)
PREFECTURE, OTHER = "120006", "130001"
CITIES = {"121002": PREFECTURE, "122033": PREFECTURE, "131016": OTHER}
AUTHORITIES = (
    Authority(PREFECTURE, "千葉県", AuthorityKind.PREFECTURE),
    Authority("121002", "千葉市", AuthorityKind.MUNICIPALITY, PREFECTURE),
    Authority(
        "122033", "市川市", AuthorityKind.MUNICIPALITY, PREFECTURE, closed=frozenset({date(2026, 3, 31)})
    ),
    Authority(OTHER, "東京都", AuthorityKind.PREFECTURE),
)
SERVICES = ("11", "15", "21", "43", "51", "78", "A2")
NUMBERS = tuple(f"12700000{number:02}" for number in range(1, 5))

Row: TypeAlias = tuple[Any, ...]
Picture: TypeAlias = dict[tuple[str, str, int], Row]
"""By office, deadline and occurrence: the cohort, what holds for it, and the office's own state."""


@dataclass(frozen=True)
class World:
    """What there is and what happens in it, up to the end of `today`."""

    deadlines: tuple[str, ...]
    statements: tuple[Statement, ...]
    offices: tuple[Office, ...]
    settings: tuple[Setting, ...]
    today: date


@cache
def for_offices() -> tuple[str, ...]:
    """The shipped deadlines that offices owe."""
    return tuple(sorted(name for name, each in shipped().deadlines.items() if "office" in each.parties))


def values_for(kind: FactType) -> st.SearchStrategy[dict[str, Any]]:
    """Data that the vocabulary allows for a fact."""
    properties = kind.schema.get("properties", {})
    required = set(kind.schema.get("required", ()))
    given = {name: value_for(name, said) for name, said in properties.items() if name in required}
    maybe = {name: value_for(name, said) for name, said in properties.items() if name not in required}
    return st.fixed_dictionaries(given, optional=maybe).filter(lambda data: not kind.problems(data))


def value_for(name: str, said: dict[str, Any]) -> st.SearchStrategy[Any]:
    if name == "deadline":
        return st.sampled_from(for_offices())
    if name == "partner":
        return st.sampled_from([f"129000000{number}" for number in range(7)])
    if "enum" in said:
        return st.sampled_from(said["enum"])
    if said.get("format") == "date":
        return st.dates(date(2025, 6, 1), date(2027, 6, 30)).map(date.isoformat)
    plain = {"boolean": st.booleans(), "integer": st.integers(2025, 2029)}
    return plain.get(str(said.get("type")), st.just("1"))


@st.composite
def facts(draw: st.DrawFn, kinds: Sequence[str], most: int, about: Sequence[str] = ()) -> tuple[Fact, ...]:
    """Facts of `kinds`; two of one type never fall on one day, so that their order says nothing.

    Exemptions are from the deadlines `about`; one and its end do not fall on one day either.
    """
    found = {}
    for _ in range(draw(st.integers(0, most))):
        kind = shipped().facts[draw(st.sampled_from(kinds))]
        on = draw(st.dates(FIRST, date(2026, 12, 31)))
        data = draw(values_for(kind))
        if kind.type in TYPES:
            data["deadline"] = draw(st.sampled_from(about))
        apart = "exemption" if kind.type in TYPES else kind.type
        found[apart, on] = Fact(kind.type, on, kind.check(data, on))
    return tuple(found.values())


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A world."""
    names = draw(st.lists(st.sampled_from(for_offices()), min_size=1, max_size=4, unique=True))
    law = shipped_law()
    said = [each for name in names for each in law.statements[name]]
    layers = draw(
        st.lists(st.tuples(st.sampled_from(said), st.sampled_from([*CITIES, PREFECTURE])), max_size=2)
    )
    local = {
        f"{each.id}@{code}": replace(
            each,
            id=f"{each.id}@{code}",
            authority=code,
            withdraws=draw(st.sampled_from([False, False, False, True])),
        )
        for each, code in layers
    }
    if draw(st.booleans()):
        gone = {draw(st.sampled_from(said)).id}
        said = [each for each in said if each.id not in gone]
    kinds = sorted(frozenset().union(*(law.fact_types_of(name) for name in names)))
    events = sorted(frozenset().union(*(law.event_types_of(name) for name in names)))
    offices = tuple(
        Office(
            number,
            f"事業所{number[-1]}",
            frozenset(draw(st.lists(st.sampled_from(SERVICES), min_size=1, max_size=3))),
            city := draw(st.sampled_from(sorted(CITIES))),
            CITIES[city],
            facts=draw(facts(kinds, 6, names)) if kinds else (),
        )
        for number in NUMBERS[: draw(st.integers(1, 4))]
    )
    today = draw(st.dates(FIRST, date(2027, 5, 31)))
    chosen = draw(facts(events, 3)) if events else ()
    settings = tuple(
        Setting(
            ""
            if shipped().facts[each.type].subject == "nation"
            else draw(st.sampled_from([*CITIES, PREFECTURE])),
            each,
        )
        for each in chosen
        if each.on <= today
    )
    return World(tuple(names), (*said, *local.values()), offices, settings, today)


def expected_of(obligations: Sequence[Obligation]) -> Picture:
    """The picture that the pure function gives for one office."""
    found: Picture = {}
    for each in obligations:
        if each.key is None or each.decision is None:
            continue
        due = each.decision.due
        found[each.office, each.deadline, each.occurrence] = (
            (each.key.municipality, each.key.prefecture, each.key.taken_up, each.key.anchor),
            each.decision.state.value,
            (due.shape.value, due.opens, due.earliest, due.latest, due.target, due.tentative),
            each.settled_on,
            each.progress,
        )
    return found


def days_between(first: date, last: date, share: float) -> date:
    """A day between two."""
    return first + timedelta(days=int((last - first).days * share))
