"""Whom a duty concerns."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.applicability import (
    EVERYBODY,
    NOBODY,
    AllOf,
    AnyOf,
    Authorities,
    Condition,
    NotThat,
    Recorded,
    Services,
    fact_types,
    holds,
    parse_condition,
    parse_pattern,
)
from notifier.domain.facts import Fact, FactPattern
from notifier.domain.offices import Office
from tests.builders import CITY, PREFECTURE, fact, office

GROUPS = {"short-stay": frozenset({"21", "22"}), "care-manager": frozenset({"43"})}
CODES = ["11", "21", "22", "43"]
KINDS = ["joined", "left", "granted"]
DAYS = st.dates(date(2026, 4, 1), date(2026, 4, 10))
PATTERNS = st.builds(
    FactPattern,
    st.lists(st.sampled_from(KINDS), min_size=1, unique=True).map(tuple),
    since=st.none() | DAYS,
    until=st.none() | DAYS,
)
LEAVES = st.one_of(
    st.builds(Services, st.frozensets(st.sampled_from(CODES))),
    st.builds(Authorities, st.frozensets(st.sampled_from([CITY, PREFECTURE, "999024"]))),
    st.builds(Recorded, PATTERNS),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(AllOf, st.lists(inner, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple)),
        st.builds(NotThat, inner),
    ),
    max_leaves=8,
)
OFFICES = st.builds(
    lambda services, facts: office(*facts, services=services),
    st.frozensets(st.sampled_from(CODES)),
    st.lists(st.builds(Fact, st.sampled_from(KINDS), DAYS), max_size=4),
)


@pytest.mark.parametrize(
    "condition, expected",
    [
        (Services(frozenset({"43", "11"})), True),
        (Services(frozenset({"51"})), False),
        (Authorities(frozenset({CITY})), True),
        (Authorities(frozenset({PREFECTURE})), True),
        (Authorities(frozenset({"999024"})), False),
        (Recorded(FactPattern(("joined",))), True),
        (Recorded(FactPattern(("started",))), False),
    ],
)
def test_a_condition_looks_at_services_places_and_facts(condition: Condition, expected: bool) -> None:
    assert holds(condition, office(fact("joined", date(2026, 4, 1)), services=["11"])) is expected


def test_a_facility_with_a_short_stay_service_is_concerned_for_that_service() -> None:
    short_stay = parse_condition({"services": ["@short-stay"]}, GROUPS)
    assert not holds(short_stay, office(services=["51"]))
    assert holds(short_stay, office(services=["51", "21"]))


@given(OFFICES)
def test_no_condition_is_everybody_and_no_choice_is_nobody(who: Office) -> None:
    assert holds(EVERYBODY, who)
    assert not holds(NOBODY, who)
    assert holds(parse_condition({}, GROUPS), who)


@given(CONDITIONS, OFFICES)
def test_not_not_that_is_that(condition: Condition, who: Office) -> None:
    assert holds(NotThat(NotThat(condition)), who) is holds(condition, who)


@given(st.lists(CONDITIONS, max_size=4), OFFICES)
def test_not_all_is_some_not(parts: list[Condition], who: Office) -> None:
    some_not = AnyOf(tuple(NotThat(part) for part in parts))
    assert holds(NotThat(AllOf(tuple(parts))), who) is holds(some_not, who)


@given(CONDITIONS, OFFICES, DAYS)
def test_a_fact_of_another_type_changes_nothing(condition: Condition, who: Office, day: date) -> None:
    with_more = office(*who.facts, fact("unheard-of", day), services=who.services)
    assert holds(condition, with_more) is holds(condition, who)


@given(CONDITIONS, OFFICES, st.sampled_from(KINDS), DAYS)
def test_only_the_types_a_condition_names_can_move_it(
    condition: Condition, who: Office, kind: str, day: date
) -> None:
    with_more = office(*who.facts, fact(kind, day), services=who.services)
    moved = holds(condition, with_more) is not holds(condition, who)
    assert kind in fact_types(condition) or not moved


def written(condition: Condition) -> dict[str, Any]:
    """The condition as somebody would write it in the catalogue."""
    match condition:
        case Services(codes):
            return {"services": sorted(codes)}
        case Authorities(codes):
            return {"authorities": sorted(codes)}
        case Recorded(FactPattern(types=types, since=since, until=until)):
            return {"fact": list(types), "since": since, "until": until}
        case AllOf(parts):
            return {"all": [written(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [written(part) for part in parts]}
        case NotThat(part):
            return {"not": written(part)}


@given(CONDITIONS)
def test_a_condition_is_read_as_it_is_written(condition: Condition) -> None:
    assert parse_condition(written(condition), GROUPS) == condition


def test_keys_of_one_table_must_hold_together() -> None:
    both = parse_condition(
        {"services": ["43", "@short-stay"], "fact": "granted", "where": {"addition": True}}, GROUPS
    )
    parts = (
        Services(frozenset({"43", "21", "22"})),
        Recorded(FactPattern(("granted",), (("addition", True),))),
    )
    assert both == AllOf(parts)


@pytest.mark.parametrize(
    "wrong, named",
    [
        ({"services": ["@unknown"]}, "@unknown"),
        ({"services": [11]}, "11"),
        ({"services": "11"}, "services"),
        ({"authorities": [999016]}, "999016"),
        ({"since": date(2026, 4, 1)}, "since"),
        ({"not": []}, "not"),
        ({"service": ["11"]}, "service"),
        ({"fact": []}, "one or more"),
        ({"fact": ["joined", 1]}, "one or more"),
        ({"fact": "joined", "where": ["paid"]}, "where"),
        ({"fact": "joined", "since": "2026-04-01"}, "2026-04-01"),
    ],
)
def test_a_condition_that_cannot_be_read_says_what_is_wrong(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        parse_condition(wrong, GROUPS)


@pytest.mark.parametrize(
    "wrong, named", [({"fact": "joined", "were": {}}, "were"), ({"since": None}, "fact must name")]
)
def test_a_pattern_that_cannot_be_read_says_what_is_wrong(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        parse_pattern(wrong)
