"""Where signing in is asked for, the pages are shown to signed-in users only; the form cannot be sent from elsewhere."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar, web
from argon2 import PasswordHasher
from sqlalchemy import select
from yarl import URL

from notifier.clock import japan_time
from notifier.domain.accounts import FREE, User
from notifier.domain.roles import Role
from notifier.gatehouse import Gatehouse
from notifier.store.database import table
from notifier.store.tables import AuditRow
from notifier.tools import law_on
from notifier.web.application import make_application
from notifier.web.supplies import Supplies
from tests.builders import ISSUED
from tests.steps.workshop import Workshop, workshop
from tests.test_gatehouse import chance

PASSWORD = "correct horse battery"
OURS = (ip_network("127.0.0.0/8"),)
HANAKO = User("hanako", Role.EDITOR, "", "花子")


@dataclass(frozen=True)
class Door:
    """Pages behind a gate; `jar` keeps the cookies of one browser."""

    address: str
    shop: Workshop
    house: Gatehouse
    browser: ClientSession

    async def get(self, path: str) -> ClientResponse:
        answer = await self.browser.get(f"{self.address}{path}", allow_redirects=False)
        await answer.read()
        return answer

    async def post(self, path: str, data: dict[str, str], **headers: str) -> ClientResponse:
        sent = {"Sec-Fetch-Site": "same-origin"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        answer = await self.browser.post(
            f"{self.address}{path}", data=data, headers=sent, allow_redirects=False
        )
        await answer.read()
        return answer

    async def sign_in(self, path: str = "/login", **form: str) -> ClientResponse:
        page = await (await self.get("/login")).text()
        token = re.search(r'name="token" value="([^"]+)"', page)
        assert token is not None, page
        given = {"name": "hanako", "password": PASSWORD, "code": "", "token": token[1]}
        return await self.post(path, given | form)


@pytest.fixture
async def door(sqlite_file_url: str, tmp_path: Path) -> AsyncIterator[Door]:
    """Pages behind a gate that knows Hanako."""
    async with workshop(sqlite_file_url, japan_time(ISSUED, 8)) as shop:
        quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        house = Gatehouse(shop.tools, "s" * 32, chance(), quick)
        await house.create(HANAKO, PASSWORD, "root")

        async def law() -> object:
            async with shop.database.reading() as conn:
                return await law_on(conn, shop.tools, shop.tools.today())

        supplies = Supplies(shop.database, shop.clock, law, "s" * 32, gatehouse=house, proxies=OURS)  # type: ignore[arg-type]  # a law
        runner = web.AppRunner(make_application(supplies), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
            yield Door(site.name, shop, house, browser)
        await runner.cleanup()


async def test_a_visitor_is_sent_to_sign_in_and_then_to_the_page_that_was_asked_for(door: Door) -> None:
    sent = await door.get("/offices?q=a")
    to = URL(sent.headers["Location"])
    assert (sent.status, to.path, to.query["next"]) == (303, "/login", "/offices?q=a")
    admitted = await door.sign_in(sent.headers["Location"])
    assert (admitted.status, admitted.headers["Location"]) == (303, "/offices?q=a")
    cookie = admitted.headers.getall("Set-Cookie")[0]
    assert re.match(r"session=[A-Za-z0-9_-]{43};", cookie)
    assert all(each in cookie for each in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"))
    page = await door.get("/offices")
    assert page.status == 200
    assert "花子" in await page.text()
    assert page.headers["Cache-Control"] == "no-store"


async def test_signing_out_ends_the_session(door: Door) -> None:
    await door.sign_in()
    token = next(each.value for each in door.browser.cookie_jar if each.key == "session")
    out = await door.post("/logout", {})
    assert (out.status, out.headers["Location"]) == (303, "/login?left=1")
    assert (await door.get("/")).status == 303
    assert await door.house.user_of(token) is None


@pytest.mark.parametrize(
    "wrong", [{"password": "incorrect horse battery"}, {"name": "taro"}, {"password": ""}]
)
async def test_what_was_wrong_is_not_told(door: Door, wrong: dict[str, str]) -> None:
    refused = await door.sign_in(**wrong)
    assert refused.status == 422
    assert "いずれかが違います" in await refused.text()
    assert "Set-Cookie" not in refused.headers


async def test_after_wrong_passwords_this_browser_waits_and_one_that_was_let_in_before_does_not(
    door: Door,
) -> None:
    await door.sign_in()
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as stranger:
        other = replace(door, browser=stranger)
        for _ in range(FREE):
            assert (await other.sign_in(password="guessed it")).status == 422
        waiting = await other.sign_in(password="guessed it")
        assert (waiting.status, waiting.headers["Retry-After"]) == (429, "30")
        assert "30秒後" in await waiting.text()
    await door.post("/logout", {})
    assert (await door.sign_in()).status == 303


@pytest.mark.parametrize("path", ["/login", "/logout"])
async def test_a_form_from_elsewhere_is_refused(door: Door, path: str) -> None:
    await door.sign_in()
    for headers in ({"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "none"}):
        assert (await door.post(path, {}, **headers)).status == 403
    async with door.browser.post(
        f"{door.address}{path}", headers={"Origin": "http://evil.example"}
    ) as answer:
        assert answer.status == 403
    assert (await door.get("/")).status == 200


async def test_a_form_that_is_not_ours_lets_nobody_in(door: Door) -> None:
    refused = await door.sign_in(token="made-up")
    assert refused.status == 422
    assert "もう一度入力" in await refused.text()


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/a%0Ab"]
)
async def test_nobody_is_sent_off_the_site(door: Door, wanted: str) -> None:
    admitted = await door.post("/login?" + f"next={wanted}", await _form(door))
    assert (admitted.status, admitted.headers["Location"]) == (303, "/")


async def _form(door: Door) -> dict[str, str]:
    page = await (await door.get("/login")).text()
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token is not None
    return {"name": "ＨＡＮＡＫＯ ", "password": PASSWORD, "token": token[1]}


async def test_what_is_not_for_the_staff_needs_no_signing_in(door: Door) -> None:
    assert (await door.get("/healthz")).status in {200, 503}
    assert (await door.get("/unsubscribe/none")).status == 404
    assert (await door.post("/clock", {})).status == 403


async def test_a_user_of_one_authority_sees_the_pages_and_changes_what_the_role_may_change(
    door: Door,
) -> None:
    reader = replace(HANAKO, name="taro", role=Role.VIEWER, authority="121002", label="太郎")
    await door.house.create(reader, PASSWORD, "root")
    await door.house.create(replace(HANAKO, name="jiro", authority="121002", label="次郎"), PASSWORD, "root")
    assert (await door.sign_in(name="taro")).status == 303
    for path in ("/", "/offices", "/deadlines"):
        assert (await door.get(path)).status == 200
    refused = await door.get("/offices/import")
    assert refused.status == 403
    told = await refused.text()
    assert "この操作には「登録・変更」の権限が要ります。あなたの役割は「閲覧者」です。" in told
    assert "操作できるのは、次郎です。" in told
    assert (await door.post("/logout", {})).status == 303


async def test_a_user_changes_the_own_password_and_other_browsers_are_out(door: Door) -> None:
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as elsewhere:
        there = replace(door, browser=elsewhere)
        await there.sign_in()
        await door.sign_in()
        assert 'href="/password"' in await (await door.get("/")).text()
        new = "another long enough one"
        given = {"old": PASSWORD, "new": new, "again": new}
        for wrong, said in (
            ({"old": "no"}, "いまのパスワードが違います"),
            ({"again": "x"}, "同じではありません"),
            ({"new": PASSWORD, "again": PASSWORD}, "いまとは別のパスワード"),
            ({"new": "short", "again": "short"}, "12文字以上"),
            ({"new": ""}, "新しいパスワードを入力"),
        ):
            refused = await door.post("/password", given | wrong)
            text = await refused.text()
            assert (refused.status, said in text, new in text) == (422, True, False)
        assert (await door.post("/password", given, Sec_Fetch_Site="cross-site")).status == 403
        assert (await there.get("/")).status == 200
        assert (await door.post("/password", given)).headers["Location"] == "/password"
        assert (await there.get("/")).status == 303
        assert "パスワードを変えました" in await (await door.get("/password")).text()
        assert (await there.sign_in()).status == 422
        assert (await there.sign_in(password=new)).status == 303
    async with door.shop.database.reading() as conn:
        rows = [
            row
            for row in await conn.execute(select(table(AuditRow)))
            if row.action == "user.password-changed"
        ]
    assert [(each.who, each.subject, each.detail) for each in rows] == [
        ("hanako", "user/hanako", {"sessions_ended": 1})
    ]
    # Whoever sits at an unlocked screen tries no passwords: wrong ones count as they do at the gate.
    tried = [await door.post("/password", given | {"old": f"guess {place}"}) for place in range(FREE + 1)]
    assert "分後に" in await tried[-1].text()


async def test_over_tls_the_cookie_belongs_to_this_very_host(door: Door) -> None:
    from notifier.web import gate  # noqa: PLC0415 -- what is under test here alone

    supplies = Supplies(door.shop.database, door.shop.clock, None, "s", is_secure=True)  # type: ignore[arg-type]  # no law
    assert gate.session_cookie(supplies) == "__Host-session"
    assert gate.cookie_attributes(supplies)["secure"] is True


async def test_behind_a_proxy_of_ours_wrong_passwords_keep_nobody_else_out(door: Door) -> None:
    page = await (await door.get("/login")).text()
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token is not None
    form = {"name": "hanako", "password": "incorrect horse battery", "code": "", "token": token[1]}
    for _ in range(FREE):
        assert (await door.post("/login", form, X_Forwarded_For="198.51.100.9")).status == 422
    assert (await door.post("/login", form, X_Forwarded_For="198.51.100.9")).status == 429
    right = form | {"password": PASSWORD}
    # What the client itself claims stands before what the proxy adds, and counts for nothing.
    assert (await door.post("/login", right, X_Forwarded_For="203.0.113.1, 198.51.100.9")).status == 429
    assert (await door.post("/login", right, X_Forwarded_For="198.51.100.10")).status == 303
