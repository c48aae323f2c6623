"""Outlines: where all offices of a tenant are about every deadline, as far as letters need not be looked at.

Offices are counted with their cohorts; looked at one by one are only those that nothing reaches, those that somebody
decided about, and those that have closed. So the numbers of a nation take no longer than those of a city.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.callers import Tenant
from notifier.store.coverage import has_contact, scope, silenced
from notifier.store.database import table
from notifier.store.tables import CohortRow, DeadlineRow, ObligationRow, OfficeRow, SubscriptionRow


@dataclass(frozen=True, slots=True)
class Outline:
    """The offices about one occurrence of a deadline; who is bound, and has a way to be told, is among `others`."""

    deadline: str
    occurrence: int
    settled: int
    not_bound: int
    unreachable: int
    excluded: int
    others: int


_Key = tuple[str, int]
_PLACES: Final = ("settled", "not_bound", "unreachable", "excluded", "others")


async def outlines(
    conn: AsyncConnection, tenant: Tenant, today: date, *, in_sum: bool = False
) -> list[Outline]:
    """Return where the open offices of `tenant` are about each deadline; see `coverage.counts` for `in_sum`."""
    eyes, mine = scope(tenant, in_sum=in_sum)
    office = table(OfficeRow).c
    is_open = office.closed_on.is_(None)
    whole = _whole(tenant, in_sum=in_sum)
    sums: dict[_Key, dict[str, int]] = {}
    if whole is None:
        await _add(conn, sums, _one_by_one(mine, is_open))
    else:
        await _add(conn, sums, _by_cohort(whole))
        await _add(conn, sums, _one_by_one(mine, ~is_open), sign=-1)
    special = or_(~has_contact(eyes, in_use=True), office.id.in_(select(table(SubscriptionRow).c.office_id)))
    for key, places in (await _special(conn, eyes, and_(mine, is_open, special), today)).items():
        for place, count in places.items():
            sums[key][place] = count
            sums[key]["others"] -= count
    return [
        Outline(*key, *(members.get(name, 0) for name in _PLACES)) for key, members in sorted(sums.items())
    ]


def _whole(tenant: Tenant, *, in_sum: bool) -> ColumnElement[bool] | None:
    """Return which cohorts have only offices of `tenant`, all that it has; None where that cannot be said."""
    cohort = table(CohortRow).c
    if tenant.is_nation:
        return cohort.id.is_not(None)
    return cohort.prefecture == tenant.code if in_sum and tenant.is_prefecture else None


def _state() -> ColumnElement[str]:
    """Return the place of an obligation, told from its cohort and its own state."""
    obligation, cohort = table(ObligationRow).c, table(CohortRow).c
    return case(
        (or_(obligation.settled_on.is_not(None), cohort.state == "settled"), "settled"),
        (_not_bound(), "not_bound"),
        else_="others",
    )


def _not_bound() -> ColumnElement[bool]:
    cohort = table(CohortRow).c
    return or_(
        cohort.state.in_(["withdrawn", "waiting-for-fact"]),
        cohort.taken_up.is_(False),
    )


def _by_cohort(whole: ColumnElement[bool]) -> Select[Any, Any, Any, Any]:
    """Count the members of cohorts by whether they have settled: read off an index, whoever they are."""
    obligation, cohort = table(ObligationRow).c, table(CohortRow).c
    members = (
        select(
            obligation.cohort_id,
            func.count().label("members"),
            func.count(obligation.settled_on).label("settled"),
        )
        .group_by(obligation.cohort_id)
        .subquery()
    )
    settled = case((cohort.state == "settled", members.c.members), else_=members.c.settled)
    rest = members.c.members - settled
    return (
        select(
            cohort.deadline,
            cohort.occurrence,
            case((_not_bound(), "not_bound"), else_="others").label("place"),
            func.sum(settled).label("settled"),
            func.sum(rest).label("members"),
        )
        .join(members, members.c.cohort_id == cohort.id)
        .where(whole)
        .group_by(cohort.deadline, cohort.occurrence, "place")
    )


def _one_by_one(mine: ColumnElement[bool], which: ColumnElement[bool]) -> Select[Any, Any, Any, Any]:
    """Count the obligations of some offices by where they are."""
    obligation, cohort, office = table(ObligationRow), table(CohortRow), table(OfficeRow)
    place = _state()
    return (
        select(
            obligation.c.deadline,
            obligation.c.occurrence,
            place.label("place"),
            func.count().label("members"),
        )
        .select_from(office)
        .join(obligation, obligation.c.office_id == office.c.id)
        .join(cohort, cohort.c.id == obligation.c.cohort_id)
        .where(mine, which)
        .group_by(obligation.c.deadline, obligation.c.occurrence, place)
    )


async def _add(
    conn: AsyncConnection, sums: dict[_Key, dict[str, int]], found: Select[Any, Any, Any, Any], sign: int = 1
) -> None:
    for row in (await conn.execute(found)).mappings():
        places = sums.setdefault((row["deadline"], row["occurrence"]), dict.fromkeys(_PLACES, 0))
        places[row["place"]] += sign * int(row["members"])
        places["settled"] += sign * int(row.get("settled", 0))


async def _special(
    conn: AsyncConnection, eyes: Tenant, which: ColumnElement[bool], today: date
) -> dict[_Key, dict[str, int]]:
    """Count what binds the offices in `which` and is not settled: excluded by a decision, or out of reach."""
    obligation, cohort = table(ObligationRow), table(CohortRow)
    office, duty = table(OfficeRow), table(DeadlineRow)
    place = case(
        (silenced(eyes, duty.c.id, duty.c.family, today), "excluded"),
        (~has_contact(eyes, in_use=True), "unreachable"),
        else_="",
    )
    found = (
        select(
            obligation.c.deadline,
            obligation.c.occurrence,
            place.label("place"),
            func.count().label("members"),
        )
        .select_from(office)
        .join(obligation, obligation.c.office_id == office.c.id)
        .join(cohort, cohort.c.id == obligation.c.cohort_id)
        .join(duty, duty.c.id == obligation.c.deadline)
        .where(which, obligation.c.settled_on.is_(None), cohort.c.state != "settled", ~_not_bound())
        .group_by(obligation.c.deadline, obligation.c.occurrence, place)
    )
    kept: dict[_Key, dict[str, int]] = {}
    for row in await conn.execute(found):
        if row.place:
            kept.setdefault((row.deadline, row.occurrence), {})[row.place] = int(row.members)
    return kept
