"""Sign and verify webhooks as Standard Webhooks prescribes (v1: HMAC-SHA256).

What is signed is `id.timestamp.body`; a header may carry several signatures, separated by spaces, so
that a secret can be replaced without an hour in which either the old or the new one fails.
Source: the Standard Webhooks specification, sections "Signature scheme" and "Verifying".
"""

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from notifier.errors import ChannelError

TOLERANCE = timedelta(minutes=5)
"""How far the time of a signature may lie from the reader's, both ways, inclusive."""

PREFIX = "whsec_"


def read_secret(written: str) -> bytes:
    """Return the key that a written secret (`whsec_` and base64) stands for.

    Raises ChannelError when it is not base64 or is shorter than the 24 bytes the specification asks for.
    """
    try:
        secret = b64decode(written.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        message = "The webhook secret is not base64; write it as whsec_ and the base64 of 24 to 64 bytes."
        raise ChannelError(message) from None
    if not 24 <= len(secret) <= 64:
        message = f"The webhook secret has {len(secret)} bytes; 24 to 64 are needed."
        raise ChannelError(message)
    return secret


def sign(secret: bytes, message_id: str, now: datetime, body: bytes) -> str:
    """Return one signature (`v1,…`) over the message; `now` is an aware instant, cut to the second."""
    signed = f"{message_id}.{_seconds(now)}.".encode() + body
    return "v1," + b64encode(hmac.digest(secret, signed, sha256)).decode("ascii")


def headers(secrets: Iterable[bytes], message_id: str, now: datetime, body: bytes) -> dict[str, str]:
    """Return the three headers of a signed webhook, with one signature for each secret."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(_seconds(now)),
        "webhook-signature": " ".join(sign(secret, message_id, now, body) for secret in secrets),
    }


def verify(
    secret: bytes, message_id: str, timestamp: str, signatures: str, now: datetime, body: bytes
) -> bool:
    """Tell whether one of the signatures is ours and the timestamp is within the tolerance of `now`.

    `timestamp` and `signatures` are the headers as received; whatever they hold, the answer is a
    truth value and takes the same time for every wrong signature.
    """
    if not is_recent(timestamp, now):
        return False
    signed = f"{message_id}.{timestamp}.".encode("utf-8", "surrogateescape") + body
    expected = b64encode(hmac.digest(secret, signed, sha256))
    matches = False
    for signature in signatures.split(" "):
        version, _, claimed = signature.partition(",")
        if version == "v1":
            matches |= hmac.compare_digest(expected, claimed.encode("utf-8", "surrogateescape"))
    return matches


def is_recent(timestamp: str, now: datetime) -> bool:
    """Tell whether a timestamp, as its header was received, lies within the tolerance of `now` (aware)."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(int(timestamp) - now.timestamp()) <= TOLERANCE.total_seconds()


def _seconds(now: datetime) -> int:
    if now.tzinfo is None:
        message = "A webhook was to be signed with a time that has no zone; hand in an aware datetime."
        raise ValueError(message)
    return int(now.timestamp())
