"""Cohorts: what a deadline means, kept once for all offices with equal inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.changes import Situation
from notifier.domain.obligations import CohortKey, Decision, State
from notifier.store.database import table
from notifier.store.tables import NO_ANCHOR, CohortRow, ObligationRow, OfficeRow


@dataclass(frozen=True, slots=True)
class Cohort:
    """A kept cohort: its key, the generation of its situation and that situation; `next_on` is a civil date or None."""

    id: int
    key: CohortKey
    generation: int
    state: State
    situation: Situation
    next_on: date | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A decision to be kept: `next_on` is the next day on which something is said to the members, or time changes it."""

    key: CohortKey
    decision: Decision
    generation: int
    next_on: date | None


def _columns(placed: Placed) -> dict[str, Any]:
    due = placed.decision.due
    return {
        "generation": placed.generation,
        "state": placed.decision.state.value,
        "shape": due.shape.value,
        "opens": due.opens,
        "earliest": due.earliest,
        "latest": due.latest,
        "target": due.target,
        "tentative": due.tentative,
        "next_on": placed.next_on,
        "decision": Situation.of(placed.decision).as_data(),
    }


def _key_columns(key: CohortKey) -> dict[str, Any]:
    return {
        "deadline": key.deadline,
        "occurrence": key.occurrence,
        "municipality": key.municipality,
        "prefecture": key.prefecture,
        "taken_up": key.taken_up,
        "anchor": key.anchor or NO_ANCHOR,
    }


def _cohort(row: Row[Any]) -> Cohort:
    anchor = None if row.anchor == NO_ANCHOR else row.anchor
    key = CohortKey(row.deadline, row.occurrence, row.municipality, row.prefecture, row.taken_up, anchor)
    situation = Situation.from_data(row.decision)
    return Cohort(row.id, key, row.generation, State(row.state), situation, row.next_on)


async def insert_cohorts(conn: AsyncConnection, placed: Sequence[Placed]) -> None:
    """Keep cohorts that do not exist yet."""
    if placed:
        await conn.execute(insert(CohortRow), [_key_columns(each.key) | _columns(each) for each in placed])


async def update_cohort(conn: AsyncConnection, cohort_id: int, placed: Placed) -> None:
    """Replace what is kept for the cohort `cohort_id`."""
    await conn.execute(update(CohortRow).where(col(CohortRow.id) == cohort_id).values(_columns(placed)))


async def cohorts_of(conn: AsyncConnection, deadline: str) -> list[Cohort]:
    """Return the cohorts of `deadline`, in the order in which they came to be."""
    return await _load(conn, col(CohortRow.deadline) == deadline)


async def known_keys(conn: AsyncConnection, deadline: str) -> set[CohortKey]:
    """Return the keys of the cohorts of `deadline` that exist."""
    row = col(CohortRow.occurrence), col(CohortRow.municipality), col(CohortRow.prefecture)
    found = await conn.execute(
        select(*row, col(CohortRow.taken_up), col(CohortRow.anchor)).where(
            col(CohortRow.deadline) == deadline
        )
    )
    return {
        CohortKey(
            deadline, occurrence, municipality, prefecture, taken_up, None if anchor == NO_ANCHOR else anchor
        )
        for occurrence, municipality, prefecture, taken_up, anchor in found
    }


@dataclass(frozen=True, slots=True)
class Touched:
    """A cohort some of whose members a derivation put there (`moved`) or found settled (`settled`)."""

    cohort: Cohort
    moved: bool
    settled: bool


async def touched_cohorts(
    conn: AsyncConnection, deadline: str, run: int, offices: ColumnElement[bool]
) -> list[Touched]:
    """Return the cohorts of `deadline` with members among `offices` that the derivation `run` touched."""
    inside = select(col(OfficeRow.id)).where(offices)
    settled = col(ObligationRow.settled_run) == run
    moved = and_(col(ObligationRow.moved_run) == run, col(ObligationRow.settled_on).is_(None))
    marks = (
        select(
            col(ObligationRow.cohort_id).label("cohort_id"),
            func.max(case((moved, 1), else_=0)).label("moved"),
            func.max(case((settled, 1), else_=0)).label("settled"),
        )
        .where(
            col(ObligationRow.deadline) == deadline,
            col(ObligationRow.office_id).in_(inside),
            or_(moved, settled),
        )
        .group_by(col(ObligationRow.cohort_id))
        .subquery()
    )
    rows_of = table(CohortRow)
    rows = await conn.execute(
        select(rows_of, marks.c.moved, marks.c.settled)
        .join(marks, marks.c.cohort_id == rows_of.c.id)
        .order_by(rows_of.c.id)
    )
    return [Touched(_cohort(row), bool(row.moved), bool(row.settled)) for row in rows]


async def cohorts_due(conn: AsyncConnection, day: date) -> list[Cohort]:
    """Return the cohorts for which something is to be said or to pass on or before the civil date `day`."""
    return await _load(conn, col(CohortRow.next_on) <= day)


async def _load(conn: AsyncConnection, condition: ColumnElement[bool]) -> list[Cohort]:
    rows = await conn.execute(select(table(CohortRow)).where(condition).order_by(col(CohortRow.id)))
    return [_cohort(row) for row in rows]


async def next_day(conn: AsyncConnection, after: date) -> date | None:
    """Return the first civil date after `after` on which any cohort needs attention, or None."""
    later = select(func.min(col(CohortRow.next_on))).where(col(CohortRow.next_on) > after)
    found: date | None = (await conn.execute(later)).scalar_one()
    return found
