"""Pickups: notices of which a program told no more than an address, and whose file is fetched from there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Text, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.store.database import table
from notifier.store.tables import Table


class PickupRow(Table, table=True):
    """A file that is to be fetched: gone once it is there, or once nobody needs it any more.

    `due_at` is None where it was asked for often enough. `token` and `lease_until` are those of whoever asks just now.
    """

    __tablename__ = "pickup"

    notice: str = Field(primary_key=True, foreign_key="notice.id")
    url: str
    title: str
    due_at: datetime | None = Field(default=None, index=True)
    attempts: int = 0
    problem: str = Field(default="", sa_type=Text)
    token: str = ""
    lease_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pickup:
    """A file that is to be fetched for `notice`, and how often it was asked for without success."""

    notice: str
    url: str
    title: str
    attempts: int


async def want(conn: AsyncConnection, notice: str, url: str, title: str, now: datetime) -> None:
    """Ask for the file of a notice that has none."""
    row = {"notice": notice, "url": url, "title": title, "due_at": now}
    await conn.execute(insert(table(PickupRow)).values(**row, attempts=0, problem="", token=""))


async def claim(
    conn: AsyncConnection, now: datetime, token: str, lease: timedelta, limit: int
) -> Sequence[Pickup]:
    """Claim files that are due and that nobody asks for."""
    pickup = table(PickupRow)
    free = or_(pickup.c.lease_until.is_(None), pickup.c.lease_until <= now)
    due = select(pickup).where(pickup.c.due_at <= now, free).order_by(pickup.c.due_at, pickup.c.notice)
    rows = (await conn.execute(due.limit(limit).with_for_update(skip_locked=True))).all()
    if rows:
        held = update(pickup).where(pickup.c.notice.in_([row.notice for row in rows]))
        await conn.execute(held.values(token=token, lease_until=now + lease))
    return [Pickup(row.notice, row.url, row.title, row.attempts) for row in rows]


async def is_held(conn: AsyncConnection, notice: str, token: str) -> bool:
    """Tell whether the file is still asked for under `token`, and keep it so until the transaction ends."""
    pickup = table(PickupRow).c
    held = select(pickup.notice).where(pickup.notice == notice, pickup.token == token).with_for_update()
    return (await conn.execute(held)).one_or_none() is not None


async def next_due(conn: AsyncConnection) -> datetime | None:
    """Return when the next file is to be asked for, or None."""
    pickup = table(PickupRow).c
    waiting = select(pickup.due_at).where(pickup.due_at.is_not(None)).order_by(pickup.due_at).limit(1)
    found: datetime | None = (await conn.execute(waiting)).scalar_one_or_none()
    return found


async def missed(conn: AsyncConnection, wanted: Pickup, problem: str, following: datetime | None) -> None:
    """Note why a file could not be fetched, and when it is asked for again; None: never."""
    pickup = table(PickupRow)
    values = {"attempts": wanted.attempts + 1, "problem": problem, "due_at": following}
    mine = update(pickup).where(pickup.c.notice == wanted.notice)
    await conn.execute(mine.values(**values, token="", lease_until=None))


async def forget(conn: AsyncConnection, notice: str) -> None:
    """Ask for the file of a notice no more."""
    await conn.execute(delete(table(PickupRow)).where(table(PickupRow).c.notice == notice))
