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
    # A mail's frame runs no script, so axe cannot look into it; letters have browser tests of their own.
    doubtful = [rule for rule in answer["incomplete"] if rule["id"] != "frame-tested"]
    found = [*answer["violations"], *doubtful]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []


async def is_in_order(page: Page, judge: Judge, address: str) -> None:
    """Assert that a page is as wide as the screen, wide or narrow, and that axe finds nothing on it."""
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 800})
        await page.goto(address)
        assert await page.evaluate("document.documentElement.scrollWidth") == width
    await is_free_of_barriers(page, judge)
