"""Tracing: each call has an id, which its answer carries and every line of the log that is written for it."""

import re
import secrets
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from notifier.domain.traces import accepted, begun, trace_of

HEADER: Final = "X-Request-Id"
REQUEST_ID = web.RequestKey("request_id", str)
_WELL_FORMED = re.compile(r"[A-Za-z0-9._~-]{8,128}", re.ASCII)


def name_of(written: str) -> str:
    """Return the id that a caller has written if it is well-formed, else a new one."""
    return written if _WELL_FORMED.fullmatch(written) else secrets.token_hex(12)


def traceparent(request: web.Request) -> str:
    """Return the traceparent of a call: its own, else one that begins with its id; "" if it has none."""
    name = request.get(REQUEST_ID, "")
    return accepted(request.headers.get("traceparent", "")) or (begun(name) if name else "")


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Take the caller's id if it is well-formed, else draw one; put it on the answer and into the log."""
    found = name_of(request.headers.get(HEADER, ""))
    request[REQUEST_ID] = found
    parent = accepted(request.headers.get("traceparent", ""))
    trace = {"trace": trace_of(parent)} if parent else {}
    with structlog.contextvars.bound_contextvars(request=found, **trace):
        try:
            answer = await handler(request)
        except web.HTTPException as fault:
            fault.headers[HEADER] = found
            raise
    answer.headers[HEADER] = found
    return answer
