"""Numbers that only grow: derivation runs and generations."""

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.tables import SequenceRow


async def draw(conn: AsyncConnection, name: str, count: int = 1) -> int:
    """Draw `count` numbers from the sequence `name`; returns the first of them. The first ever drawn is 1."""
    insert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    await conn.execute(insert(SequenceRow).values(name=name, value=0).on_conflict_do_nothing())
    drawn = await conn.execute(
        update(SequenceRow)
        .where(col(SequenceRow.name) == name)
        .values(value=col(SequenceRow.value) + count)
        .returning(col(SequenceRow.value))
    )
    return int(drawn.scalar_one()) - count + 1
