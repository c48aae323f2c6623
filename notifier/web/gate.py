"""The gate: where signing in is asked for, no page of the staff is shown to anybody else.

What is reached by an address of its own that nobody can guess, and what programs use with keys of theirs, is not the
gate's business.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.typedefs import Handler

from notifier.domain.accounts import User
from notifier.web.supplies import SUPPLIES, Supplies

OPEN: Final = (
    "/login",
    "/healthz",
    "/readyz",
    "/metrics",
    "/static/",
    "/unsubscribe/",
    "/confirm/",
    "/calendar/",
    "/v1/",
)
USER: Final = web.RequestKey("user", User)
"""Under this key a request carries who is signed in."""


def session_cookie(supplies: Supplies) -> str:
    """Return the name of the cookie; its prefix lets a browser send it to this very host over TLS only."""
    return "__Host-session" if supplies.is_secure else "session"


def cookie_attributes(supplies: Supplies) -> Mapping[str, object]:
    """Return what goes with every cookie of ours."""
    return {"path": "/", "httponly": True, "samesite": "Lax", "secure": supplies.is_secure}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let signed-in users in, and send everybody else to the page for signing in."""
    gatehouse = request.app[SUPPLIES].gatehouse
    if gatehouse is None or request.path.startswith(OPEN):
        return await handler(request)
    token = request.cookies.get(session_cookie(request.app[SUPPLIES]), "")
    user = await gatehouse.user_of(token) if token else None
    if user is None:
        if request.method not in {"GET", "HEAD"}:
            raise web.HTTPForbidden
        raise web.HTTPSeeOther(f"/login?{urlencode({'next': request.path_qs})}")
    request[USER] = user
    if not _may_see(user, request.path):
        raise web.HTTPForbidden
    return await handler(request)


def _may_see(user: User, path: str) -> bool:
    """Tell whether the page is for the user: what there is today shows all authorities at once."""
    return not user.authority or path == "/logout"
