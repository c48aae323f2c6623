"""Scenarios: what a simulation is given, read from YAML and checked before anything runs."""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from notifier.catalogue.loader import Catalogue
from notifier.catalogue.vocabulary import FactType
from notifier.clock import japan_time
from notifier.errors import ScenarioError

EVENT_HOUR = 8
"""A day in a scenario means 08:00 in Japan, before that day's letters."""

Code = Annotated[str, StringConstraints(pattern=r"^\d{6}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{10}$")]
Service = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{2}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Contact(_Part):
    """An address."""

    email: Annotated[str, StringConstraints(min_length=3, pattern=r"^[^@\s]+@[^@\s]+$")]


class ScenarioAuthority(_Part):
    """A municipality or prefecture of the scenario."""

    code: Code
    name: str
    kind: Literal["municipality", "prefecture"]
    prefecture: Code | None = None
    contacts: list[Contact] = Field(default_factory=list)
    closed: list[date] = Field(default_factory=list)


class ScenarioOffice(_Part):
    """An office of the scenario."""

    number: Number
    name: str
    services: Annotated[list[Service], Field(min_length=1)]
    municipality: Code
    staff: int | None = None
    contacts: list[Contact] = Field(default_factory=list)
    subscriptions: list[str] | None = None


class ScenarioEvent(_Part):
    """An event; `on` is a day (08:00 in Japan) or an instant with an offset."""

    on: date | datetime
    type: str
    office: Number | None = None
    authority: Code | None = None
    data: dict[str, Any] = Field(default_factory=dict)

    @property
    def instant(self) -> datetime:
        """Return when it happens, aware, in UTC."""
        if isinstance(self.on, datetime):
            return self.on
        return japan_time(self.on, EVENT_HOUR)


class Scenario(_Part):
    """A city, its offices, and what happens."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")
    authorities: list[ScenarioAuthority] = Field(default_factory=list)
    offices: list[ScenarioOffice] = Field(default_factory=list)
    events: list[ScenarioEvent] = Field(default_factory=list)


class _Loader(yaml.SafeLoader):
    """Reads YAML with only true and false as truth values: to PyYAML the key `on` would be one, too."""


def _civil_date(loader: _Loader, node: yaml.ScalarNode) -> object:
    try:
        return loader.construct_yaml_timestamp(node)
    except ValueError as fault:
        raise yaml.constructor.ConstructorError(
            None, None, f"{node.value} is not a date of the calendar", node.start_mark
        ) from fault


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _civil_date)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:bool"]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$", re.IGNORECASE), list("tTfF")
)


def read_scenario(path: Path, catalogue: Catalogue) -> Scenario:
    """Read and check the scenario in `path` against the vocabulary, the services and the duties of `catalogue`.

    Raises ScenarioError with the place and the mend.
    """
    try:
        written = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 -- a SafeLoader
    except OSError as fault:
        raise ScenarioError(
            f"{path}: cannot be read ({fault.strerror}); name a scenario file in YAML"
        ) from fault
    except (UnicodeDecodeError, yaml.YAMLError) as fault:
        detail = " ".join(str(fault).split())
        raise ScenarioError(f"{path}: is not YAML in UTF-8: {detail}") from fault
    if not isinstance(written, dict):
        raise ScenarioError(f"{path}: a scenario has the keys from, to, authorities, offices, events")
    try:
        scenario = Scenario.model_validate(written)
    except ValidationError as fault:
        error = fault.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in error["loc"])
        raise ScenarioError(f"{path}: {place}: {error['msg']}") from fault
    for problem in _problems(scenario, catalogue):
        raise ScenarioError(f"{path}: {problem}")
    return scenario


def _problems(scenario: Scenario, catalogue: Catalogue) -> Iterator[str]:
    if scenario.last < scenario.first:
        yield f"to: {scenario.last} lies before from: {scenario.first}"
    codes = [authority.code for authority in scenario.authorities]
    yield from (
        f"authorities: {code} appears twice"
        for code in sorted({each for each in codes if codes.count(each) > 1})
    )
    registered = {
        event.office for event in scenario.events if event.type == "office.registered" and event.office
    }
    numbers: set[str] = set()
    for place, office in enumerate(scenario.offices):
        if office.number in numbers:
            yield f"offices.{place}.number: {office.number} appears twice"
        numbers.add(office.number)
        yield from (f"offices.{place}.{problem}" for problem in _office_problems(office, codes, catalogue))
    for place, event in enumerate(scenario.events):
        found = _event_problems(event, numbers | registered, codes, catalogue)
        yield from (f"events.{place}.{problem}" for problem in found)


def _office_problems(office: ScenarioOffice, codes: Sequence[str], catalogue: Catalogue) -> Iterator[str]:
    if office.municipality not in codes:
        yield f"municipality: {office.municipality} is not among the authorities"
    yield from (
        f"services: unknown service code {service!r}"
        for service in office.services
        if service not in catalogue.services
    )
    families = {deadline.family for deadline in catalogue.deadlines.values()}
    yield from (
        f"subscriptions: unknown family {family!r}; there are {', '.join(sorted(families))}"
        for family in office.subscriptions or ()
        if family not in families
    )


def _event_problems(
    event: ScenarioEvent, numbers: Collection[str], codes: Sequence[str], catalogue: Catalogue
) -> Iterator[str]:
    kind = catalogue.facts.get(event.type)
    if kind is None:
        yield f"type: unknown type of event {event.type!r}; the catalogue's facts.toml lists them"
        return
    if kind.subject == "office" and event.office is None:
        yield f"office: {event.type} is about an office; name its number"
    if kind.subject == "authority" and event.authority is None:
        yield f"authority: {event.type} is about an authority; name its code"
    if event.office is not None and event.office not in numbers:
        yield f"office: {event.office} is not among the offices"
    if event.authority is not None and event.authority not in codes:
        yield f"authority: {event.authority} is not among the authorities"
    if isinstance(event.on, datetime) and event.on.tzinfo is None:
        yield "on: a time needs an offset, such as 2026-06-01T10:00:00+09:00"
        return
    yield from _data_problems(event, kind, codes, catalogue)


def _data_problems(
    event: ScenarioEvent, kind: FactType, codes: Sequence[str], catalogue: Catalogue
) -> Iterator[str]:
    try:
        kind.check(event.data)
    except ValueError as fault:
        yield f"data: {fault}"
        return
    municipality, deadline = event.data.get("municipality"), event.data.get("deadline")
    if municipality is not None and municipality not in codes:
        yield f"data.municipality: {municipality} is not among the authorities"
    if deadline is not None and deadline not in catalogue.deadlines:
        yield f"data.deadline: no deadline is called {deadline!r}; `notifier catalogue list` names them"
