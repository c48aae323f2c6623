"""Groups: many rows go into a table by one statement, and cost one wait.

A row of parameters each would cost more than the row itself: on SQLite a wait for the interpreter, on PostgreSQL a
message on the wire. SQLite is given all values side by side; PostgreSQL one JSON text, in which days, instants and
nested JSON are texts again.
"""

import json
from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

from sqlalchemy import JSON, Column, CursorResult, Dialect, Row, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from notifier.store.database import as_json, table

MOST_VALUES: Final = 32_766
"""That one statement may carry on SQLite."""
_POSTGRESQL: Final[Dialect] = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy gives it no types


class Group:
    """Inserts rows that name the same columns, in their order.

    With `once`, the columns of a unique key, rows whose key is there are passed over. `returning` are columns of the
    rows that were inserted.
    """

    def __init__(
        self,
        model: type[SQLModel],
        columns: Sequence[str],
        *,
        once: Sequence[str] = (),
        returning: Sequence[str] = (),
    ) -> None:
        """Prepare the statements; nothing is executed."""
        kept = table(model)
        self._columns: list[Column[Any]] = [kept.c[each] for each in columns]
        ending = f" ON CONFLICT ({_named(once)}) DO NOTHING" if once else ""
        self._ending = ending + (f" RETURNING {_named(returning)}" if returning else "")
        self._into = f"INSERT INTO {kept.name} ({_named(columns)})"
        read = ", ".join(
            f"CAST(v->>{place} AS {each.type.compile(_POSTGRESQL)})"
            for place, each in enumerate(self._columns)
        )
        self._from_json = text(
            f"{self._into} SELECT {read} FROM jsonb_array_elements(CAST(:rows AS jsonb)) WITH ORDINALITY AS r(v, n)"  # noqa: S608 -- names of our own tables
            f" ORDER BY n{self._ending}"
        )
        self._returns = bool(returning)

    async def insert(self, conn: AsyncConnection, rows: Sequence[Sequence[Any]]) -> Sequence[Row[Any]]:
        """Insert `rows`, each with a value for every column; return what `returning` asks for."""
        found: list[Row[Any]] = []
        most = MOST_VALUES // len(self._columns)
        for start in range(0, len(rows), most):
            done = await self._execute(conn, rows[start : start + most])
            found += done.all() if self._returns else []
        return found

    async def _execute(self, conn: AsyncConnection, rows: Sequence[Sequence[Any]]) -> CursorResult[Any]:
        writers = [_writer(each, conn.dialect) for each in self._columns]
        written = [
            [
                value if value is None or write is None else write(value)
                for value, write in zip(row, writers, strict=True)
            ]
            for row in rows
        ]
        if conn.dialect.name == "postgresql":
            carried = json.dumps(written, ensure_ascii=False, separators=(",", ":"), default=str)
            return await conn.execute(self._from_json, {"rows": carried})
        places = f"({', '.join('?' * len(writers))})"
        statement = f"{self._into} VALUES {', '.join([places] * len(rows))}{self._ending}"
        return await conn.exec_driver_sql(statement, tuple(chain.from_iterable(written)))


def _named(columns: Sequence[str]) -> str:
    return ", ".join(f'"{each}"' for each in columns)


def _writer(column: Column[Any], dialect: Dialect) -> Any:
    """Return what turns a value into one that SQLite keeps, or that JSON carries to PostgreSQL; None if it is one."""
    if isinstance(column.type, JSON):
        return as_json
    return column.type.dialect_impl(dialect).bind_processor(dialect)
