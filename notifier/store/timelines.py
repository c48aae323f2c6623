"""Timelines: what happened about one office, whatever it was, the newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Select, and_, func, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.callers import Tenant
from notifier.store import sight
from notifier.store.database import table
from notifier.store.tables import AuditRow, DeliveryRow, FactRow, LetterRow, SayingRow
from notifier.store.tenants import sees_delivery
from notifier.store.values import from_kept

FACT, SAID, DEED = "fact", "said", "deed"
KINDS: Final = (FACT, SAID, DEED)


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened at an aware instant; `name` is the type of fact, the occasion, or the deed."""

    at: datetime
    kind: str
    id: int
    name: str
    detail: Mapping[str, Any]


async def moments(
    conn: AsyncConnection,
    tenant: Tenant,
    office: tuple[int, str],
    before: tuple[datetime, str, int] | None,
    limit: int,
) -> list[Moment]:
    """Return `limit` moments of an office (id and number), from behind `before` (instant, kind, id) on.

    Facts belong to the office; what was said and done is that of `tenant`.
    """
    office_id, number = office
    every = union_all(*_parts(tenant, office_id, number)).subquery()
    found = select(every.c.at, every.c.kind, every.c.id, every.c.name)
    if before is not None:
        at, kind, last = before
        earlier = every.c.at < at
        later_kind = and_(every.c.at == at, every.c.kind > kind)
        found = found.where(
            or_(earlier, later_kind, and_(every.c.at == at, every.c.kind == kind, every.c.id < last))
        )
    ordered = found.order_by(every.c.at.desc(), every.c.kind, every.c.id.desc()).limit(limit)
    rows = (await conn.execute(ordered)).all()
    details = {
        kind: await _details(conn, kind, [row.id for row in rows if row.kind == kind]) for kind in KINDS
    }
    return [
        Moment(row.at.astimezone(UTC), row.kind, row.id, row.name, details[row.kind][row.id]) for row in rows
    ]


def _parts(tenant: Tenant, office_id: int, number: str) -> list[Select[Any]]:
    fact, delivery, saying = table(FactRow).c, table(DeliveryRow).c, table(SayingRow).c
    letter, audit = table(LetterRow).c, table(AuditRow).c
    learned: Select[Any] = select(
        fact.recorded_at.label("at"),
        literal(FACT).label("kind"),
        fact.id.label("id"),
        fact.type.label("name"),
    ).where(fact.office_id == office_id)
    said: Select[Any] = (
        select(
            func.coalesce(letter.finished_at, letter.created_at, delivery.due_at).label("at"),
            literal(SAID).label("kind"),
            delivery.id.label("id"),
            saying.occasion.label("name"),
        )
        .select_from(table(DeliveryRow))
        .join(table(SayingRow), saying.id == delivery.saying_id)
        .outerjoin(table(LetterRow), letter.id == delivery.letter_id)
        .where(delivery.office_id == office_id, sees_delivery(tenant))
    )
    done: Select[Any] = select(
        audit.at.label("at"), literal(DEED).label("kind"), audit.id.label("id"), audit.action.label("name")
    ).where(audit.subject == f"office/{number}", sight.audit(tenant))
    return [learned, said, done]


async def _details(conn: AsyncConnection, kind: str, ids: list[int]) -> dict[int, Mapping[str, Any]]:
    if not ids:
        return {}
    if kind == FACT:
        facts = await conn.execute(select(table(FactRow)).where(col(FactRow.id).in_(ids)))
        return {
            row.id: {"on": row.on, "values": from_kept(row.values), "source": row.source} for row in facts
        }
    if kind == DEED:
        deeds = await conn.execute(select(table(AuditRow)).where(col(AuditRow.id).in_(ids)))
        return {row.id: {"who": row.who, "detail": row.detail} for row in deeds}
    delivery, saying = table(DeliveryRow).c, table(SayingRow).c
    said = await conn.execute(
        select(
            delivery.id,
            delivery.state,
            delivery.channel,
            saying.deadline,
            saying.occurrence,
            saying.rung,
            saying.on,
        )
        .join(table(SayingRow), saying.id == delivery.saying_id)
        .where(delivery.id.in_(ids))
    )
    return {
        row.id: {
            "on": row.on,
            "deadline": row.deadline,
            "occurrence": row.occurrence,
            "rung": row.rung,
            "channel": row.channel,
            "state": row.state,
        }
        for row in said
    }
