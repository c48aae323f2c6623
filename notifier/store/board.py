"""What the pages read: where each deadline stands, what an office was told, what has been said lately.

Only sets are asked for; what a deadline means is decided from the law by the pages, with the pure domain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, RowMapping, Select, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.callers import NATION, Tenant
from notifier.domain.obligations import CohortKey
from notifier.store import sight
from notifier.store.tables import (
    NO_ANCHOR,
    CohortRow,
    ContactRow,
    DeliveryRow,
    LetterRow,
    ObligationRow,
    OfficeRow,
    SayingRow,
)
from notifier.store.tenants import sees_delivery


@dataclass(frozen=True, slots=True)
class Standing:
    """Offices for which a deadline means the same, and how many of them have settled it.

    `key` is that of one of their cohorts; `anchored` tells that the day is each office's own. `state` is that
    of those who have not settled it, `unreachable` are those of them who have no address.
    """

    key: CohortKey
    anchored: bool
    state: str
    latest: date | None
    members: int
    settled: int
    unreachable: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Numbers over everything: open offices, those without an address, letters by state."""

    offices: int
    unreachable: int
    letters: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SaidLine:
    """Something said on a day about a deadline: to how many, and in which states the deliveries are."""

    on: date
    occasion: str
    deadline: str
    states: Mapping[str, int]


def without_address() -> ColumnElement[bool]:
    """Tell in SQL whether an office has no address that is still in use."""
    return ~exists().where(col(ContactRow.office_id) == col(OfficeRow.id), col(ContactRow.active).is_(True))


async def board(
    conn: AsyncConnection, today: date, tenant: Tenant = NATION, deadline: str | None = None
) -> list[Standing]:
    """Return where every deadline (or only `deadline`) stands on the civil date `today`, by deadline and occurrence.

    Counted are the offices in the sums of `tenant`: for a prefecture all that lie in it. What is open past its last
    day counts as lapsed, before the sweep of the day has said so.
    """
    members = (
        select(
            col(ObligationRow.cohort_id).label("cohort"),
            func.count().label("members"),
            func.count(col(ObligationRow.settled_on)).label("settled"),
        )
        .where(*_of_sums(tenant), *_about(deadline))
        .group_by(col(ObligationRow.cohort_id))
        .subquery()
    )
    silent = (
        select(col(ObligationRow.cohort_id).label("cohort"), func.count().label("unreachable"))
        .join(OfficeRow, col(OfficeRow.id) == col(ObligationRow.office_id))
        .where(
            without_address(), col(ObligationRow.settled_on).is_(None), *_of_sums(tenant), *_about(deadline)
        )
        .group_by(col(ObligationRow.cohort_id))
        .subquery()
    )
    anchored = case((col(CohortRow.anchor) == NO_ANCHOR, 0), else_=1)
    alike = [
        col(each)
        for each in (
            CohortRow.deadline,
            CohortRow.occurrence,
            CohortRow.municipality,
            CohortRow.prefecture,
            CohortRow.taken_up,
            CohortRow.state,
            CohortRow.latest,
        )
    ]
    found = await conn.execute(
        select(
            *alike,
            anchored.label("anchored"),
            func.min(col(CohortRow.anchor)).label("anchor"),
            func.sum(members.c.members).label("members"),
            func.sum(members.c.settled).label("settled"),
            func.coalesce(func.sum(silent.c.unreachable), 0).label("unreachable"),
        )
        .join(members, members.c.cohort == col(CohortRow.id))
        .join(silent, silent.c.cohort == col(CohortRow.id), isouter=True)
        .group_by(*alike, anchored)
        .order_by(*alike[:2], col(CohortRow.latest))
    )
    return [_standing(row, today) for row in found.mappings()]


def _of_sums(tenant: Tenant) -> list[ColumnElement[bool]]:
    if tenant.is_nation:
        return []
    if tenant.is_prefecture:
        inside = select(col(CohortRow.id)).where(col(CohortRow.prefecture) == tenant.code)
        return [col(ObligationRow.cohort_id).in_(inside)]
    return [col(ObligationRow.office_id).in_(select(col(OfficeRow.id)).where(sight.counted(tenant)))]


def _about(deadline: str | None) -> list[ColumnElement[bool]]:
    if deadline is None:
        return []
    cohorts = select(col(CohortRow.id)).where(col(CohortRow.deadline) == deadline)
    return [col(ObligationRow.cohort_id).in_(cohorts)]


def _standing(row: RowMapping, today: date) -> Standing:
    anchor = row["anchor"] if row["anchored"] else None
    where = (row["municipality"], row["prefecture"])
    past = row["state"] == "open" and row["latest"] is not None and row["latest"] < today
    return Standing(
        CohortKey(row["deadline"], row["occurrence"], *where, row["taken_up"], anchor),
        bool(row["anchored"]),
        "lapsed" if past else row["state"],
        row["latest"],
        int(row["members"]),
        int(row["settled"]),
        int(row["unreachable"]),
    )


async def totals(conn: AsyncConnection) -> Totals:
    """Return the numbers over everything."""
    still = col(OfficeRow.closed_on).is_(None)
    offices = (await conn.execute(select(func.count()).select_from(OfficeRow).where(still))).scalar_one()
    silent = select(func.count()).select_from(OfficeRow).where(still, without_address())
    letters = await conn.execute(
        select(col(LetterRow.state), func.count())
        .group_by(col(LetterRow.state))
        .order_by(col(LetterRow.state))
    )
    by_state = {row[0]: row[1] for row in letters}
    return Totals(offices, (await conn.execute(silent)).scalar_one(), by_state)


async def said_about(conn: AsyncConnection, deadline: str, tenant: Tenant = NATION) -> list[SaidLine]:
    """Return what `tenant` sees was said about `deadline`, day by day and occasion by occasion, the newest first."""
    return await _said(
        conn, _saying_counts().where(col(SayingRow.deadline) == deadline, sees_delivery(tenant))
    )


async def said_between(conn: AsyncConnection, after: date, until: date) -> list[SaidLine]:
    """Return what was said after the civil date `after` and up to `until`, the newest first."""
    return await _said(conn, _saying_counts().where(col(SayingRow.on) > after, col(SayingRow.on) <= until))


def _saying_counts() -> Select[date, str, str, str, int]:
    return (
        select(
            col(SayingRow.on),
            col(SayingRow.occasion),
            col(SayingRow.deadline),
            col(DeliveryRow.state),
            func.count(),
        )
        .join(DeliveryRow, col(DeliveryRow.saying_id) == col(SayingRow.id))
        .group_by(col(SayingRow.on), col(SayingRow.occasion), col(SayingRow.deadline), col(DeliveryRow.state))
        .order_by(col(SayingRow.on).desc(), col(SayingRow.deadline), col(SayingRow.occasion))
    )


async def _said(conn: AsyncConnection, counts: Select[date, str, str, str, int]) -> list[SaidLine]:
    found: dict[tuple[date, str, str], dict[str, int]] = {}
    for on, occasion, deadline, state, count in await conn.execute(counts):
        found.setdefault((on, occasion, deadline), {})[state] = count
    return [SaidLine(*key, states) for key, states in found.items()]
