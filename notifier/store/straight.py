"""PostgreSQL without detours: one statement that is a transaction of its own, at one round trip.

To take a connection from the pool, begin, end and give it back costs several times what a statement costs that keeps a
few hundred rows; so one connection is kept for such statements, and they take turns on it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import make_dataclass
from time import monotonic
from typing import Any, Final, cast

from sqlalchemy import Select
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.sql.dml import ReturningUpdate

IDLE_SECONDS: Final = 1.0
"""For so long the connection is taken as it was left."""
_ANSWER_SECONDS: Final = 10.0
_CLASH: Final = "23505"
_DIALECT: Final = asyncpg.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy gives it no types


class ClashError(Exception):
    """A row would have had the unique key of another; nothing was kept. `constraint` names that key."""

    def __init__(self, constraint: str) -> None:
        """Tell of the unique key `constraint`."""
        super().__init__(constraint)
        self.constraint = constraint


class Straight:
    """A connection out of the pool of `engine`, for single statements."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Connect with the first statement."""
        self._engine = engine
        self._turn = asyncio.Lock()
        self._held: AsyncConnection | None = None
        self._used = 0.0

    async def rows(self, statement: str, values: Sequence[Any]) -> Sequence[Any]:
        """Return the rows of a statement with its `values` for $1, $2 and so on. Raises ClashError."""
        async with self._turn:
            conn = await self._connected()
            found = await rows_of(conn, statement, values)
            self._used = monotonic()
            return found

    async def close(self) -> None:
        """Give the connection back."""
        held, self._held = self._held, None
        if held is not None:
            await held.close()

    async def _connected(self) -> AsyncConnection:
        if self._held is not None and not await self._lives(self._held):
            with suppress(Exception):  # whatever it still says, it is done with
                await self._held.invalidate()
            await self.close()
        if self._held is None:
            self._held = await self._engine.connect()
        return self._held

    async def _lives(self, conn: AsyncConnection) -> bool:
        driver = await _driver_of(conn)
        if driver.is_closed():
            return False
        if monotonic() - self._used > IDLE_SECONDS:
            try:
                await driver.execute("SELECT 1", timeout=_ANSWER_SECONDS)
            except Exception:  # noqa: BLE001 -- whatever is wrong with it, another one is tried
                return False
        return True


async def rows_of(conn: AsyncConnection, statement: str, values: Sequence[Any]) -> Sequence[Any]:
    """Return the rows of a statement on `conn`, a part of its transaction if it is in one. Raises ClashError."""
    driver = await _driver_of(conn)
    try:
        return cast("Sequence[Any]", await driver.fetch(statement, *values))
    except Exception as fault:
        if getattr(fault, "sqlstate", "") == _CLASH:
            raise ClashError(str(getattr(fault, "constraint_name", ""))) from fault
        raise


async def _driver_of(conn: AsyncConnection) -> Any:
    return (await conn.get_raw_connection()).driver_connection


class Inquiry:
    """A statement that returns rows, compiled once."""

    def __init__(self, statement: Select[Any] | ReturningUpdate[Any]) -> None:
        """Compile `statement`; nothing is asked."""
        self._compiled = statement.compile(dialect=_DIALECT)
        self.statement = str(self._compiled)
        self._places = self._compiled.positiontup or []
        self._row: Any = make_dataclass(
            "Row", [str(each.key) for each in statement.exported_columns], slots=True
        )

    def values(self, wanted: Mapping[str, Any]) -> list[Any]:
        """Return the values for $1, $2 and so on from those that are `wanted`, by the names of its parameters."""
        given = self._compiled.construct_params(wanted)
        return [given[name] for name in self._places]

    async def ask(self, conn: AsyncConnection, wanted: Mapping[str, Any]) -> list[Any]:
        """Return the rows that answer it in the transaction of `conn`."""
        return self.read(await rows_of(conn, self.statement, self.values(wanted)))

    def read(self, rows: Sequence[Any]) -> list[Any]:
        """Return rows with their values, as they came, under the names of their columns."""
        return [self._row(*row) for row in rows]
