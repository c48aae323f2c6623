"""Users are let in by whom a provider of identities has shown, under the rules of passwords."""

from dataclasses import replace
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from notifier.domain.accounts import FREE, Identity, User
from notifier.domain.actors import Actor
from notifier.domain.roles import Role
from notifier.errors import AccountRefusedError
from notifier.gatehouse import Admitted, Gatehouse, Refused
from notifier.steps.admit import Try
from notifier.store.tables import AuditRow
from notifier.store.users import MissRow, SessionRow, UserRow
from tests.steps.workshop import Workshop
from tests.test_gatehouse import PASSWORD, chance

HANAKO = User("hanako", Role.EDITOR, "121002", "介護保険課 花子")
TARO = User("taro", Role.VIEWER, "121002", "介護保険課 太郎")
CLERK = Actor("root", "command line")
SHOWN = Identity("https://id.example.jp", "s-1", "hanako@example.jp")
ORIGIN = "192.0.2.7"


def place_of(name: str) -> str:
    """Everybody sits at one address."""
    return f"address/{ORIGIN}"


@pytest.fixture
async def house(shop: Workshop) -> Gatehouse:
    """A gatehouse with two accounts, of which one is linked to an address."""
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    made = Gatehouse(shop.tools, "a key of the service", chance(), quick)
    await made.create(HANAKO, PASSWORD, CLERK)
    await made.create(TARO, PASSWORD, CLERK)
    await made.link("hanako", CLERK, email=" Hanako@Example.JP ")
    return made


async def welcome(house: Gatehouse, identity: Identity = SHOWN) -> Admitted | Refused:
    return await house.welcome(identity, ORIGIN, place_of)


async def test_a_verified_address_counts_once_and_from_then_on_the_subject(
    house: Gatehouse, shop: Workshop
) -> None:
    found = await welcome(house)
    assert isinstance(found, Admitted)
    assert await house.user_of(found.token) == HANAKO
    assert isinstance(await welcome(house, replace(SHOWN, email="")), Admitted)
    successor = replace(SHOWN, subject="s-2")
    assert await welcome(house, successor) == Refused(reason="unknown")
    told = [row.detail for row in await shop.all(AuditRow) if row.action.startswith("sign-in")]
    assert told == [
        {"by": "oidc", "first": True},
        {"by": "oidc", "first": False},
        {"by": "oidc", "reason": "unknown", "in_a_row": 1},
    ]
    assert len(await shop.all(SessionRow)) == 2


async def test_an_account_can_be_linked_to_a_subject_and_to_none_any_more(
    house: Gatehouse, shop: Workshop
) -> None:
    await house.link("taro", CLERK, identity=replace(SHOWN, subject="t-1"))
    shown = replace(SHOWN, subject="t-1", email="")
    found = await welcome(house, shown)
    assert isinstance(found, Admitted)
    assert found.user == TARO
    await house.link("taro", CLERK)
    assert await house.user_of(found.token) is None
    assert await welcome(house, shown) == Refused(reason="unknown")
    actions = [row.action for row in await shop.all(AuditRow)]
    assert [each for each in actions if each.startswith("user.")][2:] == [
        "user.linked",
        "user.linked",
        "user.unlinked",
    ]


async def test_the_same_subject_of_another_issuer_is_somebody_else(house: Gatehouse) -> None:
    await welcome(house)
    other = Identity("https://other.example.jp", "s-1")
    assert await welcome(house, other) == Refused(reason="unknown")


async def test_nobody_is_let_in_without_an_account_and_none_is_made(house: Gatehouse, shop: Workshop) -> None:
    stranger = Identity("https://id.example.jp", "x")
    assert await welcome(house, stranger) == Refused(reason="unknown")
    assert await welcome(house, replace(stranger, email="taro@example.jp")) == Refused(reason="unknown")
    assert len(await shop.all(UserRow)) == 2
    assert "taro@" not in str([(row.subject, row.detail) for row in await shop.all(AuditRow)])


async def test_a_disabled_account_lets_nobody_in(house: Gatehouse) -> None:
    await house.disable("hanako", CLERK)
    assert await welcome(house) == Refused(reason="disabled")


async def test_an_account_with_a_second_factor_asks_the_provider_for_one(house: Gatehouse) -> None:
    await house.demand_factor("hanako", CLERK)
    assert await welcome(house) == Refused(reason="factor")
    assert isinstance(await welcome(house, replace(SHOWN, has_factors=True)), Admitted)


async def test_wrong_passwords_of_others_keep_no_identity_out_and_being_let_in_forgets_them(
    house: Gatehouse, shop: Workshop
) -> None:
    for _ in range(FREE):
        await house.sign_in(Try("hanako", ORIGIN, place_of("hanako")), "a wrong password", "")
    assert isinstance(await welcome(house), Admitted)
    assert await shop.all(MissRow) == []


async def test_an_identity_that_is_refused_again_and_again_waits_and_keeps_nobody_else_out(
    house: Gatehouse,
) -> None:
    stranger = Identity("https://id.example.jp", "x")
    for _ in range(FREE):
        assert await welcome(house, stranger) == Refused(reason="unknown")
    assert await welcome(house, stranger) == Refused(timedelta(seconds=30))
    assert isinstance(await welcome(house), Admitted)


async def test_a_failure_at_the_provider_is_written_down(house: Gatehouse, shop: Workshop) -> None:
    await house.distrust(ORIGIN, "unproved")
    last = (await shop.all(AuditRow))[-1]
    assert (last.who, last.origin, last.action) == ("nobody", ORIGIN, "sign-in.refused")
    assert last.detail == {"by": "oidc", "reason": "unproved"}


@pytest.mark.parametrize(
    "email", ["hanako", "花子@example.jp", "\u212aarl@example.jp", "a b@example.jp", "@x", "a@" + "x" * 254]
)
async def test_an_address_that_is_none_is_refused(house: Gatehouse, email: str) -> None:
    with pytest.raises(AccountRefusedError, match="no mail address"):
        await house.link("taro", CLERK, email=email)


async def test_two_accounts_cannot_know_the_same_user(house: Gatehouse) -> None:
    with pytest.raises(AccountRefusedError, match="another account"):
        await house.link("taro", CLERK, email="HANAKO@example.jp")
    await welcome(house)
    with pytest.raises(AccountRefusedError, match="another account"):
        await house.link("taro", CLERK, identity=SHOWN)
