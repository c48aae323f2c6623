"""The registry: an authority's offices as a list of its own would hold them, part by part."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.database import table
from notifier.store.differences import KEPT, Enrolled
from notifier.store.tables import ContactRow, DesignationRow, OfficeRow, OfficeServiceRow

PART: Final = 500
"""Offices that are held in memory at once."""


async def offices_of(conn: AsyncConnection, authority: str) -> AsyncIterator[list[Enrolled]]:
    """Yield the open offices of an authority (municipality or prefecture) by number, part by part.

    Addresses are those it registered itself, services those it designated them for; where it designated nothing,
    all that the office provides.
    """
    office = table(OfficeRow)
    mine = or_(office.c.municipality == authority, office.c.prefecture == authority)
    after = ""
    while True:
        page = (
            select(office)
            .where(mine, office.c.closed_on.is_(None), office.c.number > after)
            .order_by(office.c.number)
            .limit(PART)
        )
        rows = (await conn.execute(page)).mappings().all()
        if not rows:
            return
        after = rows[-1]["number"]
        ids = [row["id"] for row in rows]
        provided = await _services(conn, ids)
        designated = await _designated(conn, ids, authority)
        contacts = await _contacts(conn, ids, authority)
        yield [
            Enrolled(
                row["number"],
                services=tuple(designated.get(row["id"]) or sorted(provided.get(row["id"], ()))),
                service_names={code: name for code, name in provided.get(row["id"], {}).items() if name},
                addresses=tuple(contacts.get(row["id"], ())),
                roles={each: role for each, role in contacts.get(row["id"], {}).items() if role},
                **{name: row[name] for name in KEPT},
            )
            for row in rows
        ]


async def lying_elsewhere(conn: AsyncConnection, places: Mapping[str, str]) -> dict[str, str]:
    """Return, by number, the municipality of those offices that are known in another one than `places` says."""
    found: dict[str, str] = {}
    numbers = list(places)
    office = table(OfficeRow).c
    for start in range(0, len(numbers), PART):
        rows = select(office.number, office.municipality).where(
            office.number.in_(numbers[start : start + PART]), office.closed_on.is_(None)
        )
        known = await conn.execute(rows)
        found |= {row.number: row.municipality for row in known if row.municipality != places[row.number]}
    return found


async def _services(conn: AsyncConnection, ids: list[int]) -> Mapping[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    rows = select(
        col(OfficeServiceRow.office_id), col(OfficeServiceRow.service), col(OfficeServiceRow.name)
    ).where(col(OfficeServiceRow.office_id).in_(ids))
    for office, service, name in await conn.execute(rows):
        found.setdefault(office, {})[service] = name
    return found


async def _designated(conn: AsyncConnection, ids: list[int], authority: str) -> Mapping[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = (
        select(col(DesignationRow.office_id), col(DesignationRow.service))
        .where(col(DesignationRow.office_id).in_(ids), col(DesignationRow.authority) == authority)
        .order_by(col(DesignationRow.service))
    )
    for office, service in await conn.execute(rows):
        found.setdefault(office, []).append(service)
    return found


async def _contacts(conn: AsyncConnection, ids: list[int], authority: str) -> Mapping[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    rows = (
        select(col(ContactRow.office_id), col(ContactRow.address), col(ContactRow.role))
        .where(
            col(ContactRow.office_id).in_(ids),
            col(ContactRow.authority) == authority,
            col(ContactRow.channel) == "email",
            col(ContactRow.active).is_(True),
        )
        .order_by(col(ContactRow.id))
    )
    for office, address, role in await conn.execute(rows):
        found.setdefault(office, {})[address] = role
    return found
