"""Deadlines and coverage in a real browser, as a clerk walks them: with and without JavaScript, wide and narrow."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from notifier.domain.accounts import User
from notifier.domain.roles import Role
from tests.browser.conftest import Judge
from tests.web.town import ADMINISTRATOR, CLERK, PREFECTURE, STAFF, Town, town

pytestmark = pytest.mark.browser

PREFECTURAL = User("ken", Role.EDITOR, PREFECTURE, "県 太郎")
PATHS = (
    "/deadlines",
    "/deadlines/month?month=2026-03",
    "/deadlines/wage-support/apply",
    "/deadlines/free-pass/apply?on=2025-04-01&known_on=2025-04-01",
    "/deadlines/wage-support/apply/offices",
    "/deadlines/wage-support/apply/offices?q=nobody",
    "/deadlines/wage-support/apply/progress",
    "/deadlines/wage-support/apply/settings",
    "/settings/authority",
    "/coverage",
    "/coverage/wage-support/apply?place=unreachable",
    "/what-if",
    "/what-if?deadline=platform-subsidy/apply&how=by&by=2026-04-30&months=3",
)
NARROW, WIDE = 375, 1024


@pytest.fixture(scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """A town at whose pages its administrator looks first."""
    people = (ADMINISTRATOR, *(each for each in STAFF if each != ADMINISTRATOR), PREFECTURAL)
    async with town(tmp_path_factory.mktemp("deadlines"), stand_ins=people) as found:
        yield found


@pytest.mark.parametrize("path", PATHS)
async def test_axe_finds_no_barrier_and_no_page_is_wider_than_the_screen(
    place: Town, page: Page, judge: Judge, path: str
) -> None:
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    for width in (WIDE, NARROW):
        await page.set_viewport_size({"width": width, "height": 800})
        await page.goto(place.address + path)
        await page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert (path, await page.evaluate("document.documentElement.scrollWidth")) == (path, width)
        answer = await judge(page)
        passed = {rule["id"]: len(rule["nodes"]) for rule in answer["passes"]}
        assert passed.get("color-contrast", 0) > 0
        # Of what has to be scrolled to, axe cannot tell what lies behind it; it was asked on the wide screen.
        found = [*answer["violations"], *(answer["incomplete"] if width == WIDE else ())]
        nodes = [(rule["id"], node["html"]) for rule in found for node in rule["nodes"]]
        # Letters in a drawing have no background that axe could find; theirs is that of the hints around it.
        assert [each for each in nodes if '<text class="label"' not in each[1]] == []
    assert told == []


@pytest.mark.parametrize("javascript,width", [(True, WIDE), (False, NARROW)])
async def test_a_clerk_goes_from_the_month_to_an_office_that_has_not_done_it(
    place: Town, browser: Browser, javascript: bool, width: int
) -> None:
    context = await browser.new_context(
        locale="ja-JP", java_script_enabled=javascript, viewport={"width": width, "height": 800}
    )
    page = await context.new_page()
    await page.goto(place.address + "/deadlines")
    await page.get_by_role("link", name="月の予定").click()
    await page.get_by_role("link", name="次の月").click()
    await page.get_by_role("link", name="次の月").click()
    assert "令和8年3月" in await page.locator("h2").first.inner_text()
    await page.get_by_role("link", name="賃上げ支援").first.click()
    await page.get_by_role("link", name="事業所の一覧").click()
    await page.get_by_label("状態").select_option("open")
    await page.get_by_role("button", name="絞り込む").click()
    assert "2件のうち" in await page.locator("main").inner_text()
    await page.get_by_role("link", name="デイサービス なのはな").click()
    assert "デイサービス なのはな" in await page.locator("h1").inner_text()
    await context.close()


async def test_what_was_known_on_another_day_is_asked_for_in_a_form(place: Town, page: Page) -> None:
    await page.goto(f"{place.address}/deadlines/free-pass/apply")
    await page.get_by_label("見る日").fill("2025-04-01")
    await page.get_by_label("この日までに知られていたことで").fill("2025-04-01")
    await page.get_by_role("button", name="見る", exact=True).click()
    assert "今日の内容ではありません" in await page.locator("main").inner_text()
    await page.get_by_role("link", name="今日の内容に戻る").click()
    assert "今日の内容ではありません" not in await page.locator("main").inner_text()


async def test_coverage_leads_from_a_number_to_whom_to_call_and_prints(place: Town, page: Page) -> None:
    await page.goto(f"{place.address}/coverage")
    await page.get_by_role("link", name="賃上げ・職場環境改善支援の申請").click()
    await page.get_by_role("link", name="届かない").click()
    assert "電話 043-000-0001" in await page.locator("main").inner_text()
    await page.emulate_media(media="print")
    assert not await page.get_by_role("navigation", name="ページ", exact=True).is_visible()
    assert await page.get_by_text("千葉市の事業所 3").is_visible()


async def test_an_administrator_closes_a_day_after_seeing_what_it_concerns(
    browser: Browser, tmp_path: Path
) -> None:
    context = await browser.new_context(locale="ja-JP", java_script_enabled=False)
    page = await context.new_page()
    async with town(tmp_path, stand_ins=(ADMINISTRATOR, CLERK)) as changing:
        await page.goto(f"{changing.address}/settings/authority")
        await page.get_by_label("最初の日").fill("2026-02-09")
        await page.get_by_role("button", name="追加する日と件数を確かめる").click()
        assert "2026年2月9日（月）" in await page.locator("main").inner_text()
        await page.get_by_role("button", name="1日を追加する").click()
        assert await page.get_by_label("令和8年（2026年）2月9日（月）").is_visible()
        await page.goto(f"{changing.address}/deadlines/wage-support/apply/settings")
        await page.get_by_label("当日だけ").check()
        await page.get_by_role("button", name="内容と件数を確かめる").last.click()
        await page.get_by_role("button", name="この内容に変える").click()
        assert "設定を変えました" in await page.locator("main").inner_text()
        await page.get_by_role("button", name=re.compile("元に戻す")).click()
        await page.get_by_role("button", name="この内容に変える").click()
        assert await page.get_by_label(re.compile("^標準（2か月前から")).is_checked()
    await context.close()
