"""Today: what needs a person now, what falls due, whom no mail reaches, what changed; and the answers to offices."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from aiohttp import ClientSession, DummyCookieJar

from notifier.clock import japan_time
from notifier.domain.callers import Tenant
from notifier.store import audit, enquiries, halts, office_records, outlook, tasks, wordings
from notifier.store.enquiries import CONTACT, NOT_APPLICABLE, Asked
from notifier.store.outlook import Sending
from notifier.web import staff
from notifier.web.pages import today as day
from tests.web.test_offices import Desk, words
from tests.web.town import CITY, CLERK, ELSEWHERE, SILENT, STAFF, VISITS, Town, town

MINE = Tenant(CITY)
DUTY = "platform-subsidy/apply"


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A desk in a town on 2026-02-20, three weeks before a deadline."""
    folder = tmp_path_factory.mktemp("town")
    async with (
        town(folder, until=date(2026, 2, 20), stand_ins=STAFF) as place,
        ClientSession(cookie_jar=DummyCookieJar()) as session,
    ):
        yield Desk(place, session)


def part(page: str, heading: str) -> str:
    return words(page).partition(heading)[2]


async def ask(place: Town, number: str, asked: Asked) -> int:
    async with place.tools.database.transaction() as conn:
        office = await office_records.office(conn, MINE, number)
        assert office is not None
        return await enquiries.open_enquiry(conn, office.id, asked, place.tools.now())


async def test_the_day_begins_with_what_falls_due_and_how_far_everybody_is(desk: Desk) -> None:
    page = await desk.get("/")
    assert "令和8年（2026年）2月20日（金）" in page
    due = part(page, "30日以内の期限")
    assert re.search(r"3月13日（金） 令和8年（2026年） あと21日 介護情報基盤の活用に向けた助成金の申請", due)
    assert re.search(r"完了 0 対応中 2 届かない 1 期限切れ 0", due)
    assert 'aria-label="介護情報基盤の活用に向けた助成金の申請：完了0、対応中2、届かない1、期限切れ0"' in page


async def test_offices_that_no_mail_reaches_stand_with_telephone_and_the_last_call(desk: Desk) -> None:
    silent = part(await desk.get("/"), "メールが届かない事業所")
    assert "デイサービス なのはな 1270001021 3月13日（金）" in silent
    assert "043-000-0001 FAX 043-000-0002 まだ連絡していません" in silent
    await desk.post(f"/offices/{SILENT}/tries", {"way": "fax", "outcome": "told"})
    assert "FAX 伝わった" in part(await desk.get("/"), "メールが届かない事業所")


async def test_another_authority_sees_nothing_of_it(desk: Desk) -> None:
    page = await desk.get("/", who=ELSEWHERE.name)
    assert "30日以内に来る期限はありません" in page
    assert "届かない事業所はありません" in page
    assert "なのはな" not in page


async def test_what_changed_is_shown_from_the_day_that_is_asked_for(desk: Desk) -> None:
    page = await desk.get("/?since=2026-01-01")
    assert "令和8年（2026年）1月1日（木）からの分です。" in page
    changes = part(page, "期限に関わる通知と設定")
    assert "令和8年（2026年）1月13日（火） 賃上げ支援、ケアプラン連携の利用促進" in changes
    assert "開始日 令和8年1月19日（月）、締切日 令和8年3月31日（火）" in changes
    assert "令和7年（2025年）11月22日（土）からの分です。" in await desk.get("/?since=1999-01-01")
    for nonsense in ("x", "2026-02-30"):
        assert "令和8年（2026年）2月13日（金）からの分です。" in await desk.get(f"/?since={nonsense}")


async def test_enquiries_of_offices_wait_on_the_page_until_they_are_answered(desk: Desk) -> None:
    asked = Asked(
        NOT_APPLICABLE, "カードリーダーを使いません", "office", DUTY, reason="対象のサービスをしていない"
    )
    number = await ask(desk.place, VISITS, asked)
    other = await ask(desk.place, SILENT, Asked(CONTACT, "番号が違います", "office"))
    assert "2 件 事業所からの申出・質問" in part(await desk.get("/"), "いま人の手が必要なこと")
    page = await desk.get("/enquiries")
    assert re.findall(r'href="/enquiries/(\d+)"', page) == [str(number), str(other)]
    await desk.get(f"/enquiries/{number}", 404, ELSEWHERE.name)
    path = f"/enquiries/{number}"
    assert "対象外と認める" in await desk.get(path)
    _, page = await desk.post(path, {"words": ""}, 422)
    assert "判断を一覧から選んでください。" in page
    assert "回答を入力してください。" in page
    to, page = await desk.post(path, {"upheld": "declined", "words": "対象のサービスです。"})
    assert to == "/enquiries"
    assert "に回答しました。" in page
    assert "対象のサービスです。" in await desk.get(path)
    _, page = await desk.post(path, {"upheld": "declined", "words": "もう一度"})
    assert "ほかの人がもう回答しています。" in page
    await desk.post(f"/enquiries/{other}", {"words": "直しました。"})
    assert "回答を待っている申出や質問はありません" in await desk.get("/enquiries")


async def test_the_last_visit_is_the_session_before_this_one(desk: Desk) -> None:
    tools = desk.place.tools
    async with tools.database.transaction() as conn:
        assert await outlook.visit_before(conn, CLERK.name) is None
        for on in (date(2026, 2, 10), date(2026, 2, 20)):
            at = japan_time(on, 9)
            await audit.append(conn, at, CLERK.name, "sign-in.admitted", f"user/{CLERK.name}", {})
    page = await desk.get("/")
    assert "前にログインしてから変わったこと" in page
    assert "令和8年（2026年）2月10日（火）からの分です。" in page


async def test_the_nation_sees_the_tasks_of_the_rule_editor(place: Town, visitor: ClientSession) -> None:
    async with place.tools.database.transaction() as conn:
        await tasks.open_task(conn, "source.unseen", "s", "見えない", "", place.tools.now())
    async with visitor.get(f"{place.address}/") as answer:
        page = words(await answer.text())
    assert "1 件 規則の担当の作業" in page
    async with visitor.get(f"{place.address}/tasks") as answer:
        page = words(await answer.text())
    assert "見られない情報源 見えない" in page


async def test_the_tasks_of_the_rule_editor_are_not_an_authoritys(desk: Desk) -> None:
    await desk.get("/tasks", 404)


async def test_contradictions_are_counted_by_the_offices_they_concern(desk: Desk) -> None:
    async with desk.place.tools.database.reading() as conn:
        assert await outlook.unclear(conn, MINE) == {}
        assert await outlook.coming(
            conn, Tenant("120006"), (date(2026, 3, 1), date(2026, 3, 31)), date(2026, 2, 20)
        )


def test_health_tells_what_is_late_and_what_has_stopped(desk: Desk) -> None:
    class Pages:
        is_alive = staticmethod(lambda: True)
        clock = desk.place.clock

    looking = staff.Staff(CLERK, "", Pages)  # type: ignore[arg-type]  # of the pages only the clock is asked
    now = looking.now()
    assert day.health_of(Sending(None, None), looking)[0].text == "動いています"
    assert day.health_of(Sending(now - timedelta(minutes=5), now), looking)[0].text == "動いています"
    late = day.health_of(Sending(now - timedelta(hours=1), now), looking)
    assert late[0].text == "遅れています"
    assert "まだ出ていません" in late[1]
    Pages.is_alive = staticmethod(lambda: False)
    assert day.health_of(Sending(None, None), replace(looking))[0].text == "止まっています"


async def test_a_wording_that_failed_waits_for_a_person_until_another_is_in_use(desk: Desk) -> None:
    now = desk.place.tools.now()
    failed = {
        "bases": {},
        "files": {},
        "doubts": [],
        "note": "春",
        "created_at": now,
        "created_by": CLERK.name,
    }
    async with desk.place.tools.database.transaction() as conn:
        version = await wordings.add(conn, CITY, failed | {"activated_at": now})
        await wordings.retire(conn, version.id, now, problem="'wrong' is undefined")
    page = await desk.get("/")
    assert "お知らせの文面の誤り（第1版）" in part(page, "いま人の手が必要なこと")
    assert 'href="/letters/templates/1"' in page
    assert "文面の誤り" not in await desk.get("/", who=ELSEWHERE.name)


async def test_sending_that_was_halted_waits_for_a_person_who_lets_it_go_on(desk: Desk) -> None:
    now = desk.place.tools.now()
    async with desk.place.tools.database.transaction() as conn:
        assert await halts.begin(conn, CITY, (400, 40), now)
        assert not await halts.begin(conn, CITY, (400, 40), now)
        (halt,) = await halts.in_force(conn)
    page = await desk.get("/")
    assert part(page, "いま人の手が必要なこと").strip().startswith("1 件 お知らせの送信を止めています")
    assert "止めています お知らせが続けて戻ってきたため" in part(page, "送信の状態")
    assert "送信を止めています" in await desk.get("/letters")
    page = words(await desk.get("/letters/halt"))
    assert "答えのあった400通のうち、40通が受け取られていません" in page
    assert "止めている送信はありません" in await desk.get("/letters/halt", who=ELSEWHERE.name)
    said = {"halt": str(halt.id), "words": "SPFを直した", "restoring": "yes"}
    _, page = await desk.post("/letters/halt", said | {"words": ""}, 422)
    assert "確かめたことを入力してください。" in page
    _, page = await desk.post("/letters/halt", said, 200)
    assert "待っているお知らせ 0通" in words(page)
    _, page = await desk.post("/letters/halt", said | {"confirmed": "yes"}, who=ELSEWHERE.name)
    assert "もう再開されています" in page
    _, page = await desk.post("/letters/halt", said | {"confirmed": "yes"})
    assert "送信を再開しました。" in page
    assert "送信を止めています" not in await desk.get("/")
