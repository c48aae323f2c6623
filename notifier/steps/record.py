"""record: take over events that were checked; what follows from them is worked out in the next derivation."""

from collections import Counter
from collections.abc import Iterator, Sequence

from notifier.clock import civil_date, japan_time
from notifier.domain.actors import Actor
from notifier.store import audit, facts, outbox
from notifier.store.audit import Entry
from notifier.store.facts import Event, Intake
from notifier.tools import Tools

_KEPT = {Intake.RECORDED, Intake.WAITING}


async def record(tools: Tools, events: Sequence[Event]) -> list[Intake]:
    """Keep `events` in one transaction; returns what became of each, in order. A repeat changes nothing."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        outcomes = await facts.record_all(conn, events, now)
        kept = [event for event, became in zip(events, outcomes, strict=True) if became in _KEPT]
        said = [Entry(now, who, "events.recorded", "events", types) for who, types in _by_sender(kept)]
        if said:
            await audit.append_all(conn, said)
        ahead = [event.on for event in kept if event.on > civil_date(now)]
        if ahead:
            await outbox.enqueue(conn, "ripen", japan_time(min(ahead), 0))
        if Intake.RECORDED in outcomes:
            await outbox.enqueue(conn, "derive", now)
    return outcomes


def _by_sender(events: Sequence[Event]) -> Iterator[tuple[Actor, dict[str, int]]]:
    """Yield who sent some of the events, and how many of each type; the events themselves are kept for ever."""
    counts: dict[Actor, Counter[str]] = {}
    for event in events:
        counts.setdefault(event.sent_by, Counter())[event.type] += 1
    for who, types in counts.items():
        yield who, dict(sorted(types.items()))
