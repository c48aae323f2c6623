"""The feed: for each listener what it is told, in one order that never changes and that no late writer gets before.

Transactions end in another order than they begin. So messages are fanned out in rounds, one after another, and the
place in the feed is (round, message): whoever has read up to a place has missed nothing before it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Insert,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.domain.messages import delivery_data, message_id
from notifier.domain.traces import passed_on
from notifier.store import sequences
from notifier.store.authorities import AuthorityMemberRow
from notifier.store.chosen import among
from notifier.store.database import table
from notifier.store.happenings import HappeningRow, MessageRow
from notifier.store.letters import key_of
from notifier.store.listeners import ListenerOfficeRow, ListenerRow
from notifier.store.tables import DesignationRow, OfficeRow, SayingRow, Table

ROUND: Final = 20_000
"""Messages fanned out in one transaction at most."""


class HeardRow(Table, table=True):
    """A message in the feed of a listener, in the round `batch`."""

    __tablename__ = "heard"

    listener_id: int = Field(primary_key=True, foreign_key="listener.id")
    batch: int = Field(primary_key=True)
    message_id: int = Field(primary_key=True)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a feed; the beginning is before all others."""

    batch: int = 0
    message: int = 0

    def __str__(self) -> str:
        """Return the place as it is handed out: it grows as text, too."""
        return f"{self.batch:010d}-{self.message:012d}"

    @classmethod
    def read(cls, written: str) -> "Place":
        """Read what was handed out. Raises ValueError for anything else."""
        batch, _, message = written.partition("-")
        if not (written.isascii() and batch.isdigit() and message.isdigit() and len(written) <= 23):
            raise ValueError(written)
        return cls(int(batch), int(message))


@dataclass(slots=True)  # not frozen: those are made at a quarter of the speed, and of these very many are
class Told:
    """A message as it is told. `data` is JSON; `happened` the aware instant; `place` its place in the feed.

    `traceparent` is the trace (W3C) it belongs to, "" if there is none.
    """

    id: str
    type: str
    subject: str | None
    happened: datetime
    data: Mapping[str, Any]
    place: Place
    traceparent: str = ""


async def fan_out(conn: AsyncConnection, most: int = ROUND) -> tuple[int, list[int], bool]:
    """Put up to `most` fresh messages into the feeds: returns the round, the listeners told, and whether more are left.

    Call it in a transaction with one state throughout; two at once are busy, so that rounds end in their order.
    """
    batch = await sequences.draw(conn, "round")
    message = table(MessageRow)
    fresh = message.c.batch.is_(None)
    first = select(message.c.id).where(fresh).order_by(message.c.id).limit(most).subquery()
    last, count = (await conn.execute(select(func.max(first.c.id), func.count()).select_from(first))).one()
    if not count:
        return batch, [], False
    for way in _ways(conn.dialect.name):
        await conn.execute(way, {"round": batch, "last": last})
    await conn.execute(update(message).where(fresh, message.c.id <= last).values(batch=batch))
    heard, listener = table(HeardRow), table(ListenerRow)
    hears = exists().where(heard.c.listener_id == listener.c.id, heard.c.batch == batch)
    told = await conn.execute(select(listener.c.id).where(hears).order_by(listener.c.id))
    return batch, list(told.scalars()), count >= most


@cache
def _ways(dialect: str) -> tuple[Insert, ...]:
    """The ways on which a message comes to a listener, each a set statement."""
    message, listener, office = table(MessageRow), table(ListenerRow), table(OfficeRow)
    designation, served = table(DesignationRow), table(ListenerOfficeRow)
    member = table(AuthorityMemberRow)
    batch = bindparam("round", type_=Integer())
    of_round = and_(message.c.batch.is_(None), message.c.id <= bindparam("last", type_=Integer()))
    themselves = listener.c.vendor == ""
    for_all = and_(message.c.listener_id.is_(None), message.c.authority.is_(None))
    open_to_vendors = and_(message.c.listener_id.is_(None), message.c.office_id.is_not(None))
    # A vendor hears of no office of which the authority that let it in would not hear itself.
    answers = or_(
        listener.c.authority.in_(["", office.c.municipality]),
        exists().where(member.c.member == office.c.municipality, member.c.authority == listener.c.authority),
        exists().where(
            designation.c.office_id == office.c.id, designation.c.authority == listener.c.authority
        ),
    )
    heard = select(listener.c.id, batch, message.c.id).select_from(message)
    ways: tuple[Select[Any], ...] = (
        heard.join(listener, listener.c.id == message.c.listener_id).where(of_round),
        heard.join(listener, and_(themselves, listener.c.authority == message.c.authority)).where(of_round),
        heard.join(office, office.c.id == message.c.office_id)
        .join(listener, and_(themselves, listener.c.authority == office.c.municipality))
        .where(of_round, for_all),
        heard.join(office, office.c.id == message.c.office_id)
        .join(member, member.c.member == office.c.municipality)
        .join(listener, and_(themselves, listener.c.authority == member.c.authority))
        .where(of_round, for_all),
        heard.join(designation, designation.c.office_id == message.c.office_id)
        .join(listener, and_(themselves, listener.c.authority == designation.c.authority))
        .where(of_round, for_all)
        .distinct(),
        heard.join(listener, and_(themselves, listener.c.authority == literal(""))).where(
            of_round, message.c.listener_id.is_(None)
        ),
        heard.join(office, office.c.id == message.c.office_id)
        .join(served, served.c.number == office.c.number)
        .join(listener, listener.c.id == served.c.listener_id)
        .where(of_round, open_to_vendors, answers),
    )
    upsert = postgresql_insert if dialect == "postgresql" else sqlite_insert
    names = ["listener_id", "batch", "message_id"]
    return tuple(upsert(table(HeardRow)).from_select(names, way).on_conflict_do_nothing() for way in ways)


async def read(conn: AsyncConnection, listener_id: int, after: Place, limit: int) -> list[Told]:
    """Return up to `limit` messages of a listener that stand after a place in its feed."""
    heard = table(HeardRow).c
    page = (
        _told()
        .where(heard.listener_id == listener_id, _after(after))
        .order_by(heard.batch, heard.message_id)
        .limit(limit)
    )
    return await tell(conn, (await conn.execute(page)).all())


def _after(place: Place) -> ColumnElement[bool]:
    heard = table(HeardRow).c
    return tuple_(heard.batch, heard.message_id) > (place.batch, place.message)


async def end_of(conn: AsyncConnection, listener_id: int) -> Place:
    """Return the last place in the feed of a listener; the beginning if nothing stands there."""
    heard = table(HeardRow).c
    last = select(heard.batch, heard.message_id).where(heard.listener_id == listener_id)
    row = (await conn.execute(last.order_by(heard.batch.desc(), heard.message_id.desc()).limit(1))).first()
    return Place() if row is None else Place(row.batch, row.message_id)


async def reached(conn: AsyncConnection) -> int:
    """Return the last round that was begun; 0 if none was. No place lies beyond it."""
    return await sequences.last(conn, "round")


async def forgotten(conn: AsyncConnection) -> int:
    """Return the last round that is no longer kept; 0 if all are."""
    return await sequences.last(conn, "forgotten round")


MESSAGE = (
    "type",
    "at",
    "subject",
    "deadline",
    "occurrence",
    "happening_id",
    "saying_id",
    "letter_id",
    "gathered",
    "day",
    "code",
    "state",
    "traceparent",
)


@cache
def _told() -> Select[Any]:
    heard, message = table(HeardRow), table(MessageRow)
    return with_content(
        select(heard.c.batch, heard.c.message_id).join(message, message.c.id == heard.c.message_id)
    )


def with_content(found: Select[Any]) -> Select[Any]:
    """Add what a message says to a select that names `batch` and `message_id` and has joined the message."""
    return found.add_columns(*(table(MessageRow).c[name] for name in MESSAGE))


async def tell(conn: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Told]:
    """Return messages as they are told, from rows that `with_content` selects; what is alike is read once."""
    data = await _read_once(conn, table(HappeningRow).c.data, {row.happening_id for row in rows})
    said = await _read_once(conn, table(SayingRow).c.content, {row.saying_id for row in rows})
    return [_told_of(row, data, said) for row in rows]


async def _read_once(conn: AsyncConnection, column: Any, ids: Collection[int | None]) -> dict[int, Any]:
    wanted = sorted(each for each in ids if each is not None)
    if not wanted:
        return {}
    found = select(column.table.c.id, column.label("content")).where(among(column.table.c.id))
    return {row.id: row.content for row in await conn.execute(found, {"ids": wanted})}


def _told_of(row: Row[Any], data: Mapping[int, Any], said: Mapping[int, Any]) -> Told:
    if row.saying_id is not None:
        letter = key_of(row.letter_id, row.gathered)
        told = delivery_data(said[row.saying_id], letter, row.code, row.state)
    else:
        told = data[row.happening_id]
    if row.day is not None:
        told = {**told, "settled_on": row.day.isoformat()}
    name = message_id(row.message_id, row.at.isoformat())
    trace = passed_on(row.traceparent, name) if row.traceparent else ""
    place = Place(row.batch, row.message_id)
    return Told(name, row.type, row.subject or None, row.at, told, place, trace)
