"""Enquiries: what offices have told or asked their municipality, and what it answered: a part of the staff's work list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Index, Text, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.domain.callers import Tenant
from notifier.store.database import table
from notifier.store.tables import OfficeRow, Table, only
from notifier.store.tenants import answers_to

NOT_APPLICABLE, FACTS, CONTACT, MESSAGE = "not-applicable", "facts", "contact", "message"
KINDS: Final = (NOT_APPLICABLE, FACTS, CONTACT, MESSAGE)
OPEN, UPHELD, DECLINED, WITHDRAWN = "open", "upheld", "declined", "withdrawn"


class EnquiryRow(Table, table=True):
    """Something that waits for a municipality's decision or answer. `kind` is one of KINDS.

    `reason` is a choice from a list, `words` what was written. States: open, upheld, declined, withdrawn (by the office).
    """

    __tablename__ = "enquiry"
    __table_args__ = (Index("ix_enquiry_open", "office_id", **only("state = 'open'")),)

    id: int | None = Field(default=None, primary_key=True)
    office_id: int = Field(foreign_key="office.id", index=True)
    kind: str
    deadline: str = ""
    occurrence: int = 0
    reason: str = ""
    words: str = Field(default="", sa_type=Text)
    at: datetime
    who: str
    declaration_id: int | None = None
    state: str = OPEN
    answered_at: datetime | None = None
    answered_by: str = ""
    answer: str = Field(default="", sa_type=Text)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an office says. `deadline` is an id, or "" for nothing in particular; `who` is an actor's name."""

    kind: str
    words: str
    who: str
    deadline: str = ""
    occurrence: int = 0
    reason: str = ""
    declaration_id: int | None = None


@dataclass(frozen=True, slots=True)
class Enquiry:
    """An enquiry; `office` is the number. Instants are aware."""

    id: int
    office: str
    office_name: str
    municipality: str
    kind: str
    deadline: str
    occurrence: int
    reason: str
    words: str
    at: datetime
    who: str
    state: str
    answered_at: datetime | None
    answered_by: str
    answer: str


def _shown() -> Any:
    enquiry, office = table(EnquiryRow).c, table(OfficeRow)
    ours = {"office": office.c.number, "office_name": office.c.name, "municipality": office.c.municipality}
    columns = [ours[name] if name in ours else enquiry[name] for name in Enquiry.__dataclass_fields__]
    return select(*columns).join(office, office.c.id == enquiry.office_id)


async def open_enquiry(conn: AsyncConnection, office_id: int, asked: Asked, now: datetime) -> int:
    """Put an enquiry onto the work list and return its id."""
    target = table(EnquiryRow)
    values = {name: getattr(asked, name) for name in Asked.__dataclass_fields__}
    rest = {"office_id": office_id, "at": now, "state": OPEN, "answered_by": "", "answer": ""}
    written = insert(target).values(**values, **rest).returning(target.c.id)
    return int((await conn.execute(written)).scalar_one())


async def find(
    conn: AsyncConnection, tenant: Tenant, enquiry_id: int, *, to_change: bool = False
) -> Enquiry | None:
    """Return an enquiry of an office that answers to the tenant, or None. With `to_change` it is held."""
    target = table(EnquiryRow)
    found = _shown().where(target.c.id == enquiry_id, answers_to(tenant))
    if to_change:
        found = found.with_for_update(of=target)
    row = (await conn.execute(found)).one_or_none()
    return None if row is None else Enquiry(*row)


async def open_for(conn: AsyncConnection, tenant: Tenant, limit: int = 200) -> Sequence[Enquiry]:
    """Return what waits for an answer to offices that answer to the tenant, the oldest first."""
    target = table(EnquiryRow).c
    found = _shown().where(target.state == OPEN, answers_to(tenant)).order_by(target.id).limit(limit)
    return [Enquiry(*row) for row in await conn.execute(found)]


async def count_open(conn: AsyncConnection, tenant: Tenant) -> int:
    """Return how many enquiries of offices that answer to the tenant wait for an answer."""
    target, office = table(EnquiryRow), table(OfficeRow)
    counted = (
        select(func.count())
        .select_from(target.join(office, office.c.id == target.c.office_id))
        .where(target.c.state == OPEN, answers_to(tenant))
    )
    return int((await conn.execute(counted)).scalar_one())


async def of_office(conn: AsyncConnection, office_id: int, limit: int = 50) -> Sequence[Enquiry]:
    """Return what an office has told and asked, the newest first."""
    target = table(EnquiryRow).c
    found = _shown().where(target.office_id == office_id).order_by(target.id.desc()).limit(limit)
    return [Enquiry(*row) for row in await conn.execute(found)]


async def close(
    conn: AsyncConnection, enquiry_id: int, state: str, who: str, words: str, now: datetime
) -> None:
    """Write down what an enquiry came to: UPHELD, DECLINED or WITHDRAWN."""
    ended = update(table(EnquiryRow)).where(table(EnquiryRow).c.id == enquiry_id)
    await conn.execute(ended.values(state=state, answered_at=now, answered_by=who, answer=words))


async def withdraw(conn: AsyncConnection, declaration_id: int, who: str, now: datetime) -> bool:
    """Take back the open enquiry that came of a declaration; False if it was answered already."""
    target = table(EnquiryRow)
    mine = target.c.declaration_id == declaration_id, target.c.state == OPEN
    ended = update(target).where(*mine)
    done = await conn.execute(ended.values(state=WITHDRAWN, answered_at=now, answered_by=who))
    return done.rowcount > 0
