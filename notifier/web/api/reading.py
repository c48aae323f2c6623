"""Reading a call: what it accepts, who it is from, and its body, within limits of size, depth and time."""

import asyncio
import json
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from aiohttp import web

from notifier.web.api.problems import RefusedError

LARGEST: Final = 1 << 20
DEEPEST: Final = 64
BODY_SECONDS: Final = 10.0


def check_accept(request: web.Request, offers: Sequence[str]) -> None:
    """Refuse a call that accepts none of the media types in `offers` (RFC 9110, 12.5.1: the closest range counts)."""
    if not _accepts(",".join(request.headers.getall("Accept", ["*/*"])) or "*/*", tuple(offers)):
        raise RefusedError("not-acceptable")


@lru_cache(maxsize=256)
def _accepts(accepted: str, offers: Sequence[str]) -> bool:
    weights: dict[str, bool] = {}
    for each in accepted.split(","):
        kind, *parameters = [part.strip().lower() for part in each.split(";")]
        weights[kind] = not any(part.startswith("q=") and _is_nothing(part[2:]) for part in parameters)
    for offer in offers:
        ranges = (offer, f"{offer.partition('/')[0]}/*", "*/*")
        if next((weights[each] for each in ranges if each in weights), False):
            return True
    return False


def _is_nothing(weight: str) -> bool:
    return weight.strip("0") in {"", "."}


async def body_of(request: web.Request, largest: int = LARGEST) -> bytes:
    """Return the body. Refuses what is compressed, larger than `largest` bytes, or slower than ten seconds.

    Where more than the usual is taken, it may take twice as long.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise RefusedError("unsupported-media-type")
    if (request.content_length or 0) > largest:
        raise RefusedError("too-large")
    if request.content.is_eof():  # it came with the header: nothing is waited for
        whole = request.content.read_nowait()
        if len(whole) > largest:
            raise RefusedError("too-large")
        return whole
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS if largest <= LARGEST else 2 * BODY_SECONDS):
            while part := await request.content.readany():
                found += part
                if len(found) > largest:
                    raise RefusedError("too-large")
    except TimeoutError:
        raise RefusedError("too-slow") from None
    return bytes(found)


def read_json(body: bytes) -> Any:
    """Return what a JSON text (RFC 8259, UTF-8) says; whole numbers as integers, however they are written.

    Refuses with `no-json` also NaN, infinite numbers, half surrogates and U+0000, which no database keeps, and
    with `no-event` names that occur twice in one object.
    """
    try:
        found = _DECODER.decode(body.decode("utf-8"))
    except RecursionError:
        raise RefusedError("too-deep") from None
    except ValueError:
        raise RefusedError("no-json") from None
    # Only an escaped sign can be half a surrogate or U+0000: as they stand neither UTF-8 nor JSON lets them in.
    if b"\\u" in body or body.count(b"{") + body.count(b"[") > DEEPEST:
        _check(found)
    return found


def _refuse(_: str) -> None:
    raise ValueError


def _number(written: str) -> float | int:
    found = float(written)
    if not math.isfinite(found):
        raise ValueError
    return int(found) if found.is_integer() else found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RefusedError("no-event")
    return found


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse, parse_float=_number, object_pairs_hook=_object)


def _check(found: Any) -> None:
    """Refuse what is nested too deeply, or text that is no Unicode text."""
    level = [found]
    for _ in range(DEEPEST + 1):
        texts = [each for each in level if isinstance(each, str)]
        texts += [name for each in level if isinstance(each, dict) for name in each]
        if not all(map(_is_text, texts)):
            raise RefusedError("no-json")
        parts = [
            each.values() if isinstance(each, dict) else each
            for each in level
            if isinstance(each, dict | list)
        ]
        level = [part for each in parts for part in each]
        if not level:
            return
    raise RefusedError("too-deep")


def _is_text(text: str) -> bool:
    is_whole = text.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in text)
    return is_whole and "\0" not in text
