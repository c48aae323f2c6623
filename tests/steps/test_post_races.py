"""What happens to endpoints while messages are on their way to them: removed, disabled, held by somebody else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from notifier.domain.breaker import FAILURES
from notifier.domain.callers import Tenant
from notifier.errors import UnknownError
from notifier.exchange import Exchange
from notifier.steps import attach
from notifier.steps.post import post
from notifier.store import postings
from notifier.store.database import Connection, Database
from notifier.store.postings import PostingRow
from notifier.store.tables import AuditRow
from tests.builders import CITY
from tests.receivers import Receiver, attached, exchange, fails_with, receiving, switchboard
from tests.steps.test_post import endpoint, happen, later, states
from tests.steps.workshop import Workshop


@pytest_asyncio.fixture
async def way() -> AsyncIterator[Exchange]:
    async with exchange() as opened:
        yield opened


class Forestalled(Database):
    """The same database; before the first transaction that is opened through it, something happens."""

    def __init__(self, database: Database, deed: Callable[[], Awaitable[object]]) -> None:
        super().__init__(database.engine, in_memory=database.in_memory)
        self._deeds = [deed]

    @asynccontextmanager
    async def transaction(
        self, *, snapshot: bool = False, tenant: Tenant | None = None
    ) -> AsyncIterator[Connection]:
        while self._deeds:
            await self._deeds.pop()()
        async with super().transaction(snapshot=snapshot, tenant=tenant) as conn:
            yield conn


async def test_an_endpoint_removed_meanwhile_is_not_changed(shop: Workshop, way: Exchange) -> None:
    receiver = Receiver()
    async with receiving(receiver):
        added, _ = await attached(shop.tools, way, receiver, CITY)
        await switchboard(shop.tools, way).remove(added.id)
        with pytest.raises(UnknownError, match="removed meanwhile"):
            await attach.amend(shop.tools, added, {"owner": "o@example.jp"}, "a clerk", "endpoint.changed")
    assert "endpoint.changed" not in [row.action for row in await shop.all(AuditRow)]


async def test_an_endpoint_disabled_just_before_its_messages_are_claimed_gets_none(
    shop: Workshop, way: Exchange
) -> None:
    receiver = Receiver()
    async with receiving(receiver):
        added, _ = await attached(shop.tools, way, receiver, CITY)
        await happen(shop, "office/1")
        board = switchboard(shop.tools, way)
        forestalled = Forestalled(shop.database, lambda: board.disable(added.id, "maintenance"))
        assert await post(replace(shop.tools, database=forestalled), way) is None
        assert receiver.events == []
        assert await states(shop) == ["waiting"]


async def test_while_the_one_probe_is_under_way_elsewhere_nothing_else_is_sent(
    shop: Workshop, way: Exchange
) -> None:
    receiver = Receiver(fails_with(503))
    async with receiving(receiver):
        added, _ = await attached(shop.tools, way, receiver, CITY, in_flight=1)
        await happen(shop, *(f"office/{number}" for number in range(20)))
        await post(shop.tools, way)
        tried = len(receiver.posts)
        assert (await endpoint(shop, added.id)).breaker.failures == FAILURES
        now = later(shop, timedelta(minutes=1))
        async with shop.database.transaction() as conn:
            (held,) = await postings.claim(conn, {added.id: 1}, now, "another", timedelta(minutes=10))
        await post(shop.tools, way)
        assert len(receiver.posts) == tried
        async with shop.database.transaction() as conn:
            await postings.release(conn, [held.id], "another")
        await post(shop.tools, way)
    assert len(receiver.posts) == tried + 1


async def test_a_failure_of_an_endpoint_disabled_meanwhile_does_not_count_against_it(
    shop: Workshop, way: Exchange
) -> None:
    async def leave(_: Receiver, __: dict[str, Any]) -> web.StreamResponse:
        await switchboard(shop.tools, way).disable(1, "maintenance")
        return web.Response(status=410)

    receiver = Receiver(leave)
    async with receiving(receiver):
        added, _ = await attached(shop.tools, way, receiver, CITY)
        assert added.id == 1
        await happen(shop, "office/1")
        await post(shop.tools, way)
    found = await endpoint(shop, added.id)
    assert (found.state, found.reason, found.breaker.failures) == ("disabled", "maintenance", 0)
    assert await states(shop) == ["waiting"]


async def test_a_round_that_is_broken_off_waits_for_what_is_on_the_wire_and_writes_it_down(
    shop: Workshop, way: Exchange
) -> None:
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def think(_: Receiver, __: dict[str, Any]) -> web.StreamResponse:
        arrived.set()
        await go_on.wait()
        return web.Response(status=204)

    receiver = Receiver(think)
    async with receiving(receiver):
        await attached(shop.tools, way, receiver, CITY, in_flight=1)
        await happen(shop, "office/1", "office/2")
        round_ = asyncio.create_task(post(shop.tools, way))
        await arrived.wait()
        round_.cancel()
        done, _ = await asyncio.wait([round_], timeout=0.3)
        assert not done  # it waits for the answer
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await round_
    rows = {row.state: row.attempts for row in await shop.all(PostingRow)}
    assert rows == {"delivered": 1, "waiting": 0}
