"""The audit: who did what, when, to what; each row is bound to the one before it.

A row is written in the transaction that it records.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.database import table
from notifier.store.tables import AuditRow

_LOCK = 0x6E6F7469
"""Serialises writers of the chain on PostgreSQL; on SQLite there is only one writer anyway."""

PAGE = 1000
"""Rows of the chain that are held in memory at once while it is checked."""


def _digest(
    previous: str, at: datetime, who: str, action: str, subject: str, detail: Mapping[str, Any]
) -> str:
    written = json.dumps(
        [previous, at.astimezone(UTC).isoformat(), who, action, subject, detail],
        ensure_ascii=False,
        sort_keys=True,
    )
    return sha256(written.encode()).hexdigest()


async def append(
    conn: AsyncConnection, at: datetime, who: str, action: str, subject: str, detail: Mapping[str, Any]
) -> None:
    """Write one row and bind it to the last. `at` is aware; `detail` holds JSON values only."""
    if conn.dialect.name == "postgresql":
        await conn.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
    last = select(col(AuditRow.digest)).order_by(col(AuditRow.id).desc()).limit(1)
    previous = (await conn.execute(last)).scalar_one_or_none() or ""
    digest = _digest(previous, at, who, action, subject, detail)
    row = {"at": at, "who": who, "action": action, "subject": subject, "detail": dict(detail)}
    await conn.execute(insert(AuditRow).values(**row, previous=previous, digest=digest))


async def first_broken(conn: AsyncConnection) -> int | None:
    """Return the id of the first row that was changed or does not follow the one before it, or None."""
    previous, last = "", 0
    while True:
        page = select(table(AuditRow)).where(col(AuditRow.id) > last).order_by(col(AuditRow.id)).limit(PAGE)
        rows = (await conn.execute(page)).all()
        for row in rows:
            expected = _digest(previous, row.at, row.who, row.action, row.subject, row.detail)
            if row.previous != previous or row.digest != expected:
                return int(row.id)
            previous, last = row.digest, row.id
        if len(rows) < PAGE:
            return None
