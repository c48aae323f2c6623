"""Repeats: a call that creates something, sent again under the same Idempotency-Key, is done once.

What is created and what is answered are kept in one transaction (`Database.together`), so neither a crash
nor two calls at once can leave one without the other.
"""

import re
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha256

from aiohttp import web

from notifier.store import replies
from notifier.store.database import retrying
from notifier.store.replies import Asked, KeptReply, KeyReusedError
from notifier.tools import Tools
from notifier.web.api.problems import RefusedError, Wrong

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_KEY = re.compile(r'"?([\x21\x23-\x7e]{1,200})"?')


async def once(
    request: web.Request,
    body: bytes,
    caller: str,
    tools: Tools,
    answering: Callable[[], Awaitable[web.Response]],
) -> web.Response:
    """Return what `answering` answers, or what it answered when the same call came before.

    `answering` must leave network and other tasks alone, and may be asked twice if the database is busy: what it
    did before is undone by then. Without the header it is asked each time.
    """
    written = request.headers.get(HEADER)
    if written is None:
        return await answering()
    key = _KEY.fullmatch(written)
    if key is None:
        raise RefusedError("wrong-parameters", [Wrong(HEADER, "format", "header")])
    said = f"{request.method} {request.path_qs}\n".encode() + body
    asked = Asked(caller, key[1], sha256(said).hexdigest())
    try:
        return await retrying(partial(_once, asked, tools, answering))
    except KeyReusedError:
        raise RefusedError("key-reused") from None


async def _once(asked: Asked, tools: Tools, answering: Callable[[], Awaitable[web.Response]]) -> web.Response:
    async with tools.database.together() as conn:
        kept = await replies.begin(conn, asked, tools.now())
        if kept is not None:
            headers = {REPLAYED: "true"} | ({"Location": kept.location} if kept.location else {})
            return web.json_response(text=kept.body, status=kept.status, headers=headers)
        found = await answering()
        location = found.headers.get("Location", "")
        await replies.finish(conn, asked, KeptReply(found.status, found.text or "", location))
        return found
