"""Facts meant and offices meant, as data: the inverse of what the domain parses, and dates from JSON."""

from collections.abc import Mapping
from typing import Any

from notifier.catalogue.tables import Table, Written, civil_date
from notifier.domain.applicability import (
    AllOf,
    AnyOf,
    Authorities,
    Condition,
    NotThat,
    Recorded,
    Services,
    parse_condition,
    parse_pattern,
)
from notifier.domain.dates import Period
from notifier.domain.expressions import Anchor
from notifier.domain.facts import FactPattern

_PATTERN_KEYS = ("fact", "where", "since", "until")


def read_pattern(written: Written) -> FactPattern:
    """Read `{fact = …, where = {…}, since = …, until = …}`. Raises ValueError."""
    if "fact" not in written:
        raise ValueError(f"`fact` is missing in {dict(written)!r}; name the fact that is meant")
    pattern = parse_pattern(_with_dates(written))
    for name, value in pattern.where:
        if not isinstance(value, str | int | bool):
            message = f"`where.{name}` must be a text, a number, true or false; use since, until for dates"
            raise ValueError(message)  # noqa: TRY004 -- data
    return pattern


def pattern_as_data(pattern: FactPattern) -> dict[str, Any]:
    """Return `pattern` as JSON can keep it; `read_pattern` is the inverse."""
    data: dict[str, Any] = {"fact": list(pattern.types)}
    if pattern.where:
        data["where"] = dict(pattern.where)
    if pattern.since is not None:
        data["since"] = pattern.since.isoformat()
    if pattern.until is not None:
        data["until"] = pattern.until.isoformat()
    return data


def read_anchor(written: object) -> Anchor:
    """Read a day of the office's own: the type of a fact, or a table with its pattern. Raises ValueError."""
    if isinstance(written, str):
        return Anchor(FactPattern((written,)))
    table = Table(written, "the office's own day")
    pattern = read_pattern({key: table.raw(key) for key in _PATTERN_KEYS if key in table})
    value = table.text("value") if "value" in table else None
    lasting = Period.parse(table.text("lasting")) if "lasting" in table else None
    anchor = Anchor(pattern, value, earliest=table.flag("earliest"), lasting=lasting)
    table.finish()
    return anchor


def anchor_as_data(anchor: Anchor) -> dict[str, Any]:
    """Return `anchor` as JSON can keep it; `read_anchor` is the inverse."""
    data = pattern_as_data(anchor.pattern)
    if anchor.value is not None:
        data["value"] = anchor.value
    if anchor.earliest:
        data["earliest"] = True
    if anchor.lasting is not None:
        data["lasting"] = period_as_text(anchor.lasting)
    return data


def period_as_text(period: Period) -> str:
    """Return `period` in the ISO 8601 form that `Period.parse` reads: P1Y, P1Y6M."""
    parts = ((period.years, "Y"), (period.months, "M"), (period.days, "D"))
    return "P" + "".join(f"{number}{unit}" for number, unit in parts if number)


def read_condition(written: Written, groups: Mapping[str, frozenset[str]]) -> Condition:
    """Read a condition, with dates also as JSON writes them. Raises ValueError."""
    return parse_condition(_with_dates(written), groups)


def condition_as_data(condition: Condition) -> dict[str, Any]:
    """Return `condition` as JSON can keep it, with codes for groups; `read_condition` is the inverse."""
    match condition:
        case Services(codes):
            return {"services": sorted(codes)}
        case Authorities(codes):
            return {"authorities": sorted(codes)}
        case Recorded(pattern):
            return pattern_as_data(pattern)
        case AllOf(parts):
            return {"all": [condition_as_data(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [condition_as_data(part) for part in parts]}
        case NotThat(part):
            return {"not": condition_as_data(part)}


def _with_dates(written: Any) -> Any:
    if isinstance(written, list):
        return [_with_dates(each) for each in written]
    if not isinstance(written, Mapping):
        return written
    return {key: _with_date(key, value) for key, value in written.items()}


def _with_date(key: str, value: Any) -> Any:
    if key in {"since", "until"}:
        return civil_date(value, key)
    return value if key == "where" else _with_dates(value)
