"""Values of facts: how they are kept as JSON, and how they are read back, in Python and in SQL.

A civil date is kept as its ISO text. Read back, every text that is exactly a civil date (`2026-04-20`) is one
again; a text that only looks like it (`2026-02-30`) stays a text. So no fact that came from the store carries
a date as text.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Text,
    and_,
    case,
    cast,
    extract,
    false,
    func,
    literal,
    or_,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Integer

from notifier.domain.dates import Period
from notifier.domain.facts import Value

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_GLOB = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_ISO_PATTERN = "^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-[0-9]{2}$"


# ---- in Python ----


def as_kept(values: Mapping[str, Value]) -> dict[str, Any]:
    """Return `values` as they are kept."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def from_kept(kept: Mapping[str, Any]) -> dict[str, Value]:
    """Return the values that were kept."""
    return {name: _civil_date(value) or value for name, value in kept.items()}


def _civil_date(value: object) -> date | None:
    if not isinstance(value, str) or not _ISO.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


# ---- in SQL ----


class ByDialect(FunctionElement[Any]):
    """One expression for SQLite and another for PostgreSQL, chosen when the statement is compiled."""

    inherit_cache = True

    def __init__(self, sqlite: ColumnElement[Any], postgresql: ColumnElement[Any]) -> None:
        """Hold both; only the chosen one is written."""
        super().__init__(sqlite, postgresql)


@compiles(ByDialect)
def _compile(element: ByDialect, compiler: SQLCompiler, **options: Any) -> str:
    sqlite, postgresql = element.clauses
    chosen = postgresql if compiler.dialect.name == "postgresql" else sqlite
    return f"({compiler.process(chosen, **options)})"


def _path(name: str) -> ColumnElement[str]:
    return type_coerce(ByDialect(literal(f'$."{name}"', Text()), literal(name, Text())), Text())


def kept_value(values: ColumnElement[Any], name: str) -> ColumnElement[Any]:
    """Return the value `name` as JSON; NULL where it is missing."""
    return values.op("->", return_type=values.type)(_path(name))


def is_given(values: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Tell in SQL whether the value `name` is there and is not null."""
    found = kept_value(values, name)
    return and_(found.is_not(None), found != literal(None, values.type))


def equals(values: ColumnElement[Any], name: str, value: Value) -> ColumnElement[bool]:
    """Compare the value `name` with `value` as Python does: `True` equals 1, and None what is missing."""
    found = kept_value(values, name)
    if value is None:
        return or_(found.is_(None), found == literal(None, values.type))
    if isinstance(value, date):
        return found == literal(value.isoformat(), values.type)
    if _civil_date(value) is not None:
        return false()  # no fact carries a date as text
    if isinstance(value, int) and value in {0, 1}:
        return or_(found == literal(bool(value), values.type), found == literal(int(value), values.type))
    return found == literal(value, values.type)


def day_of(values: ColumnElement[Any], name: str) -> ColumnElement[date]:
    """Return the value `name` if it is a civil date, else NULL; never an error, whatever was kept."""
    written = values.op("->>", return_type=Text())(_path(name))
    is_whole = and_(written.op("GLOB")(_ISO_GLOB), written > "0001", func.date(written, "+0 days") == written)
    sqlite = case((is_whole, written))
    first_of_month = cast(func.concat(func.left(written, 8), "01"), Date())
    # Counted on from the first of its month, 30 February becomes another day instead of an error.
    counted = first_of_month.op("+", return_type=Date())(cast(func.right(written, 2), Integer()) - 1)
    is_day = func.to_char(counted, "YYYY-MM-DD") == written
    postgresql = case((written.regexp_match(_ISO_PATTERN), case((is_day, counted))))
    return type_coerce(ByDialect(sqlite, postgresql), Date())


def last_day(start: ColumnElement[date], period: Period) -> ColumnElement[date]:
    """Return the last day of `period` from `start`, that day counted: `dates.last_day_of` first."""
    months, days = period.years * 12 + period.months, period.days
    month_end = func.date(start, "start of month", f"+{months + 1} months", "-1 day")
    is_clamped = func.strftime("%d", month_end) < func.strftime("%d", start)
    sqlite = case(
        (is_clamped, func.date(month_end, f"+{days} days")),
        else_=func.date(start, f"+{months} months", f"{days - 1:+} days"),
    )
    # PostgreSQL itself falls back to the end of a month that has no such day.
    moved = cast(start.op("+")(func.make_interval(0, literal(months, Integer()))), Date())
    back = case((extract("day", moved) != extract("day", start), 0), else_=1)
    postgresql = moved.op("+", return_type=Date())(literal(days, Integer()) - back)
    return type_coerce(ByDialect(sqlite, postgresql), Date())


def fiscal_year(day: ColumnElement[date]) -> ColumnElement[int]:
    """Return the fiscal year (1 April to 31 March, named after its April) that `day` belongs to."""
    return extract("year", day) - case((extract("month", day) < 4, 1), else_=0)


def earliest(days: Sequence[ColumnElement[date]]) -> ColumnElement[date]:
    """Return the earliest of two or more `days` that are not NULL; NULL if all are."""
    far = literal(date.max, Date())
    given = [func.coalesce(day, far) for day in days]
    found = ByDialect(func.min(*given), func.least(*given))
    return type_coerce(func.nullif(found, far), Date())
