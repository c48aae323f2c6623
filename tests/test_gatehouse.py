"""Users are let in by password and second factor, and nobody can keep another out."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pyotp
import pytest
from argon2 import PasswordHasher

from notifier.domain.accounts import ABSOLUTE, FREE, IDLE, User
from notifier.domain.actors import Actor
from notifier.domain.roles import Role
from notifier.errors import AccountRefusedError, UnknownError
from notifier.gatehouse import Admitted, Gatehouse, Refused
from notifier.steps.admit import Try
from notifier.store.tables import AuditRow
from notifier.store.users import MissRow, SessionRow, UserRow
from tests.steps.workshop import Workshop

PASSWORD, OTHER = "correct horse battery", "incorrect horse battery"
HANAKO = User("hanako", Role.EDITOR, "121002", "介護保険課 花子")
CLERK = Actor("root", "command line")
HERE, THERE = Try("hanako", "192.0.2.7", "address/192.0.2.7"), Try("hanako", "192.0.2.8", "address/192.0.2.8")


def chance() -> Callable[[int], bytes]:
    """Bytes that are never the same twice."""
    numbers = itertools.count(1)
    return lambda count: next(numbers).to_bytes(count, "big")


@pytest.fixture
async def house(shop: Workshop) -> Gatehouse:
    """A gatehouse with one account; hashing is as quick as it may be."""
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    made = Gatehouse(shop.tools, "a key of the service", chance(), quick)
    await made.create(HANAKO, PASSWORD, CLERK)
    return made


async def let_in(house: Gatehouse, tried: Try = HERE, code: str = "") -> str:
    found = await house.sign_in(tried, PASSWORD, code)
    assert isinstance(found, Admitted)
    return found.token


def later(shop: Workshop, by: timedelta) -> None:
    shop.clock.turn_to(shop.tools.now() + by)


async def test_the_right_password_begins_a_session_of_which_a_digest_is_kept(
    house: Gatehouse, shop: Workshop
) -> None:
    token = await let_in(house)
    assert await house.user_of(token) == HANAKO
    assert await house.user_of(token + "x") is None
    (kept,) = await shop.all(SessionRow)
    (account,) = await shop.all(UserRow)
    assert token not in {kept.digest, account.hashed}
    assert account.hashed.startswith("$argon2id$")
    assert account.last_signed_in == shop.tools.now()
    told = [(row.who, row.origin, row.authority, row.action) for row in await shop.all(AuditRow)]
    assert told == [
        ("root", "command line", "121002", "user.created"),
        ("hanako", "192.0.2.7", "121002", "sign-in.admitted"),
    ]


async def test_full_width_signs_of_a_password_are_those_they_mean(house: Gatehouse) -> None:
    wide = PASSWORD.replace("o", "ｏ")
    assert isinstance(await house.sign_in(HERE, wide, ""), Admitted)


async def test_a_wrong_password_a_wrong_name_and_a_disabled_account_are_told_alike(house: Gatehouse) -> None:
    assert await house.sign_in(HERE, OTHER, "") == Refused()
    assert await house.sign_in(replace(HERE, name="taro"), PASSWORD, "") == Refused()
    await house.disable("hanako", CLERK)
    assert await house.sign_in(HERE, PASSWORD, "") == Refused()


async def test_after_wrong_passwords_one_place_waits_and_no_other(house: Gatehouse, shop: Workshop) -> None:
    for _ in range(FREE):
        assert await house.sign_in(HERE, OTHER, "") == Refused()
    assert await house.sign_in(HERE, PASSWORD, "") == Refused(timedelta(seconds=30))
    assert await house.sign_in(replace(HERE, place="browser/known"), OTHER, "") == Refused()
    await let_in(house, THERE)
    later(shop, timedelta(seconds=30))
    await let_in(house)
    assert [row.place for row in await shop.all(MissRow)] == ["browser/known"]
    refused = [row.detail for row in await shop.all(AuditRow) if row.action == "sign-in.refused"]
    assert refused == [*({"in_a_row": count} for count in range(1, FREE + 1)), {"in_a_row": 1}]


async def test_a_day_later_the_counting_begins_anew(house: Gatehouse, shop: Workshop) -> None:
    for _ in range(FREE):
        await house.sign_in(HERE, OTHER, "")
    later(shop, timedelta(days=1))
    assert await house.sign_in(HERE, OTHER, "") == Refused()
    assert [row.count for row in await shop.all(MissRow)] == [1]


async def test_a_session_ends_when_it_is_not_used_and_at_last_in_any_case(
    house: Gatehouse, shop: Workshop
) -> None:
    token = await let_in(house)
    later(shop, IDLE - timedelta(seconds=1))
    assert await house.user_of(token) == HANAKO
    later(shop, IDLE - timedelta(seconds=1))
    assert await house.user_of(token) == HANAKO
    later(shop, IDLE)
    assert await house.user_of(token) is None
    later(shop, ABSOLUTE)
    await let_in(house)
    assert len(await shop.all(SessionRow)) == 1


async def test_signing_out_ends_this_session_and_a_new_password_all_of_them(house: Gatehouse) -> None:
    one, other = await let_in(house), await let_in(house, THERE)
    await house.sign_out(one, "192.0.2.7")
    await house.sign_out(one, "192.0.2.7")
    assert (await house.user_of(one), await house.user_of(other)) == (None, HANAKO)
    await house.set_password("hanako", "another horse battery", CLERK)
    assert await house.user_of(other) is None
    assert await house.sign_in(HERE, PASSWORD, "") == Refused()


async def test_a_disabled_user_is_out_at_once(house: Gatehouse) -> None:
    token = await let_in(house)
    await house.disable("hanako", CLERK)
    assert await house.user_of(token) is None
    with pytest.raises(AccountRefusedError, match="is disabled"):
        await house.set_password("hanako", OTHER, CLERK)


async def test_a_code_of_the_second_factor_is_asked_for_and_counts_once(
    house: Gatehouse, shop: Workshop
) -> None:
    factor = pyotp.parse_uri(await house.demand_factor("hanako", CLERK))
    assert isinstance(factor, pyotp.TOTP)
    code = factor.at(shop.tools.now())
    assert await house.sign_in(HERE, PASSWORD, "") == Refused()
    assert await house.sign_in(HERE, PASSWORD, "000000" if code != "000000" else "000001") == Refused()
    await let_in(house, code=f"{code[:3]} {code[3:]}")
    assert await house.sign_in(HERE, PASSWORD, code) == Refused()
    later(shop, timedelta(seconds=30))
    await let_in(house, code=factor.at(shop.tools.now()))
    assert factor.secret not in str(await shop.all(UserRow))
    await house.drop_factor("hanako", CLERK)
    await let_in(house)


@pytest.mark.parametrize(
    "user, password, told",
    [
        (replace(HANAKO, name="Hanako!"), PASSWORD, "a name has"),
        (replace(HANAKO, name="taro", authority="121003"), PASSWORD, "no 団体コード"),
        (replace(HANAKO, name="taro", label=" "), PASSWORD, "needs a label"),
        (replace(HANAKO, name="taro"), "short", "12文字以上"),
        (HANAKO, PASSWORD, "is taken"),
    ],
)
async def test_an_account_that_makes_no_sense_is_refused(
    house: Gatehouse, user: User, password: str, told: str
) -> None:
    with pytest.raises(AccountRefusedError, match=told):
        await house.create(user, password, CLERK)


async def test_who_is_not_known_cannot_be_changed(house: Gatehouse) -> None:
    with pytest.raises(UnknownError, match="no such user"):
        await house.disable("taro", CLERK)


async def test_many_tries_at_once_hash_two_at_a_time(house: Gatehouse) -> None:
    found = await asyncio.gather(
        *(house.sign_in(replace(HERE, place=f"address/{n}"), PASSWORD, "") for n in range(6))
    )
    assert all(isinstance(each, Admitted) for each in found)
