"""Groups: many rows go into a table by one statement, and cost one wait.

A row of parameters each would cost more than the row itself: on SQLite a wait for the interpreter, on PostgreSQL a
message on the wire. SQLite is given all values side by side, PostgreSQL one text for each column, its values joined
by a sign that none of them holds: the driver looks at each value of a list for longer than the database takes to keep it.
"""

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any, Final, cast

from sqlalchemy import JSON, Column, CursorResult, Dialect, Row
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from notifier.store.database import as_json, table
from notifier.store.driver import at_one_go

MOST_VALUES: Final = 32_766
"""That one statement may carry on SQLite."""
_BETWEEN, _NULL = "\x1f", "\x1e"
"""Stand between two values of a column, and for one that is NULL."""
_POSTGRESQL: Final[Dialect] = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy gives it no types


class Group:
    """Inserts rows that name the same columns, in their order.

    With `once`, the columns of a unique key, rows whose key is there are passed over, or, with `changing`, change what
    is there (what stands behind DO UPDATE). `returning` are columns of the rows that were inserted.
    """

    def __init__(
        self,
        model: type[SQLModel],
        columns: Sequence[str],
        *,
        once: Sequence[str] = (),
        changing: str = "",
        returning: Sequence[str] = (),
    ) -> None:
        """Prepare the statements; nothing is executed."""
        kept = table(model)
        self._columns: list[Column[Any]] = [kept.c[each] for each in columns]
        otherwise = f"DO UPDATE {changing}" if changing else "DO NOTHING"
        ending = f" ON CONFLICT ({_named(once)}) {otherwise}" if once else ""
        self._ending = ending + (f" RETURNING {_named(returning)}" if returning else "")
        self._into = f"INSERT INTO {kept.name} ({_named(columns)})"
        self._returns = bool(returning)
        self._from_texts, self._from_lists = self.from_columns(1, joined=True), self.from_columns(1)

    async def insert(self, conn: AsyncConnection, rows: Sequence[Sequence[Any]]) -> Sequence[Row[Any]]:
        """Insert `rows`, each with a value for every column; return what `returning` asks for."""
        found: list[Row[Any]] = []
        most = MOST_VALUES // len(self._columns)
        for start in range(0, len(rows), most):
            done = await self._execute(conn, rows[start : start + most])
            found += done.all() if self._returns else []
        return found

    async def _execute(self, conn: AsyncConnection, rows: Sequence[Sequence[Any]]) -> CursorResult[Any]:
        written = self.written(conn.dialect, rows)
        if conn.dialect.name == "postgresql":
            lists = list(zip(*written, strict=True))
            texts = _joined_all(lists)
            if texts is not None:
                return await conn.exec_driver_sql(self._from_texts, texts)
            return await conn.exec_driver_sql(self._from_lists, tuple(map(list, lists)))
        return await conn.exec_driver_sql(self.side_by_side(len(rows)), tuple(chain.from_iterable(written)))

    @property
    def width(self) -> int:
        """Return how many columns the rows name."""
        return len(self._columns)

    def written(self, dialect: Dialect, rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """Return the rows as the driver takes their values."""
        written = [list(row) for row in rows]
        for place, column in enumerate(self._columns):
            write = _writer(column, dialect)
            if write is None:
                continue
            before, after = None, None
            for row in written:
                if row[place] is not before:  # rows of one group often hold the very same instant
                    before = row[place]
                    after = None if before is None else write(before)
                row[place] = after
        return written

    def from_columns(self, first: int, *, joined: bool = False) -> str:
        """Return the statement for PostgreSQL; its parameters, from number `first` on, are the columns' values."""
        form = f"(string_to_array(${{}}, '{_BETWEEN}', '{_NULL}'))[2:]" if joined else "${}"
        read, lists = [], []
        for place, column in enumerate(self._columns):
            kind, is_json = column.type.compile(_POSTGRESQL), isinstance(column.type, JSON)
            read.append(f"CAST(c{place} AS {kind})" if is_json else f"c{place}")
            lists.append(f"CAST({form.format(first + place)} AS {'TEXT' if is_json else kind}[])")
        names = ", ".join(f"c{place}" for place in range(len(self._columns)))
        return (
            f"{self._into} SELECT {', '.join(read)} FROM unnest({', '.join(lists)}) WITH ORDINALITY AS r({names}, n)"  # noqa: S608 -- names of our own tables
            f" WHERE true ORDER BY n{self._ending}"
        )

    def side_by_side(self, count: int) -> str:
        """Return the statement for SQLite; its parameters are the values of `count` rows."""
        places = f"({', '.join('?' * len(self._columns))})"
        return f"{self._into} VALUES {', '.join([places] * count)}{self._ending}"


async def insert_together(
    conn: AsyncConnection, given: Sequence[tuple[Group, Sequence[Sequence[Any]]]]
) -> Sequence[Sequence[Any]]:
    """Insert rows of several groups, all of them at one wait; return what the first of them returns.

    None may depend on another: PostgreSQL does them side by side.
    """
    filled = [(group, rows) for group, rows in given if rows]
    if any(len(rows) > MOST_VALUES // group.width for group, rows in filled):
        return next(iter([await group.insert(conn, rows) for group, rows in given]))
    if conn.dialect.name != "postgresql":
        written = [
            (group.side_by_side(len(rows)), tuple(chain.from_iterable(group.written(conn.dialect, rows))))
            for group, rows in filled
        ]
        return next(iter(await at_one_go(conn, written)))
    texts = [
        _joined_all(list(zip(*group.written(conn.dialect, rows), strict=True))) for group, rows in filled
    ]
    if None in texts:
        return next(iter([await group.insert(conn, rows) for group, rows in given]))
    statement = _side_by_side(tuple(group for group, _ in filled))
    done = await conn.exec_driver_sql(statement, tuple(chain.from_iterable(each or () for each in texts)))
    return done.all()


@cache
def _side_by_side(groups: Sequence[Group]) -> str:
    parts, first = [], 1
    for number, group in enumerate(groups):
        parts.append(f"g{number} AS ({group.from_columns(first, joined=True)})")
        first += group.width
    return f"WITH {', '.join(parts)} SELECT * FROM g0"  # noqa: S608 -- names of our own tables


def _joined_all(columns: Sequence[Sequence[Any]]) -> tuple[str, ...] | None:
    """Return each column's values as one text; None if one of them could be read otherwise."""
    texts = tuple(map(_joined, columns))
    return None if None in texts else cast("tuple[str, ...]", texts)


def _joined(values: Sequence[Any]) -> str | None:
    """Return the values of a column as one text; None if it could be read otherwise."""
    texts = [_NULL if each is None else each if type(each) is str else str(each) for each in values]
    found = _BETWEEN.join(("", *texts))  # one text that is empty would else be no text at all
    is_plain = found.count(_BETWEEN) == len(values) and found.count(_NULL) == values.count(None)
    return found if is_plain else None


def _named(columns: Sequence[str]) -> str:
    return ", ".join(f'"{each}"' for each in columns)


def _writer(column: Column[Any], dialect: Dialect) -> Any:
    """Return what turns a value into one that the driver takes; None if it is one."""
    if isinstance(column.type, JSON):
        return as_json
    return column.type.dialect_impl(dialect).bind_processor(dialect)
