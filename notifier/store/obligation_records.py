"""Obligation records: what the offices of a tenant owe, as sets to be read page by page."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.callers import Tenant
from notifier.store import sight
from notifier.store.authority_records import state_of
from notifier.store.database import table
from notifier.store.headcounts import placed, strays
from notifier.store.tables import CohortRow, ContactRow, ObligationRow, OfficeRow

_TOGETHER = 50
"""Cohorts that are looked through by one statement."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which obligations are asked for; None asks for any. `due_from` and `due_until` are inclusive civil dates."""

    state: str | None = None
    deadline: str | None = None
    family: str | None = None
    office: str | None = None
    due_from: date | None = None
    due_until: date | None = None


@dataclass(frozen=True, slots=True)
class ObligationRecord:
    """One obligation: civil dates, inclusive. `cohort` and `office_id` are its place in the list."""

    cohort: int
    office_id: int
    office: str
    office_name: str
    deadline: str
    occurrence: int
    state: str
    shape: str
    opens: date | None
    earliest: date | None
    latest: date | None
    target: date | None
    tentative: bool
    settled_on: date | None
    progress: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How many offices of a tenant stand in which state about a deadline, and how many of them have no address."""

    deadline: str
    state: str
    count: int
    unreachable: int


def _state_is(state: str, today: date) -> ColumnElement[bool]:
    """Tell whether an obligation stands in `state`."""
    # The list is read in the order of its cohorts; an index on their states would find them all, to sort them.
    cohort = func.coalesce(col(CohortRow.state), "")
    past = and_(cohort == "open", func.coalesce(col(CohortRow.latest) < today, False))
    settled = col(ObligationRow.settled_on).is_not(None)
    if state == "settled":
        return settled | (cohort == "settled")
    if state == "lapsed":
        return and_(~settled, (cohort == "lapsed") | past)
    if state == "open":
        return and_(~settled, cohort == "open", ~past)
    return and_(~settled, cohort == state)


async def obligations(
    conn: AsyncConnection, tenant: Tenant, wanted: Wanted, today: date, after: tuple[int, int], limit: int
) -> list[ObligationRecord]:
    """Return `limit` obligations of open offices that `tenant` sees and wants, from behind `after` on.

    The order is that of cohort and office: alike ones stand together. They are looked through a few cohorts after the
    other, until there are enough; of an office all at once.
    """
    office = col(ObligationRow.office_id)
    if wanted.office is not None:
        found = _records(wanted, today, after).where(sight.of_offices(tenant, office)).limit(limit)
        return [ObligationRecord(*row) for row in await conn.execute(found)]
    meant = select(col(CohortRow.id)).where(col(CohortRow.id) >= after[0], *_of_cohort(wanted, today))
    if not tenant.is_nation:
        elsewhere = select(col(ObligationRow.cohort_id)).where(office.in_(strays(tenant)))
        here = placed(tenant, table(CohortRow).c, in_sum=False)
        meant = meant.where(or_(here, col(CohortRow.id).in_(elsewhere)))
    cohorts = (await conn.execute(meant.order_by(col(CohortRow.id)))).scalars().all()
    # As a bare column, SQLite would read all that each office owes, to sort it, and PostgreSQL behind the walls.
    mine = sight.of_offices(tenant, func.coalesce(office, 0))
    found = _records(wanted, today, after).where(mine)
    records: list[ObligationRecord] = []
    for start in range(0, len(cohorts), _TOGETHER):
        few = col(ObligationRow.cohort_id).in_(cohorts[start : start + _TOGETHER])
        rows = await conn.execute(found.where(few).limit(limit - len(records)))
        records += [ObligationRecord(*row) for row in rows]
        if len(records) == limit:
            break
    return records


def _records(wanted: Wanted, today: date, after: tuple[int, int]) -> Select[*tuple[Any, ...]]:
    place = (col(ObligationRow.cohort_id), col(ObligationRow.office_id))
    return (
        select(
            *place,
            col(OfficeRow.number),
            col(OfficeRow.name),
            col(ObligationRow.deadline),
            col(ObligationRow.occurrence),
            state_of(today),
            col(CohortRow.shape),
            col(CohortRow.opens),
            col(CohortRow.earliest),
            col(CohortRow.latest),
            col(CohortRow.target),
            col(CohortRow.tentative),
            col(ObligationRow.settled_on),
            col(ObligationRow.progress),
        )
        .join(CohortRow, col(CohortRow.id) == col(ObligationRow.cohort_id))
        .join(OfficeRow, col(OfficeRow.id) == col(ObligationRow.office_id))
        .where(
            tuple_(*place) > tuple_(*map(literal, after)),
            col(OfficeRow.closed_on).is_(None),
            *_matching(wanted, today),
        )
        .order_by(*place)
    )


def _of_cohort(wanted: Wanted, today: date) -> list[ColumnElement[bool]]:
    """Return the conditions that a cohort alone can break; of its state only where members cannot differ."""
    found = _matching(replace(wanted, state=None, office=None), today)
    if wanted.state in {None, "settled"}:
        return found
    states = {"lapsed": ("lapsed", "open")}.get(wanted.state or "", (wanted.state,))
    return [*found, col(CohortRow.state).in_(states)]


def _matching(wanted: Wanted, today: date) -> list[ColumnElement[bool]]:
    found = [] if wanted.state is None else [_state_is(wanted.state, today)]
    if wanted.deadline is not None:
        found.append(col(CohortRow.deadline) == wanted.deadline)
    if wanted.family is not None:
        found.append(col(CohortRow.deadline).startswith(f"{wanted.family}/", autoescape=True))
    if wanted.office is not None:
        found.append(col(OfficeRow.number) == wanted.office)
    if wanted.due_from is not None:
        found.append(col(CohortRow.latest) >= wanted.due_from)
    if wanted.due_until is not None:
        found.append(col(CohortRow.latest) <= wanted.due_until)
    return found


async def tallies(
    conn: AsyncConnection, tenant: Tenant, today: date, deadline: str | None = None
) -> list[Tally]:
    """Return how many open offices in the sums of `tenant` stand where, by deadline and state.

    Whether somebody has an address is asked of everybody's contacts: a prefecture learns how many, not which.
    """
    reached = exists().where(
        col(ContactRow.office_id) == col(ObligationRow.office_id), col(ContactRow.active).is_(True)
    )
    mine = select(col(OfficeRow.id)).where(col(OfficeRow.closed_on).is_(None), sight.counted(tenant))
    state = state_of(today)
    found = (
        select(col(ObligationRow.deadline), state, func.count(), func.sum(case((reached, 0), else_=1)))
        .join(CohortRow, col(CohortRow.id) == col(ObligationRow.cohort_id))
        .where(col(ObligationRow.office_id).in_(mine))
        .group_by(col(ObligationRow.deadline), state)
        .order_by(col(ObligationRow.deadline), state)
    )
    if deadline is not None:
        found = found.where(col(ObligationRow.deadline) == deadline)
    return [Tally(row[0], row[1], int(row[2]), int(row[3])) for row in await conn.execute(found)]
