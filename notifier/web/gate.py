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
from notifier.web.staff import ANYBODY, USER
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
    "/accessibility",
    "/o/",
    "/code",
)


def session_cookie(supplies: Supplies) -> str:
    """Return the name of the cookie; its prefix lets a browser send it to this very host over TLS only."""
    return "__Host-session" if supplies.is_secure else "session"


def cookie_attributes(supplies: Supplies) -> Mapping[str, object]:
    """Return what goes with every cookie of ours."""
    return {"path": "/", "httponly": True, "samesite": "Lax", "secure": supplies.is_secure}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let signed-in users in, and send everybody else to the page for signing in."""
    supplies = request.app[SUPPLIES]
    if request.path.startswith(OPEN):
        return await handler(request)
    if supplies.gatehouse is None:
        request[USER] = _stand_in(request, supplies)
        return await handler(request)
    token = request.cookies.get(session_cookie(supplies), "")
    user = await supplies.gatehouse.user_of(token) if token else None
    if user is None:
        if request.method not in {"GET", "HEAD"}:
            raise web.HTTPForbidden
        raise web.HTTPSeeOther(f"/login?{urlencode({'next': request.path_qs})}")
    request[USER] = user
    return await handler(request)


def stand_in_cookie(supplies: Supplies) -> str:
    """Return the name of the cookie that says as whom a visitor of the demonstration looks."""
    return "__Host-stand-in" if supplies.is_secure else "stand-in"


def _stand_in(request: web.Request, supplies: Supplies) -> User:
    chosen = request.cookies.get(stand_in_cookie(supplies), "")
    named = [each for each in supplies.stand_ins if each.name == chosen]
    return next(iter([*named, *supplies.stand_ins]), ANYBODY)
