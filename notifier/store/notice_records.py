"""Notice records: the papers the service knows, those that wait for a second person, too.

They belong to everybody; only what an authority has handed in is its own until it is approved.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.callers import NATION, Tenant
from notifier.store.database import table
from notifier.store.inbox import InboxRow
from notifier.store.tables import NoticeRow, StatementRow


@dataclass(frozen=True, slots=True)
class NoticeRecord:
    """One notice or dated part of one. Until it is approved (`approved_at`) it is silent."""

    id: str
    title: str
    issuer: str
    number: str
    issued: date | None
    known_from: date
    rank: int
    in_hand: bool
    accepted_at: datetime
    accepted_by: str
    approved_at: datetime | None
    approved_by: str | None


def _records() -> Select[Any]:
    return select(table(NoticeRow))


def _shown_to(tenant: Tenant) -> ColumnElement[bool]:
    """Tell whether a notice may be shown: it is law, nobody's own, or the tenant's. Ask outside the walls."""
    if tenant.is_nation:
        return true()
    inbox = table(InboxRow).c
    foreign = exists().where(inbox.notice == col(NoticeRow.id), inbox.authority.not_in(["", tenant.code]))
    return or_(col(NoticeRow.approved_at).is_not(None), ~foreign)


async def notices(
    conn: AsyncConnection,
    after: str,
    limit: int,
    *,
    tenant: Tenant = NATION,
    approved: bool | None = None,
    deadline: str | None = None,
) -> list[NoticeRecord]:
    """Return `limit` notices by id, from behind `after` on; `deadline` asks for those that speak of it."""
    found = _records().where(col(NoticeRow.id) > after, _shown_to(tenant))
    if approved is not None:
        waits = col(NoticeRow.approved_at).is_(None)
        found = found.where(~waits if approved else waits)
    if deadline is not None:
        speaking = select(col(StatementRow.notice)).where(col(StatementRow.deadline) == deadline)
        found = found.where(col(NoticeRow.id).in_(speaking))
    rows = await conn.execute(found.order_by(col(NoticeRow.id)).limit(limit))
    return [NoticeRecord(**row) for row in rows.mappings()]


async def notice(conn: AsyncConnection, name: str, tenant: Tenant = NATION) -> NoticeRecord | None:
    """Return the notice with the id `name`, or None if there is none that `tenant` sees."""
    found = _records().where(col(NoticeRow.id) == name, _shown_to(tenant))
    row = (await conn.execute(found)).mappings().one_or_none()
    return None if row is None else NoticeRecord(**row)


async def deadlines_of(conn: AsyncConnection, notices: list[str]) -> dict[str, list[str]]:
    """Return by notice the deadlines it speaks of, by id."""
    found: dict[str, list[str]] = {each: [] for each in notices}
    said = (
        select(col(StatementRow.notice), col(StatementRow.deadline))
        .where(col(StatementRow.notice).in_(notices))
        .distinct()
        .order_by(col(StatementRow.notice), col(StatementRow.deadline))
    )
    for name, deadline in await conn.execute(said):
        found[name].append(deadline)
    return found
