"""Entries: the tables of one TOML file, and faults that name file, entry and mend."""

import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from notifier.catalogue.tables import Written
from notifier.errors import CatalogueError

T = TypeVar("T")


def read_each(path: Path, key: str, read: Callable[[Written], T]) -> Iterator[T]:
    """Read every `[[key]]` of the file with `read`. Raises CatalogueError."""
    for entry in entries(path, key):
        yield read_one(path.name, entry, read)


def entries(path: Path, key: str) -> list[dict[str, Any]]:
    """Return every `[[key]]` of the file as written. Raises CatalogueError if that cannot be done."""
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
        raise CatalogueError(f"{path.name}: unknown keys {unknown} at the top; entries are written [[{key}]]")
    found = document.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise CatalogueError(f"{path.name}: entries are written [[{key}]], with two brackets")
    return found


def read_one(file: str, entry: Written, read: Callable[[Written], T]) -> T:
    """Read one entry; what `read` refuses becomes a CatalogueError with the file and the entry's name."""
    try:
        return read(entry)
    except (ValueError, KeyError) as error:
        names = (entry.get(key) for key in ("id", "type", "code"))
        raise fault(file, next((str(name) for name in names if name), "an entry"), str(error)) from error


def index(file: str, found: Iterable[T], key: Callable[[T], str]) -> dict[str, T]:
    """Return entries by `key`. Raises CatalogueError if one stands twice."""
    by_name: dict[str, T] = {}
    for entry in found:
        add(by_name, key(entry), entry, file)
    return by_name


def add(found: dict[str, T], name: str, entry: T, file: str) -> None:
    """Put `entry` among those `found`. Raises CatalogueError if its name stands twice."""
    if name in found:
        raise fault(file, name, "stands twice; give one of them another id or take it out")
    found[name] = entry


def fault(file: str, entry: str, what: str) -> CatalogueError:
    """Return the error that says what is wrong with which entry of which file."""
    return CatalogueError(f"{file}: {entry}: {what}")
