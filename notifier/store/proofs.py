"""Proofs: what is kept about one office that shows what it was told, what it told, and what was done."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.callers import Tenant
from notifier.store import sight
from notifier.store.database import table
from notifier.store.tables import AuditRow, DeliveryRow, EventRow, OfficeRow, SayingRow
from notifier.store.tenants import answers_to, sees_delivery


async def is_seen(conn: AsyncConnection, tenant: Tenant, number: str) -> bool:
    """Tell whether there is an office with this number that answers to `tenant`."""
    office = table(OfficeRow).c
    found = select(office.id).where(office.number == number, answers_to(tenant))
    return (await conn.execute(found)).first() is not None


async def said_to(conn: AsyncConnection, tenant: Tenant, office_id: int) -> Sequence[Any]:
    """Return what was said to an office as far as `tenant` sees it, oldest first, one row a delivery."""
    delivery, saying = table(DeliveryRow).c, table(SayingRow).c
    found = (
        select(
            delivery.id,
            delivery.letter_id,
            delivery.channel,
            delivery.recipient,
            delivery.state,
            saying.on,
            saying.occasion,
            saying.rung,
            saying.deadline,
            saying.occurrence,
            saying.content,
        )
        .join(table(SayingRow), saying.id == delivery.saying_id)
        .where(delivery.office_id == office_id, sees_delivery(tenant))
        .order_by(delivery.id)
    )
    return (await conn.execute(found)).all()


async def told_by(conn: AsyncConnection, tenant: Tenant, number: str) -> Sequence[Row[Any]]:
    """Return the events about an office that came in on behalf of `tenant`, in the order in which they came."""
    event = table(EventRow)
    found = select(event).where(event.c.subject == f"office/{number}", sight.events(tenant))
    return (await conn.execute(found.order_by(event.c.id))).all()


async def done_to(conn: AsyncConnection, tenant: Tenant, number: str) -> Sequence[Row[Any]]:
    """Return the rows of the audit about an office that `tenant` sees, each with the digests that bind it."""
    row = table(AuditRow)
    found = select(row).where(row.c.subject == f"office/{number}", sight.audit(tenant))
    return (await conn.execute(found.order_by(row.c.id))).all()


async def heads(conn: AsyncConnection) -> dict[str, str]:
    """Return the last digest of each chain of the audit."""
    row = table(AuditRow).c
    found = {}
    for chain in (await conn.execute(select(row.chain).distinct())).scalars().all():
        last = select(row.digest).where(row.chain == chain).order_by(row.id.desc()).limit(1)
        found[chain] = str((await conn.execute(last)).scalar_one())
    return found
