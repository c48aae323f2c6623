"""Signatures on events that come in (Standard Webhooks), for senders that show no key.

The sender is named in the address (`?sender=`), because the specification names none. Its secret follows from the
installation's key and the name of its API key, so revoking the one ends the other.
"""

from datetime import datetime
from typing import Final

from aiohttp import web

from notifier.channels.signing import verify
from notifier.exchange import Exchange

HEADER: Final = "webhook-signature"
LONGEST: Final = 4096


def name_of(request: web.Request, body: bytes, exchange: Exchange | None, now: datetime) -> str | None:
    """Return the name of the key whose secret has signed the body within five minutes of `now`; None if none has."""
    name = request.query.get("sender", "")
    message, timestamp, signed = (
        request.headers.get(each, "") for each in ("webhook-id", "webhook-timestamp", HEADER)
    )
    if exchange is None or not name or not message or len(signed) > LONGEST:
        return None
    secret = exchange.secret_of(f"inbound {name}")
    return name if verify(secret, message, timestamp, signed, now, body) else None
