"""dispatch: gather what is due by now into one letter per address; what is not to come at this hour waits for its own."""

from datetime import datetime

from notifier.domain.hours import Hours, Wait, wait
from notifier.store import audit, authorities, gathering, hours, outbox, sequences
from notifier.store.database import Connection
from notifier.tools import Tools


async def dispatch(tools: Tools) -> None:
    """Make letters of the deliveries due by now, and ask to come back when the next one is."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        run = await sequences.draw(conn, "run")
        waiting = await _put_off(conn, tools, now)
        gathered = await gathering.gather(conn, now, run)
        if gathered:
            await outbox.enqueue(conn, "deliver", now)
        if gathered or waiting:
            detail = {"letters": gathered} | ({"put_off": waiting} if waiting else {})
            await audit.append_run(conn, now, "dispatch", run, detail)
        following = await gathering.next_planned(conn)
        if following is not None:
            await outbox.enqueue(conn, "dispatch", following)


async def _put_off(conn: Connection, tools: Tools, now: datetime) -> int:
    """Put off what is due to contacts whose hours are not open now; returns how many deliveries."""
    await hours.bring_forward(conn, now)
    found = await hours.having_due(conn, now)
    if not found:
        return 0
    known = await authorities.load_authorities(conn)
    alike: dict[tuple[Hours, Wait], list[str]] = {}
    for each in found:
        waits = wait(each.hours, now, tools.calendar_of(known.get(each.authority)))
        if waits is not None:
            alike.setdefault((each.hours, waits), []).append(each.authority)
    moved = [await hours.put_off(conn, wanted, whose, waits, now) for (wanted, waits), whose in alike.items()]
    return sum(moved)
