"""Callers: who speaks through the door for programs, and what about.

A caller speaks for one authority (a tenant), or for the nation. Whether an office answers to that authority is
for the store to find, because it changes. Source: the project's contract on events, "who may assert what".
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from notifier.domain.roles import Role, may_use

LOCAL_ROLES = ("office", "prefecture", "municipality")
"""Who always speaks for one authority, or for the offices that answer to it."""
NATIONAL_ROLES = ("operator", "ministry", "editor")
"""Who may speak for the nation, and alone may speak about it."""


class Objection(StrEnum):
    """Why a caller may not assert something; None where it may."""

    ROLE = "role-may-not-assert"
    NATION = "not-for-the-nation"
    AUTHORITY = "another-authority"


@dataclass(frozen=True, slots=True)
class Tenant:
    """Whose eyes the store looks through: an authority (団体コード), or "" for the nation, which sees everything.

    Every query that serves a door takes one, and what it does not belong to is not found.
    """

    code: str = ""

    @property
    def is_nation(self) -> bool:
        """Tell whether it sees everything."""
        return not self.code

    @property
    def is_prefecture(self) -> bool:
        """Tell whether it is a prefecture, which sees its municipalities in sum."""
        return self.code[2:5] == "000"


NATION = Tenant()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who holds the key named `key`: in which role, for which `authority` (団体コード; "" for the nation).

    `role` is as whom it asserts, `user_role` what it may do as a user may; None sets no bounds beside the scopes.
    `vendor` ("": the authority itself) is who serves some of its offices and reads of these alone.
    """

    key: str
    role: str
    authority: str = ""
    scopes: frozenset[str] = frozenset()
    user_role: Role | None = None
    vendor: str = ""

    def may_use(self, scope: str) -> bool:
        """Tell whether it may do what `scope` lets do: in its role of a user, if it has one. It must carry it, too."""
        return self.user_role is None or may_use(self.user_role, scope)

    @property
    def tenant(self) -> Tenant:
        """Return whose eyes it looks through."""
        return Tenant(self.authority)

    @property
    def who(self) -> str:
        """Return the name under which the audit knows it."""
        return f"key/{self.key}"


def objection(
    caller: Caller, asserted_by: Collection[str], subject: str, authority: str | None
) -> Objection | None:
    """Return why `caller` may not assert a type that `asserted_by` may assert, or None.

    `subject` is office, authority or nation; `authority` is the 団体コード it is about, if it is about one.
    """
    if caller.role not in asserted_by:
        return Objection.ROLE
    if subject == "nation":
        speaks = caller.role in NATIONAL_ROLES and not caller.authority
        return None if speaks else Objection.NATION
    if subject == "authority" and caller.authority and caller.authority != authority:
        return Objection.AUTHORITY
    return None
