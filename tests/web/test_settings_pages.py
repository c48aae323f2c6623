"""The settings pages: webhooks, keys, calendars, users, and the audit that tells of all of them."""

import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy import select, text

from notifier.domain.accounts import User
from notifier.domain.roles import Role
from notifier.gatehouse import fresh_password
from notifier.keyring import Keyring
from notifier.store.audit_records import AuditRecord
from notifier.store.database import table
from notifier.store.tables import EventRow, FactRow
from notifier.web.audit_words import Names, changes_of, sentence_of, who_did
from notifier.web.figures import quick_response
from tests.receivers import Receiver, exchange, fails_with, receiving
from tests.web.town import ADMINISTRATOR, CARE_PLANS, CITY, CLERK, Town, town

AUDITOR = User("kansa", Role.AUDITOR, CITY, "監査 太郎（監査委員事務局）")
OTHER = User("yosono", Role.ADMINISTRATOR, "122041", "余所野 光（となりの市）")
NOW = datetime(2026, 1, 21, 3, tzinfo=UTC)
HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Town]:
    """A town in which an administrator looks; to be changed."""
    async with (
        exchange() as way,
        town(tmp_path, offices=(), stand_ins=(ADMINISTRATOR, CLERK, AUDITOR, OTHER), exchange=way) as found,
    ):
        yield found


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main")[2].partition("</main")[0]))


def secret_of(page: str) -> str:
    found = re.search(r'<code class="secret"[^>]*>([^<]+)</code>', page)
    assert found is not None, words(page)
    return found[1]


class Browser:
    """Asks and sends forms as one person; keeps the sentence that the next page begins with."""

    def __init__(self, visitor: ClientSession, place: Town, who: User = ADMINISTRATOR) -> None:
        self.visitor, self.place = visitor, place
        self.cookies = {"stand-in": who.name}

    async def get(self, path: str, status: int = 200) -> str:
        async with self.visitor.get(self.place.address + path, cookies=self.cookies) as answer:
            assert (path, answer.status) == (path, status)
            return await answer.text()

    async def post(
        self, path: str, data: Any = None, status: int = 303, headers: Mapping[str, str] = HERE
    ) -> str:
        sent = self.visitor.post(
            self.place.address + path,
            data=data or {"x": ""},
            headers=headers,
            cookies=self.cookies,
            allow_redirects=False,
        )
        async with sent as answer:
            page = await answer.text()
            assert (path, answer.status) == (path, status), words(page)
            if status != 303:
                return page
            told = answer.cookies["told"].value
            self.cookies["told"] = told
            page = await self.get(answer.headers["Location"])
            del self.cookies["told"]
            return page


@pytest.fixture
def browser(visitor: ClientSession, office: Town) -> Browser:
    return Browser(visitor, office)


# ---- who may ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["webhooks", "keys", "calendars", "users", "webhooks/new", "keys/new"])
async def test_settings_are_for_administrators(browser: Browser, office: Town, path: str) -> None:
    clerk = Browser(browser.visitor, office, CLERK)
    page = await clerk.get(f"/settings/{path}", 403)
    assert "「管理」の権限が要ります" in page
    assert "田中 次郎" in page
    assert "Webhook" not in await clerk.get("/settings")


async def test_a_form_from_elsewhere_changes_nothing(browser: Browser) -> None:
    cross = {"Sec-Fetch-Site": "cross-site"}
    for path in ("keys/new", "users/-/new", "webhooks/new", "calendars", "audit/check"):
        await browser.post(f"/settings/{path}", {"label": "x"}, 403, cross)


# ---- webhooks ---------------------------------------------------------------------------------------------


async def test_an_endpoint_is_added_proved_tried_and_looked_at(browser: Browser) -> None:
    receiver = Receiver()
    async with receiving(receiver):
        assert "送信先はまだありません" in await browser.get("/settings/webhooks")
        form = {
            "url": receiver.url,
            "description": "ひだまりソフト",
            "in_flight": "4",
            "types": "reminder.sent",
        }
        made = await browser.post("/settings/webhooks/new", form, 200)
        assert secret_of(made).startswith("whsec_")
        page = await browser.get("/settings/webhooks/1")
        assert "まだ確認していません" in page
        assert "whsec_" not in page
        waiting = await browser.post("/settings/webhooks/1/ping", status=422)
        assert "送信先の所有をまだ確認していません" in waiting
        assert "送信を始めました" in await browser.post("/settings/webhooks/1/enable")
        pinged = words(await browser.post("/settings/webhooks/1/ping"))
        assert "試しの送信が受け取られました。応答は204でした" in pinged
        assert re.search(r"受け取られた 204 [\d,]+ミリ秒", pinged)
    assert "ひだまりソフト" in await browser.get("/settings/webhooks")


async def test_an_endpoint_that_cannot_be_is_refused_with_what_was_typed(browser: Browser) -> None:
    form = {"url": "https://user:pw@example.jp/", "offices": "12700010", "in_flight": "99"}
    page = await browser.post("/settings/webhooks/new", form, 422)
    assert "同時に送る件数は1から32までの数字で入力してください。" in page
    assert "https://user:pw@example.jp/" in page
    page = await browser.post("/settings/webhooks/new", form | {"in_flight": "4"}, 422)
    assert "利用者名・パスワード・#を含めないでください。" in page
    page = await browser.post(
        "/settings/webhooks/new", {"url": "https://example.jp/", "offices": "127", "in_flight": "4"}, 422
    )
    assert "事業所番号は10桁" in page


async def test_a_secret_is_given_anew_an_endpoint_stopped_changed_and_removed(browser: Browser) -> None:
    receiver = Receiver()
    async with receiving(receiver):
        form = {"url": receiver.url, "description": "one", "in_flight": "4"}
        old = secret_of(await browser.post("/settings/webhooks/new", form, 200))
        await browser.post("/settings/webhooks/1/enable")
        asked = await browser.post("/settings/webhooks/1/rotate", {"overlap": "24"}, 200)
        assert "24時間は両方の鍵で署名する" in asked
        new = secret_of(
            await browser.post("/settings/webhooks/1/rotate", {"overlap": "24", "confirmed": "yes"}, 200)
        )
        assert new != old
        stopped = words(await browser.post("/settings/webhooks/1/disable", {"reason": "保守のため"}))
        assert "送信を止めました。" in stopped
        assert "理由：保守のため" in stopped
        changed = await browser.post("/settings/webhooks/1/change", form | {"description": "two"})
        assert "送信先を変更しました。" in changed
        moved = await browser.post("/settings/webhooks/1/change", form | {"url": f"{receiver.url}2"})
        assert "所有の確認からやり直してください。" in moved
        asked = await browser.post("/settings/webhooks/1/remove", status=200)
        assert "元に戻せません" in asked
        assert "取り除きました" in await browser.post("/settings/webhooks/1/remove", {"confirmed": "yes"})
        await browser.get("/settings/webhooks/1", 404)


async def test_an_endpoint_that_does_not_prove_itself_is_told_what_it_answered(browser: Browser) -> None:
    receiver = Receiver(proves=False, answer=fails_with(500))
    async with receiving(receiver):
        await browser.post("/settings/webhooks/new", {"url": receiver.url, "in_flight": "4"}, 200)
        page = await browser.post("/settings/webhooks/1/enable", status=422)
        assert "所有を確認できませんでした。送信先の応答：" in page


async def test_before_a_replay_it_is_said_how_many(browser: Browser) -> None:
    await browser.post("/settings/webhooks/new", {"url": "http://127.0.0.1:9/x", "in_flight": "4"}, 200)
    page = await browser.post("/settings/webhooks/1/replay", {"since": "2026-01-01"}, 422)
    assert "送り直すものはありません" in page
    assert "いつからを入力してください" in await browser.post("/settings/webhooks/1/replay", status=422)


async def test_another_authority_sees_no_endpoint_key_or_user_of_ours(browser: Browser, office: Town) -> None:
    await browser.post("/settings/webhooks/new", {"url": "http://127.0.0.1:9/x", "in_flight": "4"}, 200)
    form = {"label": "ours", "role": "municipality", "scopes": "events:write"}
    token = secret_of(await browser.post("/settings/keys/new", form, 200))
    await browser.post("/settings/users/-/new", {"name": "ours", "label": "x", "role": "viewer"}, 200)
    other = Browser(browser.visitor, office, OTHER)
    assert "送信先はまだありません" in await other.get("/settings/webhooks")
    assert "鍵はまだありません" in await other.get("/settings/keys")
    assert "利用者はまだ登録されていません" in await other.get("/settings/users")
    await other.get("/settings/webhooks/1", 404)
    await other.get("/settings/users/ours", 404)
    await other.post(f"/settings/keys/{token.partition('.')[0]}/revoke", {"confirmed": "yes"}, 404)


# ---- keys and calendars -----------------------------------------------------------------------------------


async def test_a_key_is_shown_once_opens_the_door_and_is_taken_back(browser: Browser, office: Town) -> None:
    form = [("label", "ひだまりソフト"), ("role", "office"), ("scopes", "events:write"), ("scopes", "x")]
    made = await browser.post("/settings/keys/new", form, 200)
    token = secret_of(made)
    seconds = iter((0.0, 10.0, 20.0, 30.0))
    ring = Keyring(office.tools, seconds.__next__)
    caller = await ring.caller_of(token)
    assert caller is not None
    assert (caller.role, caller.authority, sorted(caller.scopes)) == ("office", CITY, ["events:write"])
    page = await browser.get("/settings/keys")
    assert token.partition(".")[2] not in page
    assert "使えます" in page
    test = f"/settings/keys/{token.partition('.')[0]}/test"
    assert "受け取り、保管しました。何も変わりません" in await browser.post(test)
    async with office.tools.database.reading() as conn:
        [kept] = (await conn.execute(select(table(EventRow)))).all()
        assert (kept.type, kept.subject, kept.state) == ("connection.tested", f"authority/{CITY}", "applied")
        assert (await conn.execute(select(table(FactRow)))).all() == []
    await Browser(browser.visitor, office, OTHER).post(test, status=404)
    revoke = f"/settings/keys/{token.partition('.')[0]}/revoke"
    assert "元に戻せません" in await browser.post(revoke, status=200)
    assert "取り消しました" in await browser.post(revoke, {"confirmed": "yes"})
    assert await ring.caller_of(token) is None
    await browser.post(test, status=404)


async def test_a_key_cannot_hold_what_its_maker_may_not_do_and_says_what_is_missing(browser: Browser) -> None:
    assert "approvals:write" not in await browser.get("/settings/keys/new")
    form = {"label": "", "role": "ministry", "scopes": "approvals:write", "expires_on": "2020-01-01"}
    page = await browser.post("/settings/keys/new", form, 422)
    for problem in (
        "渡す相手と用途を入力してください。",
        "立場を一覧から選んでください。",
        "できることを1つ以上選んでください。",
        "最後の日は、今日以後の日にしてください。",
    ):
        assert problem in page


async def test_a_calendar_is_given_out_renewed_and_taken_back(browser: Browser, office: Town) -> None:
    form = {"whose": "authority", "subject": CITY, "label": "課の予定表"}
    address = secret_of(await browser.post("/settings/calendars", form, 200))

    async def status() -> int:
        path = address.partition("/calendar/")[2]
        async with browser.visitor.get(f"{office.address}/calendar/{path}") as answer:
            return answer.status

    assert await status() == 200
    name = address.partition("/calendar/")[2].partition(".")[0]
    assert "課の予定表" in await browser.get("/settings/calendars")
    await browser.post(f"/settings/calendars/{name}/renew", status=200)
    renewed = await browser.post(f"/settings/calendars/{name}/renew", {"confirmed": "yes"}, 200)
    assert await status() == 404
    address = secret_of(renewed)
    assert await status() == 200
    await browser.post(f"/settings/calendars/{name}/revoke", status=200)
    assert "取り消しました" in await browser.post(f"/settings/calendars/{name}/revoke", {"confirmed": "yes"})
    assert await status() == 410
    gone = await browser.post(f"/settings/calendars/{name}/renew", {"confirmed": "yes"})
    assert "すでに取り消されています" in gone
    await browser.post("/settings/calendars/cal_000000000000/revoke", status=404)


@pytest.mark.parametrize(
    "whose,subject,said",
    [
        ("office", CARE_PLANS, "この番号の事業所は見つかりません"),
        ("office", "12", "事業所番号は10桁"),
        ("contact", "nobody@one.example", "どの事業所の宛先にも登録されていません"),
        ("contact", "none", "登録されているメールアドレス"),
        ("authority", "12", "団体コードは6桁"),
        ("authority", "999999", "見つかりません"),
    ],
)
async def test_a_calendar_of_nobody_is_refused(browser: Browser, whose: str, subject: str, said: str) -> None:
    form = {"whose": whose, "subject": subject, "label": "x"}
    assert said in await browser.post("/settings/calendars", form, 422)


# ---- users ------------------------------------------------------------------------------------------------


async def test_a_user_is_made_given_a_role_a_password_and_a_second_factor_and_disabled(
    browser: Browser,
) -> None:
    form = {"name": "Hanako", "label": "花子（介護保険課）", "role": "editor"}
    made = await browser.post("/settings/users/-/new", form, 200)
    assert re.fullmatch(r"(\w{4}-){3}\w{4}", secret_of(made))
    assert "花子" in await browser.get("/settings/users")
    page = await browser.post("/settings/users/hanako/role", {"role": "approver"})
    assert "役割を「承認者」にしました" in page
    assert "一度だけ表示" in await browser.post("/settings/users/hanako/password", status=200)
    again = await browser.post("/settings/users/hanako/password", {"confirmed": "yes"}, 200)
    assert secret_of(again) != secret_of(made)
    await browser.post("/settings/users/hanako/factor", status=200)
    factor = await browser.post("/settings/users/hanako/factor", {"confirmed": "yes"}, 200)
    assert re.fullmatch(r"[A-Z2-7]{32}", secret_of(factor))
    assert '<svg class="qr"' in factor
    assert "求めています" in await browser.get("/settings/users/hanako")
    assert "求めないように" in await browser.post("/settings/users/hanako/factor/drop")
    assert "つながりを外しました" in await browser.post("/settings/users/hanako/link", {"email": ""})
    await browser.post("/settings/users/hanako/link", {"email": "hanako@city.example"})
    await browser.post("/settings/users/hanako/disable", status=200)
    assert "無効にしました" in await browser.post("/settings/users/hanako/disable", {"confirmed": "yes"})
    assert "この利用者は無効です" in await browser.get("/settings/users/hanako")
    refused = await browser.post("/settings/users/hanako/role", {"role": "viewer"}, 422)
    assert "別の利用者名で登録し直してください" in refused


async def test_what_makes_no_sense_about_a_user_is_said_beside_the_field(browser: Browser) -> None:
    form = {"name": "花子", "label": "x", "role": "editor"}
    assert "半角の小文字・数字" in await browser.post("/settings/users/-/new", form, 422)
    await browser.post("/settings/users/-/new", form | {"name": "taro"}, 200)
    assert "この利用者名は使われています" in await browser.post(
        "/settings/users/-/new", form | {"name": "taro"}, 422
    )
    assert "役割を一覧から" in await browser.post("/settings/users/taro/role", {"role": "king"}, 422)
    assert "hanako@example.jp の形" in await browser.post("/settings/users/taro/link", {"email": "a b"}, 422)
    await browser.get("/settings/users/nobody", 404)


async def test_nobody_locks_themselves_or_everybody_out(browser: Browser) -> None:
    form = {"name": ADMINISTRATOR.name, "label": "田中", "role": "administrator"}
    await browser.post("/settings/users/-/new", form, 200)
    own = f"/settings/users/{ADMINISTRATOR.name}"
    assert "自分自身は無効にできません" in await browser.post(f"{own}/disable", {"confirmed": "yes"}, 422)
    assert "管理者がほかにいない" in await browser.post(f"{own}/role", {"role": "viewer"}, 422)
    await browser.post("/settings/users/-/new", form | {"name": "second"}, 200)
    assert "「閲覧者」にしました" in await browser.post(f"{own}/role", {"role": "viewer"})
    assert "管理者がほかにいない" in await browser.post(
        "/settings/users/second/disable", {"confirmed": "yes"}, 422
    )


def test_a_first_password_has_signs_that_are_not_mistaken_for_each_other() -> None:
    made = fresh_password(lambda size: bytes(range(size)))
    assert made == "2345-6789-abcd-efgh"
    assert not set("01ilo") & set(fresh_password(lambda size: bytes([255, 240, *range(size)])))


def test_a_code_to_scan_has_its_quiet_zone() -> None:
    picture = quick_response("otpauth://totp/x")
    assert picture.size >= 29
    assert picture.path.startswith("M4 4h7v1h-7z")


# ---- the audit --------------------------------------------------------------------------------------------


async def test_the_audit_says_in_sentences_who_did_what(browser: Browser, office: Town) -> None:
    await browser.post("/settings/users/-/new", {"name": "hanako", "label": "花子", "role": "editor"}, 200)
    await browser.post("/settings/users/hanako/role", {"role": "viewer"})
    auditor = Browser(browser.visitor, office, AUDITOR)
    page = words(await auditor.get("/settings/audit"))
    assert "田中 次郎（情報政策課） 花子（hanako）の役割を変えました 役割 担当者 → 閲覧者" in page
    assert "花子（hanako）を登録しました（役割：担当者）" in page
    one = words(await auditor.get("/settings/audit?family=user&who=田中&subject=user/hanako&people=yes"))
    assert "役割を変えました" in one
    assert "当てはまる記録はありません" in await auditor.get("/settings/audit?since=2030-01-01")
    assert "「いつまで」は「いつから」以後" in await auditor.get(
        "/settings/audit?since=2030-01-01&until=2029-01-01"
    )
    assert "当てはまる記録はありません" in await auditor.get("/settings/audit?before=1&people=yes")


async def test_the_audit_is_handed_out_as_a_table_without_formulas(browser: Browser, office: Town) -> None:
    form = {"name": "hanako", "label": "=HYPERLINK(1)", "role": "editor"}
    await browser.post("/settings/users/-/new", form, 200)
    auditor = Browser(browser.visitor, office, AUDITOR)
    table = await auditor.get("/settings/audit.csv")
    assert table.startswith("\ufeff番号,日時（日本時間）,した人")
    assert "user.created" in table
    assert ",'=HYPERLINK(1)（hanako）" in table
    await auditor.get("/settings/audit.csv?since=x", 400)


async def test_the_audit_is_checked_and_says_what_was_changed(browser: Browser, office: Town) -> None:
    await browser.post("/settings/users/-/new", {"name": "hanako", "label": "花子", "role": "editor"}, 200)
    auditor = Browser(browser.visitor, office, AUDITOR)
    page = await auditor.post("/settings/audit/check", status=200)
    assert "すべて正しくつながっています" in page
    head = re.findall(r"<code>([0-9a-f]{64})</code>", page)[0]
    assert "控えた値も、記録の中に" in await auditor.post("/settings/audit/check", {"head": head}, 200)
    assert "記録の中に見つかりません" in await auditor.post("/settings/audit/check", {"head": "0" * 64}, 200)
    async with office.tools.database.transaction() as conn:
        await conn.execute(text("UPDATE audit SET who = 'somebody' WHERE action = 'user.created'"))
    assert "変えられたか、前の記録とつながっていません" in await auditor.post(
        "/settings/audit/check", status=200
    )


def test_a_deed_without_words_is_shown_as_it_is_kept() -> None:
    names = Names({}, {"1270001005": "さくら台"}, {}, {"ntf_1": "ソフト"})
    row = AuditRecord(1, NOW, "key/ntf_1", "", "", "thing.done", "thing/1", {}, "")
    assert sentence_of(row, names) == "thing/1：thing.done"
    assert who_did(row, names) == "APIの鍵「ソフト」"
    assert changes_of({"before": "read", "after": "reviewed"})[0].after == "reviewed"
    shut = AuditRecord(
        2, NOW, "nobody", "", "", "sign-in.refused", "user", {"by": "oidc", "reason": "unknown"}, ""
    )
    assert (
        sentence_of(shut, names)
        == "組織アカウントでログインできませんでした（つながっている利用者がいません）"
    )
