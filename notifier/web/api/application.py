"""The API as an application of its own, to be hung in under /v1."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from aiohttp import web

from notifier.web import tracing
from notifier.web.api import (
    arrivals,
    audit,
    authorities,
    calendars,
    contacts,
    deadlines,
    deliveries,
    endpoints,
    events,
    feed,
    imports,
    me,
    notices,
    obligations,
    offices,
    previews,
    reviews,
    subscriptions,
    timelines,
)
from notifier.web.api.calls import ENTRANCE, Call, Entrance, Route
from notifier.web.api.description import describe
from notifier.web.api.problems import answer, mend
from notifier.web.api.reading import LARGEST

ROOT: Final = "/v1"
ROUTES: Final[Sequence[Route]] = (
    *me.ROUTES,
    *authorities.ROUTES,
    *offices.ROUTES,
    *contacts.ROUTES,
    *subscriptions.ROUTES,
    *imports.ROUTES,
    *timelines.ROUTES,
    *deadlines.ROUTES,
    *previews.ROUTES,
    *obligations.ROUTES,
    *events.ROUTES,
    *arrivals.ROUTES,
    *deliveries.ROUTES,
    *endpoints.ROUTES,
    *feed.ROUTES,
    *calendars.ROUTES,
    *notices.ROUTES,
    *reviews.ROUTES,
    *audit.ROUTES,
)
"""Every call but the description itself, in the order of the reference."""
DESCRIPTION = web.AppKey("description", dict[str, Any])


def make_api(entrance: Entrance, routes: Sequence[Route] = ROUTES) -> web.Application:
    """Return the application with all calls, and their description at /openapi.json."""
    application = web.Application(middlewares=[mend], client_max_size=LARGEST)
    application[ENTRANCE] = entrance
    own = Route("GET", "/openapi.json", "この説明（OpenAPI 3.1）", _describe, None, answers={200: None})
    everything = (*routes, own)
    application[DESCRIPTION] = describe(everything, entrance.reception.kinds, ROOT)
    for route in everything:
        expected = partial(_expected, route.largest)
        for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
            application.router.add_route(method, route.path, route.serve, expect_handler=expected)
    return application


async def _expected(largest: int, request: web.Request) -> web.Response | None:
    """Ask for the body of a call that waits to be asked for it (RFC 9110, 10.1.1), unless it would be too large anyway.

    What surrounds every answer is not there yet: this comes before it.
    """
    refused = None
    if request.headers["Expect"].lower() != "100-continue":
        refused = answer("expectation-failed")
    elif (request.content_length or 0) > largest:
        refused = answer("too-large")
    else:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer itself has not begun
    if refused is not None:
        refused.headers.update({tracing.HEADER: tracing.name_of(request.headers.get(tracing.HEADER, ""))})
        refused.force_close()  # the body will not be read
    return refused


async def _describe(call: Call) -> web.Response:
    body = json.dumps(call.request.app[DESCRIPTION], ensure_ascii=False).encode()
    return web.Response(body=body, content_type="application/json", charset="utf-8")
