"""Office records: offices as a tenant sees them through the door for programs, and the changes it makes to them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.callers import Tenant
from notifier.domain.facts import Fact
from notifier.domain.hours import Hours
from notifier.store import sight
from notifier.store.database import table
from notifier.store.enrolment import folded
from notifier.store.facts import fact_of
from notifier.store.tables import ContactRow, DesignationRow, FactRow, OfficeRow, OfficeServiceRow
from notifier.store.tenants import answers_to, owns_contact

EDITABLE = ("name", "kana", "corporation", "location", "telephone", "fax", "staff")
"""What an authority may correct by hand; services and closures are steps of their own, because duties follow from them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which offices are asked for: None asks for any. `words` must all occur in number, name or corporation."""

    words: str = ""
    municipality: str | None = None
    service: str | None = None
    open: bool | None = None
    reachable: bool | None = None


@dataclass(frozen=True, slots=True)
class OfficeRecord:
    """One office. `reachable` tells whether the tenant has an address in use for it; `id` is for further queries."""

    id: int
    number: str
    name: str
    kana: str
    corporation: str
    corporate_number: str
    location: str
    telephone: str
    fax: str
    municipality: str
    prefecture: str
    staff: int | None
    registered_at: datetime
    closed_on: date | None
    services: tuple[str, ...]
    reachable: bool


@dataclass(frozen=True, slots=True)
class Designation:
    """A service for which an office answers to an authority, from `since` to `until` (civil dates, inclusive)."""

    authority: str
    service: str
    since: date | None
    until: date | None


@dataclass(frozen=True, slots=True)
class Contact:
    """An address at which an office is reached, and the authority that registered it; see ContactRow."""

    id: int
    authority: str
    channel: str
    address: str
    active: bool
    role: str
    topics: str
    text_only: bool
    origin: str
    reason: str
    verified_at: datetime | None
    weekdays: str
    hours: str

    @property
    def wanted_hours(self) -> Hours:
        """Return when its letters are to come."""
        return Hours.read(self.weekdays, self.hours)


async def names(conn: AsyncConnection, tenant: Tenant, numbers: Collection[str]) -> dict[str, str]:
    """Return by number how those of these offices are called that `tenant` sees."""
    found = select(col(OfficeRow.number), col(OfficeRow.name)).where(
        col(OfficeRow.number).in_(numbers), answers_to(tenant)
    )
    return {row.number: row.name for row in await conn.execute(found)}


def _reachable(tenant: Tenant) -> ColumnElement[bool]:
    mine = and_(
        col(ContactRow.office_id) == col(OfficeRow.id),
        col(ContactRow.active).is_(True),
        owns_contact(tenant),
    )
    return exists().where(mine)


def _records(tenant: Tenant) -> Select[Any]:
    columns = [each for each in table(OfficeRow).c if each.name in OfficeRecord.__dataclass_fields__]
    return select(*columns, _reachable(tenant).label("reachable")).where(answers_to(tenant))


def _matching(tenant: Tenant, wanted: Wanted) -> ColumnElement[bool]:
    found = [_carries(word) for word in wanted.words.split()]
    if wanted.municipality is not None:
        found.append(col(OfficeRow.municipality) == wanted.municipality)
    if wanted.service is not None:
        of_service = select(col(OfficeServiceRow.office_id)).where(
            col(OfficeServiceRow.service) == wanted.service,
            col(OfficeServiceRow.office_id) == col(OfficeRow.id),
        )
        found.append(of_service.exists())
    if wanted.open is not None:
        still = col(OfficeRow.closed_on).is_(None)
        found.append(still if wanted.open else ~still)
    if wanted.reachable is not None:
        found.append(_reachable(tenant) if wanted.reachable else ~_reachable(tenant))
    return and_(true(), *found)


def _carries(word: str) -> ColumnElement[bool]:
    written = or_(
        *(
            col(column).contains(word, autoescape=True)
            for column in (OfficeRow.number, OfficeRow.name, OfficeRow.corporation)
        )
    )
    plain = folded(word)
    return or_(written, col(OfficeRow.folded).contains(plain, autoescape=True)) if plain else written


async def offices(
    conn: AsyncConnection, tenant: Tenant, wanted: Wanted, after: str, limit: int
) -> list[OfficeRecord]:
    """Return `limit` of the offices that `tenant` sees and wants, by number, from behind the number `after` on."""
    found = (
        _records(tenant)
        .where(col(OfficeRow.number) > after, _matching(tenant, wanted))
        .order_by(col(OfficeRow.number))
        .limit(limit)
    )
    return await _read(conn, found)


async def office(
    conn: AsyncConnection, tenant: Tenant, number: str, *, to_change: bool = False
) -> OfficeRecord | None:
    """Return the office `number`, or None if `tenant` sees none of it; `to_change` holds it until the end."""
    found = _records(tenant).where(col(OfficeRow.number) == number)
    if to_change:
        found = found.with_for_update(of=table(OfficeRow))
    return next(iter(await _read(conn, found)), None)


async def _read(conn: AsyncConnection, found: Select[Any]) -> list[OfficeRecord]:
    rows = (await conn.execute(found)).mappings().all()
    services: dict[int, list[str]] = {row["id"]: [] for row in rows}
    provided = (
        select(col(OfficeServiceRow.office_id), col(OfficeServiceRow.service))
        .where(col(OfficeServiceRow.office_id).in_(list(services)))
        .order_by(col(OfficeServiceRow.office_id), col(OfficeServiceRow.service))
    )
    for office_id, service in await conn.execute(provided):
        services[office_id].append(service)
    return [
        OfficeRecord(**{**row, "reachable": bool(row["reachable"])}, services=tuple(services[row["id"]]))
        for row in rows
    ]


async def amend(conn: AsyncConnection, office_id: int, changed: Mapping[str, Any]) -> None:
    """Write new values of some of the `EDITABLE` columns of an office."""
    values = dict(changed)
    if "name" in values:
        values["folded"] = folded(values["name"])
    await conn.execute(update(OfficeRow).where(col(OfficeRow.id) == office_id).values(**values))


async def designations_of(conn: AsyncConnection, tenant: Tenant, office_id: int) -> Sequence[Designation]:
    """Return for which services the office answers to `tenant`; to whomever, if that is the nation."""
    designation = table(DesignationRow).c
    found = (
        select(designation.authority, designation.service, designation.since, designation.until)
        .where(designation.office_id == office_id, sight.designations(tenant))
        .order_by(designation.authority, designation.service)
    )
    return [Designation(*row) for row in await conn.execute(found)]


async def contacts_of(conn: AsyncConnection, tenant: Tenant, office_id: int) -> Sequence[Contact]:
    """Return the addresses that `tenant` registered for the office, those no longer in use, too."""
    contact = table(ContactRow).c
    found = (
        select(*(contact[name] for name in Contact.__dataclass_fields__))
        .where(contact.office_id == office_id, owns_contact(tenant))
        .order_by(contact.id)
    )
    return [Contact(*row) for row in await conn.execute(found)]


async def facts_of(
    conn: AsyncConnection, office_id: int, after: int, limit: int
) -> Sequence[tuple[int, Fact]]:
    """Return `limit` facts about the office in the order in which they were recorded, from behind the id `after` on."""
    found = (
        select(table(FactRow))
        .where(col(FactRow.office_id) == office_id, col(FactRow.id) > after)
        .order_by(col(FactRow.id))
        .limit(limit)
    )
    return [(row.id, fact_of(row)) for row in await conn.execute(found)]
