"""Loading: the shipped law from its folder, or a CatalogueError that names file, entry and mend."""

import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from notifier.catalogue.duties import deadline_from_data, read_authority, read_ladder
from notifier.catalogue.services import ServiceType, groups_of, read_service
from notifier.catalogue.sources import read_decision, read_notices, read_statement
from notifier.catalogue.tables import Written
from notifier.catalogue.vocabulary import FactType, read_fact_type
from notifier.domain.calendar import Calendar
from notifier.domain.ladders import Ladder
from notifier.domain.law import Authority, Deadline, Law
from notifier.domain.notices import Notice
from notifier.domain.statements import Statement
from notifier.errors import CatalogueError

SHIPPED = Path(__file__).parent
_NAMED = ("notices", "facts", "services", "ladders", "authorities", "decisions")
T = TypeVar("T")


@dataclass(frozen=True)
class Catalogue:
    """The law as shipped: what may be cited, who may say what, who provides what, and what is owed when.

    `statements` are in order of knowledge. `files` names the file each deadline came from.
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

    def law(self, calendar: Calendar) -> Law:
        """Return the law with everything the catalogue says, known or not yet; nothing is set by anybody."""
        said: dict[str, list[Statement]] = defaultdict(list)
        for statement in self.statements:
            said[statement.deadline].append(statement)
        statements = {name: tuple(each) for name, each in said.items()}
        return Law(self.deadlines, statements, self.ladders, calendar, self.authorities)


def load(folder: Path | None = None) -> Catalogue:
    """Read the catalogue in `folder`, or the one shipped. Raises CatalogueError naming file, entry and mend."""
    where = folder or SHIPPED
    notices = _index(
        "notices.toml",
        (each for found in _read(where, "notices", "notice", read_notices) for each in found),
        lambda each: each.id,
    )
    services = _index(
        "services.toml", _read(where, "services", "service", read_service), lambda each: each.code
    )
    groups = groups_of(services.values())
    deadlines: dict[str, Deadline] = {}
    statements: dict[str, Statement] = {}
    files: dict[str, str] = {}
    for path in sorted(where.glob("*.toml")):
        if path.stem not in _NAMED:
            for deadline, said in _family(path, notices, groups):
                _add(deadlines, deadline.id, deadline, path.name)
                files[deadline.id] = path.name
                for each in said:
                    _add(statements, each.id, each, path.name)
    for decision in _read(where, "decisions", "decision", read_decision):
        if decision.deadline not in deadlines:
            raise _fault("decisions.toml", decision.id, f"no deadline is called {decision.deadline!r}")
        _add(statements, decision.id, decision, "decisions.toml")
        notices.setdefault(decision.notice.id, decision.notice)
    return Catalogue(
        notices=notices,
        facts=_index("facts.toml", _read(where, "facts", "fact", read_fact_type), lambda each: each.type),
        services=services,
        groups=groups,
        ladders=_index("ladders.toml", _read(where, "ladders", "ladder", read_ladder), lambda each: each.id),
        authorities=_index(
            "authorities.toml",
            _read(where, "authorities", "authority", read_authority),
            lambda each: each.code,
        ),
        deadlines=deadlines,
        statements=tuple(sorted(statements.values(), key=lambda each: (each.known_from, each.id))),
        files=files,
    )


def _family(
    path: Path, notices: Mapping[str, Notice], groups: Mapping[str, frozenset[str]]
) -> Iterator[tuple[Deadline, list[Statement]]]:
    for entry in _entries(path, "deadline"):
        written = dict(entry)
        sayings = written.pop("statement", [])
        deadline = _each(path.name, entry, lambda each: deadline_from_data(each, groups), written)
        if deadline.family != path.stem:
            raise _fault(path.name, deadline.id, f"belongs into {deadline.family}.toml; move it there")
        said = []
        for saying in sayings:
            said.append(
                _each(path.name, saying, lambda each, to=deadline: read_statement(each, to.id, notices))
            )
        yield deadline, said


def _read(where: Path, name: str, key: str, read: Callable[[Written], T]) -> Iterator[T]:
    path = where / f"{name}.toml"
    for entry in _entries(path, key):
        yield _each(path.name, entry, read)


def _entries(path: Path, key: str) -> list[dict[str, Any]]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CatalogueError(f"{path.name}: missing in {path.parent}; restore it from the release") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path.name}: cannot be read ({error}); restore it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"{path.name}: no valid TOML: {error}; mend the place named") from error
    unknown = sorted(set(document) - {key})
    if unknown:
        raise CatalogueError(f"{path.name}: unknown tables {unknown}; entries are written [[{key}]]")
    entries = document.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise CatalogueError(f"{path.name}: entries are written [[{key}]], with two brackets")
    return entries


def _each(file: str, entry: Written, read: Callable[[Written], T], written: Written | None = None) -> T:
    try:
        return read(entry if written is None else written)
    except (ValueError, KeyError) as error:
        raise _fault(
            file, str(entry.get("id") or entry.get("type") or entry.get("code") or "?"), str(error)
        ) from error


def _index(file: str, entries: Iterable[T], key: Callable[[T], str]) -> dict[str, T]:
    found: dict[str, T] = {}
    for entry in entries:
        _add(found, key(entry), entry, file)
    return found


def _add(found: dict[str, T], name: str, entry: T, file: str) -> None:
    if name in found:
        raise _fault(file, name, "stands twice; give one of them another id or take it out")
    found[name] = entry


def _fault(file: str, entry: str, what: str) -> CatalogueError:
    return CatalogueError(f"{file}: {entry}: {what}")
