"""dispatch: gather what is due by now into one letter per address."""

from notifier.store import audit, gathering, outbox, sequences
from notifier.tools import Tools


async def dispatch(tools: Tools) -> None:
    """Make letters of the deliveries due by now, and ask to come back when the next one is."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        run = await sequences.draw(conn, "run")
        gathered = await gathering.gather(conn, now, run)
        if gathered:
            await outbox.enqueue(conn, "deliver", now)
            await audit.append_run(conn, now, "dispatch", run, {"letters": gathered})
        following = await gathering.next_planned(conn)
        if following is not None:
            await outbox.enqueue(conn, "dispatch", following)
