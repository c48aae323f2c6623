"""Groups: many rows go into a table by one statement, and cost one wait.

A row of parameters each would cost more than the row itself: on SQLite a wait for the interpreter, on PostgreSQL a
message on the wire. SQLite is given all values side by side, PostgreSQL one text for each column, its values joined
by a sign that none of them holds: the driver looks at each value of a list for longer than the database takes to keep it.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cache
from itertools import chain
from typing import Any, Final, TypeAlias, cast

from pydantic import TypeAdapter
from sqlalchemy import JSON, Column, CursorResult, Dialect, Row
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

from notifier.store.database import table

MOST_VALUES: Final = 32_766
"""That one statement may carry on SQLite."""
_BETWEEN, _NULL = "\x1f", "\x1e"
"""Stand between two values of a column, and for one that is NULL."""
_POSTGRESQL: Final[Dialect] = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy gives it no types
_SQLITE: Final[Dialect] = sqlite.dialect()
_LENGTH: Final = len("2026-04-01 00:00:00.000000")
_ANYTHING: Final[TypeAdapter[Any]] = TypeAdapter(Any)


Write: TypeAlias = Callable[[Any], Any]


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
        self._unheard, self._ending = (
            ending,
            ending + (f" RETURNING {_named(returning)}" if returning else ""),
        )
        self._into = f"INSERT INTO {kept.name} ({_named(columns)})"
        self._returns = bool(returning)
        self._from_texts, self._from_lists = (
            self.from_columns(1, joined=True),
            self.from_columns(1, joined=False),
        )
        self._writing = {
            each.name: [
                (place, write) for place, write in enumerate(self._writers(each)) if write is not None
            ]
            for each in (_SQLITE, _POSTGRESQL)
        }

    async def insert(self, conn: AsyncConnection, rows: Sequence[Sequence[Any]]) -> Sequence[Row[Any]]:
        """Insert `rows`, each with a value for every column; return what `returning` asks for."""
        found: list[Row[Any]] = []
        most = MOST_VALUES // len(self._columns)
        for start in range(0, len(rows), most):
            done = await self._execute(conn, rows[start : start + most])
            found += done.all() if self._returns else []
        return found

    async def _execute(self, conn: AsyncConnection, rows: Sequence[Sequence[Any]]) -> CursorResult[Any]:
        columns = self.columns_of(conn.dialect.name, rows)
        if conn.dialect.name == "postgresql":
            texts = _joined_all(columns)
            if texts is not None:
                return await conn.exec_driver_sql(self._from_texts, texts)
            return await conn.exec_driver_sql(self._from_lists, tuple(map(list, columns)))
        return await conn.exec_driver_sql(self.side_by_side(len(rows)), _in_rows(columns))

    def portions(self, rows: Sequence[Sequence[Any]]) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Yield statements for SQLite that insert `rows`, and their values.

        They go in portions of 1, 2, 4 … rows, so that few statements are prepared, and kept, whatever their number is.
        """
        for start, end in _portions(len(rows), MOST_VALUES // len(self._columns)):
            values = _in_rows(self.columns_of("sqlite", rows[start:end]))
            yield self.side_by_side(end - start, is_heard=False), values

    def insert_beneath(self, plain: sqlite3.Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Insert `rows` on SQLite, in the thread of its connection."""
        for statement, values in self.portions(rows):
            plain.execute(statement, values)

    @property
    def width(self) -> int:
        """Return how many columns the rows name."""
        return len(self._columns)

    def columns_of(self, dialect: str, rows: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
        """Return the values of each column as the driver of the dialect takes them."""
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for place, write in self._writing[dialect]:
            columns[place] = _written(write, columns[place])
        return columns

    def _writers(self, dialect: Dialect) -> Iterator[Write | None]:
        """Yield for each column what turns a value into one that the driver takes; None if it is one."""
        for column in self._columns:
            if isinstance(column.type, JSON):
                yield _json
            elif isinstance(column.type, UTCDateTime) and dialect is _SQLITE:
                yield _instant
            else:
                yield column.type.dialect_impl(dialect).bind_processor(dialect)

    def from_columns(self, first: int, *, joined: bool, behind: str = "") -> str:
        """Return the statement for PostgreSQL; its parameters, from number `first` on, are the columns' values.

        They are texts, `joined`, or lists. Nothing is inserted where there is no row in the part `behind`.
        """
        form = f"(string_to_array(${{}}, '{_BETWEEN}', '{_NULL}'))[2:]" if joined else "${}"
        read, lists = [], []
        for place, column in enumerate(self._columns):
            kind, is_json = column.type.compile(_POSTGRESQL), isinstance(column.type, JSON)
            read.append(f"CAST(c{place} AS {kind})" if is_json else f"c{place}")
            lists.append(f"CAST({form.format(first + place)} AS {'TEXT' if is_json else kind}[])")
        names = ", ".join(f"c{place}" for place in range(len(self._columns)))
        return (
            f"{self._into} SELECT {', '.join(read)} FROM unnest({', '.join(lists)}) WITH ORDINALITY AS r({names}, n)"  # noqa: S608 -- names of our own tables
            f"{f', {behind}' if behind else ''} WHERE true ORDER BY n{self._ending}"
        )

    @cache  # noqa: B019 -- groups are made once, and live as long as the program
    def side_by_side(self, count: int, *, is_heard: bool = True) -> str:
        """Return the statement for SQLite; its parameters are the values of `count` rows."""
        places = f"({', '.join('?' * len(self._columns))})"
        return (
            f"{self._into} VALUES {', '.join([places] * count)}{self._ending if is_heard else self._unheard}"
        )


def together(
    given: Sequence[tuple[Group, Sequence[Sequence[Any]]]], gate: str = "", of_gate: Sequence[Any] = ()
) -> tuple[str, list[Any]]:
    """Return one statement for PostgreSQL that inserts rows of several groups, and its values; it counts the first's rows.

    None may depend on another: they are done side by side. The first must have `returning`. `gate` are parts of the
    statement, with its parameters `of_gate`, of which the one named gate has a row, or nothing is inserted.
    """
    filled = [(group, group.columns_of("postgresql", rows)) for group, rows in given if rows]
    texts = [_joined_all(columns) for _, columns in filled]
    joined = None not in texts
    values = list(of_gate)
    for (_, columns), text in zip(filled, texts, strict=True):
        values += text if joined and text is not None else map(list, columns)
    return _side_by_side(tuple(group for group, _ in filled), gate, len(of_gate) + 1, joined=joined), values


@cache
def _side_by_side(groups: Sequence[Group], gate: str, first: int, *, joined: bool) -> str:
    parts, behind = [gate] if gate else [], "gate" if gate else ""
    for number, group in enumerate(groups):
        parts.append(f"g{number} AS ({group.from_columns(first, joined=joined, behind=behind)})")
        first += group.width
    return f"WITH {', '.join(parts)} SELECT count(*) FROM g0"  # noqa: S608 -- names of our own tables


def _joined_all(columns: Sequence[Sequence[Any]]) -> tuple[str, ...] | None:
    """Return each column's values as one text; None if one of them could be read otherwise."""
    texts = tuple(map(_joined, columns))
    return None if None in texts else cast("tuple[str, ...]", texts)


def _joined(values: Sequence[Any]) -> str | None:
    """Return the values of a column as one text; None if it could be read otherwise."""
    first = values[0]
    if values.count(first) == len(values):  # as in many columns
        found = f"{_BETWEEN}{_NULL if first is None else first}" * len(values)
    else:
        texts = [_NULL if each is None else each if type(each) is str else str(each) for each in values]
        found = _BETWEEN.join(("", *texts))  # one text that is empty would else be no text at all
    is_plain = found.count(_BETWEEN) == len(values) and found.count(_NULL) == values.count(None)
    return found if is_plain else None


def _named(columns: Sequence[str]) -> str:
    return ", ".join(f'"{each}"' for each in columns)


def _written(write: Write, values: Sequence[Any]) -> list[Any]:
    found, before, after = [], None, None
    for value in values:
        if value is not before and (type(value) is not date or value != before):  # often it is the same
            before = value
            after = None if value is None else write(value)
        found.append(after)
    return found


def _json(value: Any) -> str:
    """Return a value as `notifier.store.database.as_json` does, in a fraction of the time."""
    return _ANYTHING.dump_json(value).decode()


def _instant(value: datetime) -> str:
    """Return an aware instant as SQLAlchemy writes it on SQLite, in a tenth of the time."""
    if value.tzinfo is None:
        raise ValueError(f"{value}: an instant without a time zone cannot be kept")
    in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return in_utc.isoformat(" ", "microseconds")[:_LENGTH]


def _in_rows(columns: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    return tuple(chain.from_iterable(zip(*columns, strict=True)))


def _portions(count: int, most: int) -> Iterator[tuple[int, int]]:
    start = 0
    while start < count:
        end = start + (1 << (min(count - start, most).bit_length() - 1))
        yield start, end
        start = end
