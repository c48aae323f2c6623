"""Obligations as sets: which office belongs to which cohort, and what is settled.

The expressions are the SQL reading of `notifier.domain.obligations.keys_of` and `settled_on`; a property test holds
the two equal on both databases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

from sqlalchemy import (
    ColumnElement,
    Date,
    Delete,
    Insert,
    Integer,
    Select,
    Update,
    and_,
    bindparam,
    case,
    delete,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.expressions import Anchor
from notifier.domain.law import Deadline
from notifier.domain.obligations import CohortKey
from notifier.store.applicability import anchor_sql, condition_sql, exempt_sql, progress_sql, settled_by_sql
from notifier.store.database import table
from notifier.store.tables import NO_ANCHOR, CohortRow, FactRow, ObligationRow, OfficeRow


@dataclass(frozen=True, slots=True)
class Branch:
    """Offices for which one layer of the law gives the shape of a deadline: its anchor and its occurrences.

    `inside` are the authorities whose layer it is (empty: the nation's), `outside` those that have a layer of their own.
    """

    anchor: Anchor | None
    occurrences: tuple[int, ...]
    inside: frozenset[str] = frozenset()
    outside: frozenset[str] = frozenset()


class Scope(StrEnum):
    """Which offices are looked at. NEWCOMERS have not been worked out, or changed their services or place.

    FRESH_FACTS are those already worked out of which a fact is new.
    """

    EVERYONE = "everyone"
    NEWCOMERS = "newcomers"
    FRESH_FACTS = "fresh facts"


def within(scope: Scope) -> ColumnElement[bool]:
    """Tell whether an office is in `scope`."""
    office, fact = table(OfficeRow).c, table(FactRow).c
    match scope:
        case Scope.EVERYONE:
            return true()
        case Scope.NEWCOMERS:
            return office.derived.is_(False)
        case Scope.FRESH_FACTS:
            fresh = select(fact.office_id).where(fact.derived.is_(False), fact.office_id.is_not(None))
            return and_(office.derived.is_(True), office.id.in_(fresh))


TODAY = bindparam("today", type_=Date())
"""Statements are built once; the day and the number of the derivation are handed in."""
RUN = bindparam("run", type_=Integer())
KEPT = 4096
"""Statements kept at most; a deadline has about ten."""


def members(deadline: Deadline, branch: Branch, scope: Scope) -> Select[tuple[int, str, str, bool, date]]:
    """Select (id, municipality, prefecture, taken_up, anchor) of the offices in `scope` whom `deadline` concerns."""
    office = table(OfficeRow).c
    taken = condition_sql(deadline.taken_up, TODAY) if deadline.taken_up is not None else true()
    anchor = anchor_sql(branch.anchor) if branch.anchor is not None else literal(NO_ANCHOR)
    return select(
        office.id.label("id"),
        office.municipality.label("municipality"),
        office.prefecture.label("prefecture"),
        case((taken, true()), else_=false()).label("taken_up"),
        anchor.label("anchor"),
    ).where(office.closed_on.is_(None), within(scope), _concerned(deadline), _inside(branch))


def _concerned(deadline: Deadline) -> ColumnElement[bool]:
    concerned = and_(condition_sql(deadline.concerns, TODAY), ~exempt_sql(deadline.id))
    if deadline.excluded is None:
        return concerned
    return and_(concerned, ~condition_sql(deadline.excluded, TODAY))


def _inside(branch: Branch) -> ColumnElement[bool]:
    municipality, prefecture = table(OfficeRow).c.municipality, table(OfficeRow).c.prefecture
    parts = []
    if branch.inside:
        codes = sorted(branch.inside)
        parts.append(or_(municipality.in_(codes), prefecture.in_(codes)))
    if branch.outside:
        codes = sorted(branch.outside)
        parts.append(and_(municipality.not_in(codes), prefecture.not_in(codes)))
    return and_(true(), *parts)


async def missing_among(
    conn: AsyncConnection, deadline: Deadline, branch: Branch, scope: Scope, today: date
) -> list[CohortKey]:
    """Return cohorts to which offices in `scope` belong, in a stable order: all that are missing, and some that are not."""
    rows = (await conn.execute(_keys(deadline, branch, scope), {"today": today})).all()
    keys: list[CohortKey] = []
    for row in sorted(rows, key=lambda row: tuple(map(str, row))):
        anchor = None if row.anchor == NO_ANCHOR else row.anchor
        every = row.taken_up and anchor is not None
        where = (row.municipality, row.prefecture, bool(row.taken_up), anchor)
        occurrences = branch.occurrences if every else branch.occurrences[:1]
        keys.extend(CohortKey(deadline.id, occurrence, *where) for occurrence in occurrences)
    return keys


@lru_cache(KEPT)
def _keys(deadline: Deadline, branch: Branch, scope: Scope) -> Select[tuple[str, str, bool, date]]:
    inside = members(deadline, branch, scope).subquery()
    parts = inside.c.municipality, inside.c.prefecture, inside.c.taken_up, inside.c.anchor
    found = select(*parts).distinct().subquery()
    every = and_(found.c.taken_up, found.c.anchor != NO_ANCHOR)
    cohort = table(CohortRow).c
    kept = (
        select(func.count())
        .where(
            cohort.deadline == deadline.id,
            cohort.occurrence.in_(branch.occurrences),
            or_(every, cohort.occurrence == branch.occurrences[0]),
            cohort.municipality == found.c.municipality,
            cohort.prefecture == found.c.prefecture,
            cohort.taken_up == found.c.taken_up,
            cohort.anchor == found.c.anchor,
        )
        .scalar_subquery()
    )
    return select(found).where(kept < case((every, len(branch.occurrences)), else_=1))


async def assign(
    conn: AsyncConnection, deadline: Deadline, branch: Branch, scope: Scope, today: date, run: int
) -> None:
    """Put every office in `scope` into its cohorts; those whom the deadline no longer concerns stay."""
    for occurrence in branch.occurrences:
        placing = _placing(conn.dialect.name, deadline, branch, scope, occurrence)
        await conn.execute(placing, {"today": today, "run": run})


@lru_cache(KEPT)
def _placing(dialect: str, deadline: Deadline, branch: Branch, scope: Scope, occurrence: int) -> Insert:
    upsert = postgresql_insert if dialect == "postgresql" else sqlite_insert
    found = members(deadline, branch, scope).subquery()
    cohort, obligation = table(CohortRow), table(ObligationRow)
    belongs = and_(
        cohort.c.deadline == deadline.id,
        cohort.c.occurrence == occurrence,
        cohort.c.municipality == found.c.municipality,
        cohort.c.prefecture == found.c.prefecture,
        cohort.c.taken_up == found.c.taken_up,
        cohort.c.anchor == found.c.anchor,
    )
    first = occurrence == branch.occurrences[0]
    every = true() if first else and_(found.c.taken_up, found.c.anchor != NO_ANCHOR)
    source = (
        select(
            found.c.id, literal(deadline.id), literal(occurrence), cohort.c.id, literal(0), RUN, literal(0)
        )
        .select_from(found)
        .join(cohort, belongs)
        .where(every)
    )
    names = ["office_id", "deadline", "occurrence", "cohort_id", "progress", "moved_run", "settled_run"]
    written = upsert(obligation).from_select(names, source)
    return written.on_conflict_do_update(
        index_elements=["office_id", "deadline", "occurrence"],
        set_={"cohort_id": written.excluded.cohort_id, "moved_run": written.excluded.moved_run},
        where=obligation.c.cohort_id != written.excluded.cohort_id,
    )


async def release(
    conn: AsyncConnection, deadline: Deadline, branches: Sequence[Branch], scope: Scope, today: date
) -> int:
    """Remove the obligations of offices in `scope` that `deadline` does not concern (any more); returns how many."""
    return (await conn.execute(_removal(deadline, tuple(branches), scope), {"today": today})).rowcount


@lru_cache(KEPT)
def _removal(deadline: Deadline, branches: tuple[Branch, ...], scope: Scope) -> Delete:
    obligation = table(ObligationRow)
    kept = []
    for branch in branches:
        found = members(deadline, branch, scope).subquery()
        is_first = obligation.c.occurrence == branch.occurrences[0]
        belongs = and_(
            found.c.id == obligation.c.office_id,
            obligation.c.occurrence.in_(branch.occurrences),
            or_(is_first, and_(found.c.taken_up, found.c.anchor != NO_ANCHOR)),
        )
        kept.append(exists(select(literal(1)).select_from(found).where(belongs)))
    return delete(obligation).where(
        obligation.c.deadline == deadline.id,
        *_of_offices(scope),
        *(~each for each in kept),
    )


def _of_offices(scope: Scope) -> list[ColumnElement[bool]]:
    """Narrow obligations down to those of offices in `scope`."""
    if scope is Scope.EVERYONE:
        return []
    inside = select(table(OfficeRow).c.id).where(within(scope))
    return [table(ObligationRow).c.office_id.in_(inside)]


async def settle(conn: AsyncConnection, deadline: Deadline, scope: Scope, run: int) -> None:
    """Work out anew what is settled, and how far the rest has come, for the offices in `scope`."""
    if deadline.settled_by:
        await conn.execute(_settlement(deadline, scope), {"run": run})


@lru_cache(KEPT)
def _settlement(deadline: Deadline, scope: Scope) -> Update:
    cohort, obligation = table(CohortRow), table(ObligationRow)
    day = settled_by_sql(deadline.settled_by)
    counted = [each for each in deadline.settled_by if each.count > 1]
    progress = progress_sql(counted[0]) if counted else literal(0)
    binding = and_(cohort.c.taken_up, cohort.c.state != "withdrawn")
    new_day = case((binding, day), else_=null())
    newly = and_(obligation.c.settled_on.is_(None), new_day.is_not(None))
    changed = or_(
        obligation.c.settled_on.is_distinct_from(new_day), obligation.c.progress.is_distinct_from(progress)
    )
    return (
        update(obligation)
        .where(
            obligation.c.deadline == deadline.id,
            obligation.c.cohort_id == cohort.c.id,
            *_of_offices(scope),
            changed,
        )
        .values(
            settled_on=new_day,
            progress=progress,
            settled_run=case((newly, RUN), else_=obligation.c.settled_run),
        )
    )
