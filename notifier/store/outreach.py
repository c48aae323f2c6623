"""Outreach: how an authority's staff tried to reach an office that no mail reaches, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, col

from notifier.domain.callers import Tenant
from notifier.store.database import table
from notifier.store.tables import OfficeRow, Table


class OutreachRow(Table, table=True):
    """One try of `authority` to reach an office: by telephone, fax, letter or visit; `outcome` as `Outcome` has it.

    `deadline` is what it was about, "" for nothing in particular. Rows are appended, never changed.
    """

    __tablename__ = "outreach"
    __table_args__ = (Index("ix_outreach_office_id_authority", "office_id", "authority"),)

    id: int | None = Field(default=None, primary_key=True)
    office_id: int = Field(foreign_key="office.id")
    authority: str
    way: str
    outcome: str
    deadline: str = ""
    words: str = Field(default="", sa_type=Text)
    at: datetime
    who: str


@dataclass(frozen=True, slots=True)
class Tried:
    """One try; `at` is an aware UTC instant. See OutreachRow."""

    way: str
    outcome: str
    deadline: str
    words: str
    at: datetime
    who: str


async def add(conn: AsyncConnection, tenant: Tenant, office_id: int, tried: Tried) -> None:
    """Keep a try of `tenant` to reach the office with this id."""
    values = {name: getattr(tried, name) for name in Tried.__dataclass_fields__}
    await conn.execute(insert(OutreachRow).values(office_id=office_id, authority=tenant.code, **values))


async def tries_of(conn: AsyncConnection, tenant: Tenant, number: str, limit: int = 50) -> Sequence[Tried]:
    """Return how `tenant` tried to reach the office `number`, the newest first, `limit` at most."""
    found = (
        _shown()
        .join(OfficeRow, col(OfficeRow.id) == col(OutreachRow.office_id))
        .where(col(OfficeRow.number) == number, col(OutreachRow.authority) == tenant.code)
        .order_by(col(OutreachRow.id).desc())
        .limit(limit)
    )
    return [Tried(*row) for row in await conn.execute(found)]


async def last_tries(conn: AsyncConnection, tenant: Tenant, office_ids: Sequence[int]) -> dict[int, Tried]:
    """Return the last try of `tenant` for each of the offices that it has tried to reach."""
    latest = (
        select(func.max(col(OutreachRow.id)))
        .where(col(OutreachRow.office_id).in_(office_ids), col(OutreachRow.authority) == tenant.code)
        .group_by(col(OutreachRow.office_id))
    )
    found = _shown().add_columns(col(OutreachRow.office_id)).where(col(OutreachRow.id).in_(latest))
    return {row[-1]: Tried(*row[:-1]) for row in await conn.execute(found)}


def _shown() -> Any:
    return select(*(table(OutreachRow).c[name] for name in Tried.__dataclass_fields__))
