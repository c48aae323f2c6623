"""Cohorts: what a deadline means, kept once for all offices with equal inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Update,
    and_,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.changes import Situation
from notifier.domain.obligations import CohortKey, Decision, State
from notifier.store.chosen import among
from notifier.store.database import table
from notifier.store.obligations import RUN, Scope, within
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


_PLACED = (
    "generation",
    "state",
    "shape",
    "opens",
    "earliest",
    "latest",
    "target",
    "tentative",
    "next_on",
    "decision",
)


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
        alike = _Alike()
        rows = [_key_columns(each.key) | alike.columns(each) for each in placed]
        await conn.execute(insert(table(CohortRow)), rows)


async def update_cohorts(conn: AsyncConnection, placed: Sequence[tuple[int, Placed]]) -> None:
    """Replace what is kept for the cohorts (id, what is placed); those placed alike go in one statement."""
    alike = _Alike()
    groups: dict[int, tuple[dict[str, Any], list[int]]] = {}
    for cohort_id, each in placed:
        columns = alike.columns(each)
        groups.setdefault(id(columns), (columns, []))[1].append(cohort_id)
    for columns, ids in groups.values():
        chosen = {f"new_{name}": value for name, value in columns.items()}
        await conn.execute(_replacement(), chosen | {"ids": ids})


@cache
def _replacement() -> Update:
    changed = table(CohortRow)
    values = {name: bindparam(f"new_{name}", type_=changed.c[name].type) for name in _PLACED}
    return update(changed).where(among(changed.c.id)).values(values)


class _Alike:
    """Columns written once for all that is placed alike: most cohorts of a deadline share one decision."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, date | None], dict[str, Any]] = {}
        self._seen: list[Decision] = []

    def columns(self, placed: Placed) -> dict[str, Any]:
        """Return the columns of `placed`; the same object for the same decision, generation and day."""
        key = (id(placed.decision), placed.generation, placed.next_on)
        found = self._known.get(key)
        if found is None:
            self._seen.append(placed.decision)  # kept, so that no other one gets its identity
            found = self._known[key] = _columns(placed)
        return found


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


async def touched_cohorts(conn: AsyncConnection, deadline: str, run: int, scope: Scope) -> list[Touched]:
    """Return the cohorts of `deadline` with members among the offices in `scope` that the derivation `run` touched."""
    rows = await conn.execute(_touched(scope), {"of_deadline": deadline, "run": run})
    return [Touched(_cohort(row), bool(row.moved), bool(row.settled)) for row in rows]


@cache
def _touched(scope: Scope) -> Select[tuple[Any, ...]]:
    cohort, obligation = table(CohortRow), table(ObligationRow)
    settled = obligation.c.settled_run == RUN
    moved = and_(obligation.c.moved_run == RUN, obligation.c.settled_on.is_(None))
    marks = (
        select(
            obligation.c.cohort_id,
            func.max(case((moved, 1), else_=0)).label("moved"),
            func.max(case((settled, 1), else_=0)).label("settled"),
        )
        .where(
            obligation.c.deadline == bindparam("of_deadline"),
            obligation.c.office_id.in_(select(table(OfficeRow).c.id).where(within(scope))),
            or_(moved, settled),
        )
        .group_by(obligation.c.cohort_id)
        .subquery()
    )
    return (
        select(cohort, marks.c.moved, marks.c.settled)
        .join(marks, marks.c.cohort_id == cohort.c.id)
        .order_by(cohort.c.id)
    )


async def cohorts_due(conn: AsyncConnection, day: date) -> list[Cohort]:
    """Return the cohorts for which something is to be said or to pass on or before the civil date `day`."""
    return await _load(conn, col(CohortRow.next_on) <= day)


async def _load(conn: AsyncConnection, condition: ColumnElement[bool]) -> list[Cohort]:
    rows = await conn.execute(select(table(CohortRow)).where(condition).order_by(col(CohortRow.id)))
    return [_cohort(row) for row in rows]


async def cohorts_named(conn: AsyncConnection, ids: Sequence[int]) -> list[Cohort]:
    """Return the cohorts with these ids, in their order."""
    return await _load(conn, table(CohortRow).c.id.in_(sorted(set(ids))))


async def next_day(conn: AsyncConnection, after: date) -> date | None:
    """Return the first civil date after `after` on which any cohort needs attention, or None."""
    later = select(func.min(col(CohortRow.next_on))).where(col(CohortRow.next_on) > after)
    found: date | None = (await conn.execute(later)).scalar_one()
    return found
