"""Signing in and changing one's own password in a real browser, with a keyboard alone."""

import pytest
from playwright.async_api import Page

from tests.browser.conftest import Judge
from tests.browser.walks import is_free_of_barriers, is_in_order
from tests.web.test_login import PASSWORD
from tests.web.test_oidc import Door, door

__all__ = ["door"]
pytestmark = pytest.mark.browser


async def test_somebody_signs_in_with_the_keyboard_and_changes_the_password(
    door: Door,
    page: Page,
    judge: Judge,
) -> None:
    await is_in_order(page, judge, f"{door.address}/login?next=/password")
    assert await page.get_by_role("link", name="組織アカウントでログイン").is_visible()
    assert await page.get_by_label("確認コード").is_visible()
    await page.get_by_label("利用者名").fill("hanako")
    await page.get_by_label("パスワード").fill("wrong wrong wrong")
    await page.keyboard.press("Enter")
    assert "ログインできませんでした" in await page.get_by_role("alert").inner_text()
    await is_free_of_barriers(page, judge)
    await page.get_by_label("パスワード").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name="パスワードの変更").wait_for()
    await is_in_order(page, judge, f"{door.address}/password")
    for name, words in (
        ("old", PASSWORD),
        ("new", "another long sentence"),
        ("again", "another long sentenc"),
    ):
        await page.locator(f"#{name}").fill(words)
    await page.keyboard.press("Enter")
    assert "入力を確認してください" in await page.get_by_role("alert").inner_text()
    await is_free_of_barriers(page, judge)
