"""Entrances: which office comes to its own page, and since when the addresses and codes given out for it are good."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.store.database import table
from notifier.store.tables import ContactRow, OfficeRow, Table


class EntranceRow(Table, table=True):
    """What was given out for an office's page before `revoked_at` opens nothing any more."""

    __tablename__ = "entrance"

    office_id: int = Field(primary_key=True, foreign_key="office.id")
    revoked_at: datetime
    revoked_by: str


@dataclass(frozen=True, slots=True)
class Guest:
    """An office that comes to its page. `closed_on` is a civil date, `revoked_at` an aware instant."""

    id: int
    number: str
    name: str
    municipality: str
    closed_on: date | None
    revoked_at: datetime | None


async def guest(conn: AsyncConnection, number: str) -> Guest | None:
    """Return the office `number` as it comes to its page; None if there is none."""
    office, entrance = table(OfficeRow), table(EntranceRow)
    named = ("id", "number", "name", "municipality", "closed_on")
    found = (
        select(*(office.c[name] for name in named), entrance.c.revoked_at)
        .outerjoin(entrance, entrance.c.office_id == office.c.id)
        .where(office.c.number == number)
    )
    row = (await conn.execute(found)).mappings().one_or_none()
    return None if row is None else Guest(**row)


async def revoke(conn: AsyncConnection, office_id: int, at: datetime, who: str) -> None:
    """Let nothing that was given out up to `at` open the office's page any more."""
    upsert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    kept = {"revoked_at": at, "revoked_by": who}
    written = upsert(table(EntranceRow)).values(office_id=office_id, **kept)
    await conn.execute(written.on_conflict_do_update(index_elements=["office_id"], set_=kept))


async def addresses(conn: AsyncConnection, office_id: int) -> list[str]:
    """Return the mail addresses in use at which the office is reached, each once, in order."""
    contact = table(ContactRow).c
    found = select(contact.address).where(
        contact.office_id == office_id, contact.channel == "email", contact.active.is_(True)
    )
    return sorted(set((await conn.execute(found)).scalars()))
