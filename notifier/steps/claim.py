"""claim: note an event of which no fact follows before it is dealt with, and afterwards what became of it."""

from notifier.store import facts
from notifier.store.facts import Event, Intake
from notifier.tools import Tools


async def claim(tools: Tools, event: Event) -> Intake:
    """Note `event`; RECORDED means that it is to be dealt with, for the first time or because that failed before."""
    async with tools.database.transaction() as conn:
        return await facts.claim(conn, event, tools.now())


async def conclude(tools: Tools, event: Event, problem: str = "") -> None:
    """Write down that a claimed event was dealt with or, with a `problem`, that it is set aside."""
    async with tools.database.transaction() as conn:
        await facts.conclude(conn, event, problem)
