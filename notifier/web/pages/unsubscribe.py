"""Stopping mail to an address (RFC 8058): the page asks, only a POST does, and it may come from a mail program.

The address is a capability: whoever has it can stop this one address and nothing else. The duties stay.
"""

from typing import Final

from aiohttp import web

from notifier.web.office.door import HEADERS
from notifier.web.pages import answer
from notifier.web.supplies import SUPPLIES

WORDS: Final = ("List-Unsubscribe", "One-Click")
"""What the body of a request says that is meant (RFC 8058, 3.1)."""


async def show(request: web.Request) -> web.Response:
    """Show which address is meant, with a button; nothing changes."""
    return _page(request, _address(request), done=False)


async def stop(request: web.Request) -> web.Response:
    """Stop mail to the address. RFC 8058 section 3.1: no cookie, no other proof; again changes nothing.

    What is sent without the words of section 3.1, as scanners of links do, is asked first: the button sends them, too.
    """
    address = _address(request)
    supplies = request.app[SUPPLIES]
    if supplies.mute is None:
        raise web.HTTPNotFound
    if not await _says_so(request):
        return _page(request, address, done=False)
    await supplies.mute(address)
    return _page(request, address, done=True)


async def _says_so(request: web.Request) -> bool:
    try:
        sent = await request.post()
    except (ValueError, LookupError):  # no form, or in no encoding that there is
        return False
    return sent.get(WORDS[0]) == WORDS[1]


def _page(request: web.Request, address: str, *, done: bool) -> web.Response:
    response = answer.page(request, "unsubscribe.html", "", address=address, done=done, words=WORDS)
    response.headers.update(HEADERS)
    return response


def _address(request: web.Request) -> str:
    supplies = request.app[SUPPLIES]
    address = supplies.recipient_of(request.match_info["token"]) if supplies.recipient_of else None
    if address is None:
        raise web.HTTPNotFound
    return address
