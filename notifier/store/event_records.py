"""Event records: what came in on behalf of a tenant, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.callers import Tenant
from notifier.store import sight
from notifier.store.database import table
from notifier.store.facts import is_in
from notifier.store.tables import EventRow


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are asked for; None asks for any."""

    state: str | None = None
    type: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One event; instants are aware. `problem` says why it was set aside, "" if it was not; `request` names the call.

    `traceparent` is the trace (W3C) it belongs to.
    """

    id: int
    sender: str
    key_prefix: str
    source: str
    event_id: str
    type: str
    subject: str
    data: Mapping[str, Any]
    happened_at: datetime
    received_at: datetime
    state: str
    problem: str
    request: str | None
    traceparent: str | None


_COLUMNS = [each for each in table(EventRow).c if each.name in EventRecord.__dataclass_fields__]


async def events(
    conn: AsyncConnection, tenant: Tenant, wanted: Wanted, before: int | None, limit: int
) -> list[EventRecord]:
    """Return `limit` events that `tenant` sees and wants, the newest first, from behind the id `before` on."""
    found = select(*_COLUMNS).where(sight.events(tenant))
    if before is not None:
        found = found.where(col(EventRow.id) < before)
    if wanted.state is not None:
        found = found.where(*is_in(wanted.state))
    for column, value in (
        (EventRow.type, wanted.type),
        (EventRow.subject, wanted.subject),
    ):
        if value is not None:
            found = found.where(col(column) == value)
    rows = await conn.execute(found.order_by(col(EventRow.id).desc()).limit(limit))
    return [EventRecord(**row) for row in rows.mappings()]


async def event(conn: AsyncConnection, tenant: Tenant, number: int) -> EventRecord | None:
    """Return the event with the id `number`, or None if `tenant` sees none of it."""
    found = select(*_COLUMNS).where(col(EventRow.id) == number, sight.events(tenant))
    row = (await conn.execute(found)).mappings().one_or_none()
    return None if row is None else EventRecord(**row)


async def count_failed(conn: AsyncConnection, tenant: Tenant) -> int:
    """Return how many events are set aside that `tenant` sees."""
    found = select(func.count()).select_from(table(EventRow)).where(sight.events(tenant), *is_in("failed"))
    return int((await conn.execute(found)).scalar_one())
