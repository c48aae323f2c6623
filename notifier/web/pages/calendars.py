"""Calendars under secret addresses, for calendar programs. Whoever knows an address can read this one calendar."""

from http import HTTPStatus

from aiohttp import ETag, web

from notifier.almanac import Gone
from notifier.web.supplies import SUPPLIES

FRESH_SECONDS = 900


async def serve(request: web.Request) -> web.Response:
    """Answer with the calendar; 304 if the reader has it, 404 if there is none, 410 if its address was revoked."""
    supplies = request.app[SUPPLIES]
    found = await supplies.almanac.read(request.match_info["token"]) if supplies.almanac else None
    if found is None:
        raise web.HTTPNotFound
    if isinstance(found, Gone):
        raise web.HTTPGone
    headers = {
        "Cache-Control": f"private, max-age={FRESH_SECONDS}",
        "Content-Disposition": f'inline; filename="{found.file_name}"',
        "X-Robots-Tag": "noindex",
    }
    tag = ETag(found.tag)
    known = request.if_none_match or ()
    if any(each.value in {tag.value, "*"} for each in known):
        unchanged = web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        unchanged.etag = tag
        return unchanged
    answer = web.Response(text=found.text, content_type="text/calendar", charset="utf-8", headers=headers)
    answer.etag = tag
    return answer
