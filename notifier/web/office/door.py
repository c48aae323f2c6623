"""The door of an office's page: who shows a good address is let in; opening it, as scanners of mail do, changes nothing.

Nothing of these pages goes to a third party, and no other site is told where a visitor came from. A form counts only if it
was shown to this visitor, not too long ago, and was sent from our own page.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from aiohttp import web

from notifier.counter import Counter, Expired, Visit
from notifier.web import forms
from notifier.web.forms import Form
from notifier.web.origins import origin_of
from notifier.web.pages import answer
from notifier.web.supplies import SUPPLIES
from notifier.web.tracing import traceparent

HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
}
STALE: Final = (
    "画面を開いてから時間がたちました。内容を確かめて、もう一度送信してください。まだ何も登録されていません。"
)
MARK: Final = "mark"
STEP: Final = "step"


@dataclass(frozen=True, slots=True)
class Caller:
    """A visitor with the request that brought them."""

    request: web.Request
    counter: Counter
    visit: Visit

    @property
    def home(self) -> str:
        """Return the address of the office's page."""
        return f"/o/{self.visit.token}"

    @property
    def origin(self) -> str:
        """Return from where the visitor came, for the audit."""
        return origin_of(self.request)

    @property
    def trace(self) -> str:
        """Return the traceparent of the call, for what follows from it."""
        return traceparent(self.request)

    def page(self, template: str, *, status: HTTPStatus = HTTPStatus.OK, **values: object) -> web.Response:
        """Return a page for this visitor, with what a form on it needs."""
        return page(
            self.request,
            template,
            status=status,
            visit=self.visit,
            home=self.home,
            mark=self.counter.form(self.visit),
            **values,
        )

    async def form(self) -> tuple[Form, str]:
        """Return the form that was sent and what makes it count once; "" and a problem if it was shown too long ago.

        Refuses forms from elsewhere (403).
        """
        if not is_from_here(self.request):
            raise web.HTTPForbidden
        try:
            sent = await self.request.post()
        except (ValueError, LookupError):  # no form, or in no encoding that there is
            raise web.HTTPBadRequest from None
        typed: dict[str, list[str]] = {}
        for name, value in sent.items():
            if isinstance(value, str):
                typed.setdefault(name, []).append(value)
        form = Form(typed)
        nonce = self.counter.nonce(self.visit, form.value(MARK))
        if nonce is None:
            form.wrong("", STALE)
        return form, nonce or ""

    def done(self, told: str) -> web.Response:
        """Return what leads back to the office's page, which begins with `told`."""
        response = forms.done(self.request, self.home, told)
        response.headers.update(HEADERS)
        return response


Handler: TypeAlias = Callable[[Caller], Awaitable[web.Response]]


def let_in(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return a handler of requests that lets `handler` deal with visitors only, and tells others what they can do."""

    async def come(request: web.Request) -> web.Response:
        counter = request.app[SUPPLIES].counter
        if counter is None:
            raise web.HTTPNotFound
        found = await counter.visit(request.match_info["token"])
        if isinstance(found, Visit):
            return await handler(Caller(request, counter, found))
        if isinstance(found, Expired):
            return expired(request, found)
        return page(request, "unknown.html", status=HTTPStatus.NOT_FOUND)

    return come


def expired(request: web.Request, found: Expired) -> web.Response:
    """Return the page that says how to get a new address."""
    again = f"/o/{found.token}/again"
    return page(
        request,
        "expired.html",
        status=HTTPStatus.GONE,
        again=again,
        is_revoked=found.is_revoked,
        is_sent=False,
    )


async def send_again(request: web.Request) -> web.Response:
    """Send a new address to the contacts of an office that shows an old one; whoever shows it learns nothing by it."""
    counter = request.app[SUPPLIES].counter
    if counter is None or not is_from_here(request):
        raise web.HTTPForbidden
    found = await counter.visit(request.match_info["token"])
    if isinstance(found, Visit):
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/o/{found.token}", **HEADERS})
    if found is None or found.is_revoked:
        return page(request, "unknown.html", status=HTTPStatus.NOT_FOUND)
    await counter.send_again(found, origin_of(request))
    return page(request, "expired.html", again="", is_revoked=False, is_sent=True)


def page(
    request: web.Request, template: str, *, status: HTTPStatus = HTTPStatus.OK, **values: object
) -> web.Response:
    """Return a page of the office's room, under the headers of all of them."""
    counter = request.app[SUPPLIES].counter
    if counter is not None:
        values.setdefault("correspondent", counter.tools.correspondent)
    response = answer.page(request, f"counter/{template}", "", status=status, **values)
    response.headers.update(HEADERS)
    return response


def is_from_here(request: web.Request) -> bool:
    """Tell whether a form was sent from our own page: by the browser's word, else by the origin.

    Our pages send no referrer, so browsers that do not say `Sec-Fetch-Site` (Safari before 16.4) write `null` as origin;
    for them the signed token in the form, which nobody else has seen, must do.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin", "")
    return origin == "null" or urlsplit(origin).netloc == request.host


ROUTES: Final = (web.post("/o/{token}/again", send_again),)
