"""The quick look at an event's data never lets through what the schema refuses."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from notifier.catalogue.fitting import surely_fits
from notifier.catalogue.loader import Catalogue, load

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(2018, 2101),
    st.floats(allow_nan=False),
    st.text(max_size=3),
    st.dates().map(str),
    st.sampled_from(
        [
            "2026-02-30",
            "20260401",
            "2026-04-01\n",
            "1270000001",
            "1270000001\n",
            "121002",
            "cpdl",
            "１２１００２",
        ]
    ),
    st.lists(st.text(max_size=2), max_size=2),
    st.dictionaries(st.text(max_size=2), st.none(), max_size=1),
)


@cache
def shipped() -> Catalogue:
    return load()


@given(st.data())
def test_what_surely_fits_is_what_the_schema_lets_in(data: st.DataObject) -> None:
    kind = shipped().facts[data.draw(st.sampled_from(sorted(shipped().facts)))]
    names = st.sampled_from([*kind.schema.get("properties", {}), "another"])
    found = data.draw(st.one_of(st.dictionaries(names, VALUES, max_size=4), VALUES))
    if surely_fits(kind.schema)(found):
        assert not list(
            Draft202012Validator(kind.schema, format_checker=FormatChecker(["date"])).iter_errors(found)
        )


@pytest.mark.parametrize(
    "name, fitting",
    [
        ("cpdl.linked", {"partner": "1270000001"}),
        ("cpdl.applied", {"paid": True, "licence_until": "2026-04-20"}),
        ("tech-grant-r8.effect-report.filed", {"fiscal_year": 2026}),
        ("cpdl.started", {"system": "cpdl"}),
        ("cpdl.left", {}),
    ],
)
def test_plain_facts_are_recognised_without_asking_further(name: str, fitting: dict[str, Any]) -> None:
    assert surely_fits(shipped().facts[name].schema)(fitting)


def test_of_a_schema_with_other_keywords_nothing_is_sure() -> None:
    plain = {"type": "object", "additionalProperties": False, "properties": {"day": {"type": "string"}}}
    assert surely_fits(plain)({"day": "x"})
    assert not surely_fits(plain | {"minProperties": 2})({"day": "x"})
    assert not surely_fits(plain | {"additionalProperties": True})({"day": "x"})
    for odd in ({"type": "string", "maxLength": 3}, {"type": ["string"]}, {"const": "x"}, {"enum": [1]}):
        assert not surely_fits(plain | {"properties": {"day": odd}})({"day": "x"})
