"""Audit records: who did what on behalf of a tenant, to be read page by page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.callers import Tenant
from notifier.store import sight
from notifier.store.database import table
from notifier.store.tables import AuditRow


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are asked for; None asks for any.

    `family` is the part of an action before its first dot, `until` an instant that is no longer among them; rows of
    those named in `without` are left out.
    """

    action: str | None = None
    subject: str | None = None
    who: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    family: str | None = None
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One row: who did what when to what, from where and on whose behalf, and the digest that binds it."""

    id: int
    at: datetime
    who: str
    origin: str
    authority: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    digest: str


_COLUMNS = [each for each in table(AuditRow).c if each.name in AuditRecord.__dataclass_fields__]


async def rows(
    conn: AsyncConnection, tenant: Tenant, wanted: Wanted, before: int | None, limit: int
) -> list[AuditRecord]:
    """Return `limit` rows that `tenant` sees and wants, the newest first, from behind the id `before` on."""
    found = select(*_COLUMNS).where(sight.audit(tenant))
    if before is not None:
        found = found.where(col(AuditRow.id) < before)
    if wanted.since is not None:
        found = found.where(col(AuditRow.at) >= wanted.since)
    if wanted.until is not None:
        found = found.where(col(AuditRow.at) < wanted.until)
    if wanted.family is not None:
        found = found.where(col(AuditRow.action).startswith(f"{wanted.family}.", autoescape=True))
    if wanted.without:
        found = found.where(col(AuditRow.who).not_in(wanted.without))
    for column, value in (
        (AuditRow.action, wanted.action),
        (AuditRow.subject, wanted.subject),
        (AuditRow.who, wanted.who),
    ):
        if value is not None:
            found = found.where(col(column) == value)
    kept = await conn.execute(found.order_by(col(AuditRow.id).desc()).limit(limit))
    return [AuditRecord(**row) for row in kept.mappings()]
