"""lapse: designations end after their last day; the office no longer answers to that authority, as far as they went."""

from datetime import timedelta
from itertools import groupby

from notifier.clock import civil_date, japan_time
from notifier.domain.actors import Actor
from notifier.store import audit, designations, outbox
from notifier.tools import Tools


async def lapse(tools: Tools) -> None:
    """Take back the designations whose last day is over, and ask to come back after the next such day."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        over = await designations.ended(conn, civil_date(now))
        await designations.end(conn, over)
        for (office, number, authority), several in groupby(
            over, key=lambda each: (each.office_id, each.number, each.authority)
        ):
            has_left = await designations.part(conn, office, authority)
            terms = {each.service: f"{each.since or ''}/{each.until}" for each in several}
            detail = {"services": sorted(terms), "terms": terms, "has_left": has_left}
            actor = Actor("lapse", "", authority)
            await audit.append(conn, now, actor, "office.designation-ended", f"office/{number}", detail)
        if over:
            await outbox.enqueue(conn, "derive", now)
        following = await designations.last_day(conn)
        if following is not None:
            await outbox.enqueue(conn, "lapse", japan_time(following + timedelta(days=1), 0))
