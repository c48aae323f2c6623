"""Sayings and deliveries: the row that exists before anything is sent, for ever.

One saying for one party by one channel to one address is at most one delivery; asking again changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.store.database import table
from notifier.store.tables import (
    ContactRow,
    DeliveryRow,
    ObligationRow,
    OfficeRow,
    SayingRow,
    SubscriptionRow,
)

_NAMES = ["saying_id", "office_id", "party", "channel", "recipient", "state", "due_at"]


@dataclass(frozen=True, slots=True)
class Saying:
    """What is to be said once: to the members of a cohort, to an authority, or to the editor (`cohort_id` 0)."""

    cohort_id: int
    generation: int
    party: str
    rung: str
    occasion: str
    deadline: str
    occurrence: int
    on: date
    content: Mapping[str, Any]


async def say(conn: AsyncConnection, saying: Saying, run: int) -> int | None:
    """Keep a saying and return its id; None if the same was said before."""
    upsert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    written = (
        upsert(SayingRow)
        .values(
            cohort_id=saying.cohort_id,
            generation=saying.generation,
            party=saying.party,
            rung=saying.rung,
            occasion=saying.occasion,
            deadline=saying.deadline,
            occurrence=saying.occurrence,
            on=saying.on,
            run=run,
            content=dict(saying.content),
        )
        .on_conflict_do_nothing(index_elements=["cohort_id", "generation", "party", "rung"])
        .returning(col(SayingRow.id))
    )
    identity: int | None = (await conn.execute(written)).scalar_one_or_none()
    return identity


async def saying_id(conn: AsyncConnection, saying: Saying, run: int) -> int:
    """Keep a saying that may be said again to others; returns its id, old or new."""
    fresh = await say(conn, saying, run)
    if fresh is not None:
        return fresh
    found = select(col(SayingRow.id)).where(
        col(SayingRow.cohort_id) == saying.cohort_id,
        col(SayingRow.generation) == saying.generation,
        col(SayingRow.party) == saying.party,
        col(SayingRow.rung) == saying.rung,
    )
    return int((await conn.execute(found)).scalar_one() or 0)


def unsettled() -> ColumnElement[bool]:
    """Members whose duty is not discharged."""
    return col(ObligationRow.settled_on).is_(None)


def moved_in(run: int) -> ColumnElement[bool]:
    """Members that the derivation `run` put into their cohort and that have nothing settled there."""
    return and_(col(ObligationRow.moved_run) == run, col(ObligationRow.settled_on).is_(None))


def settled_in(run: int) -> ColumnElement[bool]:
    """Members whose duty the derivation `run` found settled."""
    return col(ObligationRow.settled_run) == run


def enrolled_in(run: int) -> ColumnElement[bool]:
    """Members that the derivation `run` put into their cohort and that were not known before."""
    new = select(col(OfficeRow.id)).where(col(OfficeRow.derived).is_(False))
    return and_(moved_in(run), col(ObligationRow.office_id).in_(new))


async def tell_members(
    conn: AsyncConnection,
    saying: int,
    family: str,
    cohort_id: int,
    due_at: datetime,
    whom: ColumnElement[bool] | None = None,
) -> int:
    """Plan a delivery of the saying to every subscribed member of the cohort that `whom` picks; returns how many.

    An office without an active address gets a delivery with an empty recipient: it is visible as unreachable.
    """
    upsert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    reached = and_(
        col(ContactRow.office_id) == col(ObligationRow.office_id),
        col(ContactRow.active).is_(True),
        col(ContactRow.channel) == "email",
    )
    source = (
        select(
            literal(saying),
            col(ObligationRow.office_id),
            literal("office/") + col(OfficeRow.number),
            literal("email"),
            func.coalesce(col(ContactRow.address), ""),
            literal("planned"),
            literal(due_at, table(DeliveryRow).c.due_at.type),
        )
        .select_from(ObligationRow)
        .join(OfficeRow, col(OfficeRow.id) == col(ObligationRow.office_id))
        .outerjoin(ContactRow, reached)
        .where(
            col(ObligationRow.cohort_id) == cohort_id,
            whom if whom is not None else true(),
            _subscribed(family),
        )
    )
    planned = upsert(DeliveryRow).from_select(_NAMES, source).on_conflict_do_nothing()
    return (await conn.execute(planned)).rowcount


def _subscribed(family: str) -> ColumnElement[bool]:
    own = exists().where(col(SubscriptionRow.office_id) == col(ObligationRow.office_id))
    to_this = exists().where(
        col(SubscriptionRow.office_id) == col(ObligationRow.office_id), col(SubscriptionRow.family) == family
    )
    return or_(~own, to_this)


async def tell_party(conn: AsyncConnection, saying: int, party: str, address: str, due_at: datetime) -> None:
    """Plan a delivery of the saying to an authority (`authority/<code>`) or the editor (`editor`)."""
    upsert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    planned = upsert(DeliveryRow).values(
        saying_id=saying,
        office_id=None,
        party=party,
        channel="email",
        recipient=address,
        state="planned",
        due_at=due_at,
    )
    await conn.execute(planned.on_conflict_do_nothing())


async def missed_by(
    conn: AsyncConnection, cohort_id: int, limit: int = 50
) -> tuple[int, list[tuple[str, str]]]:
    """Return how many members of the cohort have not settled, and number and name of the first `limit` of them."""
    condition = and_(col(ObligationRow.cohort_id) == cohort_id, unsettled())
    count = (
        await conn.execute(select(func.count()).select_from(ObligationRow).where(condition))
    ).scalar_one()
    rows = await conn.execute(
        select(col(OfficeRow.number), col(OfficeRow.name))
        .join(ObligationRow, col(ObligationRow.office_id) == col(OfficeRow.id))
        .where(condition)
        .order_by(col(OfficeRow.number))
        .limit(limit)
    )
    return count, [(number, name) for number, name in rows]
