"""claim: note an event of which no fact follows before it is dealt with, and afterwards what became of it."""

from notifier.clock import japan_time
from notifier.store import audit, facts, outbox
from notifier.store.facts import Event, Intake
from notifier.tools import Tools


async def claim(tools: Tools, event: Event) -> Intake:
    """Note `event`; RECORDED means that it is to be dealt with, for the first time or because that failed before."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        claimed = await facts.claim(conn, event, now)
        if claimed is Intake.RECORDED:
            await audit.append(
                conn, now, event.sent_by, "event.claimed", "events", {event.type: event.event_id}
            )
    return claimed


async def defer(tools: Tools, event: Event) -> Intake:
    """Keep `event` until its office appears, or its day comes; WAITING the first time, REPEATED afterwards."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        kept = await facts.claim(conn, event, now, "waiting")
        if kept is Intake.WAITING:
            await audit.append(
                conn, now, event.sent_by, "event.deferred", "events", {event.type: event.event_id}
            )
            await outbox.enqueue(conn, "arrears", max(now, japan_time(event.on, 0)))
    return kept


async def conclude(tools: Tools, event: Event, problem: str = "") -> None:
    """Write down that a claimed event was dealt with or, with a `problem`, that it is set aside."""
    async with tools.database.transaction() as conn:
        await facts.conclude(conn, event, problem)
        action = "event.set-aside" if problem else "event.applied"
        await audit.append(conn, tools.now(), event.sent_by, action, "events", {event.type: event.event_id})
