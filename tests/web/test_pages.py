import re
from datetime import date
from pathlib import Path

import pytest
from aiohttp import ClientSession

from notifier.steps.subscribe import Subscription, subscribe
from notifier.store.board import board
from notifier.store.subscriptions import Selection
from notifier.web.assets import Shelf
from tests.web.town import CARE_PLANS, CITY, SILENT, VISITS, Town, town


async def seen(visitor: ClientSession, town: Town, path: str, status: int = 200) -> str:
    async with visitor.get(town.address + path) as answer:
        assert (path, answer.status) == (path, status)
        assert answer.content_type == "text/html"
        return await answer.text()


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2].partition("</main")[0]))


# --- the board ---------------------------------------------------------------------------------------------


async def test_the_board_names_every_deadline_of_which_something_was_said(
    place: Town, visitor: ClientSession
) -> None:
    page = await seen(visitor, place, "/deadlines")
    async with place.tools.database.reading() as conn:
        standing = await board(conn, place.tools.today())
    assert {each.key.deadline for each in standing} <= set(re.findall(r'href="/deadlines/([^"]+)"', page))


async def test_the_board_says_the_day_how_far_it_is_and_that_it_is_tentative(
    place: Town, visitor: ClientSession
) -> None:
    page = words(await seen(visitor, place, "/deadlines"))
    assert "本日" in page or "時計の日付" in page
    assert "令和8年1月21日（水）" in page
    assert re.search(r"3月13日（金） 2026年 あと51日 .{0,40}助成金", page)
    assert re.search(r"助成金の申請 令和8年3月13日（金）［2026-03-13］まで（予定）", page)


async def test_the_board_counts_who_is_open_settled_and_unreachable(
    place: Town, visitor: ClientSession
) -> None:
    page = words(await seen(visitor, place, "/deadlines/wage-support/apply"))
    assert re.search(r"対応中 2 完了 1 期限切れ 0 期日待ち 0 登録次第 0 このうち宛先のない事業所 1", page)


async def test_deadlines_come_the_nearest_first(place: Town, visitor: ClientSession) -> None:
    page = words(await seen(visitor, place, "/deadlines"))
    near = page.split("これから期限が来るもの")[0]
    left = [int(days) for days in re.findall(r"あと(\d+)日", near)]
    assert left == sorted(left)
    assert left


async def test_an_empty_service_says_so_instead_of_failing(tmp_path: Path, visitor: ClientSession) -> None:
    async with town(tmp_path, date(2025, 1, 6), date(2025, 1, 6), offices=()) as empty:
        assert "事業所" in words(await seen(visitor, empty, "/deadlines"))
        assert "事業所はまだ登録されていません" in await seen(visitor, empty, "/offices")
        assert "見つかりませんでした" in await seen(visitor, empty, "/mailbox")


async def test_what_offices_are_not_told_stays_on_the_board(tmp_path: Path, visitor: ClientSession) -> None:
    async with town(tmp_path) as place:
        assert "未通知" not in await seen(visitor, place, "/deadlines")
        silent = Subscription(told=False, reason="休止中")
        await subscribe(place.tools, Selection(CITY, (CARE_PLANS,)), silent, "a clerk")
        assert "（未通知） 1" in words(await seen(visitor, place, "/deadlines"))
        assert "（未通知） 1" in words(await seen(visitor, place, "/deadlines/platform-subsidy/apply"))


# --- offices -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked,found",
    [
        ("さくら台", [CARE_PLANS]),
        ("12700010", [CARE_PLANS, VISITS, SILENT]),
        ("ひだまり ケアプラン", [CARE_PLANS]),
        ("さくら台 なのはな", []),
        ("%", []),
    ],
)
async def test_offices_are_found_by_number_name_and_corporation(
    place: Town, visitor: ClientSession, asked: str, found: list[str]
) -> None:
    async with visitor.get(f"{place.address}/offices", params={"q": asked}) as answer:
        page = await answer.text()
    assert re.findall(r'<a href="/offices/(\d+)"', page) == found


async def test_what_an_office_owes_is_shown_until_when_and_why(place: Town, visitor: ClientSession) -> None:
    page = words(await seen(visitor, place, f"/offices/{VISITS}"))
    owed = page.split("いま対応すること")[1].split("対象外のもの")[0]
    assert re.search(r"助成金の申請 .{0,20}任意.{0,10}予定", owed)
    assert "根拠 " in owed
    assert "介護保険最新情報Vol.1460" in owed
    assert "適用した段階 国" in owed
    assert "日を定めた者 千葉県" in owed


async def test_a_name_with_markup_is_shown_and_never_run(place: Town, visitor: ClientSession) -> None:
    for path in ("/offices", f"/offices/{VISITS}", "/mailbox"):
        page = await seen(visitor, place, path)
        assert "<script" not in page
        assert "&lt;script&gt;" in page


# --- deadlines ---------------------------------------------------------------------------------------------


async def test_a_timeline_shows_old_and_new_with_source_and_standing(
    place: Town, visitor: ClientSession
) -> None:
    page = words(await seen(visitor, place, "/deadlines/free-pass/apply"))
    timeline = page.split("いつ、どの資料が何と言ったか")[1]
    assert re.search(
        r"1月13日（火） 令和8年（2026年） .*介護保険最新情報Vol\.1460.*変更前 令和7年6月1日.*変更後 令和8年度",
        timeline,
    )
    assert re.search(r"2月6日（木） 令和7年（2025年） .*以前の内容", timeline)
    assert "3月17日（火） 令和8年" not in timeline


async def test_a_day_set_by_an_authority_stands_on_the_timeline(place: Town, visitor: ClientSession) -> None:
    page = words(await seen(visitor, place, "/deadlines/wage-support/apply"))
    assert re.search(
        r"千葉県が日を定めました .{0,40}開始日 令和8年1月19日（月）、締切日 令和8年3月31日（火）", page
    )


# --- the mailbox -------------------------------------------------------------------------------------------


async def test_the_mailbox_shows_the_mail_as_received(place: Town, visitor: ClientSession) -> None:
    _, [newest] = await place.mailbox.search("a@one", limit=1)
    page = words(await seen(visitor, place, f"/mailbox/{newest.id}"))
    async with visitor.get(f"{place.address}/mailbox/{newest.id}/source") as answer:
        source = await answer.read()
        assert answer.content_type == "text/plain"
    found = await place.mailbox.get(newest.id)
    assert found is not None
    assert source == found[1]
    assert "ケアプランセンター さくら台" in page
    assert newest.subject.split("｜", maxsplit=1)[0] in page


async def test_a_mails_html_is_locked_in_a_sandbox(place: Town, visitor: ClientSession) -> None:
    page = await seen(visitor, place, "/mailbox/1")
    assert '<iframe class="letter" sandbox src="/mailbox/1/html"' in page
    async with visitor.get(f"{place.address}/mailbox/1/html") as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert (answer.status, answer.headers["X-Frame-Options"]) == (200, "SAMEORIGIN")
    assert policy.startswith("sandbox; default-src 'none'; style-src 'unsafe-inline'")
    assert "allow-scripts" not in policy


async def test_the_mailbox_is_searched_and_paged(place: Town, visitor: ClientSession) -> None:
    async with visitor.get(f"{place.address}/mailbox", params={"q": "b@two"}) as answer:
        page = await answer.text()
    assert "b@two.example" in page
    assert "a@one.example" not in page
    for nonsense in ("0", "-1", "x", "９", "99999999999", "1e3"):
        async with visitor.get(f"{place.address}/mailbox", params={"page": nonsense}) as answer:
            assert answer.status == 200


# --- what surrounds them -----------------------------------------------------------------------------------


async def test_the_service_says_that_it_is_well(place: Town, visitor: ClientSession) -> None:
    async with visitor.get(f"{place.address}/healthz") as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")


async def test_without_the_demonstration_there_is_neither_mailbox_nor_turning(
    tmp_path: Path, visitor: ClientSession
) -> None:
    async with town(tmp_path, offices=(), demonstration=False) as real:
        page = await seen(visitor, real, "/")
        assert "/clock" not in page
        assert "/mailbox" not in page
        for path in ("/clock", "/mailbox", "/mailbox/1"):
            await seen(visitor, real, path, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/offices/0000000000",
        "/deadlines/no/such",
        "/mailbox/999999",
        "/mailbox/1x",
        "/static/x/y",
    ],
)
async def test_what_does_not_exist_is_said_in_japanese(
    place: Town, visitor: ClientSession, path: str
) -> None:
    page = await seen(visitor, place, path, 404)
    assert "ページが見つかりません" in page
    assert ('href="/"' in page) is not path.startswith("/static")  # which is no page of the staff's


async def test_a_method_that_is_not_offered_is_refused_with_those_that_are(
    place: Town, visitor: ClientSession
) -> None:
    async with visitor.post(f"{place.address}/offices") as answer:
        assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD")
        assert "この操作はできません" in await answer.text()


async def test_every_style_sheet_is_served_with_the_hash_the_pages_name(
    place: Town, visitor: ClientSession
) -> None:
    for sheet in Shelf().sheets:
        async with visitor.get(place.address + sheet.address) as answer:
            assert (answer.status, answer.content_type) == (200, "text/css")
            assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/", "/offices", "/mailbox", "/clock", "/nothing", "/healthz"])
async def test_every_answer_tells_the_browser_to_trust_nothing_else(
    place: Town, visitor: ClientSession, path: str
) -> None:
    async with visitor.get(place.address + path) as answer:
        headers = answer.headers
        page = await answer.text()
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert re.search(r'\sstyle="|<style|<script|\son\w+="', page) is None
