"""The API as an application of its own, to be hung in under /v1."""

import json

from aiohttp import web

from notifier.web.api import events
from notifier.web.api.calls import ENTRANCE, Call, Entrance, Route
from notifier.web.api.description import describe
from notifier.web.api.problems import mend
from notifier.web.api.reading import LARGEST

ROOT = "/v1"


def make_api(entrance: Entrance) -> web.Application:
    """Return the application with all calls, and their description at /openapi.json."""
    application = web.Application(middlewares=[mend], client_max_size=LARGEST)
    application[ENTRANCE] = entrance
    described = b""

    async def openapi(_: Call) -> web.Response:
        return web.Response(body=described, content_type="application/json", charset="utf-8")

    routes = (
        Route("GET", "/openapi.json", "This description.", openapi, None, {}, {200: None}),
        events.ROUTE,
    )
    document = describe(routes, entrance.reception.kinds, ROOT)
    described = json.dumps(document, ensure_ascii=False).encode()
    for route in routes:
        application.router.add_route(route.method, route.path, route.serve)
    return application
