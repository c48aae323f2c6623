"""Signatures on events that come in (Standard Webhooks), for senders that show no key.

The sender is named in the address (`?sender=`), because the specification names none. Its secret (v1) follows from the
installation's key and the name of its API key, so revoking the one ends the other; or it has given us a public key
(v1a) and keeps the private one for itself.
"""

from datetime import datetime
from typing import Final

from aiohttp import web

from notifier.channels import asymmetric, signing
from notifier.domain.callers import Caller
from notifier.exchange import Exchange
from notifier.keyring import Keyring

HEADER: Final = "webhook-signature"
LONGEST: Final = 4096


async def signer(
    request: web.Request, body: bytes, exchange: Exchange | None, keyring: Keyring, now: datetime
) -> Caller | None:
    """Return whose signature the body carries, made within five minutes of `now`; None if nobody's who may send."""
    name = request.query.get("sender", "")
    message, timestamp, signed = (
        request.headers.get(each, "") for each in ("webhook-id", "webhook-timestamp", HEADER)
    )
    if not name or not message or len(signed) > LONGEST:
        return None
    secret = None if exchange is None else secret_of(exchange, name)
    is_right = is_theirs(secret, message, timestamp, signed, now, body)
    if not is_right and f"{asymmetric.VERSION}," in signed:
        public = await keyring.public_keys(name)
        is_right = asymmetric.verify(public, message, timestamp, signed, now, body)
    return await keyring.caller_named(name) if is_right else None


def secret_of(exchange: Exchange, name: str) -> bytes:
    """Return the secret with which the holder of the key of this name signs events."""
    return exchange.secret_of(f"inbound {name}")


def is_theirs(
    secret: bytes | None, message: str, timestamp: str, signed: str, now: datetime, body: bytes
) -> bool:
    """Tell whether one of the signatures was made with `secret`, within five minutes of `now`, over this message."""
    if secret is None or not message or len(signed) > LONGEST:
        return False
    return signing.verify(secret, message, timestamp, signed, now, body)
