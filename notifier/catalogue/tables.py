"""Tables: typed reading of one entry of the law as data, from TOML or from JSON.

Both give a mapping; TOML has dates, JSON writes them as `2026-03-13`. Every refusal is a ValueError that
names the key and the mend; who opened the file adds its name and that of the entry.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeVar

Written = Mapping[str, Any]
E = TypeVar("E", bound=Enum)


class Table:
    """One entry, read key by key; `finish` refuses keys that nobody has asked for."""

    def __init__(self, written: object, name: str = "the entry") -> None:
        """Take `written`, which must be a table. Raises ValueError if it is none."""
        if not isinstance(written, Mapping):
            raise ValueError(f"{name} must be a table of keys and values; found {written!r}")  # noqa: TRY004 -- data
        self._written: Written = written
        self._asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        """Tell whether `key` is written."""
        return key in self._written

    def raw(self, key: str) -> Any:
        """Return what is written for `key`, unchecked, or None."""
        self._asked.add(key)
        return self._written.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text. Raises ValueError if it is no text, or missing or empty without a `default`."""
        value = self.raw(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise ValueError(f"`{key}` must be a text; found {value!r}")
        return value

    def number(self, key: str, default: int | None = None) -> int:
        """Return a whole number. Raises ValueError otherwise."""
        value = self.raw(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError(f"`{key}` must be a whole number; found {value!r}")  # noqa: TRY004 -- data
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return true or false. Raises ValueError for anything else."""
        value = self.raw(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise ValueError(f"`{key}` must be true or false; found {value!r}")  # noqa: TRY004 -- data
        return value

    def day(self, key: str) -> date:
        """Return a civil date. Raises ValueError if it is missing or none."""
        found = self.day_or_none(key)
        if found is None:
            raise ValueError(f"`{key}` is missing; write a date such as 2026-03-13")
        return found

    def day_or_none(self, key: str) -> date | None:
        """Return a civil date, or None if nothing is written. Raises ValueError for what is no date."""
        value = self.raw(key)
        return None if value is None else civil_date(value, key)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts, empty if nothing is written. Raises ValueError otherwise."""
        value = self.raw(key)
        if value is None:
            return ()
        if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
            raise ValueError(f"`{key}` must be a list of texts; found {value!r}")
        return tuple(value)

    def tables(self, key: str) -> list[Any]:
        """Return a list of tables as written, empty if nothing is. Raises ValueError for what is no list."""
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, list | tuple):
            raise ValueError(f"`{key}` must be a list; found {value!r}")  # noqa: TRY004 -- data
        return list(value)

    def choice(self, key: str, kind: type[E], default: E | None = None) -> E:
        """Return a member of `kind` by its value. Raises ValueError that lists the values allowed."""
        value = self.raw(key)
        if value is None and default is not None:
            return default
        return chosen(value, kind, key)

    def finish(self) -> None:
        """Raise ValueError if a key is written that is not known here."""
        unknown = sorted(set(self._written) - self._asked)
        if unknown:
            raise ValueError(f"unknown keys {unknown}; known are {sorted(self._asked)}")


def civil_date(value: object, key: str) -> date:
    """Return `value` as a civil date: a date, or a text such as `2026-03-13`. Raises ValueError otherwise."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"`{key}` must be a date such as 2026-03-13; found {value!r}") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError(f"`{key}` must be a date without a time of day; found {value!r}")


def chosen(value: object, kind: type[E], key: str) -> E:
    """Return the member of `kind` whose value is `value`. Raises ValueError that lists the values allowed."""
    for member in kind:
        if member.value == value:
            return member
    raise ValueError(f"`{key}` must be one of {[member.value for member in kind]}; found {value!r}")
