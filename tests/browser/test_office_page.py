"""The office's page in a real browser: as a clerk walks it, on a telephone and a PC, with JavaScript and without."""

import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page
from sqlalchemy import select
from sqlmodel import col

from notifier.domain.callers import NATION
from notifier.steps.answer import Answer, answer
from notifier.steps.declare import GRACE
from notifier.store import enquiries
from notifier.store.tables import ContactRow
from tests.browser.conftest import Judge
from tests.web.town import CARE_PLANS, HOSTILE, VISITS, Town, contents, town

pytestmark = pytest.mark.browser

SUBSIDY = "platform-subsidy/apply/0"
UNTIL = date(2026, 2, 20)
BELOW = (
    "",
    f"/done/{SUBSIDY}",
    f"/done/{SUBSIDY}?kind=platform-subsidy.accepted",
    f"/not-ours/{SUBSIDY}",
    f"/remind/{SUBSIDY}",
    f"/seen/{SUBSIDY}",
    "/ours/tech-grant-r7/five-links/0",
    "/message",
    "/contacts/new",
    "/contacts/1",
    "/contacts/1/replace",
    "/contacts/1/stop",
    "/contacts/1/shape",
    "/calendar",
)
WIDTHS = (375, 1024)


@pytest.fixture(scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town(tmp_path_factory.mktemp("office"), until=UNTIL) as found:
        yield found


@pytest.fixture
async def fresh(tmp_path: Path) -> AsyncIterator[Town]:
    """A town in which something is done."""
    async with town(tmp_path, until=UNTIL) as found:
        yield found


@pytest.fixture
async def visitor(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """A telephone, by default one on which no script runs: what works there works everywhere."""
    runs = getattr(request, "param", False)
    screen = {"width": 375, "height": 800}
    context = await browser.new_context(java_script_enabled=runs, locale="ja-JP", viewport=screen)  # type: ignore[arg-type]  # a size
    page = await context.new_page()
    page.set_default_timeout(10_000)
    yield page
    await context.close()


BOTH = pytest.mark.parametrize("visitor", [True, False], ids=["with-javascript", "without"], indirect=True)


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()


async def text(page: Page) -> str:
    return await page.locator("main").inner_text()


def card(page: Page, title: str) -> Any:
    return page.locator(".card", has=page.get_by_role("heading", name=title, exact=True))


# ---- for everybody ----


@pytest.mark.parametrize("below", BELOW)
async def test_axe_finds_no_barrier(place: Town, page: Page, judge: Judge, below: str) -> None:
    await page.goto(place.way(CARE_PLANS) + below)
    await page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    answered = await judge(page)
    passed = {rule["id"]: len(rule["nodes"]) for rule in answered["passes"]}
    assert passed.get("color-contrast", 0) > 0
    for found in (answered["violations"], answered["incomplete"]):
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []


async def test_axe_finds_no_barrier_where_something_is_wrong(place: Town, page: Page, judge: Judge) -> None:
    home = place.way(CARE_PLANS)
    for path, button in (
        (f"{home}/not-ours/{SUBSIDY}", "確認へ進む"),
        (f"{place.address}/code", "ページを開く"),
    ):
        await page.goto(path)
        await page.locator("form").evaluate("form => { form.noValidate = true }")
        await press(page, button)
        answered = await judge(page)
        assert await page.get_by_role("alert").is_visible()
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in answered["violations"]] == []


@pytest.mark.parametrize("width", WIDTHS)
async def test_no_page_is_wider_than_the_screen(place: Town, page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    for number in (CARE_PLANS, VISITS):
        home = place.way(number)
        for below in BELOW if number == CARE_PLANS else ("", "/message"):
            await page.goto(home + below)
            assert await page.evaluate("document.documentElement.scrollWidth") == width, below


async def test_a_hostile_name_is_only_a_name(place: Town, page: Page) -> None:
    told: list[str] = []
    page.on("dialog", lambda dialog: told.append(dialog.message))
    await page.goto(place.way(VISITS))
    assert await page.get_by_role("heading", level=1).inner_text() == HOSTILE
    assert told == []


async def test_nothing_on_the_page_is_refused_by_its_own_policy(place: Town, page: Page) -> None:
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("requestfailed", lambda request: told.append(request.url))
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url.split("/")[2]))
    for below in BELOW:
        await page.goto(place.way(CARE_PLANS) + below)
    assert told == []
    assert asked == {place.address.split("/")[2]}


async def test_a_printed_page_has_the_duties_with_their_source_and_no_buttons(
    place: Town, page: Page
) -> None:
    await page.goto(place.way(CARE_PLANS))
    await page.emulate_media(media="print")
    assert await page.get_by_role("heading", level=1).is_visible()
    assert await page.get_by_role("button").count() == 0 or not await page.locator(".acts").first.is_visible()
    assert not await page.get_by_role("link", name="済みました").first.is_visible()
    assert await page.get_by_text("整理番号").first.is_visible()


# ---- the journeys ----


async def test_a_clerk_comes_from_the_mail_and_sees_what_is_due(fresh: Town, visitor: Page) -> None:
    (mail, *_) = [each for each in await contents(fresh) if "a@one.example" in each]
    link = re.search(r"http://127\.0\.0\.1:8080(/o/\S+)", mail)
    assert link is not None
    await visitor.goto(fresh.address + link[1])
    told = await text(visitor)
    assert "ケアプランセンター さくら台" in told
    due = await card(visitor, "介護情報基盤の活用に向けた助成金の申請").inner_text()
    for words in ("令和8年3月13日（金）", "予定", "あと21日", "国保中央会", "次のお知らせ"):
        assert words in due
    assert "2026-02" not in due
    assert "お送りしたメール" in told


@BOTH
async def test_done_is_asked_recorded_undone_and_done_again(fresh: Town, visitor: Page) -> None:
    home = fresh.way(CARE_PLANS)
    await visitor.goto(home)
    subsidy = card(visitor, "介護情報基盤の活用に向けた助成金の申請")
    for _ in range(2):
        await subsidy.get_by_role("link", name="済みました").click()
        await visitor.get_by_label("介護情報基盤の助成金の申請受付").check()
        await press(visitor, "次へ")
        await visitor.get_by_label("介護情報基盤の助成金の申請受付の日").fill("2026-02-18")
        await press(visitor, "この内容で登録する")
        assert "10分以内なら" in await visitor.get_by_role("status").inner_text()
        await subsidy.get_by_role("button", name="取り消す").click()
        assert "取り消しました。" in await visitor.get_by_role("status").inner_text()
    await subsidy.get_by_role("link", name="済みました").click()
    await visitor.get_by_label("介護情報基盤の助成金の申請受付").check()
    await press(visitor, "次へ")
    await press(visitor, "この内容で登録する")
    await fresh.turn(UNTIL + timedelta(days=1))
    await visitor.goto(home)
    assert timedelta(days=1) > GRACE
    done = visitor.get_by_role("region", name="済んだもの")
    assert "介護情報基盤の活用に向けた助成金の申請" in await done.inner_text()


async def test_a_day_that_does_not_count_is_told_before_it_is_recorded(fresh: Town, visitor: Page) -> None:
    await visitor.goto(f"{fresh.way(CARE_PLANS)}/done/{SUBSIDY}?kind=platform-subsidy.accepted")
    await visitor.get_by_label("申請受付の日").fill("2026-02-25")
    await press(visitor, "この内容で登録する")
    assert "令和8年（2026年）2月20日（金）までの日を入力してください" in await text(visitor)
    assert await visitor.get_by_label("申請受付の日").input_value() == "2026-02-25"


async def test_that_it_does_not_apply_goes_to_the_municipality_and_comes_back_answered(
    fresh: Town, visitor: Page
) -> None:
    home = fresh.way(CARE_PLANS)
    await visitor.goto(home)
    subsidy = card(visitor, "介護情報基盤の活用に向けた助成金の申請")
    await subsidy.get_by_role("link", name="対象ではありません").click()
    await visitor.get_by_label("休止・廃止した").check()
    await visitor.get_by_label("くわしい事情").fill("3月末で休止します。")
    await press(visitor, "確認へ進む")
    await press(visitor, "直す")
    assert await visitor.get_by_label("くわしい事情").input_value() == "3月末で休止します。"
    await press(visitor, "確認へ進む")
    await press(visitor, "市町村に伝える")
    assert await subsidy.is_visible(), "the duty stays until they decide"
    async with fresh.tools.database.reading() as conn:
        (waiting,) = await enquiries.open_for(conn, NATION)
    assert (waiting.office, waiting.deadline, waiting.words) == (
        CARE_PLANS,
        "platform-subsidy/apply",
        "3月末で休止します。",
    )
    await answer(fresh.tools, NATION, waiting.id, Answer(upheld=True, words="確認しました。"), "担当者")
    await visitor.goto(home)
    told = await visitor.get_by_role("region", name="市町村に伝えたことと回答").inner_text()
    assert "認められました" in told
    excused = visitor.get_by_role("region", name="対象外と認められたもの")
    assert "介護情報基盤の活用に向けた助成金の申請" in await excused.inner_text()
    assert await subsidy.count() == 0
    assert "確認しました。" in told


async def test_a_reminder_comes_on_the_chosen_day_and_never_after_the_safe_day(
    fresh: Town, visitor: Page
) -> None:
    await visitor.goto(fresh.way(CARE_PLANS))
    subsidy = card(visitor, "介護情報基盤の活用に向けた助成金の申請")
    await subsidy.get_by_role("link", name="あとで知らせて").click()
    await visitor.get_by_label("お知らせする日").fill("2026-03-14")
    await press(visitor, "確認へ進む")
    assert "間に合わないおそれがあります" in await text(visitor)
    await visitor.get_by_label("お知らせする日").fill("2026-02-24")
    await press(visitor, "確認へ進む")
    await press(visitor, "この日に知らせる")
    assert "次のお知らせ 令和8年（2026年）2月24日（火）（ご希望の日）" in (
        await subsidy.inner_text()
    ).replace("\u3000", " ")
    before = len(await contents(fresh))
    await fresh.turn(date(2026, 2, 24))
    new = (await contents(fresh))[before:]
    assert len(new) == 1
    assert "この日にもう一度お知らせすることを希望された" in new[0].replace("\n　", "")


async def test_a_wrong_address_is_replaced_once_its_owner_has_confirmed_the_new_one(
    fresh: Town, visitor: Page
) -> None:
    home = fresh.way(CARE_PLANS)
    await visitor.goto(home)
    assert "a@one.example" not in await text(visitor)
    await visitor.get_by_role("link", name="変更・停止").click()
    await visitor.get_by_role("link", name="宛先を変える").click()
    await visitor.get_by_label("新しいメールアドレス").fill("jimu@one.example")
    await visitor.get_by_label("事務担当").check()
    await press(visitor, "確認へ進む")
    await press(visitor, "確認のメールを送る")
    assert "確認待ち" in await text(visitor)
    before = len(await contents(fresh))
    await fresh.turn(UNTIL + timedelta(days=1))
    (mail,) = (await contents(fresh))[before:]
    link = re.search(r"http://127\.0\.0\.1:8080(/confirm/\S+)", mail)
    assert link is not None
    await visitor.goto(fresh.address + link[1])
    assert await visitor.get_by_role("navigation", name="ページ").count() == 0
    await press(visitor, "このアドレスで受け取る")
    await visitor.goto(home)
    shown = await visitor.get_by_role("region", name="お知らせの宛先").inner_text()
    assert "j•••@one.example" in shown
    assert "変更済み" in shown


async def test_form_and_topics_of_mails_are_narrowed_and_the_duties_stay(fresh: Town, visitor: Page) -> None:
    home = fresh.way(CARE_PLANS)
    await visitor.goto(home)
    duties = await visitor.locator(".card h3").all_inner_texts()
    await visitor.get_by_role("link", name="変更・停止").click()
    await visitor.get_by_role("link", name="受け取り方を変える").click()
    await visitor.get_by_label("文字だけ", exact=True).check()
    await visitor.get_by_label("下で選んだ分野だけ").check()
    await visitor.get_by_label("助成金申請").check()
    await press(visitor, "確認へ進む")
    await press(visitor, "変える")
    shown = await visitor.get_by_role("region", name="お知らせの宛先").inner_text()
    assert "文字だけ" in shown
    assert "分野をしぼっています" in shown
    assert await visitor.locator(".card h3").all_inner_texts() == duties


async def test_a_calendar_is_given_out_once_read_and_taken_back(fresh: Town, visitor: Page) -> None:
    home = fresh.way(CARE_PLANS)
    await visitor.goto(home)
    await visitor.get_by_role("link", name="カレンダーのアドレスを発行する").click()
    await visitor.get_by_label("名前").fill("事務室のパソコン")
    await press(visitor, "確認へ進む")
    await press(visitor, "発行する")
    address = (await visitor.locator("#address").inner_text()).replace("http://127.0.0.1:8080", fresh.address)
    assert "BEGIN:VCALENDAR" in await (await visitor.request.get(address)).text()
    await visitor.goto(home)
    assert address not in await text(visitor)
    await visitor.get_by_role("link", name="使うのをやめる").click()
    await press(visitor, "使うのをやめる")
    assert (await visitor.request.get(address)).status == 410


async def test_mail_to_an_address_is_stopped_after_a_warning_that_it_is_the_last(
    fresh: Town, visitor: Page
) -> None:
    await visitor.goto(fresh.way(CARE_PLANS))
    await visitor.get_by_role("link", name="変更・停止").click()
    await visitor.get_by_role("link", name="この宛先への送信を止める").click()
    assert "メールが届かない事業所" in await text(visitor)
    await press(visitor, "送信を止める")
    assert "いま使える宛先がありません" in await text(visitor)
    async with fresh.tools.database.reading() as conn:
        rows = (await conn.execute(select(col(ContactRow.active), col(ContactRow.reason)))).all()
    assert (False, "stopped") in [tuple(row) for row in rows]


@BOTH
async def test_a_code_typed_full_width_opens_the_page_where_links_do_not_arrive(
    fresh: Town, visitor: Page
) -> None:
    (mail, *_) = [each for each in await contents(fresh) if "a@one.example" in each]
    code = re.search(r"確認番号：(\S+)", mail)
    assert code is not None
    wide = str.maketrans({chr(each): chr(each + 0xFEE0) for each in range(0x21, 0x7F)})
    await visitor.goto(fresh.address + "/code")
    await visitor.get_by_label("事業所番号").fill(CARE_PLANS.translate(wide))
    await visitor.locator("#code").fill("２２２２－３３３３")
    await press(visitor, "ページを開く")
    assert "確かめられませんでした" in await text(visitor)
    await visitor.locator("#code").fill(code[1].translate(wide))
    await press(visitor, "ページを開く")
    assert await visitor.get_by_role("heading", level=1).inner_text() == "ケアプランセンター さくら台"
