"""Agendas: the secret addresses at which calendars are read, and which versions of their entries were handed out.

Only a digest of each secret is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Row,
    and_,
    case,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, col

from notifier.domain.agenda import Tally
from notifier.domain.callers import NATION, Tenant
from notifier.domain.obligations import CohortKey
from notifier.domain.revisions import Kept
from notifier.store.database import table
from notifier.store.sight import authorities
from notifier.store.tables import (
    NO_ANCHOR,
    AuthorityRow,
    CohortRow,
    ContactRow,
    ObligationRow,
    OfficeRow,
    Table,
)
from notifier.store.tenants import answers_to, owns_contact


class CalendarAddressRow(Table, table=True):
    """An address of a calendar. `digest` is the SHA-256 of its secret, `last_read` a civil date.

    `kind` says whose calendar it is, `subject` names it: an office's number, an authority's 団体コード, the id of a contact
    (never the address itself). `authority` is the tenant that gave it out ("" for the nation).
    """

    __tablename__ = "calendar_address"

    name: str = Field(primary_key=True)
    digest: str
    kind: str
    subject: str = Field(index=True)
    authority: str = Field(default="", index=True)
    label: str
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None
    last_read: date | None = None


class CalendarVersionRow(Table, table=True):
    """What was last handed out of one office's or authority's entries, by UID; `version` counts the writes."""

    __tablename__ = "calendar_version"

    subject: str = Field(primary_key=True)
    version: int
    entries: dict[str, Any] = Field(
        sa_column=Column(JSON().with_variant(JSONB(), "postgresql"), nullable=False)
    )


@dataclass(frozen=True, slots=True)
class CalendarAddress:
    """An address as it is kept; see CalendarAddressRow."""

    name: str
    digest: str
    kind: str
    subject: str
    authority: str
    label: str
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None
    last_read: date | None = None


@dataclass(frozen=True, slots=True)
class Versions:
    """The kept versions of one subject's entries, and how often they were written; 0: never."""

    version: int = 0
    entries: Mapping[str, Kept] = field(default_factory=dict)


# ---- addresses ----


async def add(conn: AsyncConnection, address: CalendarAddress) -> None:
    """Keep a new address."""
    names = ("name", "digest", "kind", "subject", "authority", "label", "created_at", "created_by")
    await conn.execute(insert(CalendarAddressRow).values({name: getattr(address, name) for name in names}))


async def find(conn: AsyncConnection, name: str, tenant: Tenant = NATION) -> CalendarAddress | None:
    """Return the address of this name, revoked or not; None if `tenant` gave out none of it."""
    named = select(table(CalendarAddressRow)).where(col(CalendarAddressRow.name) == name, _given_by(tenant))
    row = (await conn.execute(named)).one_or_none()
    return None if row is None else _address(row)


async def every(conn: AsyncConnection, tenant: Tenant = NATION) -> Sequence[CalendarAddress]:
    """Return the addresses that `tenant` gave out, revoked ones too, oldest first; the nation sees all."""
    found = select(table(CalendarAddressRow)).where(_given_by(tenant))
    ordered = found.order_by(col(CalendarAddressRow.created_at), col(CalendarAddressRow.name))
    return [_address(row) for row in await conn.execute(ordered)]


async def page(
    conn: AsyncConnection, tenant: Tenant, office: str | None, after: CalendarAddress | None, limit: int
) -> Sequence[CalendarAddress]:
    """Return `limit` addresses that `tenant` gave out, oldest first, from behind `after` on; of one `office` only."""
    created, name = col(CalendarAddressRow.created_at), col(CalendarAddressRow.name)
    found = select(table(CalendarAddressRow)).where(_given_by(tenant)).order_by(created, name).limit(limit)
    if office is not None:
        found = found.where(
            col(CalendarAddressRow.kind) == "office", col(CalendarAddressRow.subject) == office
        )
    if after is not None:
        at_once = and_(created == after.created_at, name > after.name)
        found = found.where(or_(created > after.created_at, at_once))
    return [_address(row) for row in await conn.execute(found)]


async def renew(conn: AsyncConnection, name: str, digest: str) -> bool:
    """Let an address be read under another secret; False if there is none of that name or it was revoked."""
    renewed = update(table(CalendarAddressRow)).where(_in_use(name)).values(digest=digest)
    return (await conn.execute(renewed)).rowcount > 0


async def revoke(conn: AsyncConnection, name: str, now: datetime) -> bool:
    """Revoke an address from `now` on; False if there is none of that name or it was revoked before."""
    revoked = update(table(CalendarAddressRow)).where(_in_use(name)).values(revoked_at=now)
    return (await conn.execute(revoked)).rowcount > 0


def _given_by(tenant: Tenant) -> ColumnElement[bool]:
    return true() if tenant.is_nation else col(CalendarAddressRow.authority) == tenant.code


def _in_use(name: str) -> ColumnElement[bool]:
    return and_(col(CalendarAddressRow.name) == name, col(CalendarAddressRow.revoked_at).is_(None))


async def of_office(conn: AsyncConnection, number: str) -> Sequence[CalendarAddress]:
    """Return the addresses of an office's own calendar that have not been revoked, oldest first."""
    its_own = select(table(CalendarAddressRow)).where(
        col(CalendarAddressRow.kind) == "office",
        col(CalendarAddressRow.subject) == number,
        col(CalendarAddressRow.revoked_at).is_(None),
    )
    ordered = its_own.order_by(col(CalendarAddressRow.created_at), col(CalendarAddressRow.name))
    return [_address(row) for row in await conn.execute(ordered)]


async def note_read(conn: AsyncConnection, name: str, today: date) -> None:
    """Note that a calendar was read on the civil date `today`; an earlier day never replaces a later one."""
    older = or_(col(CalendarAddressRow.last_read).is_(None), col(CalendarAddressRow.last_read) < today)
    read = update(table(CalendarAddressRow)).where(col(CalendarAddressRow.name) == name, older)
    await conn.execute(read.values(last_read=today))


def _address(row: Row[tuple[object, ...]]) -> CalendarAddress:
    return CalendarAddress(**row._asdict())


# ---- whose calendar ----


async def has_office(conn: AsyncConnection, number: str, tenant: Tenant = NATION) -> bool:
    """Tell whether there is an office of this number that answers to `tenant`."""
    found = select(col(OfficeRow.id)).where(col(OfficeRow.number) == number, answers_to(tenant))
    return (await conn.execute(found)).first() is not None


async def has_authority(conn: AsyncConnection, code: str, tenant: Tenant = NATION) -> bool:
    """Tell whether there is an authority of this 団体コード whose sums `tenant` sees."""
    found = select(col(AuthorityRow.code)).where(col(AuthorityRow.code) == code, authorities(tenant))
    return (await conn.execute(found)).first() is not None


async def contact_at(conn: AsyncConnection, address: str, tenant: Tenant = NATION) -> int | None:
    """Return the id that stands for all contacts of `tenant` at a mail address, or None if it has none there."""
    mine = [] if tenant.is_nation else [col(ContactRow.authority) == tenant.code]
    there = select(col(ContactRow.id)).where(col(ContactRow.address) == address, *mine)
    found: int | None = (await conn.execute(there.order_by(col(ContactRow.id)).limit(1))).scalar_one_or_none()
    return found


async def has_contact(conn: AsyncConnection, contact: int, tenant: Tenant = NATION) -> bool:
    """Tell whether there is a contact of this id that belongs to `tenant`."""
    found = select(col(ContactRow.id)).where(col(ContactRow.id) == contact, owns_contact(tenant))
    return (await conn.execute(found)).first() is not None


async def offices_of(conn: AsyncConnection, contact: int) -> Sequence[str]:
    """Return the numbers of the open offices that are now reached where the contact is, in order.

    Only those count that the same authority registered there.
    """
    there = select(col(ContactRow.address)).where(col(ContactRow.id) == contact).scalar_subquery()
    whose = select(col(ContactRow.authority)).where(col(ContactRow.id) == contact).scalar_subquery()
    found = (
        select(col(OfficeRow.number))
        .join(ContactRow, col(ContactRow.office_id) == col(OfficeRow.id))
        .where(col(ContactRow.address) == there, col(ContactRow.authority) == whose)
        .where(col(ContactRow.active).is_(True))
        .where(col(OfficeRow.closed_on).is_(None))
        .distinct()
        .order_by(col(OfficeRow.number))
    )
    return list((await conn.execute(found)).scalars())


async def tallies_of(conn: AsyncConnection, codes: Sequence[str]) -> list[Tally]:
    """Return for how many offices of the authorities `codes` a deadline means the same, and how many are done.

    Offices with days of their own are counted together where these lie on one day.
    """
    anchored = case((col(CohortRow.anchor) == NO_ANCHOR, 0), else_=1)
    key = [
        col(each)
        for each in (
            CohortRow.deadline,
            CohortRow.occurrence,
            CohortRow.municipality,
            CohortRow.prefecture,
            CohortRow.taken_up,
        )
    ]
    alike = [*key, col(CohortRow.state), col(CohortRow.latest), anchored]
    found = await conn.execute(
        select(
            *key,
            anchored.label("anchored"),
            func.min(col(CohortRow.anchor)).label("anchor"),
            func.count().label("members"),
            func.count(col(ObligationRow.settled_on)).label("settled"),
        )
        .join(ObligationRow, col(ObligationRow.cohort_id) == col(CohortRow.id))
        .where(or_(col(CohortRow.municipality).in_(codes), col(CohortRow.prefecture).in_(codes)))
        .group_by(*alike)
        .order_by(*key, func.min(col(CohortRow.anchor)))
    )
    return [
        Tally(
            CohortKey(
                row.deadline,
                row.occurrence,
                row.municipality,
                row.prefecture,
                taken_up=bool(row.taken_up),
                anchor=row.anchor if row.anchored else None,
            ),
            row.members,
            row.settled,
        )
        for row in found
    ]


# ---- versions ----


async def versions_of(conn: AsyncConnection, subjects: Sequence[str]) -> dict[str, Versions]:
    """Return what was last handed out, for each of `subjects` of which anything was."""
    found = select(table(CalendarVersionRow)).where(col(CalendarVersionRow.subject).in_(subjects))
    return {
        row.subject: Versions(row.version, {uid: Kept.from_data(each) for uid, each in row.entries.items()})
        for row in await conn.execute(found)
    }


async def keep_versions(
    conn: AsyncConnection, subject: str, before: int, entries: Mapping[str, Kept]
) -> bool:
    """Keep what is handed out now; False if it is no longer the write number `before` that is kept."""
    written = {uid: each.as_data() for uid, each in entries.items()}
    if before:
        mine = col(CalendarVersionRow.subject) == subject, col(CalendarVersionRow.version) == before
        changed = update(table(CalendarVersionRow)).where(*mine).values(version=before + 1, entries=written)
        return (await conn.execute(changed)).rowcount > 0
    upsert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    fresh = upsert(table(CalendarVersionRow)).values(subject=subject, version=1, entries=written)
    kept = fresh.on_conflict_do_nothing(index_elements=["subject"]).returning(col(CalendarVersionRow.subject))
    return (await conn.execute(kept)).first() is not None
