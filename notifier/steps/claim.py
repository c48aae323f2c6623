"""claim: note whose the source of an event is, that an event is being dealt with, and afterwards what became of it."""

from collections.abc import Collection, Mapping

from notifier.clock import japan_time
from notifier.domain.actors import Actor
from notifier.store import audit, facts, outbox, provenance
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


async def claim_sources(tools: Tools, sources: Collection[str], sender: str, key: str) -> Mapping[str, str]:
    """Return to whom each of `sources` belongs (団体コード, "" for the nation).

    Those that belong to nobody are given to `sender`, for ever; the key named `key` bears them first.
    """
    async with tools.database.reading() as conn:
        known = dict(await provenance.senders(conn, sources))
    fresh = set(sources) - known.keys()
    if not fresh:
        return known
    now = tools.now()
    async with tools.database.transaction() as conn:
        given = await provenance.bind(conn, fresh, sender, key, now)
        if given:
            who = Actor(f"key/{key}", "events", sender)
            await audit.append(conn, now, who, "event.source-given", "events", {"sources": sorted(given)})
        # Somebody else may have been faster; then what they were given stands.
        return {**known, **await provenance.senders(conn, fresh)}
