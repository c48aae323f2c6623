"""lapse: designations end after their last day; the office no longer answers to that authority, as far as they went."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from notifier.clock import civil_date, japan_time
from notifier.domain.actors import Actor
from notifier.store import audit, designations, outbox
from notifier.store.audit import Entry
from notifier.store.designations import Ended, Pair
from notifier.tools import Tools


async def lapse(tools: Tools) -> None:
    """Take back the designations whose last day is over, and ask to come back after the next such day."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        over = await designations.ended(conn, civil_date(now))
        if over:
            await designations.end(conn, over)
            left = await designations.part(conn, {(each.office_id, each.authority) for each in over})
            await audit.append_all(conn, [_said(several, left, now) for several in _by_pair(over)])
            await outbox.enqueue(conn, "derive", now)
        following = await designations.last_day(conn)
        if following is not None:
            await outbox.enqueue(conn, "lapse", japan_time(following + timedelta(days=1), 0))


def _by_pair(over: Sequence[Ended]) -> Iterator[Sequence[Ended]]:
    """Yield what ended together: of one office, by one authority."""
    for _, several in groupby(over, key=lambda each: (each.office_id, each.authority)):
        yield list(several)


def _said(several: Sequence[Ended], left: Collection[Pair], now: datetime) -> Entry:
    first = several[0]
    terms = {each.service: f"{each.since or ''}/{each.until}" for each in several}
    has_left = (first.office_id, first.authority) in left
    detail = {"services": sorted(terms), "terms": terms, "has_left": has_left}
    actor = Actor("lapse", "", first.authority)
    return Entry(now, actor, "office.designation-ended", f"office/{first.number}", detail)
