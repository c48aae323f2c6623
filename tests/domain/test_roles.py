"""What each role may do, and which scopes a key of such a role may have."""

import pytest

from notifier.domain.roles import DEEDS, Deed, Role, deed_of, may, may_use


def test_everybody_reads_and_only_who_approves_approves() -> None:
    assert all(may(role, Deed.READ) for role in Role)
    assert [role for role in Role if may(role, Deed.APPROVE)] == [Role.APPROVER]


def test_who_audits_reads_everything_and_changes_nothing() -> None:
    reading = {Deed.READ, Deed.READ_CONTACTS, Deed.READ_HISTORY}
    assert DEEDS[Role.AUDITOR] == reading


def test_who_administers_does_not_approve() -> None:
    assert not may(Role.ADMINISTRATOR, Deed.APPROVE)
    assert [role for role in Role if may(role, Deed.ADMINISTER)] == [Role.ADMINISTRATOR]


@pytest.mark.parametrize(
    "scope, deed",
    [
        ("offices:read", Deed.READ),
        ("offices:write", Deed.EDIT),
        ("events:write", Deed.EDIT),
        ("audit:read", Deed.READ_HISTORY),
        ("approvals:write", Deed.APPROVE),
        ("endpoints:write", Deed.ADMINISTER),
    ],
)
def test_a_scope_lets_its_holder_do_one_thing(scope: str, deed: Deed) -> None:
    assert deed_of(scope) is deed
    assert [role for role in Role if may_use(role, scope)] == [role for role in Role if may(role, deed)]


@pytest.mark.parametrize("written", ["", "offices", ":read", "offices:eat"])
def test_what_is_no_scope_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="no scope"):
        deed_of(written)
