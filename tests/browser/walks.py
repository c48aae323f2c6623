"""Walks of the staff through their pages: on a desk's screen and a telephone's, with scripts and without."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page

from tests.browser.conftest import Judge

NARROW, WIDE = 375, 1024
WIDTHS = (NARROW, WIDE)


@asynccontextmanager
async def walker(browser: Browser, width: int, *, script: bool) -> AsyncIterator[Page]:
    """A page of somebody whose screen is so wide, with scripts or without."""
    context = await browser.new_context(
        locale="ja-JP",
        timezone_id="Asia/Tokyo",
        java_script_enabled=script,
        viewport={"width": width, "height": 800},
    )
    yield await context.new_page()
    await context.close()


async def is_free_of_barriers(page: Page, judge: Judge) -> None:
    """Assert that axe finds nothing, has looked at colours, and is in doubt about nothing."""
    await page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    answer = await judge(page)
    passed = {rule["id"]: len(rule["nodes"]) for rule in answer["passes"]}
    assert passed.get("color-contrast", 0) > 0
    found = [*answer["violations"], *answer["incomplete"]]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []
