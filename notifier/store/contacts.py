"""Contacts: the addresses at which offices are reached, whose they are, and whether their owners confirmed them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, case, delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.callers import Tenant
from notifier.domain.hours import Hours, weekdays_kept_as
from notifier.store.chosen import among_texts
from notifier.store.database import table
from notifier.store.tables import ContactRow, DeliveryRow, OfficeRow
from notifier.store.tenants import owns_contact

REFUSED: Final = "refused"
"""Why a contact is not in use: its owner wants no mail there. No list can undo that."""
UNVERIFIED: Final = "unverified"
"""Why a contact is not in use: an office entered it, and its owner has not confirmed it yet."""
LAPSED: Final = "lapsed"
"""Why a contact is not in use: its owner did not confirm it again."""
STOPPED: Final = "stopped"
"""Why a contact is not in use: its office wants no mail there. No list can undo that, the office can."""
REPLACED: Final = "replaced"
"""Why a contact is not in use: its office has put another one in its place, which was confirmed."""
LEFT: Final = "left"
"""Why a contact is not in use: the office answers no more to the authority that registered it."""


@dataclass(frozen=True, slots=True)
class Contact:
    """An address of an office, as ContactRow keeps it. `topics` are families, () for all; instants are aware.

    `weekdays` (ISO, 1 is Monday; () for every day) and `hours` (09-17; "" for any) tell when its letters are to come.
    """

    id: int
    office: str
    office_name: str
    authority: str
    channel: str
    address: str
    active: bool
    role: str
    topics: tuple[str, ...]
    text_only: bool
    origin: str
    reason: str
    verified_at: datetime | None
    asked_at: datetime | None
    replaces: int | None
    weekdays: tuple[int, ...] = ()
    hours: str = ""

    @property
    def wanted_hours(self) -> Hours:
        """Return when its letters are to come."""
        return Hours.of(self.weekdays, self.hours)


def written_topics(topics: Collection[str]) -> str:
    """Return families as they are kept: each between two spaces, "" for all."""
    return f" {'  '.join(sorted(topics))} " if topics else ""


def _shown() -> Any:
    contact, office = table(ContactRow), table(OfficeRow)
    return select(contact, office.c.number, office.c.name).join(office, office.c.id == contact.c.office_id)


def _contact(row: Any) -> Contact:
    names = ("id", "authority", "channel", "address", "active", "role", "text_only", "origin", "reason")
    return Contact(
        office=row["number"],
        office_name=row["name"],
        topics=tuple(row["topics"].split()),
        verified_at=row["verified_at"],
        asked_at=row["asked_at"],
        replaces=row["replaces"],
        weekdays=weekdays_kept_as(row["weekdays"]),
        hours=row["hours"],
        **{name: row[name] for name in names},
    )


async def find(
    conn: AsyncConnection, tenant: Tenant, contact_id: int, *, to_change: bool = False
) -> Contact | None:
    """Return a contact by its id; None if there is none that belongs to the tenant. With `to_change` it is held."""
    found = _shown().where(col(ContactRow.id) == contact_id, owns_contact(tenant))
    if to_change:
        found = found.with_for_update(of=table(ContactRow))
    row = (await conn.execute(found)).mappings().one_or_none()
    return _contact(row) if row else None


async def of_office(conn: AsyncConnection, office_id: int) -> list[Contact]:
    """Return the mail contacts of an office, whoever registered them, in the order in which they came."""
    mine = col(ContactRow.office_id) == office_id, col(ContactRow.channel) == "email"
    found = await conn.execute(_shown().where(*mine).order_by(col(ContactRow.id)))
    return [_contact(row) for row in found.mappings()]


async def is_refused(conn: AsyncConnection, address: str) -> bool:
    """Tell whether the owner of an address wants no mail there, whoever registered it."""
    refused = select(exists().where(col(ContactRow.address) == address, col(ContactRow.reason) == REFUSED))
    return bool((await conn.execute(refused)).scalar_one())


async def add(conn: AsyncConnection, office_id: int, values: Mapping[str, Any]) -> int | None:
    """Add a contact and return its id; None if the authority has registered that address for the office already."""
    target = table(ContactRow)
    same = (
        target.c.office_id == office_id,
        target.c.authority == values["authority"],
        target.c.channel == values["channel"],
        target.c.address == values["address"],
    )
    if (await conn.execute(select(target.c.id).where(*same))).first() is not None:
        return None
    written = insert(target).values(office_id=office_id, **values).returning(target.c.id)
    return int((await conn.execute(written)).scalar_one())


async def at(conn: AsyncConnection, office_id: int, authority: str, address: str) -> Contact | None:
    """Return the mail contact that an authority has of an office at an address, held, or None."""
    mine = col(ContactRow.office_id) == office_id, col(ContactRow.authority) == authority
    there = col(ContactRow.address) == address, col(ContactRow.channel) == "email"
    found = await conn.execute(_shown().where(*mine, *there).with_for_update(of=table(ContactRow)))
    row = found.mappings().one_or_none()
    return _contact(row) if row else None


async def take_out(conn: AsyncConnection, contact_id: int, reason: str) -> None:
    """Take a contact out of use, if it is still there; what is planned for it and has not left is not sent there any more.

    It ends as cancelled while the office is reached elsewhere, else as unreachable, visibly.
    """
    contact, delivery, other = table(ContactRow), table(DeliveryRow), table(ContactRow).alias("other")
    found = update(contact).where(contact.c.id == contact_id).values(active=False, reason=reason)
    row = (await conn.execute(found.returning(*_placed()))).one_or_none()
    if row is None:
        return
    left = exists().where(
        other.c.office_id == delivery.c.office_id,
        other.c.active.is_(True),
        other.c.channel == delivery.c.channel,
    )
    planned = update(delivery).where(*_planned_for(row))
    await conn.execute(planned.values(state=case((left, "cancelled"), else_="unreachable")))


async def hand_over(conn: AsyncConnection, contact_id: int, to: Contact) -> None:
    """Let what is planned for a contact, and not gathered yet, go to another one of its office instead."""
    contact, delivery, there = table(ContactRow), table(DeliveryRow), table(DeliveryRow).alias("there")
    row = (await conn.execute(select(*_placed()).where(contact.c.id == contact_id))).one_or_none()
    if row is None:
        return
    same = (there.c[name] == delivery.c[name] for name in ("saying_id", "party", "channel", "repeat"))
    goes_there = exists().where(there.c.recipient == to.address, *same)
    moved = update(delivery).where(*_planned_for(row), delivery.c.letter_id.is_(None), ~goes_there)
    await conn.execute(moved.values(recipient=to.address, authority=to.authority))


async def heir(conn: AsyncConnection, contact: Contact) -> Contact | None:
    """Return the contact in use that the same authority entered last for the same office; None if there is no other."""
    other = table(ContactRow).c
    mine = table(OfficeRow).c.number == contact.office, other.authority == contact.authority
    found = _shown().where(*mine, other.channel == contact.channel, other.active.is_(True))
    last = found.where(other.id != contact.id).order_by(other.id.desc()).limit(1)
    row = (await conn.execute(last)).mappings().one_or_none()
    return _contact(row) if row else None


def _placed() -> tuple[Any, ...]:
    contact = table(ContactRow).c
    return contact.office_id, contact.authority, contact.address


def _planned_for(row: Any) -> tuple[Any, ...]:
    delivery = table(DeliveryRow).c
    mine = delivery.office_id == row.office_id, delivery.authority == row.authority
    return *mine, delivery.recipient == row.address, delivery.state == "planned"


async def change(conn: AsyncConnection, contact_id: int, values: Mapping[str, Any]) -> None:
    """Write values of a contact."""
    await conn.execute(update(ContactRow).where(col(ContactRow.id) == contact_id).values(**values))


async def remove(conn: AsyncConnection, contact_id: int) -> None:
    """Remove a contact; what was sent to its address stays as it is."""
    await conn.execute(delete(ContactRow).where(col(ContactRow.id) == contact_id))


async def to_ask(
    conn: AsyncConnection, confirmed_before: datetime, asked_before: datetime, limit: int
) -> list[Contact]:
    """Return contacts in use that were last confirmed before an instant, and were not asked since another."""
    target = table(ContactRow).c
    found = (
        _shown()
        .where(
            target.active.is_(True),
            target.channel == "email",
            target.verified_at < confirmed_before,
            or_(target.asked_at.is_(None), target.asked_at < asked_before),
            table(OfficeRow).c.closed_on.is_(None),
        )
        .order_by(target.id)
        .limit(limit)
    )
    return [_contact(row) for row in (await conn.execute(found)).mappings()]


async def lapse(conn: AsyncConnection, asked_before: datetime) -> list[str]:
    """Take out of use what an office entered and nobody confirmed again, where another contact of the office is left.

    Returns the numbers of the offices. The last address of an office stays in use: a letter that somebody may not read is
    better than none.
    """
    target, office = table(ContactRow), table(OfficeRow)
    other = table(ContactRow).alias("other")
    left = exists().where(
        other.c.office_id == target.c.office_id, other.c.active.is_(True), other.c.origin == "authority"
    )
    silent = and_(
        target.c.active.is_(True),
        target.c.origin == "office",
        target.c.asked_at < asked_before,
        target.c.verified_at < target.c.asked_at,
        left,
    )
    found = await conn.execute(
        select(target.c.id, office.c.number).join(office, office.c.id == target.c.office_id).where(silent)
    )
    rows = found.all()
    ids = [row.id for row in rows]
    if ids:
        await conn.execute(update(target).where(target.c.id.in_(ids)).values(active=False, reason=LAPSED))
    return sorted({row.number for row in rows})


async def text_only_among(conn: AsyncConnection, addresses: Collection[str]) -> set[str]:
    """Return those of the addresses whose owners want mails without a second part in HTML."""
    contact = table(ContactRow).c
    wanted = select(contact.address).where(
        contact.text_only.is_(True), among_texts(contact.address, "addresses")
    )
    return set((await conn.execute(wanted, {"addresses": list(addresses)})).scalars())


async def deactivate(conn: AsyncConnection, address: str) -> list[tuple[str, str]]:
    """Deactivate a mail address for every office that has it; returns (number, authority) where it was active.

    What is planned for it and has not left ends as unreachable, visibly; a letter with nothing left is cancelled. One of
    which it is not known whether it arrived is not sent once more.
    """
    active = (
        col(ContactRow.address) == address,
        col(ContactRow.channel) == "email",
        col(ContactRow.active).is_(True),
    )
    found = await conn.execute(
        select(col(OfficeRow.number), col(ContactRow.authority))
        .join(ContactRow, col(ContactRow.office_id) == col(OfficeRow.id))
        .where(*active)
        .order_by(col(OfficeRow.number), col(ContactRow.authority))
    )
    numbers = [(row.number, row.authority) for row in found]
    await conn.execute(update(ContactRow).where(*active).values(active=False, reason=REFUSED))
    planned = update(DeliveryRow).where(
        col(DeliveryRow.recipient) == address, col(DeliveryRow.state) == "planned"
    )
    await conn.execute(planned.values(state="unreachable"))
    unsure = update(DeliveryRow).where(
        col(DeliveryRow.recipient) == address, col(DeliveryRow.state) == "unknown"
    )
    await conn.execute(unsure.values(state="failed"))
    return numbers
