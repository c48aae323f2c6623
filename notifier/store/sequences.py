"""Numbers that only grow: derivation runs and generations."""

from functools import cache

from sqlalchemy import Integer, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert
from sqlmodel import col

from notifier.store.database import table
from notifier.store.tables import SequenceRow


async def draw(conn: AsyncConnection, name: str, count: int = 1) -> int:
    """Draw `count` numbers from the sequence `name`; returns the first of them. The first ever drawn is 1."""
    drawn = await conn.execute(_drawing(conn.dialect.name), {"name": name, "value": count})
    return int(drawn.scalar_one()) - count + 1


async def last(conn: AsyncConnection, name: str) -> int:
    """Return the number that was last drawn from the sequence `name`; 0 if none was."""
    found = await conn.execute(select(col(SequenceRow.value)).where(col(SequenceRow.name) == name))
    return found.scalar_one_or_none() or 0


async def raise_to(conn: AsyncConnection, name: str, value: int) -> None:
    """Let the sequence `name` stand at `value` at least."""
    await draw(conn, name, 0)
    lower = col(SequenceRow.name) == name, col(SequenceRow.value) < value
    await conn.execute(update(SequenceRow).where(*lower).values(value=value))


@cache
def _drawing(dialect: str) -> ReturningInsert[int]:
    sequence = table(SequenceRow)
    written = (postgresql_insert if dialect == "postgresql" else sqlite_insert)(sequence).values(
        name=bindparam("name"), value=bindparam("value", type_=Integer())
    )
    on = written.on_conflict_do_update(
        index_elements=["name"], set_={"value": sequence.c.value + written.excluded.value}
    )
    return on.returning(sequence.c.value)
