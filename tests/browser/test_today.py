"""Today in a real browser: a clerk begins the day, calls an office that no mail reaches, and answers another."""

from collections.abc import AsyncIterator
from datetime import date

import pytest
from playwright.async_api import Browser, Page

from notifier.domain.callers import Tenant
from notifier.store import enquiries, halts, incoming, office_records
from notifier.store.enquiries import NOT_APPLICABLE, Asked
from notifier.store.incoming import Arrived
from tests.browser.conftest import Judge
from tests.browser.walks import WIDTHS, is_free_of_barriers, walker
from tests.web.town import CITY, SILENT, STAFF, VISITS, Town, town

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town(tmp_path_factory.mktemp("town"), until=date(2026, 2, 20), stand_ins=STAFF) as found:
        async with found.tools.database.transaction() as conn:
            mail = Arrived("1", "lmtp", "x@a.jp", "henshin@a.jp", "x@a.jp", "Re: 助成金申請", b"mail")
            assert await incoming.keep(conn, mail, found.tools.now())
            noted = {"state": "unclear", "reason": "no-code", "written": "済です", "authority": CITY}
            await incoming.note(conn, 1, noted)
            await halts.begin(conn, CITY, (400, 40), found.tools.now())
        yield found


async def ask(place: Town, words: str) -> None:
    asked = Asked(NOT_APPLICABLE, words, "office", "platform-subsidy/apply", reason="対象ではない")
    async with place.tools.database.transaction() as conn:
        office = await office_records.office(conn, Tenant(CITY), VISITS)
        assert office is not None
        await enquiries.open_enquiry(conn, office.id, asked, place.tools.now())


@pytest.mark.parametrize("path", ["/", "/enquiries", "/enquiries/1", "/mails", "/mails/1", "/letters/halt"])
@pytest.mark.parametrize("width", WIDTHS)
async def test_axe_finds_no_barrier_and_nothing_is_wider_than_the_screen(
    place: Town, page: Page, judge: Judge, path: str, width: int
) -> None:
    await ask(place, "カードリーダーを使いません")
    await page.set_viewport_size({"width": width, "height": 800})
    await page.goto(place.address + path)
    await is_free_of_barriers(page, judge)
    assert await page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("width", WIDTHS)
async def test_a_clerk_calls_an_office_that_no_mail_reaches_and_enters_its_address(
    place: Town, browser: Browser, width: int, script: bool
) -> None:
    address = f"nanohana{width}{int(script)}@office.example"
    async with walker(browser, width, script=script) as page:
        await page.goto(place.address)
        if await page.get_by_role("link", name="電話で伝える").count():
            await page.get_by_role("link", name="電話で伝える").click()
        else:  # an earlier walk has given it an address
            await page.goto(f"{place.address}/offices/{SILENT}/notes")
        assert "デイサービス なのはな様でしょうか。" in await page.locator(".script").inner_text()
        await page.get_by_label("メールアドレスを教えてもらうことになった").check()
        await page.get_by_label("話した内容").fill("施設長さん")
        await page.get_by_role("button", name="結果を記録する").click()
        assert "連絡の結果を記録しました。" in await page.get_by_role("status").inner_text()
        adding = page.locator("details.adding", has=page.get_by_label("メールアドレス"))
        if await adding.get_attribute("open") is None:
            await adding.locator("summary").click()
        await page.get_by_label("メールアドレス").fill(address)
        await page.get_by_role("button", name="登録する").click()
        assert f"宛先 {address} を登録しました。" in await page.get_by_role("status").inner_text()
        await page.reload()
        assert await page.get_by_role("status").count() == 0
        assert address in await page.locator("main").inner_text()


@pytest.mark.parametrize("width", WIDTHS)
async def test_a_clerk_answers_an_office_with_nothing_lost_when_a_field_was_forgotten(
    place: Town, browser: Browser, width: int
) -> None:
    await ask(place, f"{width}の申出")
    async with walker(browser, width, script=False) as page:
        await page.goto(place.address)
        await page.get_by_role("link", name="事業所からの申出・質問").click()
        await page.locator("tr", has_text=f"{width}の申出").get_by_role("link").click()
        await page.get_by_label("回答必須").fill("対象のサービスです。")
        await page.get_by_role("button", name="回答を送る").click()
        problem = page.get_by_role("alert")
        assert "判断を一覧から選んでください。" in await problem.inner_text()
        assert await page.get_by_label("回答必須").input_value() == "対象のサービスです。"
        await page.get_by_label("対象である").check()
        await page.get_by_role("button", name="回答を送る").click()
        assert "に回答しました。" in await page.get_by_role("status").inner_text()
        assert f"{width}の申出" not in await page.locator("main").inner_text()
