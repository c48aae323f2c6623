"""enrol: take offices over; what each of them owes is worked out in the next derivation."""

from collections.abc import Callable, Sequence
from datetime import date

from notifier.domain.actors import Who, actor_of
from notifier.store import audit, enrolment, facts, outbox
from notifier.store.enrolment import Enrolled
from notifier.tools import Tools


async def enrol(
    tools: Tools, offices: Sequence[Enrolled], who: Who, advance: Callable[[float], None] = lambda _: None
) -> None:
    """Enrol `offices` in one transaction; events that waited for them are applied.

    `advance` is told the share that is done, from 0 to 1.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        await enrolment.enrol(conn, offices, now, advance, actor_of(who).trace)
        await facts.apply_waiting(conn, now)
        if await facts.has_arrears(conn):
            await outbox.enqueue(conn, "arrears", now)
        detail = {"count": len(offices), "first": offices[0].number if offices else ""}
        await audit.append(conn, now, who, "offices.enrolled", "offices", detail)
        await outbox.enqueue(conn, "derive", now)


async def close(tools: Tools, number: str, on: date, who: Who) -> bool:
    """Note that the office `number` closed on the civil date `on`; False if it is not known."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        known = await enrolment.close(conn, number, on)
        if known:
            await audit.append(conn, now, who, "office.closed", f"office/{number}", {"on": on.isoformat()})
            await outbox.enqueue(conn, "derive", now)
    return known
