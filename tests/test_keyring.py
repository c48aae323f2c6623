"""Keys shown at the door: believed for half a second, noted once a day."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from notifier.channels.asymmetric import write_public_key
from notifier.clock import japan_time
from notifier.domain.actors import Actor
from notifier.domain.callers import Caller
from notifier.domain.roles import Role, may_use
from notifier.errors import KeyRefusedError, StoreError
from notifier.keyring import FRESH, SCOPES, Keyring, WantedKey, create_key, trust_public_key
from notifier.steps.entrust import take_back
from notifier.store import keys
from notifier.store.database import Database, table
from notifier.store.tables import AuditRow
from tests.steps.workshop import Workshop, workshop

WANTED = WantedKey("120006", "prefecture", ("events:write",), "県")
DAY = date(2026, 4, 1)
CLERK = Actor("a clerk", "192.0.2.7")


@pytest.fixture
async def shop(migrated_url: str) -> AsyncIterator[Workshop]:
    async with workshop(migrated_url, japan_time(DAY, 8)) as found:
        yield found


async def test_a_revoked_key_opens_nothing_a_second_later(shop: Workshop) -> None:
    seconds = [0.0]
    keyring = Keyring(shop.tools, lambda: seconds[0])
    token = await create_key(shop.tools, WANTED, lambda count: b"\x07" * count, "a clerk")
    expected = Caller("ntf_" + "07" * 6, "prefecture", "120006", frozenset({"events:write"}))
    assert [await keyring.caller_of(token) for _ in range(2)] == [expected] * 2
    assert await take_back(shop.tools, expected.key, "a clerk")
    seconds[0] += FRESH
    assert FRESH < 1
    assert [await keyring.caller_of(token) for _ in range(2)] == [None, None]


def usable(role: Role) -> frozenset[str]:
    return frozenset(each for each in SCOPES if may_use(role, each))


async def test_a_key_with_a_role_of_users_carries_what_that_role_may_use(shop: Workshop) -> None:
    keyring = Keyring(shop.tools)
    found = {}
    for mark, role in enumerate(Role):
        wanted = WantedKey("120006", "prefecture", (), "県", user_role=role)
        token = await create_key(shop.tools, wanted, bytes([mark]).__mul__, CLERK)
        found[role] = await keyring.caller_of(token)
    for role, caller in found.items():
        assert caller is not None
        assert (caller.user_role, caller.scopes) == (role, usable(role))
    beyond = WantedKey("120006", "prefecture", ("audit:read",), "県", user_role=Role.VIEWER)
    with pytest.raises(KeyRefusedError, match="audit:read: viewer may not use that"):
        await create_key(shop.tools, beyond, lambda count: b"x" * count, CLERK)


async def test_the_audit_says_from_where_a_key_was_made_and_taken_back_and_for_whom(shop: Workshop) -> None:
    token = await create_key(shop.tools, WANTED, lambda count: b"\x07" * count, CLERK)
    assert await take_back(shop.tools, token.partition(".")[0], CLERK)
    assert not await take_back(shop.tools, token.partition(".")[0], CLERK)
    assert not await take_back(shop.tools, "ntf_000000000000", CLERK)
    about = table(AuditRow)
    rows = await shop.rows(select(about).where(about.c.action.like("key.%")).order_by(about.c.id))
    assert [(row.action, row.who, row.origin, row.authority) for row in rows] == [
        (action, "a clerk", "192.0.2.7", "120006") for action in ("key.created", "key.revoked")
    ]


async def test_the_last_use_of_a_key_is_noted_by_the_day(shop: Workshop) -> None:
    keyring = Keyring(shop.tools)
    token = await create_key(shop.tools, WANTED, lambda count: b"\x07" * count, "a clerk")

    async def last_used() -> date | None:
        async with shop.database.reading() as conn:
            (key,) = await keys.every(conn)
            return key.last_used

    assert await last_used() is None
    await keyring.caller_of(token[:-1] + "A")
    assert await last_used() is None
    for day in (DAY, date(2026, 4, 2)):
        shop.turn_to(day)
        for _ in range(3):
            assert await keyring.caller_of(token) is not None
        assert await last_used() == day


async def test_the_public_key_before_the_present_one_holds_for_the_overlap(shop: Workshop) -> None:
    seconds = [0.0]
    keyring = Keyring(shop.tools, lambda: seconds[0])
    name = (await create_key(shop.tools, WANTED, lambda count: b"\x07" * count, CLERK)).partition(".")[0]

    async def known() -> list[bytes]:
        seconds[0] += FRESH
        return [each[:1] for each in await keyring.public_keys(name)]

    assert await known() == []
    old, new = (write_public_key(each * 32) for each in (b"o", b"n"))
    assert await trust_public_key(shop.tools, name, old, timedelta(), CLERK)
    assert await known() == [b"o"]
    assert await trust_public_key(shop.tools, name, new, timedelta(hours=1), CLERK)
    assert await known() == [b"n", b"o"]
    shop.clock.turn_to(shop.tools.now() + timedelta(hours=1))
    assert await known() == [b"n"]
    assert await trust_public_key(shop.tools, name, "", timedelta(hours=1), CLERK)
    assert await known() == [b"n"]
    assert await keyring.public_keys("ntf_000000000000") == ()
    assert await keyring.public_keys("nobody") == ()
    assert not await trust_public_key(shop.tools, "ntf_000000000000", new, timedelta(), CLERK)


async def test_whoever_waits_for_a_look_shares_it_and_a_broken_database_is_told_to_each(
    shop: Workshop,
) -> None:
    keyring = Keyring(shop.tools)
    tokens = [await create_key(shop.tools, WANTED, bytes([mark]).__mul__, "a clerk") for mark in range(1, 30)]
    found = await asyncio.gather(*(keyring.caller_of(each) for each in [*tokens, *tokens, "ntf_" + "0" * 12]))
    assert [each is not None for each in found] == [True] * 58 + [False]
    closed = replace(shop.tools, database=await Database.open("sqlite+aiosqlite://"))
    told = await asyncio.gather(*(Keyring(closed).caller_of(each) for each in tokens), return_exceptions=True)
    await closed.database.close()
    assert all(isinstance(each, StoreError) for each in told)
