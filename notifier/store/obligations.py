"""Obligations as sets: which office belongs to which cohort, and what is settled.

The expressions are the SQL reading of `notifier.domain.obligations.keys_of` and `settled_on`; a property test holds
the two equal on both databases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    delete,
    exists,
    false,
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
from sqlmodel import col

from notifier.domain.expressions import Anchor
from notifier.domain.law import Deadline
from notifier.domain.obligations import CohortKey
from notifier.store.applicability import anchor_sql, condition_sql, progress_sql, settled_by_sql
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


def everyone() -> ColumnElement[bool]:
    """Every office."""
    return true()


def newcomers() -> ColumnElement[bool]:
    """Offices that have not been worked out yet, or whose services or place changed."""
    return col(OfficeRow.derived).is_(False)


def with_fresh_facts() -> ColumnElement[bool]:
    """Offices already worked out, of which a fact is new."""
    fresh = select(col(FactRow.office_id)).where(
        col(FactRow.derived).is_(False), col(FactRow.office_id).is_not(None)
    )
    return and_(col(OfficeRow.derived).is_(True), col(OfficeRow.id).in_(fresh))


def members(
    deadline: Deadline, branch: Branch, scope: ColumnElement[bool], today: date
) -> Select[tuple[int, str, str, bool, date]]:
    """Select (id, municipality, prefecture, taken_up, anchor) of the offices in `scope` whom `deadline` concerns."""
    taken = condition_sql(deadline.taken_up, today) if deadline.taken_up is not None else true()
    anchor = anchor_sql(branch.anchor) if branch.anchor is not None else literal(NO_ANCHOR)
    return select(
        col(OfficeRow.id).label("id"),
        col(OfficeRow.municipality).label("municipality"),
        col(OfficeRow.prefecture).label("prefecture"),
        case((taken, true()), else_=false()).label("taken_up"),
        anchor.label("anchor"),
    ).where(col(OfficeRow.closed_on).is_(None), scope, _concerned(deadline, today), _inside(branch))


def _concerned(deadline: Deadline, today: date) -> ColumnElement[bool]:
    concerned = condition_sql(deadline.concerns, today)
    if deadline.excluded is None:
        return concerned
    return and_(concerned, ~condition_sql(deadline.excluded, today))


def _inside(branch: Branch) -> ColumnElement[bool]:
    municipality, prefecture = col(OfficeRow.municipality), col(OfficeRow.prefecture)
    parts = []
    if branch.inside:
        codes = sorted(branch.inside)
        parts.append(or_(municipality.in_(codes), prefecture.in_(codes)))
    if branch.outside:
        codes = sorted(branch.outside)
        parts.append(and_(municipality.not_in(codes), prefecture.not_in(codes)))
    return and_(true(), *parts)


async def keys_among(
    conn: AsyncConnection, deadline: Deadline, branch: Branch, scope: ColumnElement[bool], today: date
) -> list[CohortKey]:
    """Return the distinct cohorts to which offices in `scope` belong, in a stable order."""
    found = members(deadline, branch, scope, today).subquery()
    rows = (
        await conn.execute(
            select(found.c.municipality, found.c.prefecture, found.c.taken_up, found.c.anchor).distinct()
        )
    ).all()
    keys: list[CohortKey] = []
    for row in sorted(rows, key=lambda row: tuple(map(str, row))):
        anchor = None if row.anchor == NO_ANCHOR else row.anchor
        every = row.taken_up and anchor is not None
        where = (row.municipality, row.prefecture, bool(row.taken_up), anchor)
        occurrences = branch.occurrences if every else branch.occurrences[:1]
        keys.extend(CohortKey(deadline.id, occurrence, *where) for occurrence in occurrences)
    return keys


async def assign(
    conn: AsyncConnection,
    deadline: Deadline,
    branch: Branch,
    scope: ColumnElement[bool],
    today: date,
    run: int,
) -> None:
    """Put every office in `scope` into its cohorts, and take out those whom the deadline no longer concerns."""
    insert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    found = members(deadline, branch, scope, today).subquery()
    for occurrence in branch.occurrences:
        source = _placed(deadline, found, occurrence, first=occurrence == branch.occurrences[0], run=run)
        names = [
            "office_id",
            "deadline",
            "occurrence",
            "cohort_id",
            "settled_on",
            "progress",
            "moved_run",
            "settled_run",
        ]
        written = insert(ObligationRow).from_select(names, source)
        await conn.execute(
            written.on_conflict_do_update(
                index_elements=["office_id", "deadline", "occurrence"],
                set_={"cohort_id": written.excluded.cohort_id, "moved_run": run},
                where=col(ObligationRow.cohort_id) != written.excluded.cohort_id,
            )
        )


def _placed(
    deadline: Deadline, found: Subquery, occurrence: int, *, first: bool, run: int
) -> Select[tuple[object, ...]]:
    cohort = and_(
        col(CohortRow.deadline) == deadline.id,
        col(CohortRow.occurrence) == occurrence,
        col(CohortRow.municipality) == found.c.municipality,
        col(CohortRow.prefecture) == found.c.prefecture,
        col(CohortRow.taken_up) == found.c.taken_up,
        col(CohortRow.anchor) == found.c.anchor,
    )
    every = true() if first else and_(found.c.taken_up, found.c.anchor != NO_ANCHOR)
    return (
        select(
            found.c.id,
            literal(deadline.id),
            literal(occurrence),
            col(CohortRow.id),
            null(),
            literal(0),
            literal(run),
            literal(0),
        )
        .select_from(found)
        .join(CohortRow, cohort)
        .where(every)
    )


async def release(
    conn: AsyncConnection,
    deadline: Deadline,
    branches: Sequence[Branch],
    scope: ColumnElement[bool],
    today: date,
) -> int:
    """Remove the obligations of offices in `scope` that `deadline` does not concern (any more); returns how many."""
    in_scope = select(col(OfficeRow.id)).where(scope)
    kept = []
    for branch in branches:
        found = members(deadline, branch, scope, today).subquery()
        first = branch.occurrences[0]
        every = or_(
            col(ObligationRow.occurrence) == first, and_(found.c.taken_up, found.c.anchor != NO_ANCHOR)
        )
        belongs = and_(
            found.c.id == col(ObligationRow.office_id),
            col(ObligationRow.occurrence).in_(branch.occurrences),
            every,
        )
        kept.append(exists(select(literal(1)).select_from(found).where(belongs)))
    gone = delete(ObligationRow).where(
        col(ObligationRow.deadline) == deadline.id, col(ObligationRow.office_id).in_(in_scope), ~or_(*kept)
    )
    return (await conn.execute(gone)).rowcount


async def settle(conn: AsyncConnection, deadline: Deadline, scope: ColumnElement[bool], run: int) -> None:
    """Work out anew what is settled, and how far the rest has come, for the offices in `scope`."""
    if not deadline.settled_by:
        return
    day = settled_by_sql(deadline.settled_by)
    counted = [each for each in deadline.settled_by if each.count > 1]
    progress = progress_sql(counted[0]) if counted else literal(0)
    binding = and_(col(CohortRow.taken_up), col(CohortRow.state) != "withdrawn")
    new_day = case((binding, day), else_=null())
    newly = and_(col(ObligationRow.settled_on).is_(None), new_day.is_not(None))
    changed = or_(
        col(ObligationRow.settled_on).is_distinct_from(new_day),
        col(ObligationRow.progress).is_distinct_from(progress),
    )
    await conn.execute(
        update(ObligationRow)
        .where(
            col(ObligationRow.deadline) == deadline.id,
            col(ObligationRow.cohort_id) == col(CohortRow.id),
            col(ObligationRow.office_id).in_(select(col(OfficeRow.id)).where(scope)),
            changed,
        )
        .values(
            settled_on=new_day,
            progress=progress,
            settled_run=case((newly, run), else_=col(ObligationRow.settled_run)),
        )
    )
