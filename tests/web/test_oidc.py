"""Signing in over a provider of identities: a real one over real HTTP, and what it must not get away with."""

import hmac
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar, web
from argon2 import PasswordHasher
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from structlog.testing import capture_logs
from yarl import URL

from notifier.channels.provider import Client, Provider
from notifier.clock import japan_time
from notifier.gatehouse import Gatehouse
from notifier.oidc import TICKET, Oidc
from notifier.store.tables import AuditRow
from notifier.store.users import SessionRow
from notifier.web.application import make_application
from notifier.web.supplies import Supplies
from tests.builders import ISSUED
from tests.identities import NAME, SECRET, IdProvider, id_provider, plain, rsa, sign, unsigned
from tests.steps.workshop import Workshop, workshop
from tests.test_gatehouse import chance
from tests.web.test_login import HANAKO, PASSWORD

BACK = "/login/oidc/callback"


@dataclass(frozen=True)
class Door:
    """Pages behind a gate beside which a provider stands; `browser` keeps the cookies of one browser."""

    address: str
    shop: Workshop
    house: Gatehouse
    provider: IdProvider
    browser: ClientSession

    async def get(self, path: str, cookies: dict[str, str] | None = None) -> ClientResponse:
        answer = await self.browser.get(f"{self.address}{path}", allow_redirects=False, cookies=cookies)
        await answer.read()
        return answer

    async def begin(self, to: str = "/") -> dict[str, str]:
        """Go to the provider and sign in there; returns what is brought back."""
        sent = await self.get(f"/login/oidc?next={to}")
        assert sent.status == 303
        return self.provider.code_for(sent.headers["Location"])

    async def come_back(self, brought: dict[str, str]) -> ClientResponse:
        return await self.get(f"{BACK}?{urlencode(brought)}")

    async def sign_in(self, to: str = "/") -> ClientResponse:
        return await self.come_back(await self.begin(to))

    async def reasons(self) -> list[str]:
        """The reasons of refusals, from the audit."""
        rows = await self.shop.all(AuditRow)
        return [row.detail["reason"] for row in rows if row.action == "sign-in.refused"]


@pytest.fixture
async def door(sqlite_file_url: str, tmp_path: Path) -> AsyncIterator[Door]:
    """Pages behind a gate that knows Hanako by her address."""
    async with (
        workshop(sqlite_file_url, japan_time(ISSUED, 8)) as shop,
        id_provider(shop.tools.now) as provider,
    ):
        quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        house = Gatehouse(shop.tools, "s" * 32, chance(), quick)
        await house.create(HANAKO, PASSWORD, "root")
        await house.link("hanako", "root", email="hanako@example.jp")
        oidc = Oidc(
            Provider(provider.issuer, Client(NAME, SECRET)),
            f"http://pages.example{BACK}",
            scopes="openid email",
            secret="s" * 32,
            chance=chance(),
            now=shop.tools.now,
        )
        supplies = Supplies(shop.database, shop.clock, None, "s" * 32, gatehouse=house, oidc=oidc)  # type: ignore[arg-type]  # no law
        runner = web.AppRunner(make_application(supplies), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
            yield Door(site.name, shop, house, provider, browser)
        await runner.cleanup()


async def test_a_user_is_sent_to_the_provider_and_comes_back_signed_in(door: Door) -> None:
    page = await (await door.get("/login?next=/offices")).text()
    link = re.search(r'href="(/login/oidc\?[^"]+)"[^>]*>組織アカウントでログイン', page)
    assert link is not None
    sent = await door.get(link[1])
    to = URL(sent.headers["Location"])
    assert to.query["tenant"] == "city"
    assert to.query["redirect_uri"] == f"http://pages.example{BACK}"
    cookie = sent.headers["Set-Cookie"]
    assert all(each in cookie for each in ("oidc=", "HttpOnly", "SameSite=Lax", "Max-Age=600"))
    assert not any(to.query[name] in cookie for name in ("state", "nonce"))
    admitted = await door.come_back(door.provider.code_for(str(to)))
    assert (admitted.status, admitted.headers["Location"]) == (303, "/offices")
    (kept,) = await door.shop.all(SessionRow)
    assert kept.name == "hanako"
    names = {each.key for each in door.browser.cookie_jar}
    assert names == {"session", "browser"}


async def test_what_the_provider_says_of_itself_and_its_keys_are_asked_once(door: Door) -> None:
    for _ in range(2):
        assert (await door.sign_in()).status == 303
    assert sorted(door.provider.asked) == ["/.well-known/openid-configuration", "/keys", "/token", "/token"]
    door.shop.clock.turn_to(door.shop.tools.now() + timedelta(hours=1))
    assert (await door.sign_in()).status == 303
    assert door.provider.asked.count("/keys") == 2


async def test_a_provider_may_change_its_keys_and_sign_with_elliptic_curves(door: Door) -> None:
    assert (await door.sign_in()).status == 303
    door.provider.keys = [ECKey.generate_key("P-256", {"kid": "second"}), *door.provider.keys]
    assert (await door.sign_in()).status == 303
    assert door.provider.asked.count("/keys") == 2


async def test_a_provider_may_take_the_secret_in_the_form_and_name_itself(door: Door) -> None:
    door.provider.card = {
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "authorization_response_iss_parameter_supported": True,
    }
    assert (await door.sign_in()).status == 422
    brought = await door.begin()
    assert (await door.come_back(brought | {"iss": "https://mix.example"})).status == 422
    assert (await door.come_back(await door.begin() | {"iss": door.provider.issuer})).status == 303


def with_public_key_as_secret(provider: IdProvider, claims: dict[str, Any]) -> str:
    """Sign with HMAC, the public key being the secret (the confusion of CVE-2016-10555)."""
    header = {"alg": "HS256", "kid": provider.keys[0].kid}
    signed = f"{plain(json.dumps(header).encode())}.{plain(json.dumps(claims).encode())}"
    public = provider.keys[0].as_pem(private=False)
    return f"{signed}.{plain(hmac.new(public, signed.encode(), sha256).digest())}"


def with_a_foreign_key(provider: IdProvider, claims: dict[str, Any]) -> str:
    key = rsa("first")
    return jwt.encode({"alg": "RS256", "kid": "first"}, claims, key)


def with_an_unknown_key(provider: IdProvider, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS256", "kid": "third"}, claims, rsa("third"))


def with_rs512(provider: IdProvider, claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "RS512", "kid": "first"}, claims, provider.keys[0], algorithms=["RS512"])


@pytest.mark.parametrize(
    "signed",
    [
        unsigned,
        with_public_key_as_secret,
        with_a_foreign_key,
        with_an_unknown_key,
        with_rs512,
        lambda provider, claims: sign(provider, claims)[:-8],
        lambda *_: "no token",
    ],
)
async def test_a_token_that_is_not_signed_by_the_provider_lets_nobody_in(door: Door, signed: Any) -> None:
    door.provider.signed = signed
    await refused(door)
    assert door.provider.asked.count("/keys") <= 2


@pytest.mark.filterwarnings("ignore:.*key size")
async def test_a_key_that_is_too_short_is_none(door: Door) -> None:
    door.provider.keys = [RSAKey.generate_key(1024, {"kid": "first"})]
    await refused(door)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1},
        {"exp": None},
        {"iat": 99_999_999_999},
        {"aud": "another"},
        {"aud": [NAME, "another"]},
        {"azp": "another"},
        {"iss": "https://another.example"},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "s" * 256},
    ],
    ids=str,
)
async def test_a_token_with_a_wrong_claim_lets_nobody_in(door: Door, claims: dict[str, Any]) -> None:
    door.provider.claims = claims
    await refused(door)


async def refused(door: Door) -> None:
    with capture_logs() as logs:
        answer = await door.sign_in()
    page = await answer.text()
    assert (answer.status, "確かめられなかった" in page) == (422, True)
    assert await door.reasons() == ["unproved"]
    assert await door.shop.all(SessionRow) == []
    for secret in ("eyJ", "code-0", SECRET, "hanako@"):
        assert secret not in f"{logs} {page}"


async def test_what_was_brought_back_once_is_worth_nothing_again(door: Door) -> None:
    sent = await door.get("/login/oidc")
    ticket = {"oidc": sent.cookies["oidc"].value}
    brought = door.provider.code_for(sent.headers["Location"])
    assert (await door.come_back(brought)).status == 303
    again = await door.get(f"{BACK}?{urlencode(brought)}", ticket)
    assert (again.status, again.headers["Location"]) == (303, "/")  # who is in stays in
    door.browser.cookie_jar.clear(lambda each: each.key == "session")
    again = await door.get(f"{BACK}?{urlencode(brought)}", ticket)
    assert (again.status, "手続きが途切れました" in await again.text()) == (422, True)
    assert await door.reasons() == []
    assert door.provider.asked.count("/token") == 1


async def test_who_signs_out_is_told_that_the_provider_knows_them_still(door: Door) -> None:
    door.provider.card = {"end_session_endpoint": f"{door.provider.issuer}/leave?tenant=city"}
    assert (await door.sign_in()).status == 303
    headers = {"Sec-Fetch-Site": "same-origin"}
    async with door.browser.post(f"{door.address}/logout", headers=headers, allow_redirects=False) as left:
        assert left.status == 303
    page = await (await door.get(left.headers["Location"])).text()
    assert "ログアウトしました" in page
    assert f'href="{door.provider.issuer}/leave?tenant=city&amp;client_id=kigen+no+oshirase"' in page
    assert "ログアウトしました" not in await (await door.get("/login")).text()


async def test_nobody_is_sent_to_a_provider_that_no_longer_answers(door: Door) -> None:
    assert (await door.sign_in()).status == 303
    door.provider.down = {"/.well-known/openid-configuration"}
    door.shop.clock.turn_to(door.shop.tools.now() + timedelta(minutes=1))
    assert (await door.get("/login/oidc")).status == 503


async def test_what_another_browser_began_or_nobody_counts_nothing(door: Door) -> None:
    brought = await door.begin()
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as stranger:
        other = replace(door, browser=stranger)
        assert (await other.come_back(brought)).status == 422
        await other.begin()
        assert (await other.come_back(brought)).status == 422
        assert (await other.get(BACK, {"oidc": "made-up"})).status == 422
    assert "/token" not in door.provider.asked


async def test_somebody_who_takes_too_long_begins_again(door: Door) -> None:
    brought = await door.begin()
    door.shop.clock.turn_to(door.shop.tools.now() + TICKET)
    assert (await door.come_back(brought)).status == 422


async def test_who_declines_at_the_provider_is_told_so(door: Door) -> None:
    brought = await door.begin("/offices")
    declined = {"error": "access_denied", "error_description": "<b>x", "state": brought["state"]}
    answer = await door.come_back(declined)
    page = await answer.text()
    assert (answer.status, "取り消されたか" in page, "<b>x" in page) == (422, True, False)
    assert 'action="/login?next=%2Foffices"' in page
    assert await door.reasons() == ["declined"]


@pytest.mark.parametrize(
    "claims", [{"email_verified": False}, {"email_verified": "true"}, {"email": "taro@example.jp"}]
)
async def test_nobody_without_an_account_is_let_in(door: Door, claims: dict[str, Any]) -> None:
    door.provider.claims = claims
    answer = await door.sign_in()
    assert (answer.status, "登録されていません" in await answer.text()) == (422, True)
    assert await door.reasons() == ["unknown"]


async def test_a_second_factor_is_asked_for_at_the_provider(door: Door) -> None:
    await door.house.demand_factor("hanako", "root")
    answer = await door.sign_in()
    assert (answer.status, "二段階認証が必要" in await answer.text()) == (422, True)
    door.provider.claims = {"amr": ["pwd", "mfa"]}
    assert (await door.sign_in()).status == 303


@pytest.mark.parametrize(
    "card", [{"issuer": "https://another.example"}, {"token_endpoint": "file:///x"}, {"jwks_uri": None}]
)
async def test_a_provider_that_is_another_one_is_not_used(door: Door, card: dict[str, Any]) -> None:
    door.provider.card = card
    answer = await door.get("/login/oidc")
    assert (answer.status, "接続できませんでした" in await answer.text()) == (503, True)


async def test_without_the_provider_the_password_still_opens(door: Door) -> None:
    door.provider.down = {"/.well-known/openid-configuration"}
    answer = await door.get("/login/oidc")
    page = await answer.text()
    assert (answer.status, "利用者名とパスワードで" in page) == (503, True)
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token is not None
    form = {"name": "hanako", "password": PASSWORD, "code": "", "token": token[1]}
    headers = {"Sec-Fetch-Site": "same-origin"}
    async with door.browser.post(
        f"{door.address}/login", data=form, headers=headers, allow_redirects=False
    ) as admitted:
        assert admitted.status == 303


async def test_a_provider_that_fails_in_between_is_told_as_such(door: Door) -> None:
    door.provider.down = {"/token"}
    assert (await door.sign_in()).status == 503
    assert await door.reasons() == ["unreachable"]
