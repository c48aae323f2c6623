"""Traces: the `traceparent` of an event is taken in with it and passed on with what follows from it.

Where a call brings none, one begins with it, so that what follows can be followed back to it.

Source: W3C Trace Context, section 3.2, and the CloudEvents extension for distributed tracing.
"""

import re
from hashlib import blake2b
from typing import Final

_WRITTEN: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_SAMPLED: Final = 1


def accepted(written: str) -> str:
    """Return `written` as version 00 writes it; "" if it is no traceparent, which then counts as absent."""
    found = _WRITTEN.fullmatch(written)
    if found is None or found[1] == "ff" or (found[1] == "00" and found[5]):
        return ""
    if not int(found[2], 16) or not int(found[3], 16):
        return ""
    return f"00-{found[2]}-{found[3]}-{int(found[4], 16) & _SAMPLED:02x}"


def begun(request: str) -> str:
    """Return the traceparent of a trace that begins with a call: it follows from the call's id, so either leads to it."""
    written = blake2b(request.encode(), digest_size=24).hexdigest()
    return f"00-{written[:32]}-{written[32:]}-00"


def trace_of(traceparent: str) -> str:
    """Return the id of the trace that an accepted traceparent belongs to."""
    return traceparent.split("-")[1]


def passed_on(traceparent: str, name: str) -> str:
    """Return the traceparent of what is called `name` and follows from an accepted one: equal on every try."""
    span = blake2b(name.encode(), digest_size=8).hexdigest()
    return f"00-{trace_of(traceparent)}-{span}-{traceparent[-2:]}"
