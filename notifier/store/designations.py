"""Designations with their days: for how long an office answers to an authority for a service, and what ends with that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.authorities import AuthorityMemberRow
from notifier.store.contacts import LEFT
from notifier.store.database import table
from notifier.store.differences import Days
from notifier.store.tables import ContactRow, DeliveryRow, DesignationRow, OfficeRow, OfficeServiceRow


@dataclass(frozen=True, slots=True)
class Ended:
    """A designation whose last day is over."""

    office_id: int
    number: str
    authority: str
    service: str
    since: date | None
    until: date


async def set_days(
    conn: AsyncConnection, office_id: int, authority: str, days: Mapping[str, Days]
) -> Mapping[str, Days]:
    """Write from when to when an office is designated by `authority` for each service; returns what stood before."""
    designation = table(DesignationRow)
    mine = designation.c.office_id == office_id, designation.c.authority == authority
    rows = await conn.execute(select(designation).where(*mine).order_by(designation.c.service))
    before = {row.service: (row.since, row.until) for row in rows}
    for service, (since, until) in days.items():
        if before.get(service, (None, None)) != (since, until):
            chosen = update(designation).where(*mine, designation.c.service == service)
            await conn.execute(chosen.values(since=since, until=until))
    return before


async def ended(conn: AsyncConnection, today: date) -> Sequence[Ended]:
    """Return the designations whose last day lies before the civil date `today`, by office and authority."""
    designation, office = table(DesignationRow).c, table(OfficeRow).c
    found = (
        select(
            designation.office_id,
            office.number,
            designation.authority,
            designation.service,
            designation.since,
            designation.until,
        )
        .join(table(OfficeRow), office.id == designation.office_id)
        .where(designation.until < today)
        .order_by(office.number, designation.authority, designation.service)
    )
    return [Ended(*row) for row in await conn.execute(found)]


async def last_day(conn: AsyncConnection) -> date | None:
    """Return the earliest last day of all designations in force, or None."""
    found: date | None = (await conn.execute(select(func.min(col(DesignationRow.until))))).scalar_one()
    return found


async def end(conn: AsyncConnection, over: Sequence[Ended]) -> None:
    """Take designations back: offices provide no more than what others let them, and are worked out anew."""
    designation, service, office = table(DesignationRow), table(OfficeServiceRow), table(OfficeRow)
    for each in over:
        mine = designation.c.office_id == each.office_id, designation.c.authority == each.authority
        await conn.execute(delete(designation).where(*mine, designation.c.service == each.service))
        others = select(designation.c.office_id).where(
            designation.c.office_id == each.office_id, designation.c.service == each.service
        )
        provided = service.c.office_id == each.office_id, service.c.service == each.service
        await conn.execute(delete(service).where(*provided, ~others.exists()))
    for number in sorted({each.office_id for each in over}):
        await conn.execute(update(office).where(office.c.id == number).values(derived=False))


async def part(conn: AsyncConnection, office_id: int, authority: str) -> bool:
    """Let an office that answers to `authority` no more hear nothing through its contacts; True if that is so.

    What is planned for them and has not left is called off. They are in use again once the office is designated again.
    """
    office, contact, delivery = table(OfficeRow).c, table(ContactRow), table(DeliveryRow)
    members = select(col(AuthorityMemberRow.member)).where(col(AuthorityMemberRow.authority) == authority)
    designated = select(col(DesignationRow.office_id)).where(
        col(DesignationRow.office_id) == office_id, col(DesignationRow.authority) == authority
    )
    lies_there = or_(office.municipality == authority, office.municipality.in_(members))
    still = select(office.id).where(office.id == office_id, or_(lies_there, designated.exists()))
    if (await conn.execute(still)).first():
        return False
    mine = contact.c.office_id == office_id, contact.c.authority == authority
    await conn.execute(
        update(contact).where(*mine, contact.c.active.is_(True)).values(active=False, reason=LEFT)
    )
    waiting = delivery.c.office_id == office_id, delivery.c.authority == authority
    await conn.execute(
        update(delivery).where(*waiting, delivery.c.state == "planned").values(state="cancelled")
    )
    return True


async def join_again(conn: AsyncConnection, office_id: int, authority: str) -> None:
    """Use the contacts of `authority` again that rested because the office did not answer to it."""
    contact = table(ContactRow)
    resting = contact.c.office_id == office_id, contact.c.authority == authority, contact.c.reason == LEFT
    await conn.execute(update(contact).where(*resting).values(active=True, reason=""))
