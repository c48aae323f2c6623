"""record: take over events that were checked; what follows from them is worked out in the next derivation."""

from collections.abc import Sequence

from notifier.store import facts, outbox
from notifier.store.facts import Event, Intake
from notifier.tools import Tools


async def record(tools: Tools, events: Sequence[Event]) -> list[Intake]:
    """Keep `events` in one transaction; returns what became of each, in order. A repeat changes nothing."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        outcomes = await facts.record_all(conn, events, now)
        if Intake.RECORDED in outcomes:
            await outbox.enqueue(conn, "derive", now)
    return outcomes
