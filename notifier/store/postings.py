"""Postings: a message on its way to an endpoint: the row exists before anything is sent, one for each pair, for ever.

Messages about the same (subject, deadline, occurrence: a *lane*) wait for each other; all others do not.
"""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Index,
    Integer,
    Select,
    String,
    UniqueConstraint,
    Update,
    and_,
    bindparam,
    cast,
    exists,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.store.chosen import among
from notifier.store.database import table
from notifier.store.driver import beneath
from notifier.store.endpoints import Endpoint, EndpointRow, Wanted
from notifier.store.feed import MESSAGE, HeardRow, Told, tell
from notifier.store.happenings import MessageRow
from notifier.store.questions import Deed, Question
from notifier.store.straight import Inquiry
from notifier.store.tables import Table, only

OPEN = ("waiting", "claimed")
"""States of a posting that may still be sent; in the others (delivered, dead, superseded) it is finished."""


class PostingRow(Table, table=True):
    """A message for an endpoint. `next_try_at` counts while it waits; `token` is the fence of whoever has claimed it.

    `code`, `answer` and `problem` say how its last try ended; a dead one was given up for that reason.
    """

    __tablename__ = "posting"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "message_id"),
        Index("ix_posting_due", "endpoint_id", "next_try_at", "id", **only("state = 'waiting'")),
        Index("ix_posting_lane", "endpoint_id", "lane", "id", **only("finished_at IS NULL")),
        Index("ix_posting_lease_until", "lease_until", **only("state = 'claimed'")),
        Index("ix_posting_dead", "endpoint_id", "id", **only("state = 'dead'")),
    )

    id: int | None = Field(default=None, primary_key=True)
    endpoint_id: int
    message_id: int
    lane: str
    state: str
    attempts: int = 0
    next_try_at: datetime
    token: str = ""
    lease_until: datetime | None = None
    finished_at: datetime | None = None
    problem: str = ""


class AttemptRow(Table, table=True):
    """One try: when, how long it took (milliseconds), the status and the first signs of the answer."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_endpoint_id", "endpoint_id", "id"), Index("ix_attempt_at", "at"))

    id: int | None = Field(default=None, primary_key=True)
    endpoint_id: int
    message_id: int | None = None
    at: datetime
    milliseconds: int
    code: int | None = None
    verdict: str
    answer: str = ""


@dataclass(slots=True)  # not frozen: those are made at a quarter of the speed, and of these very many are
class Posting:
    """A claimed posting; `attempts` counts this try."""

    id: int
    endpoint_id: int
    attempts: int
    told: Told


def matches(wanted: Wanted) -> ColumnElement[bool]:
    """Tell whether an endpoint wants a message."""
    message = table(MessageRow).c
    parts: list[ColumnElement[bool]] = [true()]
    if wanted.types:
        parts.append(message.type.in_(wanted.types))
    if wanted.offices:
        subjects = [f"office/{number}" for number in wanted.offices]
        parts.append(or_(message.subject.not_like("office/%"), message.subject.in_(subjects)))
    if wanted.deadlines:
        families = [f"{each}/%" for each in wanted.deadlines if "/" not in each]
        named = [each for each in wanted.deadlines if "/" in each]
        parts.append(
            or_(
                message.deadline == "",
                message.deadline.in_(named),
                *(message.deadline.like(each) for each in families),
            )
        )
    return and_(*parts)


def _wanted_by(endpoint: Endpoint, now: datetime) -> Select[Any]:
    """Select the postings that an endpoint would get of what its listener heard; nothing about the endpoint itself."""
    heard, message, posting = table(HeardRow), table(MessageRow), table(PostingRow)
    lane = message.c.subject + "|" + message.c.deadline + "|" + cast(message.c.occurrence, String)
    return (
        select(
            literal(endpoint.id),
            message.c.id,
            lane,
            literal("waiting"),
            literal(0),
            literal(now, posting.c.next_try_at.type),
            literal(""),
            literal(""),
        )
        .select_from(heard)
        .join(message, message.c.id == heard.c.message_id)
        .where(
            heard.c.listener_id == endpoint.listener_id,
            message.c.subject != f"endpoint/{endpoint.id}",
            matches(endpoint.wanted),
        )
        .order_by(heard.c.batch, message.c.id)
    )


_NEW = ["endpoint_id", "message_id", "lane", "state", "attempts", "next_try_at", "token", "problem"]


async def plan(conn: AsyncConnection, endpoints: Sequence[Endpoint], batch: int, now: datetime) -> int:
    """Plan postings of the messages of a round; returns how many. Endpoints that are disabled get theirs kept."""
    count = 0
    for each in endpoints:
        source = _wanted_by(each, now).where(table(HeardRow).c.batch == batch)
        count += (await conn.execute(insert(table(PostingRow)).from_select(_NEW, source))).rowcount
    return count


@dataclass(frozen=True, slots=True)
class Ready:
    """An endpoint with something due: since when, and whether one of its postings is under way somewhere."""

    endpoint_id: int
    due: datetime
    busy: bool


async def ready(conn: AsyncConnection, now: datetime) -> tuple[list[Ready], datetime | None]:
    """Return the endpoints that may be sent something now, and the next instant at which another may."""
    rows = (await conn.execute(_ready())).all()
    found, later = [], []
    for row in rows:
        opens = max(row.due, row.open_until) if row.open_until is not None else row.due
        if opens <= now:
            found.append(Ready(row.id, row.due, bool(row.busy)))
        else:
            later.append(opens)
    return found, min(later, default=None)


@cache
def _ready() -> Select[Any]:
    endpoint, posting = table(EndpointRow), table(PostingRow)
    own = posting.c.endpoint_id == endpoint.c.id
    due = (
        select(posting.c.next_try_at)
        .where(own, posting.c.state == "waiting")
        .order_by(posting.c.next_try_at)
        .limit(1)
        .scalar_subquery()
    )
    busy = exists().where(own, posting.c.state == "claimed")
    each = select(endpoint.c.id, endpoint.c.open_until, due.label("due"), busy.label("busy")).where(
        endpoint.c.state == "enabled"
    )
    found = each.subquery()
    return select(found).where(found.c.due.is_not(None)).order_by(found.c.due, found.c.id)


async def claim(
    conn: AsyncConnection, rooms: Mapping[int, int], now: datetime, token: str, lease: timedelta
) -> list[Posting]:
    """Claim postings that are due, for each endpoint as many as it has room for, none whose lane is still waited for.

    `rooms` has the numbers by the endpoints' ids; what is claimed for one is in the order in which it was planned.
    """
    given = {number: most for number, most in rooms.items() if most}
    held = {"by": now, "holder": token, "until": now + lease}
    if not given:
        return []
    if conn.dialect.name == "sqlite":
        rows = await beneath(conn, lambda plain: _claim_beneath(plain, given, held))
    else:
        wanted = {**held, "endpoints": list(given), "rooms": list(given.values())}
        rows = await _claiming().ask(conn, wanted)
    rows.sort(key=attrgetter("posting"))
    told = await tell(conn, rows)
    return [
        Posting(row.posting, row.endpoint_id, row.attempts, each)
        for row, each in zip(rows, told, strict=True)
    ]


def _claim_beneath(plain: sqlite3.Connection, given: Mapping[int, int], held: Mapping[str, Any]) -> list[Any]:
    due, holding, claimed = _beneath()
    wanted = [{**held, "endpoint": number, "most": most} for number, most in given.items()]
    ids = [each.id for one in wanted for each in due.ask(plain, one)]
    holding.do(plain, {**held, "ids": ids})
    return claimed.ask(plain, {"ids": ids})


@cache
def _beneath() -> tuple[Question, Deed, Question]:
    due = _due(bindparam("endpoint", type_=Integer()), bindparam("most", type_=Integer()))
    return Question(due), Deed(_holding()), Question(_claimed())


def _due(endpoint: ColumnElement[int], most: ColumnElement[int]) -> Select[Any]:
    """Select what is due for an endpoint, as many as it has room for."""
    posting = table(PostingRow)
    other = posting.alias("before")
    before = exists().where(
        other.c.endpoint_id == posting.c.endpoint_id,
        other.c.lane == posting.c.lane,
        other.c.id < posting.c.id,
        other.c.finished_at.is_(None),
    )
    return (
        select(posting.c.id)
        .where(
            posting.c.endpoint_id == endpoint,
            posting.c.state == literal_column("'waiting'"),  # so that a plan for any value may use the index
            posting.c.next_try_at <= bindparam("by", type_=posting.c.next_try_at.type),
            ~before,
        )
        .order_by(posting.c.next_try_at, posting.c.id)
        .limit(most)
        .with_for_update(skip_locked=True, of=posting)
    )


@cache
def _claiming() -> Inquiry:
    """Claim for all endpoints at once, and return what is claimed, on PostgreSQL."""
    posting, message = table(PostingRow), table(MessageRow)
    each = [bindparam(name, type_=ARRAY(Integer())) for name in ("endpoints", "rooms")]
    given = func.unnest(*each).table_valued("endpoint", "most", name="given").render_derived()
    taken = _due(given.c.endpoint, given.c.most).lateral("taken")
    due = select(taken.c.id).select_from(given.join(taken, true())).cte("due")
    mine = posting.c.id == due.c.id, message.c.id == posting.c.message_id
    return Inquiry(update(posting).where(*mine).values(_held()).returning(*_about()))


@cache
def _holding() -> Update:
    return update(table(PostingRow)).where(among(table(PostingRow).c.id)).values(_held())


def _held() -> dict[str, Any]:
    posting = table(PostingRow).c
    return {
        "state": "claimed",
        "token": bindparam("holder"),
        "lease_until": bindparam("until", type_=posting.next_try_at.type),
        "attempts": posting.attempts + 1,
    }


@cache
def _claimed() -> Select[Any]:
    posting, message = table(PostingRow), table(MessageRow)
    found = select(*_about()).join(message, message.c.id == posting.c.message_id)
    return found.where(among(posting.c.id))


def _about() -> list[ColumnElement[Any]]:
    """Return what is read of a claimed posting."""
    posting, message = table(PostingRow).c, table(MessageRow).c
    own = posting.id.label("posting"), posting.endpoint_id, posting.attempts, posting.message_id
    return [*own, message.batch, *(message[name] for name in MESSAGE)]


async def release(conn: AsyncConnection, ids: Collection[int], token: str) -> None:
    """Give back postings that were claimed under `token` and not tried."""
    posting = table(PostingRow)
    back = update(posting).where(among(posting.c.id), posting.c.token == token, posting.c.state == "claimed")
    values = {"state": "waiting", "token": "", "lease_until": None, "attempts": posting.c.attempts - 1}
    await conn.execute(back.values(values), {"ids": list(ids)})


async def has_lost(conn: AsyncConnection, now: datetime) -> bool:
    """Tell whether there are postings whose lease is over."""
    posting = table(PostingRow).c
    over = exists().where(posting.state == "claimed", posting.lease_until <= now)
    return bool((await conn.execute(select(over))).scalar_one())


async def rescue(conn: AsyncConnection, now: datetime) -> int:
    """Free postings whose lease is over: they are posted again under the same id; returns how many."""
    posting = table(PostingRow)
    over = update(posting).where(posting.c.state == "claimed", posting.c.lease_until <= now)
    return (await conn.execute(over.values(state="waiting", token="", lease_until=None))).rowcount


async def died_since(conn: AsyncConnection, endpoint_id: int, since: datetime) -> int:
    """Return how many postings of an endpoint were given up since an instant."""
    posting = table(PostingRow).c
    own = posting.endpoint_id == endpoint_id, posting.state == "dead", posting.finished_at >= since
    return int((await conn.execute(select(func.count()).where(*own))).scalar_one())
