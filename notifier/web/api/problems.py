"""Problem details (RFC 9457): what is answered when something is wrong. Nothing that was sent is repeated."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from notifier.errors import StoreError
from notifier.reception import CrowdedError

SECONDS: Final = 25.0
"""In which a call must be done; less than the limit of the pages around it."""
MEDIA_TYPE: Final = "application/problem+json"

TITLES: Final[Mapping[str, tuple[int, str]]] = {
    "no-json": (400, "The body is no JSON text in UTF-8."),
    "too-deep": (400, "The body is nested more deeply than 64 levels."),
    "unauthorized": (
        401,
        "Show a key that is neither expired nor revoked: Authorization: Bearer prefix.secret.",
    ),
    "scope-missing": (403, "The key does not carry the scope that this call needs."),
    "role-may-not-assert": (403, "The role of the key may not assert events of this type."),
    "not-for-the-nation": (
        403,
        "Only a national key of an operator, a ministry or an editor speaks for the nation.",
    ),
    "another-authority": (403, "The event is about an authority or an office that is not the key's."),
    "not-found": (404, "There is nothing at this address."),
    "method-not-allowed": (405, "This address does not take this method; Allow names those it takes."),
    "not-acceptable": (406, "Answers are JSON; Accept must allow application/json."),
    "too-slow": (408, "The body did not arrive in time."),
    "conflicting": (409, "Another event was taken under the same source and id; an event is never changed."),
    "too-large": (413, "The body is larger than 1 MiB, or the batch longer than 1,000 events."),
    "unsupported-media-type": (
        415,
        "Send application/cloudevents+json, its -batch, or JSON with ce- headers; in UTF-8, not compressed.",
    ),
    "no-event": (422, "The body is no CloudEvent 1.0 of the form that is taken here."),
    "unknown-type": (422, "There is no such type of event."),
    "wrong-subject": (422, "The subject is not of the kind that this type is about."),
    "data-does-not-fit": (422, "The data do not fit the type."),
    "time-out-of-range": (422, "The time lies outside the years in which it can be meant."),
    "in-the-future": (422, "The event is dated more than a day ahead; send it when it has happened."),
    "unknown-office": (422, "The office is not known; send office.registered first."),
    "set-aside": (
        422,
        "The event was kept and set aside: it could not be dealt with. Send it again, or correct it.",
    ),
    "too-many": (429, "Too many events in a short time with this key; Retry-After says when to go on."),
    "failed": (500, "The program failed; the operator finds the reason in its log."),
    "unavailable": (503, "The events cannot be kept just now; send them again, with the same ids."),
}
BY_STATUS: Final = {
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
}

_log = structlog.get_logger("notifier.web")


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that is wrong: a JSON pointer into the body, or a header's name, and what is wrong with it."""

    place: str
    code: str
    inside: str = "body"


class RefusedError(Exception):
    """A call that is answered with a problem."""

    def __init__(
        self, code: str, wrongs: Sequence[Wrong] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        """Refuse with one of the codes in TITLES."""
        super().__init__(code)
        self.code = code
        self.wrongs = tuple(wrongs)
        self.headers = dict(headers or {})


def pointer(steps: Iterable[object]) -> str:
    """Return the JSON pointer (RFC 6901) that goes these steps; "" is the whole body."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def problem(code: str, wrongs: Sequence[Wrong] = ()) -> dict[str, Any]:
    """Return a problem as JSON."""
    status, title = TITLES[code]
    found: dict[str, Any] = {
        "type": f"urn:notifier:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
    }
    if wrongs:
        found["errors"] = [
            {"in": each.inside, "pointer" if each.inside == "body" else "name": each.place, "code": each.code}
            for each in wrongs
        ]
    return found


def answer(code: str, wrongs: Sequence[Wrong] = (), headers: Mapping[str, str] | None = None) -> web.Response:
    """Return a problem as an answer."""
    body = json.dumps(problem(code, wrongs), ensure_ascii=False).encode()
    return web.Response(body=body, status=TITLES[code][0], content_type=MEDIA_TYPE, headers=headers)


@web.middleware
async def mend(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer whatever goes wrong with a problem; details go to the log, never to the caller."""
    try:
        async with asyncio.timeout(SECONDS):
            return await handler(request)
    except RefusedError as refused:
        found = answer(refused.code, refused.wrongs, refused.headers)
        if found.status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}:
            found.force_close()  # the rest of the body will not be read
        return found
    except web.HTTPException as fault:
        if fault.status < HTTPStatus.BAD_REQUEST:
            raise
        allowed = {"Allow": fault.headers["Allow"]} if "Allow" in fault.headers else {}
        return answer(BY_STATUS.get(fault.status, "failed"), (), allowed)
    except (StoreError, CrowdedError, TimeoutError) as fault:
        _log.error("call failed", path=request.path, problem=str(fault) or "took too long")
        return answer("unavailable", (), {"Retry-After": "2"})
    except Exception:  # noqa: BLE001 -- the last one to answer: whatever went wrong is logged, the caller gets a problem
        _log.exception("call failed", path=request.path)
        return answer("failed")
