"""Files of notices of which a program told the address alone, against a site on loopback; on both databases."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest

from notifier.channels.addresses import read_networks
from notifier.channels.fetcher import Fetcher
from notifier.domain.stages import Stage
from notifier.domain.watching import PATIENCE, TRIES
from notifier.lookout import Lookout
from notifier.steps.advance import advance
from notifier.steps.fetch import fetch
from notifier.steps.take_in import Handed, take_in
from notifier.store import pickups
from notifier.store.papers import DocumentRow
from notifier.store.pickups import PickupRow
from notifier.store.tasks import TaskRow
from tests.notices import EXTENSION, FIRST, desk
from tests.sites import Site, site
from tests.steps.workshop import Workshop

LOOPBACK = ("127.0.0.0/8",)


@pytest.fixture
async def town() -> AsyncIterator[Site]:
    async with site() as opened:
        opened.put("/notice.txt", EXTENSION)
        yield opened


async def told_of(shop: Workshop, url: str, name: str = "told-1") -> str:
    """A program tells of a notice by its address alone."""
    told = Handed("", b"", "例の通知", url=url, notice=name)
    return (await take_in(shop.tools, told, "key/x"))[0]


async def ask(shop: Workshop, networks: Sequence[str] = LOOPBACK) -> None:
    async with Fetcher("", allowed=read_networks(networks), pause=0.0, seconds=5) as fetcher:
        await fetch(shop.tools, fetcher, asyncio.Event())


async def details(shop: Workshop) -> list[str]:
    return [row.detail.partition("\n")[2] for row in await shop.all(TaskRow)]


async def test_a_notice_told_of_by_its_address_is_fetched_and_can_be_read(shop: Workshop, town: Site) -> None:
    await shop.publish(FIRST)
    name = await told_of(shop, town.url("/notice.txt"))
    assert await details(shop) == ["本文のファイルを、このアドレスから自動で取得します。"]
    lookout = Lookout(shop.tools, "", read_networks(LOOPBACK), pause=0.0)
    assert await lookout.go_round(asyncio.Event()) is None
    assert [(row.notice, row.name) for row in await shop.all(DocumentRow)] == [(name, "notice.txt")]
    assert await details(shop) == ["notice.txt"]
    assert (await desk(shop, "clerk").read(name)).candidates[0].said["deadline"] == FIRST.deadline
    assert await lookout.go_round(asyncio.Event()) is None
    assert town.asked["/notice.txt"] == 1


async def test_what_cannot_be_fetched_is_asked_for_again_and_then_left_to_a_person(
    shop: Workshop, town: Site
) -> None:
    name = await told_of(shop, town.url("/gone.txt"))
    await ask(shop, ())
    assert "公開のアドレスではありません" in (await details(shop))[0]
    assert town.asked["/robots.txt"] == 0
    for wait in PATIENCE:
        assert "もう一度試します" in (await details(shop))[0]
        shop.clock.turn_to(shop.clock.now() + wait)
        await ask(shop)
    assert town.asked["/gone.txt"] == TRIES - 1
    assert "404" in (await details(shop))[0]
    assert "入手して加えてください" in (await details(shop))[0]
    shop.clock.turn_to(shop.clock.now() + timedelta(days=9))
    await ask(shop)
    assert town.asked["/gone.txt"] == TRIES - 1
    await take_in(shop.tools, Handed("a.txt", b"text", "例の通知", notice=name), "clerk")
    assert await shop.all(PickupRow) == []


async def test_a_file_that_is_not_needed_any_more_is_not_kept(shop: Workshop, town: Site) -> None:
    first = await told_of(shop, town.url("/notice.txt"))
    await ask(shop)
    await told_of(shop, town.url("/notice.txt"), "told-2")
    turned_away = await told_of(shop, town.url("/other.txt"), "told-3")
    town.put("/other.txt", "ほかの文書です。")
    await advance(shop.tools, turned_away, Stage.NOT_RELEVANT, "clerk", "関係がない")
    await ask(shop)
    assert [row.notice for row in await shop.all(DocumentRow)] == [first]
    assert f"{first} としてすでにあります" in (await details(shop))[1]
    assert await shop.all(PickupRow) == []


async def test_a_worker_whose_lease_is_over_writes_nothing(shop: Workshop, town: Site) -> None:
    await told_of(shop, town.url("/notice.txt"))

    class Slow(Fetcher):
        async def get(self, url: str, most: int, etag: str = "", modified: str = "") -> object:  # type: ignore[override]  # handed on as it is
            shop.clock.turn_to(shop.clock.now() + timedelta(hours=1))
            async with shop.database.transaction() as conn:
                await pickups.claim(conn, shop.clock.now(), "another", timedelta(minutes=30), 1)
            return await super().get(url, most, etag, modified)

    async with Slow("", allowed=read_networks(LOOPBACK), pause=0.0, seconds=5) as fetcher:
        stopping = asyncio.Event()
        assert await fetch(shop.tools, fetcher, stopping) is not None
        stopping.set()
        assert await fetch(shop.tools, fetcher, stopping) is not None
    assert await shop.all(DocumentRow) == []
