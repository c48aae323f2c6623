"""The statement on accessibility (JIS X 8341-3:2016): what is aimed at, how it is tried, what is known to be missing."""

from aiohttp import web

from notifier.web.pages import answer


async def show(request: web.Request) -> web.Response:
    """Show the statement; anybody may read it."""
    return answer.page(request, "accessibility.html", "")


ROUTES = (web.get("/accessibility", show),)
