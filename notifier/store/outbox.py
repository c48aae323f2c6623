"""The outbox: messages from one step to the next, kept in the transaction of the step that leaves them.

A message is claimed under a lease with a token; a result that carries an old token changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Executable,
    Integer,
    Select,
    String,
    bindparam,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.chosen import among
from notifier.store.database import Database, table
from notifier.store.groups import Group
from notifier.store.tables import OutboxRow


@dataclass(frozen=True, slots=True)
class Message:
    """A claimed message: `token` is its fence, `attempts` counts this claim, from 1."""

    id: int
    step: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    token: str = ""
    attempts: int = 1


WAITING: Final = Group(
    OutboxRow,
    ("key", "step", "payload", "due_at", "token", "attempts", "problem"),
    once=("key",),
    changing="SET due_at = excluded.due_at WHERE outbox.due_at > excluded.due_at",
)
"""Messages as `enqueue` leaves them; for statements that leave one among other rows."""


def waiting(step: str, due_at: datetime) -> tuple[Any, ...]:
    """Return the row of a message for `step` that carries nothing; see `enqueue`."""
    return step, step, {}, due_at, "", 0, ""


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
    given = {"key": key or step, "step": step, "payload": dict(payload or {}), "due_at": due_at}
    await conn.execute(_leaving(conn.dialect.name), given | {"token": "", "attempts": 0, "problem": ""})


@cache
def _leaving(dialect: str) -> Executable:
    written = (postgresql_insert if dialect == "postgresql" else sqlite_insert)(table(OutboxRow))
    return written.on_conflict_do_update(
        index_elements=["key"],
        set_={"due_at": written.excluded.due_at},
        where=table(OutboxRow).c.due_at > written.excluded.due_at,
    )


async def claim(
    database: Database, now: datetime, worker: str, lease: timedelta, limit: int = 1
) -> Sequence[Message]:
    """Claim up to `limit` due messages whose lease is free or over, for `lease` from `now`."""
    async with database.transaction() as conn:
        return await _claimed(conn, now, worker, lease, limit)


async def exchange(
    database: Database, done: Message | None, now: datetime, worker: str, lease: timedelta
) -> Message | None:
    """Remove the message that was `done`, if any, and claim the next that is due, in one transaction."""
    async with database.transaction() as conn:
        if done is not None:
            await conn.execute(_finished(), {"message": done.id, "holder": done.token})
        return next(iter(await _claimed(conn, now, worker, lease, 1)), None)


async def _claimed(
    conn: AsyncConnection, now: datetime, worker: str, lease: timedelta, limit: int
) -> Sequence[Message]:
    ids = list((await conn.execute(_ready(), {"by": now, "most": limit})).scalars())
    if not ids:
        return []
    held = {"ids": ids, "holder": worker, "until": now + lease}
    found = sorted((await conn.execute(_held(), held)).all(), key=lambda row: row.id)
    return [Message(row.id, row.step, row.payload, row.token, row.attempts) for row in found]


@cache
def _ready() -> Executable:
    outbox = table(OutboxRow).c
    by = bindparam("by", type_=outbox.due_at.type)
    return (
        select(outbox.id)
        .where(outbox.due_at <= by, or_(outbox.lease_until.is_(None), outbox.lease_until <= by))
        .order_by(outbox.due_at, outbox.id)
        .limit(bindparam("most", type_=Integer()))
        .with_for_update(skip_locked=True)
    )


@cache
def _held() -> Executable:
    outbox = table(OutboxRow)
    # A claimed message gives up its key, so that what happens meanwhile can leave a new one.
    return (
        update(outbox)
        .where(among(outbox.c.id))
        .values(
            token=bindparam("holder"),
            lease_until=bindparam("until", type_=outbox.c.lease_until.type),
            attempts=outbox.c.attempts + 1,
            key=literal("claimed:") + cast(outbox.c.id, String),
        )
        .returning(outbox.c.id, outbox.c.step, outbox.c.payload, outbox.c.token, outbox.c.attempts)
    )


async def finish(database: Database, message: Message) -> bool:
    """Remove a message that was dealt with; False if another worker holds it by now."""
    async with database.transaction() as conn:
        gone = await conn.execute(_finished(), {"message": message.id, "holder": message.token})
    return gone.rowcount == 1


@cache
def _finished() -> Executable:
    outbox = table(OutboxRow)
    return delete(outbox).where(outbox.c.id == bindparam("message"), outbox.c.token == bindparam("holder"))


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
    async with database.reading() as conn:
        return (await conn.execute(_next_free())).scalar_one()


@cache
def _next_free() -> Select[datetime | None]:
    free_at = func.coalesce(col(OutboxRow.lease_until), col(OutboxRow.due_at))
    return select(func.min(free_at))
