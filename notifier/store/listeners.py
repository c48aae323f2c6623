"""Listeners: who takes messages out: an authority, the nation, or a vendor that serves several offices.

What happens is written down as messages only where somebody listens, so that nobody pays for what nobody reads.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, insert, or_, select, true
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, UniqueConstraint

from notifier.store.authorities import AuthorityMemberRow
from notifier.store.database import table
from notifier.store.tables import DesignationRow, OfficeRow, Table


class ListenerRow(Table, table=True):
    """Who listens since `since`: the `authority` itself ("": the nation), or the `vendor` that it has let in."""

    __tablename__ = "listener"
    __table_args__ = (UniqueConstraint("authority", "vendor"),)

    id: int | None = Field(default=None, primary_key=True)
    authority: str
    vendor: str = ""
    since: datetime


class ListenerOfficeRow(Table, table=True):
    """An office (by its number, known or not) of which a vendor is told."""

    __tablename__ = "listener_office"

    listener_id: int = Field(primary_key=True, foreign_key="listener.id")
    number: str = Field(primary_key=True, index=True)


@dataclass(frozen=True, slots=True)
class Listener:
    """A listener; see ListenerRow."""

    id: int
    authority: str
    vendor: str
    since: datetime


async def listen(conn: AsyncConnection, authority: str, vendor: str, now: datetime) -> Listener:
    """Return the listener, from `now` on if it did not listen before."""
    upsert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    fresh = upsert(ListenerRow).values(authority=authority, vendor=vendor, since=now)
    await conn.execute(fresh.on_conflict_do_nothing())
    found = await find(conn, authority, vendor)
    if found is None:
        raise AssertionError(authority)
    return found


async def find(conn: AsyncConnection, authority: str, vendor: str = "") -> Listener | None:
    """Return the listener, or None if it does not listen."""
    listener = table(ListenerRow).c
    wanted = select(table(ListenerRow)).where(listener.authority == authority, listener.vendor == vendor)
    row = (await conn.execute(wanted)).one_or_none()
    return None if row is None else Listener(row.id, row.authority, row.vendor, row.since)


async def serve(conn: AsyncConnection, listener_id: int, numbers: Collection[str]) -> None:
    """Replace the offices of which a vendor is told."""
    await conn.execute(
        delete(table(ListenerOfficeRow)).where(table(ListenerOfficeRow).c.listener_id == listener_id)
    )
    rows = [{"listener_id": listener_id, "number": number} for number in sorted(set(numbers))]
    if rows:
        await conn.execute(insert(table(ListenerOfficeRow)), rows)


async def every(conn: AsyncConnection) -> Sequence[Listener]:
    """Return all listeners; empty: nobody listens."""
    found = await conn.execute(select(table(ListenerRow)).order_by(table(ListenerRow).c.id))
    return [Listener(row.id, row.authority, row.vendor, row.since) for row in found]


def is_heard() -> ColumnElement[bool]:
    """Tell of an office whether anybody is told of it."""
    listener, office = table(ListenerRow).c, table(OfficeRow).c
    designation, served = table(DesignationRow).c, table(ListenerOfficeRow).c
    themselves = select(listener.authority).where(listener.vendor == "")
    designated = select(designation.office_id).where(designation.authority.in_(themselves))
    member = table(AuthorityMemberRow).c
    inside = select(member.member).where(member.authority.in_(themselves))
    nation = exists().where(listener.authority == "", listener.vendor == "", true())
    return or_(
        nation,
        office.municipality.in_(themselves),
        office.municipality.in_(inside),
        office.id.in_(designated),
        office.number.in_(select(served.number)),
    )
