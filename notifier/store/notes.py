"""Notes: what an authority's staff write down about an office; nobody else's staff see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Index, Text, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, col

from notifier.domain.callers import Tenant
from notifier.store.database import table
from notifier.store.tables import OfficeRow, Table


class NoteRow(Table, table=True):
    """A note of `authority` about an office. One that was withdrawn is kept, and no longer shown."""

    __tablename__ = "note"
    __table_args__ = (Index("ix_note_office_id_authority", "office_id", "authority"),)

    id: int | None = Field(default=None, primary_key=True)
    office_id: int = Field(foreign_key="office.id")
    authority: str
    text: str = Field(sa_type=Text)
    written_at: datetime
    written_by: str
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A note; `written_at` is an aware UTC instant."""

    id: int
    text: str
    written_at: datetime
    written_by: str


async def add(
    conn: AsyncConnection, tenant: Tenant, number: str, text: str, at: datetime, who: str
) -> int | None:
    """Keep a note of `tenant` about the office `number`; returns its id, or None if there is no such office."""
    office = (await conn.execute(select(col(OfficeRow.id)).where(col(OfficeRow.number) == number))).scalar()
    if office is None:
        return None
    written = insert(NoteRow).values(
        office_id=office, authority=tenant.code, text=text, written_at=at, written_by=who
    )
    return int((await conn.execute(written.returning(table(NoteRow).c.id))).scalar_one())


async def notes_of(conn: AsyncConnection, tenant: Tenant, number: str) -> Sequence[Note]:
    """Return what `tenant` has written about the office `number`, the newest first."""
    found = await conn.execute(
        select(table(NoteRow).c.id, col(NoteRow.text), col(NoteRow.written_at), col(NoteRow.written_by))
        .join(OfficeRow, col(OfficeRow.id) == col(NoteRow.office_id))
        .where(
            col(OfficeRow.number) == number,
            col(NoteRow.authority) == tenant.code,
            col(NoteRow.withdrawn_at).is_(None),
        )
        .order_by(col(NoteRow.id).desc())
    )
    return [Note(*row) for row in found]


async def withdraw(conn: AsyncConnection, tenant: Tenant, note: int, at: datetime) -> str | None:
    """Withdraw a note of `tenant`; returns its text, or None if it has none of that id that still counts."""
    withdrawn = (
        update(NoteRow)
        .where(
            col(NoteRow.id) == note,
            col(NoteRow.authority) == tenant.code,
            col(NoteRow.withdrawn_at).is_(None),
        )
        .values(withdrawn_at=at)
        .returning(col(NoteRow.text))
    )
    found: str | None = (await conn.execute(withdrawn)).scalar()
    return found
