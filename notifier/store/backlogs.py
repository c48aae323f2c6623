"""Backlogs: what waits for an endpoint, what was given up, what was tried last; and sending it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store import sequences
from notifier.store.database import table
from notifier.store.endpoints import Endpoint
from notifier.store.feed import HeardRow
from notifier.store.happenings import HappeningRow, MessageRow
from notifier.store.postings import _NEW, OPEN, AttemptRow, PostingRow, _wanted_by

LOT = 20_000
"""Rows that are forgotten in one transaction at most."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at an endpoint; `message` is its number, None for a challenge or a ping."""

    at: datetime
    milliseconds: int
    code: int | None
    verdict: str
    answer: str
    message: int | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was given up, when, after how many tries, and why."""

    message: int
    type: str
    subject: str
    deadline: str
    attempts: int
    finished_at: datetime
    problem: str


async def attempts(conn: AsyncConnection, endpoint_id: int, limit: int = 20) -> list[Attempt]:
    """Return the last tries at an endpoint, the latest first."""
    row = table(AttemptRow).c
    found = select(row.at, row.milliseconds, row.code, row.verdict, row.answer, row.message_id)
    last = found.where(row.endpoint_id == endpoint_id).order_by(row.id.desc()).limit(limit)
    return [Attempt(*each) for each in await conn.execute(last)]


async def dead_letters(conn: AsyncConnection, endpoint_id: int, limit: int = 20) -> list[DeadLetter]:
    """Return what was given up at an endpoint, the latest first."""
    posting, message = table(PostingRow), table(MessageRow)
    about = message.c.type, message.c.subject, message.c.deadline
    found = (
        select(message.c.id, *about, posting.c.attempts, posting.c.finished_at, posting.c.problem)
        .join(message, message.c.id == posting.c.message_id)
        .where(posting.c.endpoint_id == endpoint_id, posting.c.state == "dead")
        .order_by(posting.c.id.desc())
        .limit(limit)
    )
    return [DeadLetter(*each) for each in await conn.execute(found)]


async def counts(conn: AsyncConnection, endpoint_id: int) -> Mapping[str, int]:
    """Return how many messages wait for an endpoint and how many were given up."""
    posting = table(PostingRow).c
    waiting = select(func.count()).where(posting.endpoint_id == endpoint_id, posting.finished_at.is_(None))
    dead = select(func.count()).where(posting.endpoint_id == endpoint_id, posting.state == "dead")
    return {
        "waiting": (await conn.execute(waiting)).scalar_one(),
        "dead": (await conn.execute(dead)).scalar_one(),
    }


def _since(endpoint: Endpoint, since: datetime, now: datetime) -> Any:
    return _wanted_by(endpoint, now).where(table(MessageRow).c.at >= since)


async def count_since(conn: AsyncConnection, endpoint: Endpoint, since: datetime, now: datetime) -> int:
    """Return how many messages a replay since `since` would send; what waits anyway is among them."""
    inner = _since(endpoint, since, now).order_by(None).with_only_columns(table(MessageRow).c.id).subquery()
    return int((await conn.execute(select(func.count()).select_from(inner))).scalar_one())


async def replay(conn: AsyncConnection, endpoint: Endpoint, since: datetime, now: datetime) -> int:
    """Send everything since `since` once more, under the same ids; returns how many. What waits anyway stays."""
    posting, message = table(PostingRow), table(MessageRow)
    wanted = select(message.c.id).where(
        message.c.id.in_(
            _since(endpoint, since, now).order_by(None).with_only_columns(table(MessageRow).c.id)
        )
    )
    known = exists().where(posting.c.endpoint_id == endpoint.id, posting.c.message_id == message.c.id)
    missing = _since(endpoint, since, now).where(~known)
    again = update(posting).where(
        posting.c.endpoint_id == endpoint.id,
        posting.c.message_id.in_(wanted),
        posting.c.state.not_in(OPEN),
    )
    total = await count_since(conn, endpoint, since, now)
    fresh = {"state": "waiting", "attempts": 0, "next_try_at": now, "finished_at": None, "problem": ""}
    await conn.execute(again.values(fresh))
    await conn.execute(insert(posting).from_select(_NEW, missing))
    return total


async def keep_latest(conn: AsyncConnection, endpoint_id: int, now: datetime) -> int:
    """Of what waits, keep the latest about each subject and deadline; returns how many were passed over."""
    posting = table(PostingRow)
    other = posting.alias("after")
    newer = exists().where(
        other.c.endpoint_id == posting.c.endpoint_id,
        other.c.lane == posting.c.lane,
        other.c.id > posting.c.id,
        other.c.finished_at.is_(None),
    )
    own = posting.c.endpoint_id == endpoint_id, posting.c.state == "waiting"
    passed = update(posting).where(*own, newer).values(state="superseded", finished_at=now)
    return (await conn.execute(passed)).rowcount


async def drop(conn: AsyncConnection, endpoint_id: int, now: datetime) -> None:
    """Give up everything that waits for an endpoint, because it was removed."""
    posting = table(PostingRow)
    own = posting.c.endpoint_id == endpoint_id, posting.c.finished_at.is_(None)
    values = {"state": "dead", "finished_at": now, "problem": "the endpoint was removed", "token": ""}
    await conn.execute(update(posting).where(*own).values(values))


async def forget(conn: AsyncConnection, before: datetime) -> bool:
    """Forget messages that happened before an instant, with all that hangs on them; True if more are left.

    What still waited by then is given up with them.
    """
    message, posting = table(MessageRow), table(PostingRow)
    old: ColumnElement[bool] = and_(message.c.at < before, message.c.batch.is_not(None))
    first = select(message.c.id, message.c.batch).where(old).order_by(message.c.id).limit(LOT).subquery()
    ids = select(first.c.id)
    batch, count = (
        await conn.execute(select(func.max(first.c.batch), func.count()).select_from(first))
    ).one()
    if count:
        await sequences.raise_to(conn, "forgotten round", batch - 1)
        await conn.execute(delete(posting).where(posting.c.message_id.in_(ids)))
        await conn.execute(delete(table(HeardRow)).where(table(HeardRow).c.message_id.in_(ids)))
        await conn.execute(delete(message).where(message.c.id.in_(ids)))
    await conn.execute(delete(table(AttemptRow)).where(table(AttemptRow).c.at < before))
    happening = table(HappeningRow)
    told = exists().where(message.c.happening_id == happening.c.id)
    await conn.execute(delete(happening).where(happening.c.at < before, ~told))
    return int(count) >= LOT
