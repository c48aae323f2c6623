"""Contacts: the addresses at which offices are reached."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.tables import ContactRow, DeliveryRow, OfficeRow

REFUSED = "refused"
"""Why a contact is not in use: its owner wants no mail there. No list can undo that."""


async def deactivate(conn: AsyncConnection, address: str) -> list[str]:
    """Deactivate a mail address for every office that has it; returns the numbers of those where it was active.

    What is planned for it and has not left ends as unreachable, visibly; a letter with nothing left is cancelled.
    """
    active = (
        col(ContactRow.address) == address,
        col(ContactRow.channel) == "email",
        col(ContactRow.active).is_(True),
    )
    found = await conn.execute(
        select(col(OfficeRow.number))
        .join(ContactRow, col(ContactRow.office_id) == col(OfficeRow.id))
        .where(*active)
        .order_by(col(OfficeRow.number))
    )
    numbers = list(found.scalars())
    await conn.execute(update(ContactRow).where(*active).values(active=False, reason=REFUSED))
    planned = update(DeliveryRow).where(
        col(DeliveryRow.recipient) == address, col(DeliveryRow.state) == "planned"
    )
    await conn.execute(planned.values(state="unreachable"))
    return numbers
