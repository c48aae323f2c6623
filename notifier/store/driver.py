"""SQLite without detours: one change of threads a statement or a whole transaction, none for a database in memory.

The driver hands each call to a thread and waits for it: cursor, statement, rows and closing are four changes of
threads, and each costs more than most statements. Here a statement brings its rows along, and what never waits
for a disk is done on the spot.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any, Self, TypeVar

import aiosqlite
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")
STATEMENTS = 512
"""That a connection keeps prepared."""


class BriefCursor(aiosqlite.Cursor):
    """A cursor that fetches all rows with the statement."""

    def __init__(self, conn: "BriefConnection", cursor: sqlite3.Cursor) -> None:
        """Wrap `cursor` of the connection `conn`."""
        super().__init__(conn, cursor)
        self._conn: BriefConnection = conn
        self._rows: list[Any] = []
        self._under_way = False

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> Self:
        """Run one statement and keep its rows."""
        self._under_way = True  # and it stays so if whoever waits is cancelled
        self._rows = await self._conn.do(self._run, sql, parameters if parameters is not None else ())
        self._under_way = False
        return self

    def _run(self, sql: str, parameters: Iterable[Any]) -> list[Any]:
        self._cursor.execute(sql, parameters)  # type: ignore[arg-type]  # a sequence or a mapping, as it came
        return self._cursor.fetchall() if self._cursor.description else []

    async def fetchall(self) -> Iterable[sqlite3.Row]:
        """Return the rows that have not been fetched."""
        rows, self._rows = self._rows, []
        return rows

    async def fetchmany(self, size: int | None = None) -> Iterable[sqlite3.Row]:
        """Return the next `size` rows (one by default): a stream gets all its rows, though not one by one."""
        count = size or 1
        rows, self._rows = self._rows[:count], self._rows[count:]
        return rows

    async def fetchone(self) -> sqlite3.Row | None:
        """Return the next row, or None."""
        return next(iter(await self.fetchmany()), None)

    async def close(self) -> None:
        """Close the cursor; behind a statement that is still under way, if there is one."""
        if self._under_way:
            await self._conn.do(self._cursor.close)
        else:
            self._cursor.close()


class BriefConnection(aiosqlite.Connection):
    """A connection whose cursors are brief; a database on a disk is used on a thread of its own."""

    _in_doubt = False

    def cursor(self) -> "_Opening":  # type: ignore[override]  # what is returned is awaited or entered, as there
        """Return a cursor, to be awaited or entered."""
        return _Opening(BriefCursor(self, self._conn.cursor()))

    async def do(self, work: Callable[..., T], *arguments: object) -> T:
        """Return what `work` returns where statements run."""
        done: T = await self._execute(work, *arguments)
        return done

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]  # the driver's own door
        except asyncio.CancelledError:
            self._in_doubt = True  # nobody waits for it any more, and it may be under way
            raise

    async def rollback(self) -> None:
        """Undo the transaction; where there is none, nobody is asked."""
        if self._in_doubt or self._conn.in_transaction:
            await super().rollback()
            self._in_doubt = False

    async def create_function(self, *args: Any, **kwargs: Any) -> None:
        """Make a function known at once: a new connection is not left half made by whoever is cancelled."""
        self._conn.create_function(*args, **kwargs)


class PresentConnection(BriefConnection):
    """A connection to a database in memory: nothing is waited for, so nothing is handed to a thread."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)


async def beneath(conn: AsyncConnection, work: Callable[[sqlite3.Connection], T]) -> T:
    """Return what `work` returns with the plain connection under `conn`, on SQLite, at one change of threads."""
    driver = (await conn.get_raw_connection()).driver_connection
    if not isinstance(driver, BriefConnection):
        raise TypeError("only connections to SQLite have a plain one beneath")
    return await driver.do(work, driver._conn)  # noqa: SLF001 -- as it is under the driver


async def transacted(driver: BriefConnection, work: Callable[[sqlite3.Connection], T]) -> T:
    """Return what `work` returns in a transaction of its own, begun and ended at the same change of threads.

    It is kept, or undone if `work` raises anything, even if nobody waits for it any more.
    """

    def run(plain: sqlite3.Connection) -> T:
        plain.execute("BEGIN IMMEDIATE")
        try:
            found = work(plain)
            plain.execute("COMMIT")
        except BaseException:
            plain.rollback()
            raise
        return found

    return await driver.do(run, driver._conn)  # noqa: SLF001 -- as it is under the driver


class _Opening:
    """A cursor about to be used, as the driver hands it out."""

    def __init__(self, cursor: BriefCursor) -> None:
        self._cursor = cursor

    async def __aenter__(self) -> BriefCursor:
        return self._cursor

    async def __aexit__(self, *_: object) -> None:
        await self._cursor.close()


def connecting(
    address: URL, pragmas: Sequence[str], *, in_memory: bool
) -> Callable[[], Awaitable[BriefConnection]]:
    """Return what connects to the SQLite database at `address` and sets its `pragmas`."""
    places, options = address.get_dialect()().create_connect_args(address)
    # Cursors are made and closed here, statements run on the connection's thread, never both at once.
    open_database: Callable[[], sqlite3.Connection] = partial(
        sqlite3.connect,
        *places,
        **{**options, "check_same_thread": False, "isolation_level": None, "cached_statements": STATEMENTS},
    )

    def prepare(plain: sqlite3.Connection) -> None:
        for pragma in pragmas:
            plain.execute(f"PRAGMA {pragma}")

    async def connect() -> BriefConnection:
        kind = PresentConnection if in_memory else BriefConnection
        connection = kind(open_database, iter_chunk_size=64)
        connection._thread.daemon = True  # noqa: SLF001 -- as SQLAlchemy does, so that no thread keeps a program alive
        await connection
        try:
            await connection.do(prepare, connection._conn)  # noqa: SLF001 -- as it is under the driver
        except BaseException:
            connection.stop()
            raise
        return connection

    return connect
