"""Sight: what else a tenant sees, as conditions in SQL, beside the offices, contacts and deliveries of `tenants`."""

from typing import Any

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlmodel import col

from notifier.domain.callers import Tenant
from notifier.store.tables import AuditRow, AuthorityRow, DesignationRow, EventRow, OfficeRow
from notifier.store.tenants import answers_to


def of_offices(tenant: Tenant, office_id: Any) -> ColumnElement[bool]:
    """Tell whether the office with this id answers to `tenant`."""
    if tenant.is_nation:
        return true()
    found: ColumnElement[bool] = office_id.in_(select(col(OfficeRow.id)).where(answers_to(tenant)))
    return found


def counted(tenant: Tenant) -> ColumnElement[bool]:
    """Tell of each office whether it counts in the sums of `tenant`: its own, for a prefecture all that lie in it."""
    if tenant.is_prefecture:
        return or_(col(OfficeRow.prefecture) == tenant.code, answers_to(tenant))
    return answers_to(tenant)


def designations(tenant: Tenant) -> ColumnElement[bool]:
    """Tell of each designation whether it is by `tenant`."""
    return true() if tenant.is_nation else col(DesignationRow.authority) == tenant.code


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
