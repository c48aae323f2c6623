"""Faults of the database in the program's own words: what is wrong, where, and what to do about it.

The two drivers name the same trouble differently: SQLite by a result code, PostgreSQL by an SQLSTATE.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from sqlalchemy import exc

from notifier.errors import StoreError


class StoreUnreachableError(StoreError):
    """The database does not answer at all, or turns the program away."""


class StoreBusyError(StoreError):
    """Somebody else was in the way; nothing was kept, and the same work may be tried again at once."""


class StoreFullError(StoreError):
    """There is no room left to keep anything; nothing was kept."""


class StoreBehindError(StoreError):
    """The tables are not the ones this version of the program works with."""


_UNREACHABLE = (StoreUnreachableError, "cannot be reached", "start it, or correct NOTIFIER_DATABASE_URL")
_DENIED = (
    StoreUnreachableError,
    "turns the program away",
    "check the user, the password and the name of the database in NOTIFIER_DATABASE_URL",
)
_CROWDED = (
    StoreUnreachableError,
    "takes no further connection",
    "raise its max_connections or start fewer processes",
)
_BUSY = (StoreBusyError, "is held by other work", "nothing was kept; try again")
_FULL = (StoreFullError, "has no room left", "free space on its disk; nothing was kept of this work")
_BROKEN_DISK = (StoreError, "cannot read or write its files", "check the disk; nothing was kept of this work")
_READ_ONLY = (StoreError, "may only be read here", "check who owns the file, or write in a transaction")
_CORRUPT = (StoreError, "is no sound database", "restore it from a backup, or name another file")
_BEHIND = (StoreBehindError, "lacks a table or a column that this version needs", "run `notifier migrate`")
_NO_FILE = (
    StoreUnreachableError,
    "cannot be opened",
    "create its folder, or give this user the right to write there",
)

Fault = tuple[type[StoreError], str, str]

_BY_RESULT_CODE: Final[Mapping[int, Fault]] = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: _BROKEN_DISK,
    sqlite3.SQLITE_CANTOPEN: _NO_FILE,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_CORRUPT: _CORRUPT,
    sqlite3.SQLITE_NOTADB: _CORRUPT,
}
# A whole class (two characters) or one state, after appendix A of PostgreSQL's manual.
_BY_SQLSTATE: Final[Mapping[str, Fault]] = {
    "08": _UNREACHABLE,
    "28": _DENIED,
    "3D": _DENIED,
    "53100": _FULL,
    "53300": _CROWDED,
    "57P": _UNREACHABLE,
    "58030": _BROKEN_DISK,
    "25006": _READ_ONLY,
    "40001": _BUSY,
    "40P01": _BUSY,
    "55P03": _BUSY,
    "42P01": _BEHIND,
    "42703": _BEHIND,
    "XX001": _CORRUPT,
}


@contextmanager
def named_faults(place: str, *, connecting: bool = False) -> Iterator[None]:
    """Turn what the drivers raise inside into a StoreError about the database at `place`.

    While `connecting`, trouble of the operating system counts as the database's. What is no fault of the
    database (a broken constraint, an error in the program) passes unchanged.
    """
    try:
        yield
    except Exception as error:
        fault = _fault_of(error, connecting=connecting)
        if fault is None:
            raise
        kind, what, mend = fault
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        message = f"the database {place} {what} ({reason or type(error).__name__}): {mend}"
        raise kind(message) from error


def _fault_of(error: Exception, *, connecting: bool) -> Fault | None:
    raised = error.orig if isinstance(error, exc.DBAPIError) else error
    if isinstance(error, exc.TimeoutError):
        return _BUSY
    if isinstance(raised, sqlite3.Error):
        return _of_sqlite(raised)
    state = getattr(raised, "sqlstate", None)
    if isinstance(state, str):
        known = [_BY_SQLSTATE.get(state[:length]) for length in (5, 3, 2)]
        return next((each for each in known if each is not None), None) or _stale_plan(raised)
    if isinstance(error, exc.DBAPIError) and error.connection_invalidated:
        return _UNREACHABLE
    return (
        _UNREACHABLE if isinstance(raised, ConnectionError) or (connecting and _of_system(raised)) else None
    )


def _of_sqlite(raised: sqlite3.Error) -> Fault | None:
    # Extended codes carry the plain one in their low byte.
    code = getattr(raised, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    if str(raised).startswith(("no such table", "no such column")):
        return _BEHIND
    return _BY_RESULT_CODE.get(code)


def _stale_plan(raised: object) -> Fault | None:
    """After a migration an open connection fails once with a plan made for the old tables, then recovers."""
    return _BUSY if "cached statement plan" in str(raised) else None


def _of_system(raised: object) -> bool:
    return isinstance(raised, (OSError, TimeoutError))
