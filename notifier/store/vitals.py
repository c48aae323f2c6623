"""Vital signs: what waits, since when, and in which state, read from the tables that all processes share.

Each question is answered from an index that holds only what is not done with, so that asking often costs little.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import QueuePool
from sqlmodel import col

from notifier.store import halts
from notifier.store.database import Database
from notifier.store.endpoints import EndpointRow
from notifier.store.facts import is_in
from notifier.store.happenings import MessageRow
from notifier.store.postings import AttemptRow, PostingRow
from notifier.store.sources import SourceRow
from notifier.store.tables import (
    CohortRow,
    DeadlineRow,
    DeliveryRow,
    EventRow,
    FactRow,
    LetterRow,
    OutboxRow,
)
from notifier.store.tasks import TaskRow

PARKED: Final = 3
"""Failures after which a message of the outbox is tried hourly only; the worker's own number."""
RECENT: Final = timedelta(minutes=5)
"""For how long a try to post a webhook is counted."""
_FIRST_DEFERRAL, _LAST_DEFERRAL = 400, 499


@dataclass(frozen=True, slots=True)
class Vitals:
    """What was found at one moment.

    `oldest` gives by kind since when the oldest thing has been due that is not dealt with: an aware instant, for
    cohorts a civil date in Japan. `deferred_since` is that of letters put off by their recipients' own servers,
    `sources_since` is when the source was last seen that has been out of sight for longest.
    """

    oldest: Mapping[str, datetime]
    cohorts_since: date | None
    deferred_since: datetime | None
    outbox: Mapping[str, int]
    letters: Mapping[str, int]
    deliveries_waiting: int
    deadlines_moving: int
    events: Mapping[str, int]
    endpoints: Mapping[str, int]
    breakers: Mapping[str, int]
    postings: Mapping[str, int]
    tries: Mapping[str, int]
    sources: Mapping[str, int]
    sources_since: datetime | None
    tasks: Mapping[str, int]
    halted: int


async def look(conn: AsyncConnection, now: datetime, today: date) -> Vitals:
    """Look at the tables at the aware instant `now`, on the civil date `today` in Japan."""
    put_off = and_(
        col(LetterRow.finished_at).is_(None),
        col(LetterRow.code).between(_FIRST_DEFERRAL, _LAST_DEFERRAL),
    )
    ours = and_(
        col(LetterRow.finished_at).is_(None),
        or_(
            col(LetterRow.code).is_(None), not_(col(LetterRow.code).between(_FIRST_DEFERRAL, _LAST_DEFERRAL))
        ),
    )
    waiting = and_(col(DeliveryRow.letter_id).is_(None), col(DeliveryRow.state) == "planned")
    due = and_(waiting, col(DeliveryRow.due_at) <= now)
    # What waits for an endpoint that is disabled or rests does not wait for us.
    reachable = select(col(EndpointRow.id)).where(
        col(EndpointRow.state) == "enabled",
        or_(col(EndpointRow.open_until).is_(None), col(EndpointRow.open_until) <= now),
    )
    posted = and_(
        col(PostingRow.state) == "waiting",
        col(PostingRow.next_try_at) <= now,
        col(PostingRow.endpoint_id).in_(reachable),
    )
    first = {
        "outbox": await _first(conn, OutboxRow.due_at, col(OutboxRow.due_at) <= now),
        "delivery": await _first(conn, DeliveryRow.due_at, due),
        "letter": await _first(conn, LetterRow.created_at, ours),
        "fact": await _first(conn, FactRow.recorded_at, col(FactRow.derived).is_(False)),
        "message": await _first(conn, MessageRow.at, col(MessageRow.batch).is_(None)),
        "posting": await _first(conn, PostingRow.next_try_at, posted),
    }
    out_of_sight = and_(col(SourceRow.enabled), col(SourceRow.failures) > 0)
    last_seen = func.coalesce(col(SourceRow.seen_at), col(SourceRow.added_at))
    moving = select(func.count()).where(col(DeadlineRow.generation) != col(DeadlineRow.derived))
    return Vitals(
        {kind: since for kind, since in first.items() if since is not None},
        await _first(conn, CohortRow.next_on, col(CohortRow.next_on) <= today),
        await _first(conn, LetterRow.created_at, put_off),
        await _outbox(conn, now),
        await _by_state(conn, LetterRow.state, col(LetterRow.finished_at).is_(None)),
        (await conn.execute(select(func.count()).select_from(DeliveryRow).where(waiting))).scalar_one(),
        (await conn.execute(moving)).scalar_one(),
        await _by_state(conn, EventRow.state, and_(*is_in("received", "waiting", "failed"))),
        await _by_state(conn, EndpointRow.state, col(EndpointRow.state) != "removed"),
        await _breakers(conn, now),
        await _by_state(conn, PostingRow.state, col(PostingRow.finished_at).is_(None)),
        await _by_state(conn, AttemptRow.verdict, col(AttemptRow.at) > now - RECENT),
        await _sources(conn),
        (await conn.execute(select(func.min(last_seen)).where(out_of_sight))).scalar_one(),
        await _by_state(conn, TaskRow.kind, col(TaskRow.closed_at).is_(None)),
        len(await halts.in_force(conn)),
    )


async def _first(conn: AsyncConnection, column: Any, condition: ColumnElement[bool]) -> Any:
    return (await conn.execute(select(func.min(col(column))).where(condition))).scalar_one()


async def _by_state(conn: AsyncConnection, column: Any, condition: ColumnElement[bool]) -> dict[str, int]:
    counts = select(col(column), func.count()).where(condition).group_by(col(column))
    return {row[0]: row[1] for row in await conn.execute(counts)}


async def _breakers(conn: AsyncConnection, now: datetime) -> dict[str, int]:
    state = case(
        (col(EndpointRow.open_until) > now, "open"),
        (col(EndpointRow.open_until).is_not(None), "half-open"),
        else_="closed",
    )
    states = select(state.label("state")).where(col(EndpointRow.state) == "enabled").subquery()
    counts = select(states.c.state, func.count()).group_by(states.c.state)
    return {row[0]: row[1] for row in await conn.execute(counts)}


async def _sources(conn: AsyncConnection) -> dict[str, int]:
    state = case((col(SourceRow.failures) > 0, "unseen"), else_="seen")
    states = select(state.label("state")).where(col(SourceRow.enabled)).subquery()
    counts = select(states.c.state, func.count()).group_by(states.c.state)
    return {row[0]: row[1] for row in await conn.execute(counts)}


async def _outbox(conn: AsyncConnection, now: datetime) -> dict[str, int]:
    state = case(
        (col(OutboxRow.lease_until) > now, "claimed"),
        (col(OutboxRow.attempts) >= PARKED, "parked"),
        (col(OutboxRow.due_at) <= now, "due"),
        else_="later",
    )
    states = select(state.label("state")).subquery()
    counts = select(states.c.state, func.count()).group_by(states.c.state)
    return {row[0]: row[1] for row in await conn.execute(counts)}


def connections_of(database: Database) -> tuple[int, int] | None:
    """Return how many connections to the database are in use, and how many there may be; None without a pool."""
    pool = database.engine.pool
    if not isinstance(pool, QueuePool):
        return None
    return pool.checkedout(), pool.size() + pool._max_overflow  # noqa: SLF001 -- it has no other name


async def law_is_kept(conn: AsyncConnection) -> bool:
    """Tell whether any deadline is kept: without one nothing can be worked out."""
    return (await conn.execute(select(col(DeadlineRow.id)).limit(1))).first() is not None
