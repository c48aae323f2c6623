"""declare: an office says on its page what it has done, or that it is not meant, or what it wants; or takes it back.

A form counts once, however often it is sent. What is declared done becomes a fact only after a while (`file`): so long it
can be undone, as facts cannot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from notifier.clock import japan_time
from notifier.domain.actors import Actor
from notifier.domain.facts import Value
from notifier.heralding import Acknowledged, herald_acknowledged
from notifier.store import audit, declarations, enquiries, outbox, wishes
from notifier.store.database import Connection
from notifier.store.declarations import APPLIED, PENDING, UNDONE
from notifier.store.enquiries import Asked
from notifier.store.entrances import Guest
from notifier.store.values import as_kept
from notifier.tools import Tools

GRACE: Final = timedelta(minutes=10)
"""How long what was declared done can be undone."""
MOST_AN_HOUR: Final = 60
"""Declarations of one office; more is no work of people."""
MORNING: Final = 8
"""The hour at which wishes for a day are looked at, before its letters leave."""
DONE, SEEN, REMINDER, CALENDAR = "done", "seen", "reminder", "calendar"
FACTS, NOT_APPLICABLE = "facts", enquiries.NOT_APPLICABLE
ASKING: Final = (enquiries.NOT_APPLICABLE, enquiries.MESSAGE, enquiries.CONTACT)
"""Kinds that wait for the municipality."""


@dataclass(frozen=True, slots=True)
class Asserted:
    """A fact as an office asserts it: from the civil date `on`, with checked values."""

    type: str
    on: date
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declared:
    """What is declared; `nonce` is that of the form. `title` is the duty's, `on` the day of a reminder."""

    kind: str
    nonce: str
    deadline: str = ""
    occurrence: int = 0
    title: str = ""
    facts: tuple[Asserted, ...] = ()
    reason: str = ""
    words: str = ""
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A declaration that is kept; `is_new` is false if its form was sent before."""

    id: int
    is_new: bool = True


async def declare(tools: Tools, guest: Guest, declared: Declared, who: Actor) -> Kept | None:
    """Keep what an office declares and let follow from it what does; None if it has declared too much this hour."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        many = await declarations.count_since(conn, guest.id, now - timedelta(hours=1))
        if many >= MOST_AN_HOUR:
            return None
        waits = declared.kind in {DONE, FACTS}
        added = await declarations.add(conn, _row(guest, declared, who, now, waits=waits))
        if added is None:
            return Kept(await declarations.named(conn, declared.nonce), is_new=False)
        if waits:
            await outbox.enqueue(conn, "file", now + GRACE)
        elif declared.kind == REMINDER and declared.on is not None:
            duty = (declared.deadline, declared.occurrence)
            await wishes.ask(conn, guest.id, duty, declared.on, str(who), now)
            await outbox.enqueue(conn, "remind", japan_time(declared.on, MORNING))
        elif declared.kind in ASKING:
            await enquiries.open_enquiry(conn, guest.id, _asked(declared, who, added), now)
        if declared.kind in {SEEN, NOT_APPLICABLE}:
            known = Acknowledged(
                declared.deadline, declared.occurrence, declared.title, declared.kind, by="page"
            )
            await herald_acknowledged(conn, guest.id, known, now)
        subject, detail = f"office/{guest.number}", {"declaration": added, **_told(declared)}
        await audit.append(conn, now, who, "office.declared", subject, detail)
    return Kept(added)


async def undo(tools: Tools, guest: Guest, declaration_id: int, who: Actor) -> bool:
    """Take back what an office declared, where that can still be done; False where it cannot. Again changes nothing."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        found = await declarations.find(conn, declaration_id, to_change=True)
        if found is None or found.office_id != guest.id or found.state == UNDONE:
            return False
        if not await _taken_back(conn, found, str(who), now):
            return False
        await declarations.move(conn, [found.id], UNDONE)
        detail = {"declaration": found.id, "kind": found.kind, "deadline": found.deadline}
        await audit.append(conn, now, who, "office.undeclared", f"office/{guest.number}", detail)
    return True


async def _taken_back(conn: Connection, found: declarations.Declaration, who: str, now: datetime) -> bool:
    if found.kind in {DONE, FACTS}:
        return found.state == PENDING
    if found.kind == REMINDER:
        return await wishes.drop(conn, found.office_id, (found.deadline, found.occurrence))
    return await enquiries.withdraw(conn, found.id, who, now)


def _row(guest: Guest, declared: Declared, who: Actor, now: datetime, *, waits: bool) -> dict[str, Any]:
    facts = [
        {"type": each.type, "on": each.on.isoformat(), "values": as_kept(each.values)}
        for each in declared.facts
    ]
    detail: dict[str, Any] = {"title": declared.title, "facts": facts, "traceparent": who.trace}
    if declared.on is not None:
        detail["on"] = declared.on.isoformat()
    return {
        "office_id": guest.id,
        "nonce": declared.nonce,
        "kind": declared.kind,
        "deadline": declared.deadline,
        "occurrence": declared.occurrence,
        "at": now,
        "ready_at": now + GRACE if waits else now,
        "state": PENDING if waits else APPLIED,
        "who": str(who),
        "detail": detail,
    }


def _asked(declared: Declared, who: Actor, declaration_id: int) -> Asked:
    return Asked(
        declared.kind,
        declared.words,
        str(who),
        declared.deadline,
        declared.occurrence,
        declared.reason,
        declaration_id,
    )


def _told(declared: Declared) -> dict[str, Any]:
    """Return what the audit keeps: what was declared, without what was written."""
    told: dict[str, Any] = {"kind": declared.kind, "deadline": declared.deadline}
    if declared.facts:
        told["facts"] = [f"{each.type} {each.on.isoformat()}" for each in declared.facts]
    if declared.on is not None:
        told["on"] = declared.on.isoformat()
    return told | ({"reason": declared.reason} if declared.reason else {})
