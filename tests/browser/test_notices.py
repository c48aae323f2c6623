"""A notice in a real browser: handed in by one clerk, reviewed, foretold, approved by another."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from tests.browser.conftest import Judge
from tests.web.test_notice_pages import NOTICE
from tests.web.town import APPROVER, CLERK, STAFF, town

pytestmark = pytest.mark.browser

WIDE, NARROW = 1024, 375


async def handed_in(page: Page, address: str) -> None:
    await page.goto(f"{address}/notices")
    await page.get_by_role("link", name="通知を持ち込む").first.click()
    await page.set_input_files(
        "#file", {"name": "延長通知.txt", "mimeType": "text/plain", "buffer": NOTICE.encode()}
    )
    await page.get_by_role("button", name="読み取る").click()


@pytest.mark.parametrize("javascript,width", [(True, WIDE), (False, NARROW)])
async def test_two_persons_lead_a_notice_from_a_file_to_the_law(
    browser: Browser, tmp_path: Path, javascript: bool, width: int
) -> None:
    context = await browser.new_context(
        locale="ja-JP", java_script_enabled=javascript, viewport={"width": width, "height": 800}
    )
    page = await context.new_page()
    async with town(tmp_path, stand_ins=STAFF) as place:
        await handed_in(page, place.address)
        await page.get_by_role("button", name=re.compile("採用する.*候補1")).click()
        await page.get_by_role("button", name="未判断の候補をすべて除外する").click()
        await page.get_by_label("発出者").fill("市 介護保険事業課")
        await page.get_by_role("button", name="文書の情報を保存する").click()
        await page.get_by_role("link", name="承認すると何が起きるかを確かめる").click()
        assert "令和8年4月10日" in await page.locator("main").inner_text()
        await page.get_by_role("button", name="この内容で確認を終える").click()
        assert "承認は、確認した人とは別の人が行います" in await page.locator("main").inner_text()
        await page.get_by_label("見る人").select_option(APPROVER.name)
        await page.get_by_role("button", name="切り替える").click()
        await page.get_by_role("link", name="確かめて承認する").click()
        await page.get_by_role("button", name=re.compile("承認して、2通を送る")).click()
        assert "承認しました。2事業所に2通のお知らせが出ます" in await page.locator("main").inner_text()
        await page.get_by_role("link", name="経過").click()
        assert CLERK.label in await page.locator("table").inner_text()
    await context.close()


async def test_axe_finds_no_barrier_on_the_way_of_a_notice(page: Page, judge: Judge, tmp_path: Path) -> None:
    async with town(tmp_path, stand_ins=STAFF) as place:
        await handed_in(page, place.address)
        notice = page.url
        await page.get_by_role("button", name=re.compile("採用する.*候補1")).click()
        ends = ("", "/impact", "/history", "/candidates/1", "/candidates/new")
        for address in (
            f"{place.address}/notices",
            f"{place.address}/notices/new",
            *(f"{notice}{end}" for end in ends),
        ):
            for width in (NARROW, WIDE):
                await page.set_viewport_size({"width": width, "height": 800})
                await page.goto(address)
                await page.evaluate(
                    "document.querySelectorAll('details').forEach(each => { each.open = true })"
                )
                assert (address, await page.evaluate("document.documentElement.scrollWidth")) == (
                    address,
                    width,
                )
            answer = await judge(page)
            found = [*answer["violations"], *answer["incomplete"]]
            assert [(address, rule["id"], rule["nodes"][0]["html"]) for rule in found] == []


async def test_a_line_of_the_text_leads_to_its_candidate_and_back_by_keyboard(
    page: Page, tmp_path: Path
) -> None:
    async with town(tmp_path, stand_ins=STAFF) as place:
        await handed_in(page, place.address)
        await page.get_by_role("link", name="候補1", exact=True).focus()
        await page.keyboard.press("Enter")
        assert page.url.endswith("#c1")
        await page.locator("#c1").get_by_role("link", name="5行").click()
        assert page.url.endswith("#L5")
