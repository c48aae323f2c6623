"""Settling what sources leave open, in a real browser, as the nation's editor does it."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser.conftest import Judge
from tests.browser.walks import NARROW, WIDE, is_free_of_barriers, is_in_order, walker
from tests.web.test_ruling import CHIEF, EDITOR, PASS, REASON, TODAY
from tests.web.town import town

pytestmark = pytest.mark.browser


async def test_the_nations_editor_settles_a_contradiction_with_scripts_and_without(
    browser: Browser, judge: Judge, tmp_path: Path
) -> None:
    async with town(tmp_path, TODAY, TODAY - timedelta(days=1), stand_ins=(EDITOR, CHIEF)) as place:
        async with walker(browser, WIDE, script=True) as page:
            await is_in_order(page, judge, f"{place.address}/deadlines/{PASS}")
            await is_in_order(page, judge, f"{place.address}/deadlines/{PASS}/ruling")
        async with walker(browser, NARROW, script=False) as page:
            await page.goto(f"{place.address}/")
            await page.get_by_role("link", name="資料が食い違う期限：ケアプランデータ連携システム").click()
            await page.get_by_role("link", name="期日を決める").click()
            await page.get_by_label("令和8年度（2026年度）中").check()
            await page.get_by_label("理由").fill(REASON)
            await page.get_by_role("button", name="記録して、影響を確かめる").click()
            assert "判断を記録しました" in await page.get_by_role("status").inner_text()
            assert await page.get_by_role("button", name="この内容で確認を終える").is_visible()
            foretold = page.url
        async with walker(browser, WIDE, script=True) as page:
            await page.goto(foretold)
            await is_free_of_barriers(page, judge)
