"""What the pages read: where each deadline stands, what an office was told, what has been said lately.

Only sets are asked for; what a deadline means is decided from the law by the pages, with the pure domain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, RowMapping, Select, case, exists, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.callers import NATION, Tenant
from notifier.domain.obligations import CohortKey
from notifier.store.database import table
from notifier.store.headcounts import headcounts
from notifier.store.tables import (
    NO_ANCHOR,
    CohortRow,
    ContactRow,
    DeliveryRow,
    LetterRow,
    OfficeRow,
    SayingRow,
)
from notifier.store.tenants import sees_delivery

AHEAD: Final = ("open", "waiting-for-date", "needs-clarification")
"""States of cohorts of which it matters whether the members can be reached."""
SITUATION: Final = (
    "deadline",
    "occurrence",
    "taken_up",
    "state",
    "shape",
    "opens",
    "earliest",
    "latest",
    "target",
    "tentative",
)
"""Columns in which cohorts of several places are alike if a deadline means the same there."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Offices for which a deadline means the same, and how many of them have settled it.

    `key` is that of one of their cohorts; `anchored` tells that the day is each office's own. `state` is that
    of those who have not settled it. `unreachable` are those of them who have no address, counted where something is
    still ahead.
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
    conn: AsyncConnection,
    today: date,
    tenant: Tenant = NATION,
    deadline: str | None = None,
    *,
    reach: bool = True,
) -> list[Standing]:
    """Return where every deadline (or only `deadline`) stands on the civil date `today`, by deadline and occurrence.

    Counted are the open offices in the sums of `tenant`: for a prefecture all that lie in it. What is open past its
    last day counts as lapsed, before the sweep of the day has said so. Without `reach` nobody is looked for
    who is unreachable.
    """
    cohort = table(CohortRow).c
    about = true() if deadline is None else cohort.deadline == deadline
    reached = (NATION, cohort.state.in_(AHEAD)) if reach else None
    found = headcounts(tenant, which=about, reached=reached)
    alike = [cohort[name] for name in SITUATION]
    sums = (
        select(
            func.min(cohort.id).label("first"),
            case((cohort.anchor == NO_ANCHOR, 0), else_=1).label("anchored"),
            *(func.sum(found.c[name]).label(name) for name in ("members", "settled", "unreachable")),
        )
        .join(found, found.c.cohort_id == cohort.id)
        .group_by(*alike, "anchored")
        .having(func.sum(found.c.members) > 0)
        .subquery()
    )
    key = [cohort[name] for name in ("municipality", "prefecture", "anchor")]
    rows = await conn.execute(
        select(*alike, *key, *(each for each in sums.c if each.name != "first"))
        .join(sums, sums.c.first == cohort.id)
        .order_by(cohort.deadline, cohort.occurrence, cohort.latest, cohort.id)
    )
    return [_standing(row, today) for row in rows.mappings()]


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
