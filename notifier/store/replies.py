"""Replies: what a call that creates something was answered, so that the same call again gets the same answer.

A reply is kept in the transaction of what it speaks of. Source: draft-ietf-httpapi-idempotency-key-header.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Text, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, col

from notifier.store.database import table
from notifier.store.tables import Table

KEPT: Final = timedelta(days=7)
"""How long a reply is kept: a program that failed on a Friday may try again on the Monday after a holiday."""


class ReplyRow(Table, table=True):
    """A reply to `caller` under the `key` it chose. `digest` tells a repeat from another call under the same key."""

    __tablename__ = "reply"

    caller: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    digest: str
    status: int = 0
    location: str = ""
    body: str = Field(default="", sa_type=Text)
    expires_at: datetime = Field(index=True)


@dataclass(frozen=True, slots=True)
class KeptReply:
    """A reply as it was sent: `body` is JSON, `location` the address of what was created ("" if it has none)."""

    status: int
    body: str
    location: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that may be repeated: who calls, under which key, and a digest of what is asked."""

    caller: str
    key: str
    digest: str


class KeyReusedError(Exception):
    """The key was used before, for something else."""


async def begin(conn: AsyncConnection, asked: Asked, now: datetime) -> KeptReply | None:
    """Return what the same call was answered before; None if it is the first, which `finish` must then end.

    A second one at the same time waits until the first is kept or undone. Raises KeyReusedError if the key
    was used for another call. Replies that are older than `KEPT` are forgotten.
    """
    await conn.execute(delete(ReplyRow).where(col(ReplyRow.expires_at) <= now))
    upsert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    names = {"caller": asked.caller, "key": asked.key}
    fresh = (
        upsert(ReplyRow)
        .values(**names, digest=asked.digest, status=0, location="", body="", expires_at=now + KEPT)
        .on_conflict_do_nothing(index_elements=["caller", "key"])
        .returning(col(ReplyRow.key))
    )
    if (await conn.execute(fresh)).first() is not None:
        return None
    mine = col(ReplyRow.caller) == asked.caller, col(ReplyRow.key) == asked.key
    kept = (await conn.execute(select(table(ReplyRow)).where(*mine))).one()
    if kept.digest != asked.digest:
        raise KeyReusedError
    return KeptReply(kept.status, kept.body, kept.location)


async def finish(conn: AsyncConnection, asked: Asked, reply: KeptReply) -> None:
    """Keep what the call was answered."""
    mine = col(ReplyRow.caller) == asked.caller, col(ReplyRow.key) == asked.key
    written = {"status": reply.status, "body": reply.body, "location": reply.location}
    await conn.execute(update(ReplyRow).where(*mine).values(**written))
