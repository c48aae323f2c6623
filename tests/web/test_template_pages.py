"""The pages of templates: tried out, kept, looked at with a real office, approved by a second person, really used."""

from pathlib import Path

import pytest
from aiohttp import ClientSession

from notifier.domain.accounts import User
from notifier.domain.callers import NATION
from notifier.domain.roles import Role
from notifier.running import run_due
from notifier.steps.word import Draft, save
from notifier.store import delivery_records
from notifier.store.delivery_records import Wanted
from tests.web.test_settings_pages import Browser, words
from tests.web.town import APPROVER, CARE_PLANS, CITY, CLERK, ELSEWHERE, VISITS, Town, town

EDIT = "/letters/templates/edit"
OPENING = {"file": "email/opening.txt", "note": "春のあいさつ", "deed": "save"}
OPERATOR = User("unyo", Role.EDITOR, "", "運用 太郎")


async def test_a_clerk_words_an_approver_approves_and_letters_say_it(
    tmp_path: Path, visitor: ClientSession
) -> None:
    async with town(tmp_path, stand_ins=(CLERK, APPROVER, ELSEWHERE, OPERATOR)) as place:
        clerk, approver = Browser(visitor, place, CLERK), Browser(visitor, place, APPROVER)
        assert "標準の文面で送っています。" in await clerk.get("/letters/templates")
        assert "標準の文面と同じです" in await clerk.get(f"{EDIT}?file=email/opening.txt")
        text = {"source": "{{ addressee.name }}の皆さま\r\n春の窓口は2階です。"}
        tried = await clerk.post(EDIT, OPENING | text | {"deed": "try", "note": ""}, 200)
        assert "見本介護センター1号館の皆さま" in tried
        assert "春の窓口は2階です。" in tried
        saved = words(await clerk.post(EDIT, OPENING | text))
        assert "第1版として保存しました。" in saved
        assert "ほかの承認者がこの画面で「使い始める」を押します" in saved
        assert "加えた行 ＋ 春の窓口は2階です。" in saved
        await clerk.post("/letters/templates/1/use", {"confirmed": "yes"}, 403)
        shown = await approver.get(f"/letters/templates/1?office={VISITS}")
        assert "訪問介護 &lt;script&gt;alert(1)&lt;/script&gt;&amp;さくらの皆さま" in shown
        html = await approver.get(f"/letters/templates/1/html?office={VISITS}")
        assert "&lt;script&gt;" in html
        asked = await approver.post("/letters/templates/1/use", status=200)
        assert "2か所" in asked
        assert "使い始めました" in await approver.post("/letters/templates/1/use", {"confirmed": "yes"})
        assert "第1版</a>の文面で送っています" in await clerk.get("/letters/templates")
        [number, *_] = [each.id for each in await _sent(place, CARE_PLANS)]
        await clerk.post("/letters/resend", {"id": str(number), "confirmed": "yes", "back": "/letters"})
        await run_due(place.tools)
        [newest, *_] = await _sent(place, CARE_PLANS)
        page = await clerk.get(f"/letters/{newest.id}")
        assert "春の窓口は2階です。" in page
        assert "一字一句同じことを、記録した値で確かめました" in page
        assert "標準の文面に戻しました" in await clerk.post("/letters/templates/1/give-up")
        assert "この版は使われていません" in await clerk.post("/letters/templates/1/give-up")
        assert "春の窓口は2階です。" in await clerk.get(f"/letters/{newest.id}")
        assert "標準の文面で送っています。" in await Browser(visitor, place, ELSEWHERE).get(
            "/letters/templates"
        )
        await Browser(visitor, place, ELSEWHERE).get("/letters/templates/1", 404)
        nation = Browser(visitor, place, OPERATOR)
        assert "文面は自治体ごとに変えます" in await nation.get("/letters/templates")
        await nation.get(f"{EDIT}?file=email/opening.txt", 404)


async def _sent(place: Town, office: str) -> list[delivery_records.DeliveryRecord]:
    async with place.tools.database.reading() as conn:
        return await delivery_records.deliveries(
            conn, NATION, Wanted(office=office, state="accepted"), None, 50
        )


async def test_what_cannot_be_written_is_said_and_nothing_is_kept(
    tmp_path: Path, visitor: ClientSession
) -> None:
    async with town(tmp_path, offices=(), stand_ins=(CLERK, APPROVER)) as place:
        clerk = Browser(visitor, place)
        clerk.cookies = {"stand-in": CLERK.name}
        for source, said in (
            ("a\n{{ wrong }}", "はじめの文の2行目：「wrong」という名前はありません。"),
            ("{% for", "書き方に誤りがあります"),
            ("{{ 'a' * 10 ** 9 }}", "大きすぎるか、時間がかかりすぎます"),
            ("x\x07y", "使えない文字（制御文字）"),
            ("あ" * 60_001, "60,000文字まで"),
        ):
            page = await clerk.post(EDIT, OPENING | {"source": source}, 422)
            assert said in page
        assert "変えたことを短く入力してください" in await clerk.post(
            EDIT, OPENING | {"note": "", "source": "a"}, 422
        )
        await clerk.post(EDIT, {"file": "email/none.txt", "source": "a", "deed": "save"}, 404)
        await clerk.get(f"{EDIT}?file=pages/board.html", 404)
        await clerk.get("/letters/templates/1", 404)
        assert "標準の文面で送っています。" in await clerk.get("/letters/templates")


async def test_versions_go_on_from_each_other_and_warn_of_what_they_lack(
    tmp_path: Path, visitor: ClientSession
) -> None:
    async with town(tmp_path, offices=(), stand_ins=(CLERK, APPROVER)) as place:
        clerk, approver = Browser(visitor, place, CLERK), Browser(visitor, place, APPROVER)
        await clerk.post(EDIT, OPENING | {"source": "はじめに"})
        body = {
            "file": "email/reminder/body.txt",
            "note": "短く",
            "deed": "save",
            "source": "短い。",
            "from": "1",
        }
        page = words(await clerk.post(EDIT, body))
        assert "第2版" in page
        assert "お知らせに次のものが入りません：期日（テキスト）" in page
        assert "加えた行 ＋ はじめに" in page
        assert "この文面には、次のものがありません" in await approver.post(
            "/letters/templates/2/use", status=200
        )
        assert "はじめに" in await clerk.get(f"{EDIT}?file=email/opening.txt&from=2")
        back = words(await clerk.post(EDIT, OPENING | {"source": "", "from": "2", "note": "消す"}))
        assert "＋ はじめに" not in back
        page = await clerk.get("/letters/templates/1?office=0000000000", 422)
        assert "この番号の事業所は見つかりません" in page


@pytest.mark.parametrize("own", [True, False])
async def test_who_made_a_version_does_not_approve_it_and_a_newer_base_is_told(
    tmp_path: Path, visitor: ClientSession, *, own: bool
) -> None:
    async with town(tmp_path, offices=(), stand_ins=(APPROVER, CLERK)) as place:
        approver = Browser(visitor, place, APPROVER)
        source = "{{ letter.day|day }}" if own else "{{ nothing }}"
        draft = Draft(CITY, {"email/opening.txt": source}, {"email/opening.txt": "older"}, (), "x")
        await save(place.tools, draft, APPROVER.name if own else "another")
        assert "もとにした標準の文面が新しくなりました：はじめの文" in await approver.get(
            "/letters/templates"
        )
        page = await approver.get("/letters/templates/1")
        assert "新しくなりました：はじめの文" in page
        refused = await approver.post("/letters/templates/1/use", {"confirmed": "yes"}, 422)
        said = "自分で作った版は、自分では使い始められません" if own else "この版からお知らせを作れません"
        assert said in refused
        await approver.get("/letters/templates/1/html", 200 if own else 404)
