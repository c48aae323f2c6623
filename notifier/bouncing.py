"""Bouncing: what follows when a letter comes back, in the transaction in which that is found out."""

from datetime import datetime
from typing import Any

from notifier.domain.actors import Actor
from notifier.domain.bounces import Bounce, Failure, bounce_of, is_given_up
from notifier.domain.mails import Mail
from notifier.domain.returns import Sent
from notifier.halting import is_halted, watch
from notifier.heralding import herald_letters
from notifier.store import audit, bounces, incoming
from notifier.store.database import Connection
from notifier.store.incoming import HEARD, IGNORED, Waiting
from notifier.tools import Tools

RETURNED = "不達通知"
"""What stands before the other server's words where staff read why a letter did not arrive."""


async def take_back(
    conn: Connection, tools: Tools, waiting: Waiting, mail: Mail, now: datetime
) -> dict[str, Any]:
    """Write down that a letter did not arrive, and give its address up if it is gone for good; returns what to note.

    Only a report to the letter's own address is believed: anybody may write to the plain one that a letter was lost.
    """
    proven = tools.returns.read(waiting.recipient) if tools.returns else None
    found = await bounces.find(conn, *proven) if proven else None
    if proven is None or found is None:
        return {"state": IGNORED, "reason": "unproven"}
    said = bounce_of(mail)
    noted = {
        "state": HEARD,
        "reason": said.code or said.failure.value,
        "about": found.recipient.lower(),
        "failure": said.failure.value,
        "office_id": found.office_id,
        "authority": found.authority,
        "written": said.words,
    }
    if said.failure is Failure.NONE:
        return noted
    sent, number = proven
    await bounces.refuse(conn, sent, number, _code(said), f"{RETURNED} {said.code} {said.words}".strip())
    if sent is Sent.LETTER:
        await herald_letters(conn, [number], found.fence, now)
        await watch(conn, [number], now)
    # In a storm a refusal says nothing about the address: it is the sender who is refused.
    if said.failure is Failure.HARD and not await is_halted(conn, found.authority):
        before = await incoming.failures_of(conn, found.recipient.lower(), Failure.HARD.value)
        if is_given_up(found.recipient, [*before, now]):
            await _give_up(conn, found.recipient, said, now)
    return noted


async def _give_up(conn: Connection, address: str, said: Bounce, now: datetime) -> None:
    for number, authority in await bounces.give_up(conn, address):
        detail = {"channel": "email", "code": said.code}
        who = Actor("reply-by-mail", "mail", authority)
        await audit.append(conn, now, who, "contact.bounced", f"office/{number}", detail)


def _code(said: Bounce) -> int | None:
    """Return a code as the relay would have answered it."""
    return {Failure.HARD: 550, Failure.SOFT: 450}.get(said.failure)
