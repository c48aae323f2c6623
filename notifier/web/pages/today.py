"""Today: what needs a person now. The page on which a day begins."""

from aiohttp import web

from notifier.web import staff
from notifier.web.pages import answer


async def show(request: web.Request) -> web.Response:
    """Show what needs a person now."""
    looking = staff.of(request)
    return answer.page(request, "today.html", "today", authority=looking.user.authority)


ROUTES = (web.get("/", show),)
