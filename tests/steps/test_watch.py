"""The watch against a site that misbehaves as public sites do; on both databases."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from notifier.channels.addresses import read_networks
from notifier.channels.fetcher import Fetcher
from notifier.domain.watching import Form
from notifier.errors import UnknownError
from notifier.steps.switch import add_sources, switch
from notifier.steps.watch import glance, watch
from notifier.store import audit, papers, sources, tasks
from notifier.store.database import table
from notifier.store.memos import MemoRow
from notifier.store.papers import ItemRow
from notifier.store.sources import FetchRow, Source
from notifier.store.tables import NoticeRow, StatementRow
from tests.sites import Site, site
from tests.steps.workshop import Workshop

LOOPBACK = read_networks(["127.0.0.0/8"])
EDITOR = "editor@notifier.example"
HOUR = timedelta(hours=1)
DAY = "Wed, 01 Apr 2026 00:00:00 +0900"
NOTE = "報告は令和８年５月11日までに提出すること（例）。"
PAGE = "<html><body><main><p>{}</p></main><footer>{}人目</footer></body></html>"


@pytest.fixture
async def town() -> AsyncIterator[Site]:
    async with site() as opened:
        opened.put("/old.txt", "以前の通知")
        opened.put("/new.txt", NOTE)
        opened.announce(("/old.txt", "以前の介護通知", DAY))
        yield opened


def told(shop: Workshop, address: str = EDITOR) -> Workshop:
    """The workshop with an editor who can be reached, or not."""
    return replace(
        shop,
        tools=replace(shop.tools, correspondent=replace(shop.tools.correspondent, editor_address=address)),
    )


async def look(shop: Workshop, after: timedelta = HOUR, **more: Any) -> None:
    """Let time pass, and look at what is due."""
    shop.clock.turn_to(shop.clock.now() + after)
    async with Fetcher("", allowed=LOOPBACK, pause=0.0, seconds=5) as fetcher:
        await watch(shop.tools, fetcher, **more)


async def watched(shop: Workshop, town: Site, **more: Any) -> Source:
    """A source that is switched on and was seen once."""
    wanted = Source(
        **(
            {"id": "office", "title": "例の局", "issuer": "例の局", "url": town.url(), "form": Form.FEED}
            | more
        )
    )
    assert await add_sources(shop.tools, [wanted, wanted], "clerk") == [wanted.id]
    assert await switch(shop.tools, wanted.id, enabled=True, who="clerk")
    await look(shop, timedelta())
    return wanted


async def rows(shop: Workshop, model: Any, *columns: str) -> list[tuple[Any, ...]]:
    async with shop.database.reading() as conn:
        chosen = select(*(table(model).c[each] for each in columns)).order_by(table(model).c.id)
        return [tuple(row) for row in await conn.execute(chosen)]


async def outcomes(shop: Workshop) -> list[str]:
    return [outcome for (outcome,) in await rows(shop, FetchRow, "outcome")]


async def open_tasks(shop: Workshop) -> Sequence[tuple[str, str]]:
    async with shop.database.reading() as conn:
        return [(each.kind, each.title) for each in await tasks.open_tasks(conn)]


async def test_a_new_item_becomes_a_received_notice_that_is_silent_and_a_task(
    shop: Workshop, town: Site
) -> None:
    await watched(shop, town)
    town.announce(("/new.txt", "介護の通知（例）", DAY), ("/old.txt", "以前の介護通知", DAY))
    await look(shop)
    ((name, title, issued, approved, who),) = await rows(
        shop, NoticeRow, "id", "title", "issued", "approved_at", "accepted_by"
    )
    assert (title, issued.isoformat(), approved, who) == (
        "介護の通知（例）",
        "2026-04-01",
        None,
        "source/office",
    )
    assert await rows(shop, StatementRow, "id") == []
    assert await open_tasks(shop) == [("notice.received", "介護の通知（例）")]
    assert await outcomes(shop) == ["nothing-new", "news"]
    async with shop.database.reading() as conn:
        assert await papers.document_of(conn, name) == ("new.txt", NOTE.encode())
        assert await papers.document_of(conn, "another") is None
        assert await audit.first_broken(conn) is None
        assert await tasks.count_open(conn) == 1


async def test_what_was_there_before_the_watch_began_is_not_even_fetched(shop: Workshop, town: Site) -> None:
    await watched(shop, town)
    await look(shop)
    assert town.asked["/old.txt"] == 0
    assert await open_tasks(shop) == []


async def test_a_link_that_is_announced_again_and_again_is_one_notice(shop: Workshop, town: Site) -> None:
    await watched(shop, town)
    for title in ("介護の通知", "【再掲】介護の通知", "【再々掲】介護の通知"):
        town.announce(("/new.txt", title, DAY))
        await look(shop)
    assert await open_tasks(shop) == [("notice.received", "介護の通知")]
    standings = [standing for (standing,) in await rows(shop, ItemRow, "standing")]
    assert standings == ["before", "taken", "repeated", "repeated"]


async def test_a_file_that_is_replaced_under_its_link_is_a_new_notice(shop: Workshop, town: Site) -> None:
    await watched(shop, town)
    town.put("/new.txt", NOTE, etag='"1"')
    town.announce(("/new.txt", "介護の通知", DAY))
    await look(shop)
    await look(shop, timedelta(hours=25))
    assert town.not_modified == 1
    town.put("/new.txt", NOTE.replace("11", "18"), etag='"2"')
    await look(shop, timedelta(hours=25))
    assert [title for _, title in await open_tasks(shop)] == ["介護の通知", "介護の通知（差し替え）"]


async def test_the_same_file_under_another_link_is_the_same_notice(shop: Workshop, town: Site) -> None:
    await watched(shop, town)
    town.put("/copy.txt", NOTE)
    town.announce(("/new.txt", "介護の通知", DAY), ("/copy.txt", "介護の通知（0730掲載）", DAY))
    await look(shop)
    assert len(await open_tasks(shop)) == 1


async def test_a_page_whose_counter_moves_is_not_replaced(shop: Workshop, town: Site) -> None:
    await watched(shop, town)
    town.put("/news.html", PAGE.format(NOTE, 1), "text/html")
    town.announce(("/news.html", "介護の通知", DAY))
    await look(shop)
    town.put("/news.html", PAGE.format(NOTE, 2), "text/html")
    await look(shop, timedelta(hours=25))
    assert len(await open_tasks(shop)) == 1


async def test_items_without_a_date_dated_wrongly_or_posted_late_are_taken(
    shop: Workshop, town: Site
) -> None:
    await watched(shop, town)
    for number in range(3):
        town.put(f"/{number}.txt", f"{NOTE}{number}")
    late, ahead = "Mon, 01 Jan 2024 00:00:00 +0900", "Wed, 01 Jan 2031 00:00:00 +0900"
    town.announce(("/0.txt", "日付なし", ""), ("/1.txt", "遅れて掲載", late), ("/2.txt", "先の日付", ahead))
    await look(shop)
    found = dict(await rows(shop, NoticeRow, "title", "issued"))
    assert {title: issued and issued.year for title, issued in found.items()} == {
        "日付なし": None,
        "遅れて掲載": 2024,
        "先の日付": None,
    }


async def test_an_item_about_something_else_is_passed_over(shop: Workshop, town: Site) -> None:
    await watched(shop, town, words=("介護", "福祉"))
    town.announce(("/road.txt", "道路の工事", DAY), ("/new.txt", "介護の通知", DAY))
    await look(shop)
    assert await open_tasks(shop) == [("notice.received", "介護の通知")]
    assert town.asked["/road.txt"] == 0


async def test_an_unchanged_feed_is_not_sent_again(shop: Workshop, town: Site) -> None:
    town.pages["/feed"].etag = '"7"'
    await watched(shop, town)
    await look(shop)
    assert town.not_modified == 1
    assert await outcomes(shop) == ["nothing-new", "nothing-new"]


@pytest.mark.parametrize(
    "content, type_, status",
    [
        ("", "text/plain", 404),
        ("", "text/plain", 503),
        ("<html><body>工事中</body></html>", "text/html", 200),
        ("<rss><channel>", "application/rss+xml", 200),
        ("<rss><channel></channel></rss>", "application/rss+xml", 200),
    ],
    ids=["gone", "down", "page", "cut", "nothing in it"],
)
async def test_what_could_not_be_seen_is_not_called_nothing_new_and_alarms_once(
    shop: Workshop, town: Site, content: str, type_: str, status: int
) -> None:
    shop = told(shop)
    await watched(shop, town)
    town.put("/feed", content, type_, status=status)
    for _ in range(4):
        await look(shop)
    assert await outcomes(shop) == ["nothing-new", *["could-not-look"] * 4]
    ((kind, title),) = await open_tasks(shop)
    assert (kind, "4回続けて" in title) == ("source.unseen", True)
    ((recipient, subject),) = await rows(shop, MemoRow, "recipient", "subject")
    assert (recipient, "確認できません" in subject) == (EDITOR, True)
    town.announce(("/old.txt", "以前の介護通知", DAY))
    await look(shop)
    assert await open_tasks(shop) == []
    assert "再び" in (await rows(shop, MemoRow, "subject"))[1][0]


async def test_without_an_address_of_the_editor_the_task_alone_tells(shop: Workshop, town: Site) -> None:
    shop = told(shop, "")
    await watched(shop, town)
    town.put("/feed", "", status=500)
    for _ in range(3):
        await look(shop)
    assert [kind for kind, _ in await open_tasks(shop)] == ["source.unseen"]
    assert await rows(shop, MemoRow, "recipient") == []


async def test_a_list_page_is_watched_by_its_links(shop: Workshop, town: Site) -> None:
    item = '<ul class="news"><li>令和８年 2026.3.31 <a href="{}">{}</a><a href="ftp://x">x</a></li></ul>'
    listed = f'<html><body>{item}<a href="#top">上</a></body></html>'
    town.put("/list", listed.format("/old.txt", "以前"), "text/html")
    await watched(shop, town, url=town.url("/list"), form=Form.PAGE, selector=".news li")
    town.put("/list", listed.format("new.txt#p2", "介護の通知"), "text/html")
    await look(shop)
    assert await open_tasks(shop) == [("notice.received", "介護の通知")]
    ((issued,),) = await rows(shop, NoticeRow, "issued")
    assert issued.isoformat() == "2026-03-31"
    town.put("/list", "<html><body>新しい作りのページ</body></html>", "text/html")
    await look(shop)
    assert (await outcomes(shop))[-1] == "could-not-look"


async def test_a_document_that_cannot_be_fetched_is_tried_again_then_left_to_the_editor(
    shop: Workshop, town: Site
) -> None:
    await watched(shop, town)
    town.announce(("/lost.txt", "届かない通知", DAY))
    for _ in range(6):
        await look(shop)
    assert town.asked["/lost.txt"] == 5
    assert await open_tasks(shop) == [("document.lost", "文書を取得できません: 届かない通知")]


async def test_a_document_that_disappears_is_told(shop: Workshop, town: Site) -> None:
    await watched(shop, town)
    town.announce(("/new.txt", "介護の通知", DAY))
    await look(shop)
    del town.pages["/new.txt"]
    for _ in range(5):
        await look(shop, timedelta(hours=25))
    assert "公開されていた文書を取得できなくなりました: 介護の通知" in [
        title for _, title in await open_tasks(shop)
    ]


async def test_a_scan_is_received_with_a_word_that_it_has_no_text(shop: Workshop, town: Site) -> None:
    await watched(shop, town)
    town.put("/scan.png", b"\x89PNG\r\n\x1a\n\0\0", "image/png")
    town.announce(("/scan.png", "画像の通知", DAY))
    await look(shop)
    async with shop.database.reading() as conn:
        (task,) = await tasks.open_tasks(conn)
    assert "画像です" in task.detail


async def test_many_new_documents_come_in_several_looks(shop: Workshop, town: Site) -> None:
    await watched(shop, town)
    for number in range(22):
        town.put(f"/{number}.txt", f"{NOTE}{number}")
    town.announce(*((f"/{number}.txt", f"通知{number}", DAY) for number in range(22)))
    await look(shop)
    assert len(await open_tasks(shop)) == 20
    await look(shop, timedelta(minutes=5))
    assert len(await open_tasks(shop)) == 22


async def test_a_source_under_another_watchman_is_left_to_that_one(shop: Workshop, town: Site) -> None:
    await watched(shop, town)
    async with shop.database.transaction() as conn:
        now = shop.clock.now() + HOUR
        assert [each.id for each in await sources.claim(conn, now, "another", HOUR, 4)] == ["office"]
    await look(shop)
    assert await outcomes(shop) == ["nothing-new"]
    await look(shop)
    assert await outcomes(shop) == ["nothing-new", "nothing-new"]


@pytest.mark.parametrize("status", [200, 500])
async def test_a_watchman_whose_lease_ran_out_writes_nothing(shop: Workshop, town: Site, status: int) -> None:
    await watched(shop, town)
    town.announce(("/new.txt", "介護の通知", DAY))
    town.pages["/feed"].status = status

    class Slow(Fetcher):
        async def get(self, *asked: Any) -> Any:
            async with shop.database.transaction() as conn:
                await sources.claim(conn, shop.clock.now() + 2 * HOUR, "another", HOUR, 4, "office")
            return await super().get(*asked)

    shop.clock.turn_to(shop.clock.now() + HOUR)
    async with Slow("", allowed=LOOPBACK, pause=0.0) as fetcher:
        await watch(shop.tools, fetcher)
    assert await outcomes(shop) == ["nothing-new"]
    assert await open_tasks(shop) == []


async def test_a_lease_that_runs_out_while_documents_come_lets_nothing_be_written(
    shop: Workshop, town: Site
) -> None:
    await watched(shop, town)
    town.announce(("/new.txt", "介護の通知", DAY))

    class Slow(Fetcher):
        async def get(self, url: str, *asked: Any) -> Any:
            if url.endswith("new.txt"):
                async with shop.database.transaction() as conn:
                    await sources.claim(conn, shop.clock.now() + 2 * HOUR, "another", HOUR, 4, "office")
            return await super().get(url, *asked)

    shop.clock.turn_to(shop.clock.now() + HOUR)
    async with Slow("", allowed=LOOPBACK, pause=0.0) as fetcher:
        await watch(shop.tools, fetcher)
    assert await open_tasks(shop) == []
    await look(shop, 3 * HOUR)
    assert len(await open_tasks(shop)) == 1


async def test_who_is_told_to_stop_looks_at_nothing_more(shop: Workshop, town: Site) -> None:
    await watched(shop, town)
    stopping = asyncio.Event()
    stopping.set()
    await look(shop, stopping=stopping)
    assert await outcomes(shop) == ["nothing-new"]


async def test_a_glance_keeps_nothing(shop: Workshop, town: Site) -> None:
    source = Source("office", "例の局", "例の局", town.url(), Form.FEED)
    async with Fetcher("", allowed=LOOPBACK, pause=0.0) as fetcher:
        seen = await glance(fetcher, source)
    assert [each.title for each in seen.items] == ["以前の介護通知"]
    assert await outcomes(shop) == []


async def test_a_source_is_switched_off_and_on_by_name(shop: Workshop, town: Site) -> None:
    await watched(shop, town)
    assert await switch(shop.tools, "office", enabled=False, who="clerk")
    assert not await switch(shop.tools, "office", enabled=False, who="clerk")
    await look(shop)
    assert await outcomes(shop) == ["nothing-new"]
    with pytest.raises(UnknownError, match="source list"):
        await switch(shop.tools, "nobody", enabled=True, who="clerk")
