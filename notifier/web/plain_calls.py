"""Plain calls: of what comes over a connection, the calls that carry one event and hold nothing out of the ordinary.

This is no HTTP server. It knows one request line, a few header fields and a body of known length, all of it there; at
whatever is longer, split, repeated, unknown or only oddly written it says that it does not know, and aiohttp reads the
same bytes from their beginning. So what is taken here has one reading, and there is nothing to smuggle past it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

LARGEST: Final = 1 << 16
"""Bytes of a call, head and body; what is larger is left to the usual door."""
_LONGEST_HEAD: Final = 8192
_HEAD: Final = re.compile(
    rb"POST /v1/events(?:\?sender=(ntf_[0-9a-f]{12}))? HTTP/1\.1\r\n((?:[A-Za-z-]+: ?[!-~](?:[ -~]*[!-~])?\r\n)+)\r\n"
)
_FIELD: Final = re.compile(r"([A-Za-z-]+): ?([ -~]+)\r\n")
_WITHOUT_EFFECT: Final = frozenset(
    (
        "host",
        "user-agent",
        "accept-encoding",
        "accept-language",
        "date",
        "via",
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
        "tracestate",
    )
)
"""Fields that change nothing about how an event is taken; who sent it counts only where it is refused."""
_READ: Final = frozenset(
    (
        "accept",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "traceparent",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
        "x-request-id",
    )
)
_KNOWN: Final = _WITHOUT_EFFECT | _READ
_TYPES: Final = frozenset(
    (
        "application/cloudevents+json",
        "application/cloudevents+json; charset=utf-8",
        "application/cloudevents+json;charset=utf-8",
    )
)
_LENGTH: Final = re.compile(r"[0-9]{1,5}")


@dataclass(slots=True)
class PlainCall:
    """A call as it came: who is named in its address ("" for nobody), its fields in small letters, its body."""

    sender: str
    fields: Mapping[str, str]
    body: bytes


class Unfinished:
    """What came may become a plain call when the rest of its body has come."""


UNFINISHED: Final = Unfinished()


def read(came: bytes) -> PlainCall | Unfinished | None:
    """Return the one call that `came` is; None for anything but exactly one plain call with a whole head."""
    found = _HEAD.match(came, 0, _LONGEST_HEAD)
    if found is None:
        return None
    written = _FIELD.findall(found[2].decode("ascii"))
    fields = {name.lower(): value for name, value in written}
    if len(fields) != len(written) or not fields.keys() <= _KNOWN or not _is_plain(fields):
        return None
    size, there = int(fields["content-length"]), len(came) - found.end()
    if there == size:
        return PlainCall((found[1] or b"").decode("ascii"), fields, came[found.end() :])
    return UNFINISHED if there < size and found.end() + size <= LARGEST else None


def _is_plain(fields: Mapping[str, str]) -> bool:
    return (
        "host" in fields
        and fields.get("content-type", "").lower() in _TYPES
        and _LENGTH.fullmatch(fields.get("content-length", "")) is not None
        and fields.get("accept", "*/*") == "*/*"
        and fields.get("connection", "keep-alive").lower() == "keep-alive"
    )
