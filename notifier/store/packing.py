"""Packing of mails: kept as what they differ in from a similar one, and unpacked to the same bytes.

Base64 hides that two letters are nearly the same: one sign more at the top shifts all that follows. So
bodies are decoded first, where encoding them again gives the very same bytes.
"""

import re
import zlib
from base64 import b64decode, encodebytes
from functools import lru_cache
from struct import Struct

_BODY = re.compile(rb"(?<=\r\n\r\n)(?:[A-Za-z0-9+/]{76}\r\n)*[A-Za-z0-9+/]{1,76}={0,2}\r\n")
_HEAD = Struct("!?I")
"""Before each piece: whether it is a decoded body, and its length in bytes."""
_WINDOW = 15
"""How far back the packer sees, as a power of two."""


def pack(raw: bytes, model: bytes = b"") -> bytes:
    """Return `raw` packed; `model` is another mail, needed again to unpack it."""
    packer = zlib.compressobj(1, wbits=-_WINDOW, memLevel=9, zdict=_seen(model))
    return packer.compress(_opened(raw)) + packer.flush()


def unpack(packed: bytes, model: bytes = b"") -> bytes:
    """Return what was packed with the same `model`."""
    opened = zlib.decompressobj(wbits=-_WINDOW, zdict=_seen(model)).decompress(packed)
    pieces = []
    place = 0
    while place < len(opened):
        is_body, length = _HEAD.unpack_from(opened, place)
        place += _HEAD.size
        piece = opened[place : place + length]
        pieces.append(_encoded(piece) if is_body else piece)
        place += length
    return b"".join(pieces)


@lru_cache(maxsize=128)
def _seen(model: bytes) -> bytes:
    return _opened(model)[-(2**_WINDOW) :]


def _opened(raw: bytes) -> bytes:
    pieces = []
    place = 0
    for body in _BODY.finditer(raw):
        decoded = _decoded(body[0])
        if decoded is not None:
            before = raw[place : body.start()]
            pieces += [_HEAD.pack(False, len(before)), before, _HEAD.pack(True, len(decoded)), decoded]  # noqa: FBT003 -- a place in a record
            place = body.end()
    rest = raw[place:]
    return b"".join([*pieces, _HEAD.pack(False, len(rest)), rest])  # noqa: FBT003 -- a place in a record


def _decoded(body: bytes) -> bytes | None:
    """Return the decoded body, None if encoding it again would give other bytes."""
    try:
        decoded = b64decode(body)
    except ValueError:
        return None
    return decoded if _encoded(decoded) == body else None


def _encoded(decoded: bytes) -> bytes:
    return encodebytes(decoded).replace(b"\n", b"\r\n")
