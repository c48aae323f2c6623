"""record: take over events that were checked; what follows from them is worked out in the next derivation."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from notifier.clock import civil_date, japan_time
from notifier.domain.actors import Actor
from notifier.store import audit, facts, outbox
from notifier.store import fresh as fresh_events
from notifier.store.audit import Entry
from notifier.store.facts import Event, Intake
from notifier.tools import Tools

_KEPT = {Intake.RECORDED, Intake.WAITING}


async def record(tools: Tools, events: Sequence[Event]) -> list[Intake]:
    """Keep `events` in one transaction; returns what became of each, in order. A repeat changes nothing."""
    now = tools.now()
    if not events:
        return []
    fresh = await _together(tools, events, now)
    return fresh if fresh is not None else await _carefully(tools, events, now)


async def _together(tools: Tools, events: Sequence[Event], now: datetime) -> list[Intake] | None:
    """Keep events that are new and unopposed, as nearly all are, with what follows, at one wait; None if some are not."""
    try:
        async with tools.database.transaction() as conn:
            await audit.take_turn(conn)
            fresh, head = await fresh_events.look_at(conn, events, now)
            if fresh is None:
                return None
            left = [outbox.waiting(*each) for each in _left(events, fresh.outcomes, now)]
            said = audit.rows_after(head, _said(events, now))
            await fresh.keep(conn, [(audit.ROWS, said), (outbox.WAITING, left)])
            return fresh.outcomes
    except fresh_events.KnownError:
        return None


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
    counts: dict[Actor, Counter[str]] = {}
    for event in events:
        counts.setdefault(event.sent_by, Counter())[event.type] += 1
    for who, types in counts.items():
        yield who, dict(sorted(types.items()))
