"""record: take over events that were checked; what follows from them is worked out in the next derivation."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from notifier.clock import civil_date, japan_time
from notifier.domain.actors import Actor
from notifier.store import audit, facts, outbox
from notifier.store.audit import Entry, Head
from notifier.store.facts import Event, Intake
from notifier.store.fresh import Keeper, Rows
from notifier.tools import Tools

_KEPT = {Intake.RECORDED, Intake.WAITING}


async def record(tools: Tools, events: Sequence[Event], keeper: Keeper | None = None) -> list[Intake]:
    """Keep `events` in one transaction; returns what became of each, in order. A repeat changes nothing.

    Whoever keeps many groups does so with one `keeper`.
    """
    now = tools.now()
    if not events:
        return []

    def beside(last: Head, outcomes: Sequence[Intake]) -> tuple[Head, Sequence[Rows]]:
        last, deeds = audit.rows_after(last, _said(events, now))
        left = [outbox.waiting(*each) for each in _left(events, outcomes, now)]
        return last, ((audit.ROWS, deeds), (outbox.WAITING, left))

    fresh = await (keeper or Keeper(tools.database)).keep(events, now, beside)
    return fresh if fresh is not None else await _carefully(tools, events, now)


async def _carefully(tools: Tools, events: Sequence[Event], now: datetime) -> list[Intake]:
    async with tools.database.transaction() as conn:
        outcomes = await facts.record_all(conn, events, now)
        kept = [event for event, became in zip(events, outcomes, strict=True) if became in _KEPT]
        said = _said(kept, now)
        if said:
            await audit.append_all(conn, said)
        for step, due_at in _left(kept, outcomes, now):
            await outbox.enqueue(conn, step, due_at)
    return outcomes


def _left(kept: Sequence[Event], outcomes: Sequence[Intake], now: datetime) -> Iterator[tuple[str, datetime]]:
    """Yield which steps are to follow, and when."""
    ahead = [event.on for event in kept if event.on > civil_date(now)]
    if ahead:
        yield "ripen", japan_time(min(ahead), 0)
    if Intake.RECORDED in outcomes:
        yield "derive", now


def _said(kept: Sequence[Event], now: datetime) -> list[Entry]:
    return [Entry(now, who, "events.recorded", "events", types) for who, types in _by_sender(kept)]


def _by_sender(events: Sequence[Event]) -> Iterator[tuple[Actor, dict[str, int]]]:
    """Yield who sent some of the events, and how many of each type; the events themselves are kept for ever."""
    counts: dict[Actor, dict[str, int]] = {}
    for each in events:
        types = counts.setdefault(each.sent_by, {})
        types[each.type] = types.get(each.type, 0) + 1
    for who, types in counts.items():
        yield who, dict(sorted(types.items()))
