"""The door for those who watch: alive, ready, and how it is doing. Metrics have an address of their own.

They tell how much is sent and how far behind it is, which is nobody's business outside; whoever may reach that
address is decided by the network, so that no key needs to lie in the configuration of a collector.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from notifier.vitals import FORM, Monitor


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched: whether the ticker of this process beats, and its vital signs, if they are kept."""

    is_alive: Callable[[], bool]
    monitor: Monitor | None = None


WATCHED = web.AppKey("watched", Watched)
_PLAIN = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def add_health(application: web.Application, watched: Watched) -> None:
    """Let `application` answer at /healthz and, if vital signs are kept, at /readyz."""
    application[WATCHED] = watched
    application.router.add_get("/healthz", healthz)
    application.router.add_get("/readyz", readyz)


def make_watch(watched: Watched) -> web.Application:
    """Return the application for the address of its own: /healthz, /readyz and /metrics."""
    application = web.Application()
    add_health(application, watched)
    application.router.add_get("/metrics", metrics)
    return application


async def healthz(request: web.Request) -> web.Response:
    """Answer 200 if the event loop and the ticker beat, else 503: then a supervisor should start it anew.

    The database is not asked: starting anew does not mend it.
    """
    if not request.app[WATCHED].is_alive():
        told = "the ticker does not beat\n"
        return web.Response(text=told, status=HTTPStatus.SERVICE_UNAVAILABLE, headers=_PLAIN)
    return web.Response(text="ok\n", headers=_PLAIN)


async def readyz(request: web.Request) -> web.Response:
    """Answer 200 if work can be done here, else 503, with what was looked at and what is wrong."""
    checks = dict(await _monitor(request).readiness())
    checks["ticker"] = "ok" if request.app[WATCHED].is_alive() else "does not beat"
    is_ready = set(checks.values()) == {"ok"}
    status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return web.json_response({"ready": is_ready, "checks": checks}, status=status, headers=_PLAIN)


async def metrics(request: web.Request) -> web.Response:
    """Answer with the metrics, in the text format of Prometheus."""
    body = await _monitor(request).exposition()
    return web.Response(body=body, headers={**_PLAIN, "Content-Type": FORM})


def _monitor(request: web.Request) -> Monitor:
    monitor = request.app[WATCHED].monitor
    if monitor is None:
        raise web.HTTPNotFound
    return monitor
