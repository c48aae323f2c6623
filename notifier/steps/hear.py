"""hear: find out what the mails that came in mean, and let follow from them what does; one after the other."""

import asyncio
from datetime import timedelta
from typing import Any, Final

import structlog

from notifier.answering import hear_answer
from notifier.bouncing import take_back
from notifier.domain.mails import Kind, Mail, Ourselves, kind_of
from notifier.errors import StoreError
from notifier.reading.mails import read_mail
from notifier.store import incoming, outbox
from notifier.store.database import Connection
from notifier.store.incoming import IGNORED, UNCLEAR, Waiting
from notifier.tools import Tools

TRIES: Final = 3
LATER: Final = timedelta(minutes=1)
_NOBODY: Final = Ourselves(frozenset(), "")


async def hear(tools: Tools) -> None:
    """Hear every mail that was kept. One that cannot be dealt with keeps none of the others waiting."""
    last = 0
    while True:
        async with tools.database.reading() as conn:
            waiting = await incoming.next_received(conn, last)
        if waiting is None:
            return
        last = waiting.id
        try:
            mail = await asyncio.to_thread(read_mail, waiting.content)
            await _hear(tools, waiting, mail)
        except StoreError:
            raise
        except Exception as fault:  # noqa: BLE001 -- anybody may write a mail; a fault of ours must not stop the rest
            structlog.get_logger("hear").exception("a mail was not heard", mail=waiting.id)
            await _put_aside(tools, waiting, type(fault).__name__)


async def _hear(tools: Tools, waiting: Waiting, mail: Mail) -> None:
    now = tools.now()
    ourselves = tools.returns.ourselves if tools.returns else _NOBODY
    kind, reason = kind_of(mail, waiting.envelope_sender, ourselves)
    async with tools.database.transaction() as conn:
        if not await incoming.hold(conn, waiting.id):
            return
        noted = await _addressed(conn, await _noted(conn, tools, waiting, mail, kind))
        values = {"reason": reason, "kind": kind.value, "heard_at": now} | noted
        await incoming.note(conn, waiting.id, values)


async def _noted(conn: Connection, tools: Tools, waiting: Waiting, mail: Mail, kind: Kind) -> dict[str, Any]:
    match kind:
        case Kind.ANSWER:
            return await hear_answer(conn, tools, waiting, mail, tools.now())
        case Kind.BOUNCE:
            return await take_back(conn, tools, waiting, mail, tools.now())
        case Kind.COMPLAINT:
            return {"state": UNCLEAR, "reason": "complaint"}
    return {"state": IGNORED}


async def _addressed(conn: Connection, noted: dict[str, Any]) -> dict[str, Any]:
    """Give what is left to people, and is nobody's, to the one municipality that there is."""
    if noted.get("state") != UNCLEAR or noted.get("authority"):
        return noted
    return noted | {"authority": await incoming.sole_municipality(conn)}


async def _put_aside(tools: Tools, waiting: Waiting, problem: str) -> None:
    """Try a mail again later, and leave it to people after some tries."""
    tried = waiting.attempts + 1
    values: dict[str, Any] = {"attempts": tried}
    if tried >= TRIES:
        values |= {"state": UNCLEAR, "reason": f"fault {problem}"}
    async with tools.database.transaction() as conn:
        await incoming.note(conn, waiting.id, await _addressed(conn, values))
        if tried < TRIES:
            await outbox.enqueue(conn, "hear", tools.now() + LATER)
