"""The frame around every page: navigation, who is looking, and what was just done."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from aiohttp import web
from itsdangerous import BadSignature, URLSafeTimedSerializer

from notifier.web import navigation, staff, wording
from notifier.web.gate import cookie_attributes
from notifier.web.supplies import SHELF, SUPPLIES, Supplies

MESSAGE_SECONDS: Final = 60
LONGEST_MESSAGE: Final = 400


def around(request: web.Request, here: str) -> Mapping[str, object]:
    """Return what the layout of a page needs; `here` is the entry of the navigation it belongs to, or ""."""
    supplies = request.app[SUPPLIES]
    looking = staff.of(request) if staff.USER in request else None
    served = request.app[navigation.SERVED]
    return {
        "sheets": request.app[SHELF].sheets,
        "site": supplies.title,
        "has_mailbox": supplies.mailbox is not None,
        "demonstration": supplies.turn_clock is not None,
        "here": here,
        "path": request.path_qs,
        "today": supplies.today(),
        "staff": looking,
        "role": wording.ROLES[looking.user.role] if looking else "",
        "stand_ins": supplies.stand_ins if looking else (),
        "signs_in": supplies.gatehouse is not None,
        "navigation": navigation.navigation(served, looking.may, here)
        if looking
        else navigation.Navigation(),
        "message": message_of(request),
    }


def tell(request: web.Request, response: web.StreamResponse, text: str) -> None:
    """Let the page that is shown next begin with `text`; it travels in a signed cookie for a minute."""
    supplies = request.app[SUPPLIES]
    value = str(_signer(supplies).dumps(text[:LONGEST_MESSAGE]))
    response.set_cookie(cookie_name(supplies), value, max_age=MESSAGE_SECONDS, **cookie_attributes(supplies))  # type: ignore[arg-type]  # as named there


def message_of(request: web.Request) -> str:
    """Return what shall be told at the top of this page, or ""."""
    supplies = request.app[SUPPLIES]
    written = request.cookies.get(cookie_name(supplies), "")
    try:
        return str(_signer(supplies).loads(written, max_age=MESSAGE_SECONDS)) if written else ""
    except BadSignature:
        return ""


def forget(request: web.Request, response: web.StreamResponse) -> None:
    """Take away the cookie of a message that was shown."""
    supplies = request.app[SUPPLIES]
    if cookie_name(supplies) in request.cookies:
        response.set_cookie(cookie_name(supplies), "", max_age=0, **cookie_attributes(supplies))  # type: ignore[arg-type]  # as named there


def cookie_name(supplies: Supplies) -> str:
    """Return the name of the cookie in which a message travels."""
    return "__Host-told" if supplies.is_secure else "told"


def _signer(supplies: Supplies) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        supplies.secret, salt="what was done", signer_kwargs={"digest_method": sha256}
    )
