"""Offices on the pages of the staff: found, looked at, changed, taken over from a list; only those of one's authority."""

import csv
import io
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest
from aiohttp import ClientSession, DummyCookieJar, FormData

from notifier.domain.callers import Tenant
from notifier.store import audit_records, notes, office_records, outreach, selections
from notifier.store.audit_records import Wanted
from notifier.store.selections import Selected
from notifier.web.pages.office_facts import fields_of
from tests.web.town import CARE_PLANS, CITY, ELSEWHERE, SILENT, STAFF, VISITS, Town, town

HERE = {"Sec-Fetch-Site": "same-origin"}
MINE = Tenant(CITY)
HEADING = "事業所番号,事業所名,サービス種類,メールアドレス\r\n"
NEW = "1270009990,ケアプラン みなと,43,new@three.example\r\n"


@dataclass(frozen=True)
class Desk:
    """A browser at which somebody of the staff sits, without JavaScript."""

    place: Town
    session: ClientSession

    async def get(self, path: str, status: int = 200, who: str = "sato") -> str:
        sent = self.session.get(self.place.address + path, cookies={"stand-in": who})
        async with sent as answer:
            text = await answer.text()
            assert (path, answer.status) == (path, status), words(text)
            return text

    async def post(
        self,
        path: str,
        given: Mapping[str, object] | FormData,
        status: int = 303,
        who: str = "sato",
    ) -> tuple[str, str]:
        """Return where the answer leads, and the page that is shown in the end."""
        sent = self.session.post(
            self.place.address + path,
            data=given,
            headers=HERE,
            cookies={"stand-in": who},
            allow_redirects=False,
        )
        async with sent as answer:
            text = await answer.text()
            assert (path, answer.status) == (path, status), words(text)
            if status != 303:
                return "", text
            told = answer.cookies.get("told")
            to = answer.headers["Location"]
        kept = {"stand-in": who} | ({"told": told.value} if told else {})
        async with self.session.get(self.place.address + to, cookies=kept) as answer:
            return to, await answer.text()

    async def deeds(self, subject: str) -> list[tuple[str, str]]:
        async with self.place.tools.database.reading() as conn:
            rows = await audit_records.rows(conn, MINE, Wanted(subject=subject), None, 20)
        return [(each.action, each.who) for each in rows]


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2].partition("</main")[0]))


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """A desk in a town; tests change what no other test looks at."""
    async with (
        town(tmp_path_factory.mktemp("town"), stand_ins=STAFF) as place,
        ClientSession(cookie_jar=DummyCookieJar()) as session,
    ):
        yield Desk(place, session)


# --- the list ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked,found",
    [
        ("q=なのはな", [SILENT]),
        ("service=43", [CARE_PLANS]),
        ("reach=unreached", [SILENT]),
        ("reach=reached&order=name", [CARE_PLANS, VISITS]),
        ("deadline=wage-support/apply&state=settled", [CARE_PLANS]),
        ("deadline=wage-support/apply&state=open&order=due", [VISITS, SILENT]),
        ("closed=yes", []),
        ("state=nonsense&order=nonsense&page=nonsense&reach=nonsense", [CARE_PLANS, VISITS, SILENT]),
    ],
)
async def test_offices_are_filtered_by_service_duty_state_and_reach(
    desk: Desk, asked: str, found: list[str]
) -> None:
    page = await desk.get(f"/offices?{asked}")
    assert re.findall(r'<th scope="row"><a href="/offices/(\d+)"', page) == found
    assert ("見つかりませんでした" in page) == (not found)


@pytest.mark.parametrize("order", ["number", "name", "corporation", "due", "newest"])
async def test_every_order_shows_every_office_once(desk: Desk, order: str) -> None:
    page = await desk.get(f"/offices?order={order}")
    assert sorted(re.findall(r'<th scope="row"><a href="/offices/(\d+)"', page)) == [
        CARE_PLANS,
        VISITS,
        SILENT,
    ]


async def test_a_line_says_what_is_open_and_the_nearest_day(desk: Desk) -> None:
    line = words(await desk.get("/offices?q=なのはな")).partition("次の期限 ")[2]
    assert re.search(r"地域密着型通所介護 なし 043-000-0001 3 0 3月13日（金） 令和8年（2026年）", line)


async def test_the_list_is_a_file_that_excel_opens_and_takes_for_no_formula(desk: Desk) -> None:
    async with desk.session.get(f"{desk.place.address}/offices/export.csv?reach=unreached") as answer:
        content = await answer.read()
        assert answer.headers["Content-Disposition"] == 'attachment; filename="offices-2026-01-21.csv"'
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[0][:3] == ["事業所番号", "事業所名", "法人名"]
    assert [row[0] for row in rows[1:]] == [SILENT]
    assert rows[1][4:] == ["043-000-0001", "043-000-0002", "なし", "3", "0", "令和8年3月13日（金）"]


# --- only one's own ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["", "/record", "/facts", "/timeline", "/notes"])
async def test_staff_of_another_authority_find_no_such_office(desk: Desk, view: str) -> None:
    await desk.get(f"/offices/{CARE_PLANS}{view}", 404, ELSEWHERE.name)
    assert "まだ登録されていません" in await desk.get("/offices", who=ELSEWHERE.name)


@pytest.mark.parametrize(
    "view,given",
    [
        ("/record", {"name": "別の名前"}),
        ("/contacts", {"address": "x@elsewhere.example"}),
        ("/facts", {"type": "cpdl.left", "on": "2026-01-20", "by": "office"}),
        ("/notes", {"text": "見た"}),
        ("/tries", {"way": "telephone", "outcome": "told"}),
        ("/contacts/1", {"role": "clerk"}),
        ("/contacts/1/remove", {"confirmed": "yes"}),
    ],
)
async def test_staff_of_another_authority_change_nothing(
    desk: Desk, view: str, given: dict[str, str]
) -> None:
    await desk.post(f"/offices/{CARE_PLANS}{view}", given, 404, ELSEWHERE.name)


async def test_whoever_may_only_read_is_told_whom_to_ask(place: Town, visitor: ClientSession) -> None:
    given = {"text": "x"}
    sent = visitor.post(f"{place.address}/offices/{CARE_PLANS}/notes", data=given, headers=HERE)
    async with sent as answer:
        page = words(await answer.text())
        assert answer.status == 403
    assert "ログインなしで開いているため" in page
    async with visitor.get(f"{place.address}/offices/import") as answer:
        assert answer.status == 403


# --- one office --------------------------------------------------------------------------------------------


async def test_facts_say_who_said_so_and_when(desk: Desk) -> None:
    page = words(await desk.get(f"/offices/{CARE_PLANS}/facts"))
    facts = page.partition("登録されている事実")[2]
    assert "有料での申請 なし、利用期限 令和9年1月12日（火）" in facts
    assert "test 2026年1月13日（火） 0:00" in facts


async def test_a_record_is_corrected_and_the_audit_knows_by_whom(desk: Desk) -> None:
    path = f"/offices/{SILENT}/record"
    assert "043-000-0001／043-000-0002" in words(await desk.get(path))
    given = {
        "name": " デイサービス なのはな ",
        "corporation": "なのはな合同会社",
        "telephone": "043-000-0001",
    }
    to, page = await desk.post(path, given | {"fax": "043-000-0002", "staff": "１２"})
    assert to == path
    assert "登録内容を直しました。" in page
    assert "なのはな合同会社" in page
    async with desk.place.tools.database.reading() as conn:
        found = await office_records.office(conn, MINE, SILENT)
    assert found is not None
    assert (found.corporation, found.staff) == ("なのはな合同会社", 12)
    assert ("office.amended", "sato") in await desk.deeds(f"office/{SILENT}")


async def test_what_is_wrong_with_a_record_is_told_and_what_was_typed_is_kept(desk: Desk) -> None:
    given = {"name": "", "corporation": "残る文字", "staff": "many"}
    _, page = await desk.post(f"/offices/{SILENT}/record", given, 422)
    assert '<a href="#name">事業所名を入力してください。</a>' in page
    assert 'value="残る文字"' in page
    assert 'aria-invalid="true"' in page


def _settings(*hours: str) -> FormData:
    """The form of a contact, for Tuesdays and Thursdays."""
    typed = [("role", "manager"), ("text_only", "yes"), ("weekdays", "2"), ("weekdays", "4")]
    return FormData([*typed, *(("hours", hour) for hour in hours)])


async def test_a_contact_is_entered_changed_and_removed(desk: Desk) -> None:
    path = f"/offices/{VISITS}"
    _, page = await desk.post(f"{path}/contacts", {"address": "new@two.example", "role": "clerk"})
    assert "宛先 new@two.example を登録しました。" in page
    number = re.search(rf'action="{path}/contacts/(\d+)/remove"[^§]*?（new@two.example）', page)
    assert number is not None
    own = re.findall(r"/contacts/(\d+)/remove", page)[-1]
    for ends, told in ((("13", ""), "両方を選んで"), (("17", "13"), "後の時刻"), (("x", "y"), "一覧から")):
        _, page = await desk.post(f"{path}/contacts/{own}", _settings(*ends), 422)
        assert told in words(page).partition("入力を確認してください（1件）")[2][:80]
        assert re.findall(r'name="weekdays" value="(\d)" checked', page) == ["2", "4"]
    _, page = await desk.post(f"{path}/contacts/{own}", _settings("13", "17"))
    assert "設定を変えました" in page
    assert "管理者、文字だけのメール火・木の13時〜17時に送ります" in page.replace('<span class="under">', "")
    page = await desk.get(f"{path}/contacts/{own}")
    assert re.findall(r'<option value="(\d+)" selected>', page) == ["13", "17"]
    audit = words(await desk.get(f"/settings/audit?subject={VISITS}", who="tanaka"))
    assert "受信曜日 毎日 → 火・木" in audit
    assert "受信時間帯 いつでも → 13時〜17時" in audit
    _, asked = await desk.post(f"{path}/contacts/{own}/remove", {}, 200)
    assert "残る宛先 1件" in words(asked)
    _, page = await desk.post(f"{path}/contacts/{own}/remove", {"confirmed": "yes"})
    assert "new@two.example を取り除きました" in page
    assert [each for each, _ in await desk.deeds(f"office/{VISITS}")][:3] == [
        "contact.removed",
        "contact.amended",
        "contact.entered",
    ]


@pytest.mark.parametrize(
    "address,told", [("nowhere", "アドレス"), ("b@two.example", "すでに登録"), ("", "入力")]
)
async def test_an_address_that_cannot_be_used_is_refused_at_its_field(
    desk: Desk, address: str, told: str
) -> None:
    _, page = await desk.post(f"/offices/{VISITS}/contacts", {"address": address}, 422)
    assert told in words(page).partition("入力を確認してください（1件）")[2][:80]
    assert f'value="{address}"' in page


async def test_a_contact_of_another_office_is_not_found_under_this_one(desk: Desk) -> None:
    page = await desk.get(f"/offices/{CARE_PLANS}/record")
    own = re.findall(r"/contacts/(\d+)/remove", page)[0]
    await desk.post(f"/offices/{VISITS}/contacts/{own}/remove", {"confirmed": "yes"}, 404)


# --- facts -------------------------------------------------------------------------------------------------


async def test_a_fact_that_the_office_told_is_recorded_as_heard_from_it_and_settles_its_duty(
    desk: Desk,
) -> None:
    path = f"/offices/{VISITS}/facts"
    form = await desk.get(f"{path}?type=wage-support.applied")
    assert "上乗せ" in form
    once = re.search(r'name="once" value="(\w+)"', form)
    assert once is not None
    given = {"type": "wage-support.applied", "on": "2026-01-20", "by": "office", "supplement": "yes"}
    _, page = await desk.post(path, given | {"once": once[1]})
    assert "「賃上げ支援の申請」を登録しました。" in page
    _, page = await desk.post(path, given | {"once": once[1]})  # a double click
    facts = words(page).partition("登録されている事実")[2]
    assert facts.count("賃上げ支援の申請") == 1
    assert "佐藤 花子（介護保険課）（事業所から聞いて）" in facts
    assert "完了したもの" in await desk.get(f"/offices/{VISITS}")


async def test_what_only_the_office_may_assert_is_not_asserted_by_the_municipality(desk: Desk) -> None:
    given = {"type": "cpdl.left", "on": "2026-01-20", "by": "municipality"}
    _, page = await desk.post(f"/offices/{VISITS}/facts", given, 422)
    assert "だれの申告かを一覧から選んでください。" in page


async def test_what_is_done_by_naming_a_deadline_is_chosen_from_those_that_notices_brought_in(
    desk: Desk,
) -> None:
    kind = desk.place.tools.catalogue.facts["duty.done"]
    assert kind.label not in await desk.get(
        f"/offices/{CARE_PLANS}/facts"
    )  # no notice has brought one in here
    chosen, year = fields_of(kind, (("local-121002/plan", "年間計画の届出"),))
    assert (chosen.kind, chosen.options) == ("choice", (("local-121002/plan", "年間計画の届出"),))
    assert year.kind == "number"


@pytest.mark.parametrize(
    "given,told",
    [
        ({"type": "no.such"}, "事実の種類を一覧から選んでください。"),
        ({"type": "office.closed"}, "事実の種類を一覧から選んでください。"),
        ({"type": "cpdl.applied", "on": ""}, "日付を入力してください。"),
        ({"type": "cpdl.applied"}, "有料での申請を一覧から選んでください。"),
        ({"type": "cpdl.linked", "partner": "12"}, "「連携先の事業所番号」の書き方が違います。"),
        ({"type": "cpdl.left", "on": "1999-01-01"}, "日付が遠すぎます。"),
        ({"type": "cpdl.left", "on": "2029-01-01"}, "400日より先の日付は登録できません。"),
    ],
)
async def test_a_fact_that_does_not_fit_is_told_at_its_field(
    desk: Desk, given: dict[str, str], told: str
) -> None:
    _, page = await desk.post(f"/offices/{SILENT}/facts", {"on": "2026-01-20", "by": "office"} | given, 422)
    assert told in page


# --- notes, calls, timeline --------------------------------------------------------------------------------


async def test_a_note_is_written_and_withdrawn(desk: Desk) -> None:
    path = f"/offices/{CARE_PLANS}/notes"
    _, page = await desk.post(path, {"text": "担当は午後に出勤\r\n二行目"})
    assert "担当は午後に出勤\n二行目" in page
    number = re.search(rf"{path}/(\d+)/withdraw", page)
    assert number is not None
    _, page = await desk.post(f"{path}/{number[1]}/withdraw", {})
    assert "メモを取り下げました。" in page
    assert "午後に出勤" not in page
    await desk.post(f"{path}/{number[1]}/withdraw", {}, 404)
    async with desk.place.tools.database.reading() as conn:
        assert not await notes.notes_of(conn, MINE, CARE_PLANS)
    await desk.post(path, {"text": " "}, 422)


async def test_an_office_that_no_mail_reaches_is_called_and_the_outcome_kept(desk: Desk) -> None:
    path = f"/offices/{SILENT}/notes"
    script = words(await desk.get(path)).partition("電話で伝えること")[2]
    assert "デイサービス なのはな様でしょうか。" in script
    assert "助成金の申請 は、 令和8年3月13日（金） までです。" in script
    given = {"way": "telephone", "outcome": "absent", "words": "午後にかけ直す", "deadline": ""}
    to, page = await desk.post(f"/offices/{SILENT}/tries", given)
    assert to == path
    assert "不在・応答なし" in page
    to, page = await desk.post(f"/offices/{SILENT}/tries", given | {"outcome": "address"})
    assert to == f"/offices/{SILENT}/record"
    to, _ = await desk.post(
        f"/offices/{SILENT}/tries", given | {"outcome": "done", "deadline": "wage-support/apply"}
    )
    assert to == f"/offices/{SILENT}/facts"
    async with desk.place.tools.database.reading() as conn:
        tries = await outreach.tries_of(conn, MINE, SILENT)
        office = await office_records.office(conn, MINE, SILENT)
        assert office is not None
        last = await outreach.last_tries(conn, MINE, [office.id])
    assert [each.outcome for each in tries] == ["done", "address", "absent"]
    assert last[office.id].deadline == "wage-support/apply"
    _, page = await desk.post(f"/offices/{SILENT}/tries", {"way": "shout"}, 422)
    assert "連絡の方法を一覧から選んでください。" in page
    assert "結果を一覧から選んでください。" in page


async def test_the_timeline_shows_what_was_said_learned_and_done_the_newest_first(desk: Desk) -> None:
    page = await desk.get(f"/offices/{CARE_PLANS}/timeline")
    assert "賃上げ支援の申請" in page
    assert "送信済み" in page
    instants = re.findall(r'datetime="([^"]+)"', page)
    assert instants == sorted(instants, reverse=True)
    for nonsense in ("x", "2026-01-01T00:00:00~said~1", "2026-01-01T00:00:00+00:00~x~1", "~~"):
        assert await desk.get(f"/offices/{CARE_PLANS}/timeline?before={nonsense}")


# --- many at once ------------------------------------------------------------------------------------------


async def test_an_approver_tells_offices_no_more_after_seeing_their_number_and_giving_a_reason(
    desk: Desk,
) -> None:
    assert "配信を止めるのは、承認者が行います。" in await desk.get("/offices")
    await desk.post("/offices/bulk", {"deed": "untold", "office": SILENT}, 403)
    _, asked = await desk.post("/offices/bulk", {"deed": "untold", "office": SILENT}, 200, "suzuki")
    assert "1件の事業所への配信を止める" in words(asked)
    assert "デイサービス なのはな" in asked
    given = {"deed": "untold", "office": SILENT, "count": "1", "confirmed": "yes", "topic": "*"}
    _, page = await desk.post("/offices/bulk", given, 422, "suzuki")
    assert "理由を入力してください。" in page
    to, page = await desk.post("/offices/bulk", given | {"reason": "休止中"}, who="suzuki")
    assert to == "/offices"
    assert "1件の事業所への配信を止めました。" in page
    _, page = await desk.post("/offices/bulk", given | {"deed": "told"})
    assert "1件の事業所への配信を始めました。" in page


async def test_what_changed_since_the_number_was_shown_is_shown_again(desk: Desk) -> None:
    given = {"deed": "untold", "everything": "yes", "count": "99", "confirmed": "yes", "reason": "試し"}
    _, page = await desk.post("/offices/bulk", given | {"topic": "*", "reach": "unreached"}, 422, "suzuki")
    assert "対象の事業所が1件に変わりました。" in page
    _, page = await desk.post(
        "/offices/bulk", given | {"topic": "no/such", "count": "1", "q": "なのはな"}, 422, "suzuki"
    )
    assert "という分野や期限はありません" in page


async def test_nothing_is_done_with_no_office_and_nothing_by_the_nation(desk: Desk) -> None:
    _, page = await desk.post("/offices/bulk", {"deed": "export"}, 422)
    assert "事業所を選ぶか" in page
    await desk.post("/offices/bulk", {"deed": "dance", "office": SILENT}, 422)


async def test_chosen_offices_are_written_into_a_file(desk: Desk) -> None:
    _, page = await desk.post("/offices/bulk", {"deed": "export", "office": [SILENT]}, 200)
    assert SILENT in page
    assert CARE_PLANS not in page
    _, page = await desk.post("/offices/bulk", {"deed": "export", "everything": "yes"}, 200)
    assert page.count("\r\n") == 1 + await count(desk)


async def count(desk: Desk) -> int:
    async with desk.place.tools.database.reading() as conn:
        return await selections.count(conn, MINE, Selected(), desk.place.tools.today())


# --- taking over a list ------------------------------------------------------------------------------------


def a_list(rows: str) -> FormData:
    form = FormData()
    form.add_field("list", (HEADING + rows).encode(), filename="list.csv", content_type="text/csv")
    return form


async def test_a_list_is_compared_looked_at_and_then_taken_over(desk: Desk) -> None:
    to, page = await desk.post("/offices/import", a_list(NEW))
    assert re.fullmatch(r"/offices/imports/imp_[0-9a-f]{24}", to)
    assert re.search(r"新しい事業所 1 変わる事業所 0 変わらない事業所 0 一覧にない事業所 \d", words(page))
    assert "ケアプラン みなと" in page
    assert "1270009990" not in await desk.get("/offices")
    _, page = await desk.post(to, {})
    assert "取り込みました" in page
    assert "1270009990" in await desk.get("/offices")
    assert "list.csv" in await desk.get("/offices/import")
    await desk.get(to, 404, ELSEWHERE.name)
    _, page = await desk.post(to, {}, 422)
    assert "送り直してください" in page
    whole = await desk.get("/offices/import/offices.csv")
    assert "ケアプラン みなと" in whole


async def test_rows_that_cannot_be_taken_over_come_back_with_their_reason(desk: Desk) -> None:
    to, page = await desk.post("/offices/import", a_list("12,だめ,43,\r\n1270009982,よい,43,\r\n"))
    assert "直す行 1" in words(page)
    _, page = await desk.post(to, {}, 422)
    assert "直して送り直すか、直す行を除いて取り込んでください。" in page
    assert "取り込めない理由" in await desk.get(f"{to}/refused.csv")
    _, page = await desk.post(to, {"without_refused": "yes", "close_gone": "yes", "gone_count": ""}, 422)
    assert "廃止にする件数を入力してください。" in page
    _, page = await desk.post(to, {"without_refused": "yes"})
    assert "取り込みました" in page


@pytest.mark.parametrize("given", [FormData({"x": "y"}), a_list("").__class__({"list": ""})])
async def test_without_a_file_it_is_said_what_to_choose(desk: Desk, given: FormData) -> None:
    _, page = await desk.post("/offices/import", given, 422)
    assert "一覧のファイル（CSVかExcel）を選んでください。" in page


async def test_an_empty_list_explains_itself(desk: Desk) -> None:
    assert "記入例" in await desk.get("/offices/import/template.csv")
    await desk.get("/offices/imports/imp_000000000000000000000000", 404)


# --- the office's own page ---------------------------------------------------------------------------------


async def test_an_offices_own_page_is_sent_again_told_on_the_telephone_and_revoked(desk: Desk) -> None:
    path = f"/offices/{CARE_PLANS}/page"
    assert "確認番号を電話で伝える…" in await desk.get(f"/offices/{CARE_PLANS}/record")
    _, asked = await desk.post(path, {"deed": "send"}, 200)
    assert "送る宛先 1件" in words(asked)
    _, page = await desk.post(path, {"deed": "send", "confirmed": "yes"})
    assert "1件の宛先に送ります。" in page
    _, page = await desk.post(path, {"deed": "read"}, 200)
    assert "表示したことは監査に残ります。" in page
    _, page = await desk.post(path, {"deed": "read", "confirmed": "yes"}, 200)
    assert re.search(r'<strong class="code big">[0-9A-Z-]{8,}</strong>', page)
    _, page = await desk.post(path, {"deed": "revoke", "confirmed": "yes"})
    assert "もう開けません。" in page
    done = [each for each, _ in await desk.deeds(f"office/{CARE_PLANS}")]
    assert done[:3] == ["office-page.revoked", "office-page.read-out", "office-page.sent"]
    await desk.post(path, {"deed": "send"}, 404, ELSEWHERE.name)
    await desk.post(path, {"deed": "dance"}, 400)
    _, asked = await desk.post(f"/offices/{SILENT}/page", {"deed": "send"}, 200)
    assert "メールの宛先がないため、届きません。" in asked
    _, page = await desk.post(f"/offices/{SILENT}/page", {"deed": "send", "confirmed": "yes"})
    assert "送っていません。" in page
