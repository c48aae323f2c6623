"""settle: bring what is in doubt to an end, after a worker died or lost its lease."""

from notifier.store import audit, letters, outbox
from notifier.tools import Tools


async def settle(tools: Tools) -> None:
    """Free letters whose lease is over: before the final dot they are sent again, after it marked as unknown."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        freed = await letters.rescue(conn, now)
        if freed:
            await outbox.enqueue(conn, "deliver", now)
            await audit.append(conn, now, "settle", "letters.freed", "letters", {"count": freed})
