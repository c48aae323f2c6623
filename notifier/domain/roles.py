"""Roles: what each may do, as one table; for the users of the pages and for what a key's scopes may be.

They are apart from who may assert what: that an event comes from a prefecture is no matter of reading or editing.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What somebody is in the service, for one authority or for the nation."""

    VIEWER = "viewer"
    EDITOR = "editor"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Deed(StrEnum):
    """What can be done."""

    READ = "read"
    READ_CONTACTS = "read-contacts"
    READ_HISTORY = "read-history"
    EDIT = "edit"
    APPROVE = "approve"
    ADMINISTER = "administer"


_READING = frozenset({Deed.READ, Deed.READ_CONTACTS})
DEEDS: Final[Mapping[Role, frozenset[Deed]]] = {
    Role.VIEWER: _READING,
    Role.EDITOR: _READING | {Deed.EDIT},
    Role.APPROVER: _READING | {Deed.EDIT, Deed.APPROVE},
    Role.ADMINISTRATOR: _READING | {Deed.EDIT, Deed.READ_HISTORY, Deed.ADMINISTER},
    Role.AUDITOR: _READING | {Deed.READ_HISTORY},
}
"""By role what it may do. Nobody both administers and approves; who audits changes nothing."""

_SCOPES: Final[Mapping[str, Deed]] = {"read": Deed.READ, "write": Deed.EDIT}
_SPECIAL: Final[Mapping[str, Deed]] = {
    "audit:read": Deed.READ_HISTORY,
    "approvals:write": Deed.APPROVE,
    "authorities:write": Deed.ADMINISTER,
    "endpoints:write": Deed.ADMINISTER,
    "calendars:write": Deed.ADMINISTER,
}


def may(role: Role, deed: Deed) -> bool:
    """Tell whether `role` may do `deed`."""
    return deed in DEEDS[role]


def deed_of(scope: str) -> Deed:
    """Return what a scope (`offices:read`) lets its holder do. Raises ValueError for what is no scope."""
    noun, _, verb = scope.partition(":")
    if not noun or verb not in _SCOPES:
        raise ValueError(f"{scope}: no scope; one looks like offices:read or offices:write")
    return _SPECIAL.get(scope, _SCOPES[verb])


def may_use(role: Role, scope: str) -> bool:
    """Tell whether `role` may do what `scope` lets its holder do."""
    return may(role, deed_of(scope))
