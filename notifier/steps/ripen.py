"""ripen: facts that were told ahead count from their day on."""

from notifier.clock import civil_date, japan_time
from notifier.store import arrears, audit, facts, outbox
from notifier.tools import Tools


async def ripen(tools: Tools) -> None:
    """Apply the facts whose day has come, and ask to come back on the next such day."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        applied = await facts.apply_waiting(conn, now)
        if applied:
            await audit.append(conn, now, "ripen", "events.applied", "events", {"count": applied})
            await outbox.enqueue(conn, "derive", now)
        following = await arrears.next_day(conn, civil_date(now))
        if following is not None:
            await outbox.enqueue(conn, "ripen", japan_time(following, 0))
