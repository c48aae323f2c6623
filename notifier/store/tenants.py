"""What a tenant sees: the condition every query for a door carries, and what a prefecture sees in sum.

An office answers to the municipality it lies in, to the 広域連合 of that municipality, and to every authority that
designated it for a service. On PostgreSQL `notifier.store.walls` says the same once more, beneath all queries.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Row,
    Select,
    and_,
    cast,
    column,
    func,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.callers import Tenant
from notifier.store.authorities import AuthorityMemberRow
from notifier.store.database import table as table_of
from notifier.store.tables import CohortRow, ContactRow, DeliveryRow, DesignationRow, ObligationRow, OfficeRow


def answers_to(tenant: Tenant) -> ColumnElement[bool]:
    """Tell in SQL whether an office answers to `tenant`; every office does to the nation."""
    if tenant.is_nation:
        return true()
    designated = select(col(DesignationRow.office_id)).where(col(DesignationRow.authority) == tenant.code)
    members = select(col(AuthorityMemberRow.member)).where(col(AuthorityMemberRow.authority) == tenant.code)
    return or_(
        col(OfficeRow.municipality) == tenant.code,
        col(OfficeRow.municipality).in_(members),
        col(OfficeRow.id).in_(designated),
    )


def owns_contact(tenant: Tenant) -> ColumnElement[bool]:
    """Tell in SQL whether a contact belongs to `tenant`; the nation owns them all."""
    return true() if tenant.is_nation else col(ContactRow.authority) == tenant.code


def sees_delivery(tenant: Tenant) -> ColumnElement[bool]:
    """Tell in SQL whether a delivery may be shown to `tenant`.

    To its own address or contact; or to nobody's, for an office that answers to it.
    """
    if tenant.is_nation:
        return true()
    mine = select(col(OfficeRow.id)).where(answers_to(tenant))
    nobodys = and_(col(DeliveryRow.authority) == "", col(DeliveryRow.office_id).in_(mine))
    return or_(col(DeliveryRow.authority) == tenant.code, nobodys)


# ---- in sum ----

SUMS = "prefecture_sum"
"""The view on PostgreSQL that shows a prefecture what it sees in sum, whatever the walls hide from it one by one."""


@dataclass(frozen=True, slots=True)
class MunicipalSum:
    """Where the offices of one municipality stand with a deadline: `open` past its last day has lapsed.

    `unreachable` are members who have not settled and have no address in use, whoever registered it.
    """

    municipality: str
    deadline: str
    occurrence: int
    state: str
    latest: date | None
    members: int
    settled: int
    unreachable: int


def summing(prefecture: str | None = None) -> Select[str, str, str, int, str, date | None, int, int, int]:
    """Select prefecture, municipality, deadline, occurrence, state, last day; members, settled and unreachable ones.

    Obligations are counted cohort by cohort along an index, before anything is put together; whoever has no address is
    looked for once, not for each obligation. With a `prefecture` (団体コード) only its cohorts are looked at.
    """
    cohort, obligation, office = table_of(CohortRow).c, table_of(ObligationRow).c, table_of(OfficeRow).c
    of_cohorts = true() if prefecture is None else cohort.prefecture == prefecture
    of_offices = true() if prefecture is None else office.prefecture == prefecture
    counted = (
        select(
            cohort.id,
            cohort.prefecture,
            func.count().label("members"),
            func.count(obligation.settled_on).label("settled"),
        )
        .join(table_of(ObligationRow), obligation.cohort_id == cohort.id)
        .where(of_cohorts)
        .group_by(cohort.id, cohort.prefecture)
        .subquery("counted")
    )
    reached = select(col(ContactRow.office_id)).where(
        col(ContactRow.active).is_(True), col(ContactRow.office_id).is_not(None)
    )
    silent = (
        select(obligation.cohort_id, office.prefecture, func.count().label("unreachable"))
        .join(table_of(OfficeRow), office.id == obligation.office_id)
        .where(of_offices, office.id.not_in(reached), obligation.settled_on.is_(None))
        .group_by(obligation.cohort_id, office.prefecture)
        .subquery("silent")
    )
    alike = (
        cohort.prefecture,
        cohort.municipality,
        cohort.deadline,
        cohort.occurrence,
        cohort.state,
        cohort.latest,
    )
    return (
        select(
            *alike,
            cast(func.sum(counted.c.members), BigInteger).label("members"),
            cast(func.sum(counted.c.settled), BigInteger).label("settled"),
            cast(func.sum(func.coalesce(silent.c.unreachable, 0)), BigInteger).label("unreachable"),
        )
        .join(counted, and_(counted.c.id == cohort.id, counted.c.prefecture == cohort.prefecture))
        .outerjoin(silent, and_(silent.c.cohort_id == cohort.id, silent.c.prefecture == cohort.prefecture))
        .where(of_cohorts)
        .group_by(*alike)
    )


async def sums(conn: AsyncConnection, prefecture: str, today: date) -> list[MunicipalSum]:
    """Return where the municipalities of `prefecture` (団体コード) stand with each deadline on the civil date `today`."""
    on_postgresql = conn.dialect.name == "postgresql"
    kept = summing(None if on_postgresql else prefecture).subquery()
    if on_postgresql:
        found: FromClause = table(SUMS, *(column(each.name, each.type) for each in kept.c))
    else:
        found = kept
    ordered = (found.c.municipality, found.c.deadline, found.c.occurrence, found.c.latest, found.c.state)
    rows = await conn.execute(
        select(*found.c)
        .where(found.c.prefecture == prefecture, found.c.municipality != "")
        .order_by(*ordered)
    )
    return [_sum(row, today) for row in rows]


def _sum(row: Row[Any], today: date) -> MunicipalSum:
    past = row.state == "open" and row.latest is not None and row.latest < today
    return MunicipalSum(
        row.municipality,
        row.deadline,
        row.occurrence,
        "lapsed" if past else row.state,
        row.latest,
        row.members,
        row.settled,
        row.unreachable,
    )
