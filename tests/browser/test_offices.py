"""Offices in a real browser: found, filtered, changed, taken over from a file, told no more; on a telephone, too."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, FilePayload, Page

from tests.browser.conftest import Judge
from tests.browser.walks import NARROW, WIDE, WIDTHS, is_free_of_barriers, walker
from tests.web.town import APPROVER, CARE_PLANS, SILENT, STAFF, VISITS, Town, town

pytestmark = pytest.mark.browser
PATHS = (
    "/offices",
    "/offices?q=nothing",
    "/offices/import",
    f"/offices/{VISITS}",
    f"/offices/{VISITS}/record",
    f"/offices/{VISITS}/contacts/2",
    f"/offices/{SILENT}/record",
    f"/offices/{CARE_PLANS}/facts",
    f"/offices/{CARE_PLANS}/facts?type=wage-support.applied",
    f"/offices/{CARE_PLANS}/timeline",
    f"/offices/{SILENT}/notes",
    f"/offices/{CARE_PLANS}/exemptions",
    f"/offices/{CARE_PLANS}/standing",
)
HEADING = "事業所番号,事業所名,サービス種類,メールアドレス\r\n"


@pytest.fixture(scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town(tmp_path_factory.mktemp("town"), stand_ins=STAFF) as found:
        yield found


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("width", WIDTHS)
async def test_axe_finds_no_barrier_and_nothing_is_wider_than_the_screen(
    place: Town, page: Page, judge: Judge, path: str, width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    await page.goto(place.address + path)
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    await is_free_of_barriers(page, judge)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
async def test_a_clerk_finds_the_offices_of_a_service_that_are_not_done_yet(
    place: Town, browser: Browser, script: bool
) -> None:
    async with walker(browser, WIDE, script=script) as page:
        await page.goto(place.address)
        await page.get_by_role("link", name="事業所", exact=True).click()
        await page.get_by_label("期限", exact=True).select_option(label="賃上げ・職場環境改善支援の申請")
        await page.get_by_label("状態").select_option("open")
        await page.get_by_role("button", name="検索").click()
        names = await page.locator("tbody th a").all_inner_texts()
        assert names == ["訪問介護 <script>alert(1)</script>&さくら", "デイサービス なのはな"]
        async with page.expect_download() as waiting:
            await page.get_by_label("デイサービス なのはなを選ぶ").check()
            await page.get_by_role("button", name="CSVに書き出す").click()
        file = await (await waiting.value).path()
        text = file.read_text(encoding="utf-8-sig")
        assert SILENT in text
        assert VISITS not in text


@pytest.mark.parametrize("width,script", [(NARROW, False), (WIDE, True)])
async def test_an_approver_lets_an_office_be_told_no_more_after_seeing_how_many_that_are(
    place: Town, browser: Browser, judge: Judge, width: int, script: bool
) -> None:
    async with walker(browser, width, script=script) as page:
        await page.context.add_cookies([{"name": "stand-in", "value": APPROVER.name, "url": place.address}])
        await page.goto(f"{place.address}/offices?q=なのはな")
        await page.get_by_role("button", name="配信を止める…").click()
        assert "事業所を選ぶか" in await page.get_by_role("alert").inner_text()
        await page.get_by_label("条件に合うすべての事業所（1件）を選ぶ").check()
        await page.get_by_role("button", name="配信を止める…").click()
        assert await page.get_by_role("heading", level=1).inner_text() == "1件の事業所への配信を止める"
        if script:
            await is_free_of_barriers(page, judge)
        await page.get_by_label("理由").fill("休止中")
        await page.get_by_role("button", name="1件の配信を止める").click()
        assert "1件の事業所への配信を止めました。" in await page.get_by_role("status").inner_text()


async def test_an_office_that_closes_is_confirmed_with_what_goes_with_it(
    place: Town, page: Page, judge: Judge
) -> None:
    await page.goto(f"{place.address}/offices/{CARE_PLANS}/record")
    await page.get_by_role("link", name="サービス・休廃止を変える").click()
    await page.get_by_role("radio", name="休止").check()
    await page.locator("#reason").fill("休止届")
    await page.get_by_role("button", name="確認へ進む").last.click()
    assert "なくなる期限" in await page.locator("main").inner_text()
    await is_free_of_barriers(page, judge)
    await page.get_by_role("link", name="やめて戻る").click()
    assert await page.get_by_role("heading", name="休止・廃止を登録する").is_visible()


async def test_a_clerk_records_what_an_office_told_on_the_telephone(place: Town, browser: Browser) -> None:
    async with walker(browser, NARROW, script=False) as page:
        await page.goto(f"{place.address}/offices/{VISITS}")
        await page.get_by_role("link", name="事実", exact=True).click()
        await page.get_by_label("事実の種類").select_option(label="賃上げ支援の申請")
        await page.get_by_role("button", name="入力欄を出す").click()
        await page.get_by_label("いつからの事実か").fill("2026-01-20")
        await page.get_by_role("group", name="上乗せ").get_by_label("はい").check()
        await page.get_by_role("button", name="登録する", exact=True).click()
        assert "「賃上げ支援の申請」を登録しました。" in await page.get_by_role("status").inner_text()
        await page.get_by_role("link", name="期限", exact=True).last.click()
        done = page.locator("section", has=page.get_by_role("heading", name="完了したもの"))
        assert "賃上げ・職場環境改善支援の申請" in await done.inner_text()


async def test_a_clerk_takes_over_a_list_after_looking_at_what_it_changes(
    place: Town, browser: Browser, page: Page, judge: Judge
) -> None:
    rows = (
        "1270008887,ケアプラン はまかぜ,43,hama@four.example\r\n"
        f"{CARE_PLANS},ケアプラン さくら,43,a@one.example\r\n"
        "12,だめ,43,\r\n"
    )
    async with walker(browser, WIDE, script=False) as plain:
        await plain.goto(f"{place.address}/offices")
        await plain.get_by_role("link", name="一覧を取り込む").click()
        content = FilePayload(name="list.csv", mimeType="text/csv", buffer=(HEADING + rows).encode())
        await plain.get_by_label("事業所の一覧").set_input_files(content)
        await plain.get_by_role("button", name="送って比べる").click()
        assert "ケアプランセンター さくら台 → ケアプラン さくら" in await plain.locator("main").inner_text()
        await page.goto(plain.url)
        await is_free_of_barriers(page, judge)
        assert "はまかぜ" not in await (await plain.context.request.get(f"{place.address}/offices")).text()
        await plain.get_by_role("button", name="この内容で取り込む").click()
        assert "直す行を除いて取り込んでください" in await plain.get_by_role("alert").inner_text()
        await plain.get_by_label("直す行（1件）を除いて取り込む").check()
        await plain.get_by_role("button", name="この内容で取り込む").click()
        assert "取り込みました" in await plain.locator("main").inner_text()
        await plain.get_by_role("link", name="事業所の一覧を見る").click()
        assert "ケアプラン はまかぜ" in await plain.locator("main").inner_text()


async def test_another_person_is_chosen_and_may_do_what_the_role_may(place: Town, browser: Browser) -> None:
    async with walker(browser, WIDE, script=False) as page:
        await page.goto(place.address)
        await page.get_by_label("見る人").select_option(label="鈴木 一郎（介護保険課 係長）")
        await page.get_by_role("button", name="切り替える").click()
        assert "承認者" in await page.locator("header .who").inner_text()


async def test_a_page_for_the_fax_shows_what_to_say_and_no_buttons(place: Town, page: Page) -> None:
    await page.goto(f"{place.address}/offices/{SILENT}/notes")
    await page.emulate_media(media="print")
    assert await page.locator(".script").is_visible()
    assert not await page.get_by_role("button").first.is_visible()
    assert not await page.get_by_role("navigation", name="ページ").is_visible()
