"""A settled database that is laid down again: its rows are kept, instead of living through again what led to them."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

FILLED = """
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
ORDER BY relname
"""
COUNTERS = "SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL"
SETTING = "SELECT setval(format('%I', $1::text)::regclass, $2)"


@dataclass(frozen=True)
class Settled:
    """Rows of tables as PostgreSQL copies them, and how far its sequences have come."""

    rows: Sequence[tuple[str, bytes]]
    counters: Sequence[tuple[str, int]]


async def keep(url: str) -> Settled:
    """Return what stands in the database at `url`, as SQLAlchemy writes an address."""
    connection = await _connected(url)
    try:
        rows = []
        for (name,) in await connection.fetch(FILLED):
            if await connection.fetchval(f'SELECT EXISTS (SELECT FROM "{name}")'):
                output = io.BytesIO()
                await connection.copy_from_table(name, output=output, format="binary")
                rows.append((name, output.getvalue()))
        return Settled(rows, [tuple(each) for each in await connection.fetch(COUNTERS)])
    finally:
        await connection.close()


async def lay_down(settled: Settled, url: str) -> None:
    """Put the rows into the tables of the migrated database at `url`, which are empty."""
    connection = await _connected(url)
    try:
        async with connection.transaction():
            # No order of tables, and no triggers: what they did stands in the rows.
            await connection.execute("SET LOCAL session_replication_role = replica")
            for name, content in settled.rows:
                await connection.copy_to_table(name, source=io.BytesIO(content), format="binary")
            await connection.executemany(SETTING, settled.counters)
    finally:
        await connection.close()


async def _connected(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
