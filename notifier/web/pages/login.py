"""Signing in and out: the page asks, only a POST from our own form does."""

import unicodedata
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from http import HTTPStatus
from ipaddress import ip_network
from math import ceil
from typing import Final
from urllib.parse import urlencode

from aiohttp import web
from itsdangerous import BadSignature, URLSafeSerializer, URLSafeTimedSerializer

from notifier.domain.accounts import ABSOLUTE
from notifier.gatehouse import Admitted, Gatehouse, Refused
from notifier.steps.admit import Try
from notifier.web import forms, gate
from notifier.web.origins import origin_of
from notifier.web.pages import answer
from notifier.web.supplies import SUPPLIES, Supplies

FORM_SECONDS: Final = 3600
LEFT: Final = "left"
"""What the page is asked for with after signing out."""
KNOWN_BROWSER: Final = timedelta(days=365)
WRONG = "利用者名、パスワード、確認コードのいずれかが違います。"
STALE = "画面を開いてから時間がたちました。もう一度入力してください。"


async def show(request: web.Request) -> web.Response:
    """Show the form; to somebody who has just signed out it says so, and that the provider knows them still."""
    oidc = request.app[SUPPLIES].oidc
    if LEFT not in request.query:
        return form(request)
    return form(request, leaving=(await oidc.leaving() if oidc else None) or "")


async def sign_in(request: web.Request) -> web.Response:
    """Let in whoever shows the right password; what was wrong of name, password and code is not told."""
    supplies, gatehouse = _house(request)
    if not forms.from_here(request):
        raise web.HTTPForbidden
    sent = await request.post()
    given = {name: str(sent.get(name, "")) for name in ("name", "password", "code", "token")}
    name = unicodedata.normalize("NFKC", given["name"]).strip().lower()
    if not _is_ours(supplies, given["token"]):
        return form(request, problem=STALE, name=name, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    tried = Try(name, origin_of(request), place_of(request, name))
    found = await gatehouse.sign_in(tried, given["password"], given["code"])
    if isinstance(found, Refused):
        return refused(request, found, WRONG, name)
    return admitted(request, found, next_of(request))


def admitted(request: web.Request, found: Admitted, to: str) -> web.Response:
    """Return what sends a user who was let in to the page `to`, with the cookies that say so."""
    supplies, gatehouse = _house(request)
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": to})
    attributes = gate.cookie_attributes(supplies)
    set_cookie(response, gate.session_cookie(supplies), found.token, ABSOLUTE, attributes)
    browser = _browsers(supplies).dumps([found.user.name, gatehouse.chance(16).hex()])
    set_cookie(response, _browser_cookie(supplies), str(browser), KNOWN_BROWSER, attributes)
    return response


async def sign_out(request: web.Request) -> web.Response:
    """End the session and forget the cookie."""
    supplies, gatehouse = _house(request)
    if not forms.from_here(request):
        raise web.HTTPForbidden
    cookie = gate.session_cookie(supplies)
    await gatehouse.sign_out(request.cookies.get(cookie, ""), origin_of(request))
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/login?{LEFT}=1"})
    set_cookie(response, cookie, "", timedelta(0), gate.cookie_attributes(supplies))
    return response


def _house(request: web.Request) -> tuple[Supplies, Gatehouse]:
    supplies = request.app[SUPPLIES]
    if supplies.gatehouse is None:
        raise web.HTTPNotFound
    return supplies, supplies.gatehouse


def form(
    request: web.Request,
    *,
    problem: str = "",
    name: str = "",
    to: str | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    leaving: str | None = None,
) -> web.Response:
    """Return the page with the form; `to` is where it leads in the end, by default the page that was asked for.

    `leaving` is for somebody who has just signed out: where they do so at the provider of identities, or empty.
    """
    supplies = request.app[SUPPLIES]
    values = {
        "problem": problem,
        "account": name,
        "token": _forms(supplies).dumps("sign in"),
        "asked": urlencode({"next": next_of(request) if to is None else to}),
        "has_provider": supplies.oidc is not None,
        "leaving": leaving,
    }
    return answer.page(request, "login.html", "login", status=status, **values)


def refused(
    request: web.Request, found: Refused, problem: str, name: str = "", to: str | None = None
) -> web.Response:
    """Return the form with the `problem`, or with how long to wait."""
    if found.wait is None:
        return form(request, problem=problem, name=name, to=to, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    seconds = ceil(found.wait.total_seconds())
    told = f"{ceil(seconds / 60)}分" if seconds > 90 else f"{seconds}秒"
    waiting = f"間違いが続いたため、この端末からのログインを止めています。{told}後にもう一度お試しください。"
    response = form(request, problem=waiting, name=name, to=to, status=HTTPStatus.TOO_MANY_REQUESTS)
    response.headers["Retry-After"] = str(seconds)
    return response


def next_of(request: web.Request) -> str:
    """Return the page that was asked for, if it is one of ours; else the first."""
    wanted = request.query.get("next", "/")
    return wanted if forms.is_ours(wanted) else "/"


def place_of(request: web.Request, name: str) -> str:
    """Return where wrong tries are counted: for a browser that was let in before, on its own.

    So nobody can keep a user out by trying their name from the same address.
    """
    supplies = request.app[SUPPLIES]
    try:
        of, mark = _browsers(supplies).loads(request.cookies.get(_browser_cookie(supplies), ""))
    except (BadSignature, ValueError):
        of, mark = "", ""
    if of == name and mark:
        return f"browser/{sha256(str(mark).encode()).hexdigest()[:32]}"
    address = origin_of(request)
    try:  # whoever has one address of IPv6 has 2^64 of them
        return f"address/{ip_network((address, 64), strict=False) if ':' in address else address}"
    except ValueError:
        return f"address/{address}"


def _forms(supplies: Supplies) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        supplies.secret, salt="sign-in form", signer_kwargs={"digest_method": sha256}
    )


def _browsers(supplies: Supplies) -> URLSafeSerializer:
    return URLSafeSerializer(supplies.secret, salt="known browser", signer_kwargs={"digest_method": sha256})


def _browser_cookie(supplies: Supplies) -> str:
    return "__Host-browser" if supplies.is_secure else "browser"


def _is_ours(supplies: Supplies, token: str) -> bool:
    try:
        return bool(_forms(supplies).loads(token, max_age=FORM_SECONDS) == "sign in")
    except BadSignature:
        return False


def set_cookie(
    response: web.Response, name: str, value: str, age: timedelta, attributes: Mapping[str, object]
) -> None:
    """Set a cookie for a while; no time at all takes it away."""
    response.set_cookie(name, value, max_age=int(age.total_seconds()), **attributes)  # type: ignore[arg-type]  # as named there
