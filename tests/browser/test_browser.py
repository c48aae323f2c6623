"""The browser itself: if these fail, nothing that the other browser tests say can be believed."""

from urllib.parse import quote

import pytest
from playwright.async_api import Page

from tests.browser.conftest import Judge

pytestmark = pytest.mark.browser


def document(colour: str) -> str:
    return "data:text/html;charset=utf-8," + quote(
        '<!doctype html><html lang="ja"><head><title>期限</title></head><body style="background:#fff"><main>'
        f'<h1>助成金の申請</h1><p style="color:{colour}">令和8年3月13日（金）まで</p></main></body></html>'
    )


async def test_japanese_text_is_drawn(page: Page) -> None:
    await page.goto(document("#000"))
    words = page.locator("p")
    drawn = await words.screenshot()
    await page.goto(document("#fff"))
    blank = await words.screenshot()

    assert len(drawn) > 2 * len(blank)


async def test_each_letter_has_a_shape_of_its_own(page: Page) -> None:
    # A font without Japanese draws every sign as the same empty box.
    await page.goto(document("#000"))
    pictures = []
    for sign in "期限":
        await page.locator("p").evaluate("(element, text) => { element.textContent = text }", sign)
        pictures.append(await page.locator("p").screenshot())

    assert pictures[0] != pictures[1]


async def test_readable_text_passes_the_contrast_rule(page: Page, judge: Judge) -> None:
    await page.goto(document("#1a1a1a"))
    answer = await judge(page)

    passed = {rule["id"]: len(rule["nodes"]) for rule in answer["passes"]}
    assert passed.get("color-contrast", 0) > 0
    assert answer["incomplete"] == []
    assert answer["violations"] == []


async def test_pale_text_fails_the_contrast_rule(page: Page, judge: Judge) -> None:
    await page.goto(document("#bbb"))
    answer = await judge(page)

    assert [rule["id"] for rule in answer["violations"]] == ["color-contrast"]
