"""Arrears: events that were kept and wait: for their office, for their day, or for a person to have them tried again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.database import table
from notifier.store.facts import NO_FACTS, is_in
from notifier.store.tables import EventRow


@dataclass(frozen=True, slots=True)
class Kept:
    """An event as it is kept; `on` is the civil date from which it holds, `data` what it says.

    `key_prefix` names the key that was shown, "" if none was.
    """

    id: int
    sender: str
    source: str
    event_id: str
    type: str
    subject: str
    happened_at: datetime
    received_at: datetime
    body_hash: str
    state: str
    problem: str
    on: date
    data: dict[str, Any]
    key_prefix: str = ""


async def waiting(conn: AsyncConnection) -> Sequence[Kept]:
    """Return the events of which no fact follows that wait, in the order in which they came."""
    event = table(EventRow)
    found = select(event).where(*is_in("waiting"), event.c.type.in_(NO_FACTS))
    return [_kept(row) for row in await conn.execute(found.order_by(event.c.happened_at, event.c.id))]


async def next_day(conn: AsyncConnection, today: date) -> date | None:
    """Return the first day after `today` for which an event waits, or None."""
    rows = await conn.execute(select(col(EventRow.data)).where(*is_in("waiting")))
    days = [date.fromisoformat(row.data["on"]) for row in rows]
    return min((day for day in days if day > today), default=None)


async def listed(
    conn: AsyncConnection, states: Collection[str] = ("failed", "waiting"), limit: int = 50
) -> Sequence[Kept]:
    """Return the last events in these states, the latest first."""
    event = table(EventRow)
    found = select(event).where(*is_in(*states)).order_by(event.c.id.desc()).limit(limit)
    return [_kept(row) for row in await conn.execute(found)]


async def find(conn: AsyncConnection, number: int) -> Kept | None:
    """Return an event by its number here; None if there is none."""
    row = (await conn.execute(select(table(EventRow)).where(col(EventRow.id) == number))).one_or_none()
    return None if row is None else _kept(row)


async def try_again(conn: AsyncConnection, number: int) -> bool:
    """Let an event that was set aside wait again; False if it was not set aside."""
    failed = col(EventRow.id) == number, col(EventRow.state) == "failed"
    return (await conn.execute(update(EventRow).where(*failed).values(state="waiting"))).rowcount == 1


async def end(conn: AsyncConnection, number: int, problem: str = "") -> None:
    """Write down that an event was dealt with or, with a `problem`, that it is set aside."""
    done = update(EventRow).where(col(EventRow.id) == number)
    await conn.execute(done.values(state="failed" if problem else "applied", problem=problem))


def _kept(row: Any) -> Kept:
    data = dict(row.data)
    on = date.fromisoformat(data.pop("on"))
    about = row.id, row.sender, row.source, row.event_id, row.type, row.subject
    stands = row.happened_at, row.received_at, row.body_hash, row.state, row.problem
    return Kept(*about, *stands, on, data, row.key_prefix)
