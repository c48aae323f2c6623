"""Conditions: entity tags, so that nobody overwrites what somebody else has changed meanwhile (RFC 9110, 13)."""

import re
from hashlib import sha256
from typing import Final

from aiohttp import web

from notifier.web.api.problems import RefusedError, Wrong

_TAGS = re.compile(r'\s*(?:(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"\s*(?:,\s*|$))+')
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
ANY: Final = "*"


def tag_of(written: str) -> str:
    """Return the entity tag of what is answered, without its quotes."""
    return sha256(written.encode()).hexdigest()[:24]


def expected(request: web.Request) -> frozenset[str]:
    """Return the tags that If-Match names, or `*` alone. Refuses a call without, or with something else in it."""
    written = request.headers.getall("If-Match", [])
    if not written:
        raise RefusedError("condition-missing")
    return frozenset(_read(",".join(written), "If-Match", weak=False))


def is_known(request: web.Request, tag: str) -> bool:
    """Tell whether the caller has what carries `tag` already (If-None-Match); what cannot be read counts as no."""
    written = request.headers.getall("If-None-Match", [])
    if not written:
        return False
    try:
        return bool({tag, ANY} & set(_read(",".join(written), "If-None-Match", weak=True)))
    except RefusedError:
        return False


def _read(written: str, name: str, *, weak: bool) -> list[str]:
    if written.strip() == ANY:
        return [ANY]
    if not _TAGS.fullmatch(written):
        raise RefusedError("wrong-parameters", [Wrong(name, "entity-tag", "header")])
    # A weak tag says that two answers are as good as equal, which is not enough to write over one of them.
    return [tag for is_weak, tag in _TAG.findall(written) if weak or not is_weak]
