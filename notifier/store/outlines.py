"""Outlines: where all offices of a tenant are about every deadline, as far as letters need not be looked at.

Offices are counted with their cohorts; looked at one by one are only those that nothing reaches, those that somebody
decided about, and those that have closed. So the numbers of a nation take no longer than those of a city.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.callers import Tenant
from notifier.store.board import Standing
from notifier.store.coverage import has_contact, scope, silenced
from notifier.store.database import table
from notifier.store.headcounts import headcounts, nothing_reaches
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
NOT_BOUND: Final = ("withdrawn", "waiting-for-fact")
"""States of cohorts whose members need not do anything."""
_PLACES: Final = ("settled", "not_bound", "unreachable", "excluded", "others")


async def outlines(
    conn: AsyncConnection,
    tenant: Tenant,
    today: date,
    *,
    in_sum: bool = False,
    standing: Sequence[Standing] | None = None,
) -> list[Outline]:
    """Return where the open offices of `tenant` are about each deadline; see `coverage.counts` for `in_sum`.

    Members are counted unless their whole `standing` is known, which is in sum.
    """
    eyes, mine = scope(tenant, in_sum=in_sum)
    office = table(OfficeRow).c
    sums = _of_standing(standing) if standing else await _by_cohort(conn, tenant, in_sum=in_sum)
    special = or_(nothing_reaches(eyes), office.id.in_(select(table(SubscriptionRow).c.office_id)))
    is_open = office.closed_on.is_(None)
    for key, places in (await _special(conn, eyes, and_(mine, is_open, special), today)).items():
        for place, count in places.items():
            sums[key][place] = count
            sums[key]["others"] -= count
    return [
        Outline(*key, *(members.get(name, 0) for name in _PLACES)) for key, members in sorted(sums.items())
    ]


def _of_standing(standing: Sequence[Standing]) -> dict[_Key, dict[str, int]]:
    """Return the same as `_by_cohort` of what is known."""
    sums: dict[_Key, dict[str, int]] = {}
    for each in standing:
        settled = each.members if each.state == "settled" else each.settled
        is_bound = each.key.taken_up and each.state not in NOT_BOUND
        places = sums.setdefault(
            (each.key.deadline, each.key.occurrence), dict.fromkeys(("settled", "not_bound", "others"), 0)
        )
        places["settled"] += settled
        places["others" if is_bound else "not_bound"] += each.members - settled
    return sums


def _not_bound() -> ColumnElement[bool]:
    cohort = table(CohortRow).c
    return or_(
        cohort.state.in_(NOT_BOUND),
        cohort.taken_up.is_(False),
    )


async def _by_cohort(conn: AsyncConnection, tenant: Tenant, *, in_sum: bool) -> dict[_Key, dict[str, int]]:
    """Count members by whether they have settled, and whether the rest are bound."""
    cohort, found = table(CohortRow).c, headcounts(tenant, in_sum=in_sum)
    settled = case((cohort.state == "settled", found.c.members), else_=found.c.settled)
    rest = found.c.members - settled
    members = func.sum(found.c.members)
    rows = await conn.execute(
        select(
            cohort.deadline,
            cohort.occurrence,
            func.sum(settled).label("settled"),
            func.sum(case((_not_bound(), rest), else_=0)).label("not_bound"),
            func.sum(case((_not_bound(), 0), else_=rest)).label("others"),
        )
        .join(found, found.c.cohort_id == cohort.id)
        .group_by(cohort.deadline, cohort.occurrence)
        .having(members > 0)
    )
    return {
        (row.deadline, row.occurrence): {
            "settled": int(row.settled),
            "not_bound": int(row.not_bound),
            "others": int(row.others),
        }
        for row in rows
    }


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
