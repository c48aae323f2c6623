"""Answers of which no office is known wait for a clerk, who lays them aside."""

import re
from collections.abc import AsyncIterator
from datetime import date

import pytest
from aiohttp import ClientSession, DummyCookieJar

from notifier.store import incoming
from notifier.store.incoming import Arrived
from tests.web.test_offices import Desk
from tests.web.town import CITY, ELSEWHERE, STAFF, town


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A desk in a town in which two answers wait."""
    folder = tmp_path_factory.mktemp("town")
    async with (
        town(folder, until=date(2026, 2, 20), stand_ins=STAFF) as place,
        ClientSession(cookie_jar=DummyCookieJar()) as session,
    ):
        async with place.tools.database.transaction() as conn:
            for number, written in ((1, "済です"), (2, "<script>alert(1)</script>")):
                subject = "Re: 助成金申請" if number == 1 else ""
                mail = Arrived(str(number), "lmtp", "x@a.jp", "henshin@a.jp", "x@a.jp", subject, b"mail")
                assert await incoming.keep(conn, mail, place.tools.now())
                noted = {"state": "unclear", "reason": "no-code", "written": written, "authority": CITY}
                await incoming.note(conn, number, noted)
        yield Desk(place, session)


async def test_what_waits_stands_on_the_first_page_and_on_a_list(desk: Desk) -> None:
    assert 'href="/mails"' in await desk.get("/")
    page = await desk.get("/mails")
    assert re.findall(r'href="/mails/(\d+)"', page) == ["1", "2"]
    assert "返信に整理番号がありません" in page
    assert "処理を待っている返信はありません" in await desk.get("/mails", who=ELSEWHERE.name)
    await desk.get("/mails/1", 404, ELSEWHERE.name)
    await desk.get("/mails/9", 404)
    assert "&lt;script&gt;" in await desk.get("/mails/2")


async def test_a_clerk_lays_one_aside_with_a_word_on_it(desk: Desk) -> None:
    _, page = await desk.post("/mails/1", {"words": ""}, 422)
    assert "どう処理したかを入力してください" in page
    to, page = await desk.post("/mails/1", {"words": "電話で確かめました"})
    assert to == "/mails"
    assert "処理済みにしました。" in page
    page = await desk.get("/mails/1")
    assert "電話で確かめました" in page
    assert '<form method="post" action="/mails/1"' not in page
    _, page = await desk.post("/mails/1", {"words": "もう一度"})
    assert "ほかの人がもう処理しています。" in page
