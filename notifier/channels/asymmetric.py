"""Verify webhooks that were signed with a private key (Standard Webhooks, v1a: Ed25519).

The sender keeps the private key for itself; we know the public one alone, so nobody here can sign in its name. What is
signed is the same as in v1: `id.timestamp.body`.
Source: the Standard Webhooks specification, sections "Signature scheme" and "Asymmetric".
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from notifier.channels.signing import is_recent
from notifier.errors import ChannelError

PREFIX: Final = "whpk_"
VERSION: Final = "v1a"
_MOST: Final = 8
"""Signatures of this kind that are looked at; each costs more than a hundred of the other."""


def read_public_key(written: str) -> bytes:
    """Return the 32 bytes of a written public key (`whpk_` and base64). Raises ChannelError for anything else."""
    try:
        key = b64decode(written.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not written.startswith(PREFIX) or len(key) != 32:
        raise ChannelError("a public key is written as whpk_ and the base64 of its 32 bytes (Ed25519)")
    return key


def write_public_key(key: bytes) -> str:
    """Return a public key as it is written: `whpk_` and base64."""
    return PREFIX + b64encode(key).decode("ascii")


def verify(
    keys: Iterable[bytes], message_id: str, timestamp: str, signatures: str, now: datetime, body: bytes
) -> bool:
    """Tell whether one of the signatures was made with the private key of one of `keys`, lately.

    `timestamp` and `signatures` are the headers as received; whatever they hold, the answer is a truth value.
    """
    if not is_recent(timestamp, now):
        return False
    signed = f"{message_id}.{timestamp}.".encode("utf-8", "surrogateescape") + body
    claimed = [found for found in map(_read, signatures.split(" ")) if found is not None][:_MOST]
    return any(_has_signed(key, each, signed) for key in keys for each in claimed)


def _read(written: str) -> bytes | None:
    version, _, claimed = written.partition(",")
    try:
        return b64decode(claimed, validate=True) if version == VERSION else None
    except (binascii.Error, ValueError):
        return None


def _has_signed(key: bytes, signature: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True
