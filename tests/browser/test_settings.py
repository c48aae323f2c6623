"""The settings pages in a real browser, as an administrator and an auditor walk them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from notifier.domain.accounts import User
from notifier.domain.roles import Role
from tests.browser.conftest import Judge
from tests.browser.walks import is_free_of_barriers, is_in_order
from tests.receivers import Receiver, exchange, receiving
from tests.web.town import ADMINISTRATOR, CITY, Town, town

pytestmark = pytest.mark.browser

AUDITOR = User("kansa", Role.AUDITOR, CITY, "監査 太郎（監査委員事務局）")
PATHS = (
    "/settings",
    "/settings/webhooks",
    "/settings/webhooks/new",
    "/settings/keys",
    "/settings/keys/new",
    "/settings/calendars",
    "/settings/events",
    "/settings/events?state=failed",
    "/settings/users",
    "/settings/users/-/new",
    "/settings/audit",
    "/settings/audit?family=user&since=2026-02-01&until=2026-01-01",
)


@pytest.fixture(scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("settings")
    async with exchange() as way, town(folder, stand_ins=(ADMINISTRATOR, AUDITOR), exchange=way) as found:
        yield found


@pytest.mark.parametrize("path", PATHS)
async def test_axe_finds_no_barrier_and_nothing_is_wider_than_the_screen(
    place: Town, page: Page, judge: Judge, path: str
) -> None:
    await is_in_order(page, judge, place.address + path)


async def fits(page: Page) -> None:
    """See that nothing hangs over the edge of the screen."""
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


async def test_an_endpoint_is_added_proved_tried_and_stopped_without_javascript(
    browser: Browser, page: Page, judge: Judge, tmp_path: Path
) -> None:
    with_scripts = page
    context = await browser.new_context(java_script_enabled=False, locale="ja-JP")
    page = await context.new_page()
    receiver = Receiver()
    async with (
        receiving(receiver),
        exchange() as way,
        town(tmp_path, offices=(), stand_ins=(ADMINISTRATOR,), exchange=way) as place,
    ):
        await page.goto(place.address)
        await page.get_by_role("link", name="設定", exact=True).click()
        await page.get_by_role("link", name="Webhook").last.click()
        await page.get_by_role("link", name="送信先を加える").first.click()
        await page.get_by_label("アドレス").fill(receiver.url)
        await page.get_by_label("説明").fill("ひだまりソフト")
        await page.get_by_label("お知らせを送った").check()
        await page.get_by_role("button", name="加えて鍵を受け取る").click()
        assert (await page.locator("code.secret").inner_text()).startswith("whsec_")
        await page.get_by_role("button", name="所有を確認して送信を始める").click()
        assert "送信を始めました" in await page.get_by_role("status").inner_text()
        await page.get_by_role("button", name="試しに1件送る").click()
        assert "応答は204でした" in await page.get_by_role("status").inner_text()
        await with_scripts.goto(page.url)
        await is_free_of_barriers(with_scripts, judge)
        await page.get_by_label("止める理由").fill("保守")
        await page.get_by_role("button", name="送信を止める").click()
        assert "止めている間の分は保管します" in await page.locator(".verdict").inner_text()
        await page.get_by_role("button", name="取り除く").click()
        await page.get_by_role("link", name="やめて戻る").click()
        assert await page.get_by_role("heading", level=1).inner_text() == "ひだまりソフト"
    await context.close()


async def test_a_key_a_calendar_and_a_user_are_made_on_a_telephone_and_the_audit_tells_of_it(
    browser: Browser, judge: Judge, tmp_path: Path
) -> None:
    context = await browser.new_context(locale="ja-JP", viewport={"width": 375, "height": 800})
    page = await context.new_page()
    async with town(tmp_path, stand_ins=(ADMINISTRATOR, AUDITOR)) as place:
        await page.goto(f"{place.address}/settings/keys/new")
        await page.get_by_role("button", name="作って鍵を受け取る").click()
        await page.get_by_label("渡す相手と用途").fill("ひだまりソフト")
        await page.get_by_label("出来事を送る").check()
        await page.get_by_role("button", name="作って鍵を受け取る").click()
        assert (await page.locator("code.secret").inner_text()).startswith("ntf_")
        await is_free_of_barriers(page, judge)
        await fits(page)
        await page.get_by_role("link", name="鍵の一覧へ").click()
        await is_free_of_barriers(page, judge)
        await page.get_by_role("button", name="ひだまりソフトの鍵を取り消す").click()
        await is_free_of_barriers(page, judge)
        await page.get_by_role("button", name="取り消す").click()
        assert "取り消しました" in await page.get_by_role("status").inner_text()

        await page.goto(f"{place.address}/settings/calendars")
        await page.get_by_label("番号またはアドレス").fill("1270001005")
        await page.get_by_label("渡す相手").fill("さくら台 管理者")
        await page.get_by_role("button", name="アドレスを作る").click()
        assert (await page.locator("code.secret").inner_text()).endswith(".ics")
        await fits(page)

        await page.goto(f"{place.address}/settings/users/-/new")
        await page.get_by_label("氏名と所属").fill("花子（介護保険課）")
        await page.get_by_label("利用者名").fill("hanako")
        await page.get_by_role("button", name="加える").click()
        await page.get_by_role("link", name="花子（介護保険課）の画面へ").click()
        await is_free_of_barriers(page, judge)
        await fits(page)
        await page.get_by_role("button", name="2段階認証を求める").click()
        await page.get_by_role("button", name="次へ").click()
        assert await page.get_by_role("img", name="認証アプリで読み取るQRコード").is_visible()
        await is_free_of_barriers(page, judge)
        await fits(page)

        await page.goto(place.address)
        await page.get_by_label("見る人").select_option(AUDITOR.name)
        await page.get_by_role("button", name="切り替える").click()
        await page.goto(f"{place.address}/settings/audit")
        told = await page.locator("main").inner_text()
        assert "APIの鍵を作りました（ひだまりソフト）" in told
        assert "花子（介護保険課）（hanako）に2段階認証を求めるようにしました" in told
        await is_free_of_barriers(page, judge)
        await fits(page)
        await page.get_by_role("button", name="確かめる").click()
        assert "すべて正しくつながっています" in await page.locator(".verdict").inner_text()
        await is_free_of_barriers(page, judge)
        await fits(page)
    await context.close()
