"""Loading: the shipped law from its folder, or a CatalogueError that names file, entry and mend."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from notifier.catalogue.duties import deadline_from_data, read_authority, read_ladder
from notifier.catalogue.entries import add, entries, fault, index, read_each, read_one
from notifier.catalogue.services import (
    RegisteredType,
    ServiceType,
    groups_of,
    read_registered_type,
    read_service,
)
from notifier.catalogue.sources import read_decision, read_notices, read_statement
from notifier.catalogue.tables import Written
from notifier.catalogue.vocabulary import FactType, read_fact_type
from notifier.domain.calendar import Calendar
from notifier.domain.ladders import Ladder
from notifier.domain.law import Authority, Deadline, Law
from notifier.domain.notices import Notice
from notifier.domain.statements import Statement

SHIPPED = Path(__file__).parent
_NAMED = (
    "notices",
    "facts",
    "services",
    "ladders",
    "authorities",
    "decisions",
    "register",
    "watchlist",
    "names",
)
T = TypeVar("T")


@dataclass(frozen=True)
class Catalogue:
    """The law as shipped: what may be cited, who may say what, who provides what, and what is owed when.

    `statements` are in order of knowledge. `files` names the file each deadline came from, `register` the
    types of the national register of offices.
    """

    notices: Mapping[str, Notice]
    facts: Mapping[str, FactType]
    services: Mapping[str, ServiceType]
    groups: Mapping[str, frozenset[str]]
    ladders: Mapping[str, Ladder]
    authorities: Mapping[str, Authority]
    deadlines: Mapping[str, Deadline]
    statements: tuple[Statement, ...]
    files: Mapping[str, str]
    register: Mapping[str, RegisteredType] = field(default_factory=dict)

    def law(self, calendar: Calendar) -> Law:
        """Return the law with everything the catalogue says, known or not yet; nothing is set by anybody."""
        said: dict[str, list[Statement]] = defaultdict(list)
        for statement in self.statements:
            said[statement.deadline].append(statement)
        statements = {name: tuple(each) for name, each in said.items()}
        return Law(self.deadlines, statements, self.ladders, calendar, self.authorities)


def load(folder: Path | None = None) -> Catalogue:
    """Read the catalogue in `folder`, or the one shipped. Raises CatalogueError: file, entry and mend.

    The shipped one does not change while a program runs: it is read once.
    """
    return _shipped() if folder is None else _load(folder)


@cache
def _shipped() -> Catalogue:
    return _load(SHIPPED)


def _load(where: Path) -> Catalogue:
    found = read_each(where / "notices.toml", "notice", read_notices)
    notices = index("notices.toml", (notice for each in found for notice in each), lambda each: each.id)
    services = _named(where, "services", "service", read_service, lambda each: each.code)
    groups = groups_of(services.values())
    deadlines: dict[str, Deadline] = {}
    statements: dict[str, Statement] = {}
    files: dict[str, str] = {}
    for path in sorted(where.glob("*.toml")):
        for deadline, said in _family(path, notices, groups) if path.stem not in _NAMED else ():
            add(deadlines, deadline.id, deadline, path.name)
            files[deadline.id] = path.name
            for each in said:
                add(statements, each.id, each, path.name)
    for decision in read_each(where / "decisions.toml", "decision", read_decision):
        if decision.deadline not in deadlines:
            raise fault("decisions.toml", decision.id, f"no deadline is called {decision.deadline!r}")
        add(statements, decision.id, decision, "decisions.toml")
        notices.setdefault(decision.notice.id, decision.notice)
    return Catalogue(
        notices=notices,
        facts=_named(where, "facts", "fact", read_fact_type, lambda each: each.type),
        services=services,
        groups=groups,
        ladders=_named(where, "ladders", "ladder", read_ladder, lambda each: each.id),
        authorities=_named(where, "authorities", "authority", read_authority, lambda each: each.code),
        deadlines=deadlines,
        statements=tuple(sorted(statements.values(), key=lambda each: (each.known_from, each.id))),
        files=files,
        register=_register(where, services),
    )


def _register(where: Path, services: Mapping[str, ServiceType]) -> dict[str, RegisteredType]:
    found = _named(where, "register", "register", read_registered_type, lambda each: each.code)
    for each in found.values():
        if each.service and each.service not in services:
            raise fault("register.toml", each.code, f"no service has the code {each.service!r}")
    return found


def _named(
    where: Path, name: str, key: str, read: Callable[[Written], T], by: Callable[[T], str]
) -> dict[str, T]:
    path = where / f"{name}.toml"
    return index(path.name, read_each(path, key, read), by)


def _family(
    path: Path, notices: Mapping[str, Notice], groups: Mapping[str, frozenset[str]]
) -> Iterator[tuple[Deadline, list[Statement]]]:
    for entry in entries(path, "deadline"):
        sayings = entry.pop("statement", [])
        deadline = read_one(path.name, entry, partial(deadline_from_data, groups=groups))
        if deadline.family != path.stem:
            raise fault(path.name, deadline.id, f"belongs into {deadline.family}.toml; move it there")
        if not isinstance(sayings, list) or not all(isinstance(each, dict) for each in sayings):
            raise fault(path.name, deadline.id, "statements are written [[deadline.statement]]")
        read = partial(read_statement, deadline=deadline.id, notices=notices)
        yield deadline, [read_one(path.name, saying, read) for saying in sayings]
