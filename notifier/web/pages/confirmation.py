"""Confirming a contact: the page asks, only a POST does. Opening the address, as mail filters do, changes nothing.

The address is a capability: whoever read the mail can confirm this one contact and nothing else, for two weeks.
"""

from collections.abc import Awaitable, Callable

from aiohttp import web

from notifier.store.contacts import Contact
from notifier.web.pages import answer
from notifier.web.supplies import SUPPLIES

Asking = Callable[[str], Awaitable[Contact | None]]


async def show(request: web.Request) -> web.Response:
    """Show which address of which office is meant, with a button; nothing changes."""
    contact = await _asked(request, request.app[SUPPLIES].contact_of)
    return answer.page(request, "confirmation.html", "", contact=contact, done=False)


async def confirm(request: web.Request) -> web.Response:
    """Confirm the contact; again changes nothing."""
    contact = await _asked(request, request.app[SUPPLIES].confirm)
    return answer.page(request, "confirmation.html", "", contact=contact, done=True)


async def _asked(request: web.Request, asking: Asking | None) -> Contact:
    contact = await asking(request.match_info["token"]) if asking else None
    if contact is None:
        raise web.HTTPNotFound
    return contact
