import pytest

from notifier.domain.callers import LOCAL_ROLES, NATIONAL_ROLES, Caller, Objection, objection
from notifier.domain.offices import is_authority_code, prefecture_code
from notifier.domain.roles import Role

CHIBA, CHIBA_CITY = "120006", "121002"


@pytest.mark.parametrize("role", [*LOCAL_ROLES, *NATIONAL_ROLES])
def test_a_role_asserts_only_what_it_may(role: str) -> None:
    caller = Caller("k", role, CHIBA)
    assert objection(caller, (role,), "office", None) is None
    assert objection(caller, ("another",), "office", None) is Objection.ROLE


def test_a_caller_in_a_role_of_users_does_no_more_than_that_role_may() -> None:
    assert Caller("k", "editor").may_use("approvals:write")
    viewer = Caller("k", "editor", user_role=Role.VIEWER)
    assert (viewer.may_use("offices:read"), viewer.may_use("offices:write")) == (True, False)


def test_an_authority_speaks_about_itself_alone() -> None:
    caller = Caller("k", "prefecture", CHIBA)
    assert objection(caller, ("prefecture",), "authority", CHIBA) is None
    assert objection(caller, ("prefecture",), "authority", CHIBA_CITY) is Objection.AUTHORITY
    assert objection(Caller("k", "editor"), ("editor",), "authority", CHIBA_CITY) is None


def test_about_the_nation_speaks_only_who_speaks_for_it() -> None:
    everyone = (*LOCAL_ROLES, *NATIONAL_ROLES)
    for role in NATIONAL_ROLES:
        assert objection(Caller("k", role), everyone, "nation", None) is None
        assert objection(Caller("k", role, CHIBA), everyone, "nation", None) is Objection.NATION
    for role in LOCAL_ROLES:
        assert objection(Caller("k", role, CHIBA), everyone, "nation", None) is Objection.NATION


@pytest.mark.parametrize("code", ["120006", "121002", "011002", "472018"])
def test_a_code_with_its_check_digit_is_an_authoritys(code: str) -> None:
    assert is_authority_code(code)
    assert is_authority_code(prefecture_code(code))


@pytest.mark.parametrize(
    "code", ["120007", "12000", "1200066", "１２０００６", "000000", "990006", "12000x", ""]
)
def test_another_text_is_no_code_of_an_authority(code: str) -> None:
    assert not is_authority_code(code)
