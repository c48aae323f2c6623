"""Letters and their wording in a real browser, as a clerk and an approver walk them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.browser.conftest import Judge
from tests.browser.walks import is_free_of_barriers, is_in_order
from tests.web.town import APPROVER, CLERK, SILENT, VISITS, Town, town

pytestmark = pytest.mark.browser

PATHS = (
    "/letters",
    "/letters?state=unreachable&since=2026-01-01",
    "/letters?since=2026-02-01&until=2026-01-01",
    "/letters?office=0000000000",
    "/letters/1",
    f"/letters?office={SILENT}",
    "/letters/templates",
    "/letters/templates/edit?file=email/opening.txt",
    "/letters/templates/edit?file=email/reminder/body.html",
)


@pytest.fixture(scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town(tmp_path_factory.mktemp("letters"), stand_ins=(CLERK, APPROVER)) as found:
        yield found


@pytest.mark.parametrize("path", PATHS)
async def test_axe_finds_no_barrier_and_nothing_is_wider_than_the_screen(
    place: Town, page: Page, judge: Judge, path: str
) -> None:
    await is_in_order(page, judge, place.address + path)


async def test_a_clerk_finds_out_whom_no_letter_reaches_and_what_to_do(place: Town, page: Page) -> None:
    await page.set_viewport_size({"width": 375, "height": 800})
    await page.goto(place.address)
    await page.get_by_role("link", name="お知らせ", exact=True).click()
    await page.get_by_role("link", name="宛先なし").first.click()
    await page.locator("tbody tr").first.locator("[data-label='内容'] a").click()
    assert "宛先がないため、送っていません。" in await page.locator(".verdict").inner_text()
    await page.get_by_role("link", name="デイサービス なのはなの連絡先を見る").click()
    assert await page.get_by_role("heading", level=1).inner_text() == "デイサービス なのはな"


async def test_a_letter_is_read_as_it_was_sent_and_printed_with_all_its_text(place: Town, page: Page) -> None:
    await page.goto(f"{place.address}/letters?office={VISITS}")
    await page.locator("tbody tr").first.locator("[data-label='内容'] a").click()
    assert "一字一句同じ" in await page.locator("main").inner_text()
    inside = page.frame_locator("iframe.letter")
    assert "御中" in await inside.locator("h1").inner_text()
    await page.emulate_media(media="print")
    text = page.locator("pre.letter")
    assert await text.evaluate("each => each.scrollHeight <= each.clientHeight + 1")


async def test_letters_are_chosen_and_sent_again_without_javascript(browser: Browser, tmp_path: Path) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="ja-JP")
    page = await context.new_page()
    async with town(tmp_path, stand_ins=(CLERK,)) as place:
        await page.goto(f"{place.address}/letters?office={VISITS}")
        for box in (await page.get_by_role("checkbox").all())[:2]:
            await box.check()
        await page.get_by_role("button", name="選んだものを送り直す").click()
        assert "2件" in await page.locator(".totals").inner_text()
        await page.get_by_role("button", name="2件を送り直す").click()
        assert "2件を送り直します。" in await page.get_by_role("status").inner_text()
        assert await page.get_by_text("送り直し1回目").count() == 2
    await context.close()


async def test_a_clerk_words_the_letters_and_an_approver_puts_that_to_use(
    browser: Browser, judge: Judge, tmp_path: Path
) -> None:
    context = await browser.new_context(locale="ja-JP", viewport={"width": 1024, "height": 800})
    page = await context.new_page()
    async with town(tmp_path, stand_ins=(CLERK, APPROVER)) as place:
        await page.goto(f"{place.address}/letters/templates")
        await page.get_by_role("link", name="はじめの文を書く").click()
        await page.get_by_label("文面", exact=True).fill("{{ addressee.nam }}の皆さまへ")
        await page.get_by_role("button", name="確かめる").click()
        assert "「nam」という項目はありません" in await page.get_by_role("alert").inner_text()
        await is_free_of_barriers(page, judge)
        await page.get_by_label("文面", exact=True).fill(
            "{{ addressee.name }}の皆さまへ\n春の窓口は2階です。"
        )
        await page.get_by_label("変えたこと").fill("春のあいさつ")
        await page.get_by_role("button", name="新しい版として保存する").click()
        assert "第1版として保存しました。" in await page.get_by_role("status").inner_text()
        assert await page.get_by_role("button", name="使い始める").count() == 0
        await page.get_by_label("見る人").select_option(APPROVER.name)
        await page.get_by_role("button", name="切り替える").click()
        await page.goto(f"{place.address}/letters/templates/1?office={VISITS}")
        await is_free_of_barriers(page, judge)
        assert "の皆さまへ" in await page.frame_locator("iframe.letter").locator(".own").inner_text()
        await page.get_by_role("button", name="使い始める").click()
        assert "2か所" in await page.locator(".totals").inner_text()
        await page.get_by_role("button", name="使い始める").click()
        assert "使い始めました" in await page.get_by_role("status").inner_text()
    await context.close()
