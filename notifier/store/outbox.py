"""The outbox: messages from one step to the next, kept in the transaction of the step that leaves them.

A message is claimed under a lease with a token; a result that carries an old token changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, cast, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.database import Database, table
from notifier.store.tables import OutboxRow


@dataclass(frozen=True, slots=True)
class Message:
    """A claimed message: `token` is its fence, `attempts` counts this claim, from 1."""

    id: int
    step: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    token: str = ""
    attempts: int = 1


async def enqueue(
    conn: AsyncConnection,
    step: str,
    due_at: datetime,
    *,
    key: str = "",
    payload: Mapping[str, Any] | None = None,
) -> None:
    """Leave a message for `step`, due at `due_at` (aware, UTC).

    Waiting messages with equal `key` (the step's name if none is given) become one, due at the earlier instant.
    """
    insert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    written = insert(OutboxRow).values(
        key=key or step,
        step=step,
        payload=dict(payload or {}),
        due_at=due_at,
        token="",
        attempts=0,
        problem="",
    )
    earlier = written.on_conflict_do_update(
        index_elements=["key"],
        set_={"due_at": written.excluded.due_at},
        where=col(OutboxRow.due_at) > written.excluded.due_at,
    )
    await conn.execute(earlier)


async def claim(
    database: Database, now: datetime, worker: str, lease: timedelta, limit: int = 1
) -> Sequence[Message]:
    """Claim up to `limit` due messages whose lease is free or over, for `lease` from `now`."""
    ready = or_(col(OutboxRow.lease_until).is_(None), col(OutboxRow.lease_until) <= now)
    chosen = select(col(OutboxRow.id)).where(col(OutboxRow.due_at) <= now, ready)
    chosen = (
        chosen.order_by(col(OutboxRow.due_at), col(OutboxRow.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = table(OutboxRow)
    async with database.transaction() as conn:
        ids = list((await conn.execute(chosen)).scalars())
        if not ids:
            return []
        # A claimed message gives up its key, so that what happens meanwhile can leave a new one.
        claimed = await conn.execute(
            update(OutboxRow)
            .where(col(OutboxRow.id).in_(ids))
            .values(
                token=worker,
                lease_until=now + lease,
                attempts=col(OutboxRow.attempts) + 1,
                key=literal("claimed:") + cast(col(OutboxRow.id), String),
            )
            .returning(rows.c.id, rows.c.step, rows.c.payload, rows.c.token, rows.c.attempts)
        )
        found = sorted(claimed.all(), key=lambda row: row.id)
    return [Message(row.id, row.step, row.payload, row.token, row.attempts) for row in found]


async def finish(database: Database, message: Message) -> bool:
    """Remove a message that was dealt with; False if another worker holds it by now."""
    async with database.transaction() as conn:
        gone = await conn.execute(
            delete(OutboxRow).where(col(OutboxRow.id) == message.id, col(OutboxRow.token) == message.token)
        )
    return gone.rowcount == 1


async def fail(database: Database, message: Message, problem: str, retry_at: datetime) -> bool:
    """Put a message back until `retry_at` with what went wrong; False if another worker holds it by now."""
    async with database.transaction() as conn:
        kept = await conn.execute(
            update(OutboxRow)
            .where(col(OutboxRow.id) == message.id, col(OutboxRow.token) == message.token)
            .values(problem=problem, due_at=retry_at, lease_until=None)
        )
    return kept.rowcount == 1


async def next_due(database: Database) -> datetime | None:
    """Return the instant at which the next message can be claimed, or None if none waits."""
    free_at = func.coalesce(col(OutboxRow.lease_until), col(OutboxRow.due_at))
    async with database.reading() as conn:
        return (await conn.execute(select(func.min(free_at)))).scalar_one()
