"""Fitting: whether data surely fit a plain JSON Schema, told in a few microseconds.

An event's data nearly always fit, and the library that can say where they do not takes longer over that than all the
rest of taking an event in. What is not sure here is asked there: "no" means "ask", never "refused".
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, TypeAlias

Fits: TypeAlias = Callable[[object], bool]
"""Tells whether a value surely fits; False says nothing."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SAYS_NOTHING: Final = {"default", "title", "description"}
_TYPES: Final[Mapping[str, type]] = {"string": str, "boolean": bool, "integer": int}
_MEMBERS: Final = {"type", "properties", "required", "additionalProperties", *_SAYS_NOTHING}


def surely_fits(schema: Mapping[str, Any]) -> Fits:
    """Return what tells whether data surely fit `schema` (2020-12): an object that holds nothing but plain values."""
    plain = schema.get("type") == "object" and schema.get("additionalProperties") is False
    if not plain or set(schema) - _MEMBERS:
        return _unsure
    members = {name: _fits(said) for name, said in schema.get("properties", {}).items()}
    required = frozenset(schema.get("required", ()))

    def fits(found: object) -> bool:
        return (
            type(found) is dict
            and required <= found.keys()
            and all(name in members and members[name](value) for name, value in found.items())
        )

    return fits


def _unsure(_: object) -> bool:
    return False


def _fits(said: Mapping[str, Any]) -> Fits:
    if not {"type", "enum"} & said.keys():
        return _unsure
    tests = [_test(keyword, wanted) for keyword, wanted in said.items() if keyword not in _SAYS_NOTHING]
    # The type comes first: the other tests take it for granted.
    tests.sort(key=lambda test: test[0])

    def fits(value: object) -> bool:
        return all(test(value) for _, test in tests)

    return fits


def _test(keyword: str, wanted: Any) -> tuple[int, Callable[[Any], bool]]:  # noqa: PLR0911 -- one line a keyword
    match keyword:
        case "type" if isinstance(wanted, str) and wanted in _TYPES:
            kind = _TYPES[wanted]
            return 0, lambda value: type(value) is kind
        case "enum" if all(isinstance(each, str) for each in wanted):
            return 0, lambda value: type(value) is str and value in wanted
        case "format" if wanted == "date":
            return 1, _is_day
        case "pattern":
            pattern = re.compile(wanted)
            return 1, lambda value: pattern.search(value) is not None
        case "minLength":
            return 1, lambda value: len(value) >= wanted
        case "minimum":
            return 1, lambda value: value >= wanted
        case "maximum":
            return 1, lambda value: value <= wanted
        case _:
            return 0, _unsure


def _is_day(value: str) -> bool:
    if _DAY.fullmatch(value) is None:
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
