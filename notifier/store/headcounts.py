"""Headcounts: how many offices of a tenant belong to which cohort, how many have settled, how many nothing reaches.

Cohorts are of one place each, so most of them are a tenant's wholly or not at all: their members are counted along an
index, without a look at any office. Looked at one by one are only those of whom that cannot be said: offices that have
closed or moved and were not worked out since, offices elsewhere that the tenant designated, and those that nothing
reaches. Nothing is kept, so nothing can be out of date; a property test holds the sums equal to the rows.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Subquery,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union_all,
)

from notifier.domain.callers import Tenant
from notifier.store import sight
from notifier.store.authorities import AuthorityMemberRow
from notifier.store.database import table
from notifier.store.tables import CohortRow, ContactRow, DesignationRow, ObligationRow, OfficeRow
from notifier.store.tenants import answers_to, owns_contact

_Part = Select[Any]


def headcounts(
    tenant: Tenant,
    *,
    in_sum: bool = True,
    which: ColumnElement[bool] | None = None,
    reached: tuple[Tenant, ColumnElement[bool]] | None = None,
) -> Subquery:
    """Select cohort_id, members, settled, unreachable of the open offices of `tenant`; a cohort may have several rows.

    `in_sum` counts what a prefecture sees in sum: all that lie in it. `which` narrows the cohorts down. With `reached`,
    a tenant and a condition on cohorts, `unreachable` are those who have not settled, in these cohorts, and have no
    contact of that tenant in use; else it is 0.
    """
    mine = sight.counted(tenant) if in_sum else answers_to(tenant)
    meant = true() if which is None else which
    parts = [_whole(tenant, meant, in_sum=in_sum), *_single(tenant, mine, meant, in_sum=in_sum)]
    if reached is not None:
        eyes, where = reached
        parts.append(_silent(mine, eyes, and_(meant, where)))
    found: CompoundSelect[Any] = union_all(*parts)
    return found.subquery("headcount")


def nothing_reaches(eyes: Tenant) -> ColumnElement[bool]:
    """Tell of an office that no contact of `eyes` is in use for it."""
    contact = table(ContactRow).c
    known = contact.office_id == table(OfficeRow).c.id, contact.active.is_(True), owns_contact(eyes)
    return ~exists().where(*known)


def strays(tenant: Tenant) -> Select[int]:
    """Select the ids of offices that answer to `tenant` and may belong to cohorts of other places."""
    office = table(OfficeRow).c
    unsteady = or_(office.closed_on.is_not(None), office.derived.is_(False))
    return select(office.id).where(
        answers_to(tenant), or_(unsteady, not_(placed(tenant, office, in_sum=False)))
    )


def _whole(tenant: Tenant, which: ColumnElement[bool], *, in_sum: bool) -> _Part:
    """Count the members of the cohorts that are of the tenant's places."""
    obligation = table(ObligationRow).c
    cohort = table(CohortRow).c
    of_places = select(cohort.id).where(placed(tenant, cohort, in_sum=in_sum), which)
    return (
        select(
            obligation.cohort_id,
            func.count().label("members"),
            func.count(obligation.settled_on).label("settled"),
            literal(0).label("unreachable"),
        )
        .where(obligation.cohort_id.in_(of_places))
        .group_by(obligation.cohort_id)
    )


def _single(
    tenant: Tenant, mine: ColumnElement[bool], which: ColumnElement[bool], *, in_sum: bool
) -> list[_Part]:
    """Take away what `_whole` has counted too much, and add what it has left out, obligation by obligation."""
    office, cohort = table(OfficeRow).c, table(CohortRow).c
    is_open = office.closed_on.is_(None)
    counts, was_counted = _one(and_(is_open, mine)), _one(placed(tenant, cohort, in_sum=in_sum))
    unsteady = or_(office.closed_on.is_not(None), office.derived.is_(False))
    moved = _counting(counts - was_counted).where(unsteady, which)
    if tenant.is_nation:
        return [moved]
    elsewhere = _elsewhere(tenant, in_sum=in_sum), office.derived.is_(True), is_open
    return [moved, _counting(literal(1)).where(*elsewhere, which)]


def _silent(mine: ColumnElement[bool], eyes: Tenant, which: ColumnElement[bool]) -> _Part:
    obligation, office, cohort = table(ObligationRow).c, table(OfficeRow).c, table(CohortRow)
    silent = select(office.id).where(office.closed_on.is_(None), mine, nothing_reaches(eyes))
    nothing = literal(0)
    return (
        select(
            obligation.cohort_id,
            nothing.label("members"),
            nothing.label("settled"),
            literal(1).label("unreachable"),
        )
        .select_from(table(ObligationRow).join(cohort, cohort.c.id == obligation.cohort_id))
        .where(obligation.office_id.in_(silent), obligation.settled_on.is_(None), which)
    )


def _counting(times: ColumnElement[int]) -> _Part:
    """Select obligations one by one, each counted so many `times`. What holds all of it together groups them."""
    obligation = table(ObligationRow).c
    return select(
        obligation.cohort_id,
        times.label("members"),
        (times * _one(obligation.settled_on.is_not(None))).label("settled"),
        literal(0).label("unreachable"),
    ).select_from(_joined())


def _one(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _joined() -> Any:
    obligation, office, cohort = table(ObligationRow), table(OfficeRow), table(CohortRow)
    owed = office.join(obligation, obligation.c.office_id == office.c.id)
    return owed.join(cohort, cohort.c.id == obligation.c.cohort_id)


def placed(tenant: Tenant, place: Any, *, in_sum: bool) -> ColumnElement[bool]:
    """Tell of columns `municipality` and `prefecture` whether that place is the tenant's."""
    if tenant.is_nation:
        return true()
    member = table(AuthorityMemberRow).c
    members = select(member.member).where(member.authority == tenant.code)
    inside = place.prefecture == tenant.code if in_sum and tenant.is_prefecture else false()
    found: ColumnElement[bool] = or_(
        place.municipality == tenant.code, place.municipality.in_(members), inside
    )
    return found


def _elsewhere(tenant: Tenant, *, in_sum: bool) -> ColumnElement[bool]:
    """Tell of an office that the tenant designated it although it lies elsewhere."""
    office, designation = table(OfficeRow).c, table(DesignationRow).c
    designated = select(designation.office_id).where(designation.authority == tenant.code)
    return and_(office.id.in_(designated), not_(placed(tenant, office, in_sum=in_sum)))
