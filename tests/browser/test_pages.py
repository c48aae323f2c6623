"""The pages in a real browser: readable by everybody, with a keyboard, on a telephone, without JavaScript."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.browser.conftest import Judge
from tests.browser.walks import is_in_order
from tests.web.town import CARE_PLANS, SILENT, VISITS, Town, town

pytestmark = pytest.mark.browser

PATHS = (
    "/",
    "/deadlines",
    "/accessibility",
    "/offices",
    f"/offices/{CARE_PLANS}",
    f"/offices/{SILENT}",
    "/deadlines/free-pass/apply",
    "/deadlines/wage-support/apply",
    "/mailbox",
    "/mailbox/1",
    "/clock",
    "/clock?after=2026-01-01&until=2026-01-21",
    "/tasks",
    "/nothing",
)


@pytest.fixture(scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town(tmp_path_factory.mktemp("town")) as found:
        yield found


@pytest.mark.parametrize("path", PATHS)
async def test_axe_finds_no_barrier_and_nothing_is_wider_than_the_screen(
    place: Town, page: Page, judge: Judge, path: str
) -> None:
    await is_in_order(page, judge, place.address + path)


@pytest.mark.parametrize("path", ["/", f"/offices/{VISITS}", "/clock"])
async def test_what_can_be_touched_is_large_enough(place: Town, page: Page, path: str) -> None:
    await page.set_viewport_size({"width": 375, "height": 800})
    await page.goto(place.address + path)
    small = await page.evaluate(
        """() => [...document.querySelectorAll('button, input:not([type=hidden]), summary, nav a, h3 a')]
            .filter(each => !each.closest('.crumbs'))
            .map(each => [each.textContent.trim(), each.getBoundingClientRect().height])
            .filter(([, height]) => height < 24)"""
    )
    assert small == []


async def test_the_first_key_offers_to_skip_to_what_the_page_is_about(place: Town, page: Page) -> None:
    await page.goto(place.address)
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="本文へ移動")
    box = await skip.bounding_box()
    assert box is not None
    assert box["y"] >= 0
    await page.keyboard.press("Enter")
    assert await page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize("path", ["/", "/offices", "/clock", f"/offices/{VISITS}"])
async def test_everything_that_takes_focus_shows_it_in_black_and_yellow(
    place: Town, page: Page, path: str
) -> None:
    await page.goto(place.address + path)
    seen = []
    for _ in range(12):
        await page.keyboard.press("Tab")
        seen.append(
            await page.evaluate(
                """() => { if (document.activeElement === document.body) return null
                    const style = getComputedStyle(document.activeElement)
                    return [style.outlineStyle, style.outlineWidth, style.outlineColor,
                            style.boxShadow.includes('rgb(255, 212, 61)')] }"""
            )
        )
    assert len([each for each in seen if each]) >= 10
    assert [each for each in seen if each and each != ["solid", "4px", "rgb(0, 0, 0)", True]] == []


async def test_a_visitor_finds_an_office_its_duty_and_the_mail_it_got(place: Town, page: Page) -> None:
    await page.goto(place.address)
    await page.get_by_role("link", name="事業所", exact=True).click()
    await page.get_by_label("事業所を探す").fill("さくら台")
    await page.get_by_role("button", name="検索").click()
    await page.get_by_role("link", name="ケアプランセンター さくら台").click()
    assert await page.get_by_role("heading", level=1).inner_text() == "ケアプランセンター さくら台"
    await page.get_by_text("なぜこの期限か、どう進めるか").first.click()
    assert await page.get_by_text("根拠").first.is_visible()
    await page.get_by_role("link", name="経過").click()
    await page.locator(".letters a").first.click()
    assert "a@one.example" in await page.locator("main").inner_text()
    inside = page.frame_locator("iframe.letter")
    assert "ケアプランセンター さくら台" in await inside.locator("body").inner_text()


async def test_the_clock_is_turned_with_one_click_and_without_javascript(
    browser: Browser, tmp_path: Path
) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="ja-JP")
    page = await context.new_page()
    async with town(tmp_path) as turning:
        await page.goto(turning.address)
        await page.get_by_role("link", name="時計を進める").click()
        await page.get_by_role("button", name="1か月後へ").click()
        assert turning.tools.today() == date(2026, 2, 21)
        assert "2026年2月21日（土）までに起きたこと" in await page.locator("main").inner_text()
        await page.get_by_role("link", name="届いたメールを見る").click()
        assert "2026年2月" in await page.locator(".mails").inner_text()
    await context.close()


async def test_nothing_on_a_page_is_refused_by_its_own_policy(place: Town, page: Page) -> None:
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("requestfailed", lambda request: told.append(request.url))
    for path in PATHS[:-1]:
        await page.goto(place.address + path)
    assert told == []


async def test_a_printed_page_shows_no_navigation(place: Town, page: Page) -> None:
    await page.goto(place.address)
    await page.emulate_media(media="print")
    assert not await page.get_by_role("navigation", name="ページ").is_visible()
    assert await page.locator("h1").is_visible()
