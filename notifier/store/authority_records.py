"""Authority records: authorities as a tenant sees them through the door for programs, and the changes it makes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.callers import Tenant
from notifier.store import sight
from notifier.store.database import table
from notifier.store.headcounts import headcounts
from notifier.store.tables import (
    AuthorityRow,
    CohortRow,
    ContactRow,
    DeadlineRow,
    ObligationRow,
    OfficeRow,
)

DECISIVE: Final = frozenset({"closed", "ladders", "rolls"})
"""What decides days and reminders; another name or address does not."""


@dataclass(frozen=True, slots=True)
class AuthorityRecord:
    """One authority. `address` is where it is reached by mail, "" if nowhere.

    `closed` are its own closed days (written 2026-12-28), `ladders` names of ladders by deadline, `rolls` what
    becomes of a day that falls on a free one, by deadline or by deadline and fiscal year.
    """

    code: str
    name: str
    kind: str
    prefecture: str
    address: str
    closed: tuple[str, ...] = ()
    ladders: Mapping[str, str] = field(default_factory=dict)
    rolls: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sums:
    """Open offices of an authority, those of them without an address in use, and obligations by state."""

    offices: int
    unreachable: int
    obligations: Mapping[str, int]


async def authorities(
    conn: AsyncConnection, kind: str | None, prefecture: str | None, after: str, limit: int
) -> list[AuthorityRecord]:
    """Return `limit` authorities by code, from behind the code `after` on. Which there are is no secret."""
    found = select(table(AuthorityRow)).where(col(AuthorityRow.code) > after)
    if kind is not None:
        found = found.where(col(AuthorityRow.kind) == kind)
    if prefecture is not None:
        inside = or_(col(AuthorityRow.prefecture) == prefecture, col(AuthorityRow.code) == prefecture)
        found = found.where(inside)
    rows = await conn.execute(found.order_by(col(AuthorityRow.code)).limit(limit))
    return [_record(row) for row in rows]


async def authority(
    conn: AsyncConnection, tenant: Tenant, code: str, *, to_change: bool = False
) -> AuthorityRecord | None:
    """Return the authority `code` if `tenant` is it, or its prefecture, or the nation; `to_change` holds it."""
    found = select(table(AuthorityRow)).where(col(AuthorityRow.code) == code, sight.authorities(tenant))
    if to_change:
        found = found.with_for_update()
    row = (await conn.execute(found)).one_or_none()
    return None if row is None else _record(row)


def _record(row: Any) -> AuthorityRecord:
    settings = row.settings
    return AuthorityRecord(
        row.code,
        row.name,
        row.kind,
        row.prefecture,
        row.address,
        tuple(settings.get("closed", ())),
        settings.get("ladders", {}),
        settings.get("rolls", {}),
    )


async def keep(conn: AsyncConnection, record: AuthorityRecord) -> None:
    """Write name, address, closed days, ladders and rolls of an authority; whatever else is kept of it stays."""
    kept = select(col(AuthorityRow.settings)).where(col(AuthorityRow.code) == record.code)
    settings = dict((await conn.execute(kept)).scalar_one())
    settings |= {"closed": list(record.closed), "ladders": dict(record.ladders), "rolls": dict(record.rolls)}
    written = update(AuthorityRow).where(col(AuthorityRow.code) == record.code)
    await conn.execute(written.values(name=record.name, address=record.address, settings=settings))


async def work_out_anew(conn: AsyncConnection) -> None:
    """Let nothing leave about any deadline before it has been worked out again."""
    await conn.execute(update(DeadlineRow).values(generation=col(DeadlineRow.generation) + 1))


async def sums(conn: AsyncConnection, code: str, today: date) -> Sums:
    """Return the sums of an authority on the civil date `today`; for a prefecture of all offices that lie in it."""
    counted = and_(col(OfficeRow.closed_on).is_(None), sight.counted(Tenant(code)))
    reached = (
        select(literal(1))
        .where(col(ContactRow.office_id) == col(OfficeRow.id), col(ContactRow.active).is_(True))
        .exists()
    )
    offices, unreachable = (
        await conn.execute(
            select(func.count(), func.sum(case((reached, 0), else_=1))).select_from(OfficeRow).where(counted)
        )
    ).one()
    return Sums(int(offices), int(unreachable or 0), await _obligations(conn, code, today))


async def _obligations(conn: AsyncConnection, code: str, today: date) -> Mapping[str, int]:
    cohort = table(CohortRow).c
    found = headcounts(Tenant(code))
    past = and_(cohort.state == "open", cohort.latest < today)
    state = case((past, "lapsed"), else_=cohort.state).label("state")
    rows = await conn.execute(
        select(state, func.sum(found.c.members), func.sum(found.c.settled))
        .join(found, found.c.cohort_id == cohort.id)
        .group_by(state)
    )
    sums: Counter[str] = Counter()
    for name, members, settled in rows:
        sums[name] += int(members) - int(settled)
        sums["settled"] += int(settled)
    return {name: count for name, count in sorted(sums.items()) if count}


def state_of(today: date) -> ColumnElement[str]:
    """Tell in SQL where an obligation stands on the civil date `today`; what is open past its last day has lapsed."""
    past = and_(col(CohortRow.state) == "open", col(CohortRow.latest) < today)
    settled = col(ObligationRow.settled_on).is_not(None)
    return case((settled, "settled"), (past, "lapsed"), else_=col(CohortRow.state))


def in_state(state: str, today: date) -> ColumnElement[bool]:
    """Tell in SQL whether `state_of` an obligation is `state`, so that cohorts are found by theirs along an index."""
    ahead = or_(col(CohortRow.latest).is_(None), col(CohortRow.latest) >= today)
    left = col(ObligationRow.settled_on).is_(None)
    match state:
        case "settled":
            return or_(col(ObligationRow.settled_on).is_not(None), col(CohortRow.state) == "settled")
        case "open":
            return and_(left, col(CohortRow.state) == "open", ahead)
        case "lapsed":
            past = and_(col(CohortRow.state) == "open", col(CohortRow.latest) < today)
            return and_(left, or_(col(CohortRow.state) == "lapsed", past))
    return and_(left, col(CohortRow.state) == state)
