"""Sight: what a tenant sees, as conditions in SQL. Every query that serves a door uses one of these.

An authority sees the offices that answer to it: those that lie in it or in a member of it, and those that it
designated. The nation sees everything. Of its municipalities' offices a prefecture sees sums.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlmodel import col

from notifier.domain.callers import Tenant
from notifier.store.authorities import AuthorityMemberRow
from notifier.store.tables import (
    AuditRow,
    AuthorityRow,
    ContactRow,
    DeliveryRow,
    DesignationRow,
    EventRow,
    OfficeRow,
)


def offices(tenant: Tenant) -> ColumnElement[bool]:
    """Tell of each office whether it answers to `tenant`."""
    if tenant.is_nation:
        return true()
    designated = select(col(DesignationRow.office_id)).where(col(DesignationRow.authority) == tenant.code)
    members = select(col(AuthorityMemberRow.member)).where(col(AuthorityMemberRow.authority) == tenant.code)
    return or_(
        col(OfficeRow.municipality) == tenant.code,
        col(OfficeRow.municipality).in_(members),
        col(OfficeRow.id).in_(designated),
    )


def of_offices(tenant: Tenant, office_id: Any) -> ColumnElement[bool]:
    """Tell whether the office with this id answers to `tenant`."""
    if tenant.is_nation:
        return true()
    found: ColumnElement[bool] = office_id.in_(select(col(OfficeRow.id)).where(offices(tenant)))
    return found


def counted(tenant: Tenant) -> ColumnElement[bool]:
    """Tell of each office whether it counts in the sums of `tenant`: its own, for a prefecture all that lie in it."""
    if tenant.is_prefecture:
        return or_(col(OfficeRow.prefecture) == tenant.code, offices(tenant))
    return offices(tenant)


def contacts(tenant: Tenant) -> ColumnElement[bool]:
    """Tell of each contact whether `tenant` registered it; the nation sees all of them."""
    return true() if tenant.is_nation else col(ContactRow.authority) == tenant.code


def designations(tenant: Tenant) -> ColumnElement[bool]:
    """Tell of each designation whether it is by `tenant`."""
    return true() if tenant.is_nation else col(DesignationRow.authority) == tenant.code


def deliveries(tenant: Tenant) -> ColumnElement[bool]:
    """Tell of each delivery whether it goes to `tenant` or a contact of it, or to nobody at an office of its own."""
    if tenant.is_nation:
        return true()
    nobodys = and_(col(DeliveryRow.authority) == "", of_offices(tenant, col(DeliveryRow.office_id)))
    return or_(col(DeliveryRow.authority) == tenant.code, nobodys)


def events(tenant: Tenant) -> ColumnElement[bool]:
    """Tell of each event whether it was sent on behalf of `tenant`."""
    return true() if tenant.is_nation else col(EventRow.sender) == tenant.code


def audit(tenant: Tenant) -> ColumnElement[bool]:
    """Tell of each row of the audit whether it was done on behalf of `tenant`."""
    return true() if tenant.is_nation else col(AuditRow.authority) == tenant.code


def authorities(tenant: Tenant) -> ColumnElement[bool]:
    """Tell of each authority whether `tenant` sees its sums and settings: itself, and what lies in a prefecture."""
    if tenant.is_nation:
        return true()
    itself = col(AuthorityRow.code) == tenant.code
    inside = col(AuthorityRow.prefecture) == tenant.code if tenant.is_prefecture else false()
    return or_(itself, inside)
