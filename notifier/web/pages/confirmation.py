"""Confirming a contact: the page asks, only a POST does. Opening the address, as mail filters do, changes nothing.

The address is a capability: whoever read the mail can confirm this one contact and nothing else, for two weeks.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from notifier.store.contacts import Contact
from notifier.web.office.door import HEADERS, is_from_here
from notifier.web.pages import answer
from notifier.web.supplies import SUPPLIES

Asking = Callable[[str], Awaitable[Contact | None]]


async def show(request: web.Request) -> web.Response:
    """Show which address of which office is meant, with a button; nothing changes."""
    return await _page(request, request.app[SUPPLIES].contact_of, done=False)


async def confirm(request: web.Request) -> web.Response:
    """Confirm the contact; again changes nothing. A form from elsewhere is refused (403)."""
    if not is_from_here(request):
        raise web.HTTPForbidden
    return await _page(request, request.app[SUPPLIES].confirm, done=True)


async def _page(request: web.Request, asking: Asking | None, *, done: bool) -> web.Response:
    """Return the page; 404 with what to do where the address is no good, or not any more."""
    contact = await asking(request.match_info["token"]) if asking else None
    status = HTTPStatus.NOT_FOUND if contact is None else HTTPStatus.OK
    response = answer.page(request, "confirmation.html", "", status=status, contact=contact, done=done)
    response.headers.update(HEADERS)
    return response
