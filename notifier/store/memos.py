"""Memos: plain mails about the service itself, to whoever runs a part of it; kept before they are sent, like letters."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Text, and_, case, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.store.chosen import among
from notifier.store.database import table
from notifier.store.tables import Table


class MemoRow(Table, table=True):
    """A mail to one address. States: planned, claimed, accepted, refused, unknown, failed; see LetterRow."""

    __tablename__ = "memo"

    id: int | None = Field(default=None, primary_key=True)
    recipient: str
    subject: str
    text: str = Field(sa_type=Text)
    state: str = Field(index=True)
    phase: str = ""
    token: str = ""
    lease_until: datetime | None = None
    attempts: int = 0
    created_at: datetime
    next_try_at: datetime
    code: int | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Memo:
    """A claimed memo; `attempts` counts this try. `written` is when it came to be: its date on every try."""

    id: int
    recipient: str
    subject: str
    text: str
    written: datetime
    attempts: int
    is_repeat: bool


async def write(conn: AsyncConnection, recipient: str, subject: str, text: str, now: datetime) -> None:
    """Keep a mail that is to be sent."""
    row = {"recipient": recipient, "subject": subject, "text": text, "state": "planned", "phase": ""}
    times = {"created_at": now, "next_try_at": now, "token": "", "attempts": 0, "answer": ""}
    await conn.execute(insert(table(MemoRow)).values(**row, **times))


async def claim(conn: AsyncConnection, now: datetime, token: str, lease: timedelta, limit: int) -> list[Memo]:
    """Claim up to `limit` memos that are due; those of the dead whose lease is over are freed first."""
    memo = table(MemoRow)
    over = update(memo).where(memo.c.state == "claimed", memo.c.lease_until <= now)
    waits = case((memo.c.phase == "dot", "unknown"), else_="planned")
    await conn.execute(over.values(state=waits, token="", lease_until=None))
    due = and_(memo.c.state.in_(("planned", "unknown")), memo.c.next_try_at <= now)
    chosen = select(memo).where(due).order_by(memo.c.id).limit(limit).with_for_update(skip_locked=True)
    rows = (await conn.execute(chosen)).all()
    held = update(memo).where(among(memo.c.id))
    held = held.values(state="claimed", token=token, lease_until=now + lease, attempts=memo.c.attempts + 1)
    if rows:
        await conn.execute(held, {"ids": [row.id for row in rows]})
    return [
        Memo(
            row.id,
            row.recipient,
            row.subject,
            row.text,
            row.created_at,
            row.attempts + 1,
            row.state == "unknown",
        )
        for row in rows
    ]


async def pass_gate(conn: AsyncConnection, ids: Collection[int], token: str) -> set[int]:
    """Mark the memos about to be finished on the wire; returns those that are still held under `token`."""
    memo = table(MemoRow)
    held = among(memo.c.id), memo.c.token == token, memo.c.state == "claimed"
    passed = await conn.execute(
        update(memo).where(*held).values(phase="dot").returning(memo.c.id), {"ids": list(ids)}
    )
    return set(passed.scalars())


async def record(
    conn: AsyncConnection,
    memo_id: int,
    token: str,
    state: str,
    again: datetime,
    answer: tuple[int | None, str],
) -> None:
    """Record what became of a memo held under `token`; `again` counts where it waits."""
    memo = table(MemoRow)
    mine = update(memo).where(memo.c.id == memo_id, memo.c.token == token)
    phase = "dot" if state == "unknown" else ""
    ended = {"state": state, "phase": phase, "next_try_at": again, "code": answer[0], "answer": answer[1]}
    await conn.execute(mine.values(**ended, token="", lease_until=None))


async def next_try(conn: AsyncConnection) -> datetime | None:
    """Return the earliest instant at which a memo wants to be sent, or None."""
    memo = table(MemoRow).c
    free_at = func.coalesce(memo.lease_until, memo.next_try_at)
    waiting = or_(memo.state == "planned", memo.state == "unknown", memo.state == "claimed")
    found: datetime | None = (await conn.execute(select(func.min(free_at)).where(waiting))).scalar_one()
    return found


async def forget(conn: AsyncConnection, before: datetime) -> int:
    """Remove mails that were written before an instant and are done with; returns how many."""
    memo = table(MemoRow)
    done = memo.c.state.in_(("accepted", "refused", "failed")), memo.c.created_at < before
    return (await conn.execute(delete(memo).where(*done))).rowcount
