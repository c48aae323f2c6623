"""Signing in over a provider of identities: away to it, and back with what it has shown."""

from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from aiohttp import web

from notifier.gatehouse import Gatehouse, Refused
from notifier.oidc import TICKET, Begun, Oidc, Unshown, Why
from notifier.web import gate
from notifier.web.origins import origin_of
from notifier.web.pages import login
from notifier.web.supplies import SUPPLIES, Supplies

BEGIN: Final = "/login/oidc"
BACK: Final = "/login/oidc/callback"
TOLD: Final[Mapping[Why, str]] = {
    Why.NOT_BEGUN: "ログインの手続きが途切れました。もう一度はじめからお試しください。",
    Why.DECLINED: "組織アカウントでのログインが取り消されたか、許可されませんでした。",
    Why.UNREACHABLE: "組織アカウントの認証サーバーに接続できませんでした。しばらくしてからお試しになるか、"
    "利用者名とパスワードでログインしてください。",
    Why.UNPROVED: "認証サーバーの応答を確かめられなかったため、ログインを中止しました。"
    "続くときは運用担当者にお知らせください。",
}
NO_ACCOUNT: Final = "この組織アカウントで使える利用者が登録されていません。運用担当者にお問い合わせください。"
NO_FACTOR: Final = (
    "この利用者には二段階認証が必要ですが、認証サーバーで行われたことを確かめられませんでした。"
    "利用者名、パスワード、確認コードでログインしてください。"
)


async def begin(request: web.Request) -> web.Response:
    """Send the browser to the provider, with a ticket to bring back."""
    supplies, _, oidc = _house(request)
    begun = await oidc.begin(login.next_of(request))
    if not isinstance(begun, Begun):
        return _told(request, begun)
    response = web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": begun.address})
    login.set_cookie(response, _cookie(supplies), begun.ticket, TICKET, gate.cookie_attributes(supplies))
    return response


async def come_back(request: web.Request) -> web.Response:
    """Let in whom the provider has shown, if there is an account; the ticket is spent in any case."""
    supplies, gatehouse, oidc = _house(request)
    origin = origin_of(request)
    answer = {name: request.query[name] for name in request.query}
    shown = await oidc.finish(request.cookies.get(_cookie(supplies), ""), answer)
    if isinstance(shown, Unshown):
        if shown.why is Why.NOT_BEGUN and await gatehouse.user_of(
            request.cookies.get(gate.session_cookie(supplies), "")
        ):
            return web.Response(
                status=HTTPStatus.SEE_OTHER, headers={"Location": shown.to}
            )  # loaded once more
        if shown.why is not Why.NOT_BEGUN:  # what anybody can send at any time would fill the audit
            await gatehouse.distrust(origin, shown.why)
        response = _told(request, shown)
    else:
        found = await gatehouse.welcome(shown.identity, origin, lambda name: login.place_of(request, name))
        if isinstance(found, Refused):
            problem = NO_FACTOR if found.reason == "factor" else NO_ACCOUNT
            response = login.refused(request, found, problem, to=shown.to)
        else:
            response = login.admitted(request, found, shown.to)
    attributes = gate.cookie_attributes(supplies)
    login.set_cookie(response, _cookie(supplies), "", timedelta(0), attributes)
    return response


def _told(request: web.Request, shown: Unshown) -> web.Response:
    is_down = shown.why is Why.UNREACHABLE
    status = HTTPStatus.SERVICE_UNAVAILABLE if is_down else HTTPStatus.UNPROCESSABLE_ENTITY
    return login.form(request, problem=TOLD[shown.why], to=shown.to, status=status)


def _house(request: web.Request) -> tuple[Supplies, Gatehouse, Oidc]:
    supplies = request.app[SUPPLIES]
    if supplies.gatehouse is None or supplies.oidc is None:
        raise web.HTTPNotFound
    return supplies, supplies.gatehouse, supplies.oidc


def _cookie(supplies: Supplies) -> str:
    return "__Host-oidc" if supplies.is_secure else "oidc"
