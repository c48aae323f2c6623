"""Designations with their days: for how long an office answers to an authority for a service, and what ends with that."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.authorities import AuthorityMemberRow
from notifier.store.chosen import among
from notifier.store.contacts import LEFT
from notifier.store.database import table
from notifier.store.differences import Days
from notifier.store.tables import ContactRow, DeliveryRow, DesignationRow, OfficeRow, OfficeServiceRow

Pair: TypeAlias = tuple[int, str]
"""An office (its id) and an authority (団体コード)."""


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
    if not over:
        return
    designation, service, office = table(DesignationRow), table(OfficeServiceRow), table(OfficeRow)
    them = {"ids": sorted({each.office_id for each in over})}
    ended = [{"office": each.office_id, "by": each.authority, "code": each.service} for each in over]
    mine = designation.c.office_id == bindparam("office"), designation.c.authority == bindparam("by")
    await conn.execute(delete(designation).where(*mine, designation.c.service == bindparam("code")), ended)
    rows = await conn.execute(
        select(designation.c.office_id, designation.c.service).where(among(designation.c.office_id)), them
    )
    still = {(row.office_id, row.service) for row in rows}
    gone = sorted({(each.office_id, each.service) for each in over} - still)
    if gone:
        provided = service.c.office_id == bindparam("office"), service.c.service == bindparam("code")
        await conn.execute(
            delete(service).where(*provided), [{"office": each, "code": code} for each, code in gone]
        )
    await conn.execute(update(office).where(among(office.c.id)).values(derived=False), them)


async def part(conn: AsyncConnection, pairs: Collection[Pair]) -> frozenset[Pair]:
    """Let offices that answer to an authority no more hear nothing through its contacts; returns of which that is so.

    What is planned for them and has not left is called off. They are in use again once the office is designated again.
    """
    left = frozenset(set(pairs) - await _answering(conn, pairs))
    if not left:
        return left
    contact, delivery = table(ContactRow), table(DeliveryRow)
    those = [{"office": office, "whose": authority} for office, authority in sorted(left)]
    mine = contact.c.office_id == bindparam("office"), contact.c.authority == bindparam("whose")
    resting = update(contact).where(*mine, contact.c.active.is_(True))
    await conn.execute(resting.values(active=False, reason=LEFT), those)
    waiting = delivery.c.office_id == bindparam("office"), delivery.c.authority == bindparam("whose")
    called_off = update(delivery).where(*waiting, delivery.c.state == "planned")
    await conn.execute(called_off.values(state="cancelled"), those)
    return left


async def _answering(conn: AsyncConnection, pairs: Collection[Pair]) -> set[Pair]:
    """Return those of the pairs of which the office lies with the authority, or is designated by it."""
    office, member, designation = table(OfficeRow).c, table(AuthorityMemberRow).c, table(DesignationRow).c
    them = {"ids": sorted({each for each, _ in pairs})}
    places = (await conn.execute(select(office.id, office.municipality).where(among(office.id)), them)).all()
    unions = {
        row.member: row.authority for row in await conn.execute(select(member.member, member.authority))
    }
    found = {(row.id, row.municipality) for row in places}
    found |= {(row.id, unions[row.municipality]) for row in places if row.municipality in unions}
    designated = select(designation.office_id, designation.authority).where(among(designation.office_id))
    return found | {(row.office_id, row.authority) for row in await conn.execute(designated, them)}


async def join_again(conn: AsyncConnection, office_id: int, authority: str) -> None:
    """Use the contacts of `authority` again that rested because the office did not answer to it."""
    contact = table(ContactRow)
    resting = contact.c.office_id == office_id, contact.c.authority == authority, contact.c.reason == LEFT
    await conn.execute(update(contact).where(*resting).values(active=True, reason=""))
