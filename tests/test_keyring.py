"""Keys shown at the door: believed for half a second, noted once a day."""

from collections.abc import AsyncIterator
from datetime import date

import pytest

from notifier.clock import japan_time
from notifier.domain.callers import Caller
from notifier.keyring import FRESH, Keyring, WantedKey, create_key
from notifier.steps.entrust import take_back
from notifier.store import keys
from tests.steps.workshop import Workshop, workshop

WANTED = WantedKey("120006", "prefecture", ("events:write",), "県")
DAY = date(2026, 4, 1)


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
