"""Facts and the events they come from: append-only, each event once for ever.

A source belongs to one sender (`notifier.store.provenance`); sender, source and id together are looked up.

An event about an office that is not enrolled yet waits and is applied when the office appears.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Row,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.clock import civil_date
from notifier.domain.actors import Actor, sender_of
from notifier.domain.facts import Fact, Value
from notifier.domain.law import Setting
from notifier.store.answerable import Answerable, answerable
from notifier.store.database import table
from notifier.store.groups import Group
from notifier.store.tables import EventRow, FactRow, OfficeRow
from notifier.store.tables.law import UNFINISHED
from notifier.store.values import as_kept, from_kept

T = TypeVar("T")
_CHUNK = 500
"""Rows a statement speaks of; more would exceed the number of values one statement may carry."""
NO_FACTS: Final = frozenset(
    {"office.registered", "office.changed", "office.closed", "notice.received", "deadline.decided"}
)
"""Types of which no fact follows: whoever takes them in deals with them (`notifier.arrears`)."""
_NOT_THEIRS = "the office that appeared does not answer to the sender"
_UNFINISHED: Final = literal_column(f"event.{UNFINISHED}", Boolean())
_ENDINGS = ("licence_until", "certificate_until")


class Intake(StrEnum):
    """What became of an event: kept, waiting for its office, known already, at odds with a known one, not the sender's."""

    RECORDED = "recorded"
    WAITING = "waiting"
    REPEATED = "repeated"
    CONFLICTING = "conflicting"
    FOREIGN = "foreign"


@dataclass(slots=True)  # not frozen: those are made at a quarter of the speed, and of these very many are
class Event:
    """An event to be kept. `on` is the civil date from which it holds, `values` its checked data.

    `body_hash` tells a repeat from another event under the same name. `office` is a number, `authority` a
    code or "" for the nation; exactly one of the two is set (the other is None). `sender` is the authority on whose
    behalf it was sent ("" for the nation and the program itself), `key` names the key that was shown. `request` is the
    id of the call, `traceparent` the trace (W3C) that it belongs to; "" if there is none.
    """

    source: str
    event_id: str
    type: str
    on: date
    happened_at: datetime
    values: Mapping[str, Value]
    body_hash: str
    office: str | None = None
    authority: str | None = None
    sender: str = ""
    key: str = ""
    request: str = ""
    traceparent: str = ""

    @property
    def sent_by(self) -> Actor:
        """Return who sent it, as the audit knows them: a key, else who bears the source."""
        return sender_of(self.key, self.source, self.sender)

    @property
    def name(self) -> tuple[str, str, str]:
        """Return what makes the event unique for ever."""
        return (self.sender, self.source, self.event_id)

    @property
    def subject(self) -> str:
        """Return the subject as events carry it: office/<number>, authority/<code> or "" for the nation."""
        if self.office is not None:
            return f"office/{self.office}"
        return f"authority/{self.authority}" if self.authority else ""


async def record(conn: AsyncConnection, event: Event, now: datetime) -> Intake:
    """Keep an event and the fact that follows from it; a repeat changes nothing."""
    return (await record_all(conn, [event], now))[0]


async def record_all(conn: AsyncConnection, events: Sequence[Event], now: datetime) -> list[Intake]:
    """Keep `events` and the facts that follow, in a few statements; return what became of each, in order.

    What was known before stays as it is, and of two events under one name the first in `events` counts.
    """
    offices = await answerable(conn, {each.office for each in events if each.office is not None})
    first: dict[tuple[str, str, str], Event] = {}
    for event in events:
        if may_speak(event, offices):
            first.setdefault(event.name, event)
    today = civil_date(now)
    states = {name: state_of(event, offices, today) for name, event in first.items()}
    written = await _insert(conn, first, states, now)
    applied = [event for name, event in first.items() if name in written and states[name] == "applied"]
    await FACTS.insert(conn, [fact_row(each, offices, now) for each in applied])
    known = {name: event.body_hash for name, event in first.items() if name in written}
    known |= await _hashes(conn, {each.name for each in events} - written)
    outcomes: list[Intake] = []
    seen: set[tuple[str, str, str]] = set()
    for event in events:
        # The first of its name in `events` is the one that was written, if one was; those after it repeat it.
        is_first = event.name in written and event.name not in seen
        seen.add(event.name)
        if event.name not in known:
            outcomes.append(Intake.FOREIGN)
        elif is_first:
            outcomes.append(Intake.RECORDED if states[event.name] == "applied" else Intake.WAITING)
        else:
            same = known[event.name] == event.body_hash
            outcomes.append(Intake.REPEATED if same else Intake.CONFLICTING)
    return outcomes


async def claim(conn: AsyncConnection, event: Event, now: datetime, state: str = "received") -> Intake:
    """Note an event of which no fact follows, before it is dealt with; `conclude` says what became of it.

    RECORDED means: deal with it, because it is new or whoever dealt with it before did not come to an end. With the
    state "waiting" it is kept for later: until its office appears, or its day.
    """
    if await _insert(conn, {event.name: event}, {event.name: state}, now):
        return Intake.RECORDED if state == "received" else Intake.WAITING
    row = (await conn.execute(select(table(EventRow)).where(_named([event.name])))).one()
    if row.body_hash != event.body_hash:
        return Intake.CONFLICTING
    return Intake.REPEATED if row.state in {"applied", "waiting"} else Intake.RECORDED


async def conclude(conn: AsyncConnection, event: Event, problem: str = "") -> None:
    """Write down that a claimed event was dealt with, or by which `problem` it failed."""
    done = update(table(EventRow)).where(_named([event.name]))
    await conn.execute(done.values(state="failed" if problem else "applied", problem=problem))


async def known(conn: AsyncConnection, name: tuple[str, str, str]) -> str | None:
    """Return the digest of the body of the event with this name (sender, source, id); None if there is none."""
    return (await _hashes(conn, {name})).get(name)


async def has_arrears(conn: AsyncConnection) -> bool:
    """Tell whether events wait of which no fact follows."""
    waits = exists().where(*is_in("waiting"), col(EventRow.type).in_(NO_FACTS))
    return bool((await conn.execute(select(waits))).scalar_one())


def is_in(*states: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that an event is in one of `states`; if it can be, they are looked up along the index."""
    found = col(EventRow.state).in_(states)
    return (found,) if "applied" in states else (_UNFINISHED, found)


def may_speak(event: Event, offices: Mapping[str, Answerable]) -> bool:
    """Tell whether the sender may speak about the office; about one not known yet that is seen when it appears."""
    known = offices.get(event.office or "")
    return known is None or not event.sender or event.sender in known.authorities


def state_of(event: Event, offices: Mapping[str, Answerable], today: date) -> str:
    """A fact that is told ahead waits for its day, one about an office that is not enrolled yet for the office."""
    is_placed = event.office is None or event.office in offices
    return "applied" if is_placed and event.on <= today else "waiting"


async def _insert(
    conn: AsyncConnection,
    events: Mapping[tuple[str, str, str], Event],
    states: Mapping[tuple[str, str, str], str],
    now: datetime,
) -> set[tuple[str, str, str]]:
    """Insert the events that are not known yet, in the order of their names, so that two writers never cross."""
    rows = [row_of(events[name], states[name], now) for name in sorted(events)]
    return {(row.sender, row.source, row.event_id) for row in await EVENTS.insert(conn, rows)}


def row_of(event: Event, state: str, now: datetime) -> tuple[Any, ...]:
    """Return the row of `EVENTS` that keeps an event."""
    return (
        *event.name,
        event.key,
        event.type,
        event.subject,
        as_kept(event.values) | {"on": event.on.isoformat()},
        event.happened_at,
        now,
        event.body_hash,
        event.request or None,
        event.traceparent or None,
        state,
        "",
    )


_NAME = ("sender", "source", "event_id")
_EVENT = (
    *_NAME,
    "key_prefix",
    "type",
    "subject",
    "data",
    "happened_at",
    "received_at",
    "body_hash",
    "request",
    "traceparent",
    "state",
    "problem",
)
EVENTS = Group(EventRow, _EVENT, once=_NAME, returning=_NAME)
FRESH_EVENTS = Group(EventRow, _EVENT, returning=["id"])
"""Events of which none may be known: it clashes with the key over their names where one is."""


async def _hashes(
    conn: AsyncConnection, names: Collection[tuple[str, str, str]]
) -> dict[tuple[str, str, str], str]:
    found = {}
    for chunk in _chunks(sorted(names)):
        for row in await conn.execute(select(table(EventRow)).where(_named(chunk))):
            found[row.sender, row.source, row.event_id] = row.body_hash
    return found


def _named(names: Sequence[tuple[str, str, str]]) -> ColumnElement[bool]:
    return tuple_(col(EventRow.sender), col(EventRow.source), col(EventRow.event_id)).in_(names)


def _chunks(names: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(names), _CHUNK):
        yield names[start : start + _CHUNK]


_COLUMNS = (
    "office_id",
    "authority",
    "traceparent",
    "type",
    "on",
    "until",
    "partner",
    "fiscal_year",
    "values",
    "recorded_at",
    "source",
    "derived",
)
FACTS = Group(FactRow, _COLUMNS)


def fact_row(event: Event, offices: Mapping[str, Answerable], now: datetime) -> tuple[Any, ...]:
    """Return the row of `FACTS` that follows from an event; its office, if it is about one, is among `offices`."""
    office_id = None if event.office is None else offices[event.office].id
    about = office_id, event.authority, event.traceparent or None
    return (*about, *_said(event.type, event.on, event.values), now, event.source, False)


def _said(kind: str, on: date, values: Mapping[str, Value]) -> tuple[Any, ...]:
    partner, year = values.get("partner"), values.get("fiscal_year")
    ends = [values[name] for name in _ENDINGS if isinstance(values.get(name), date)]
    return (
        kind,
        on,
        ends[0] if ends else None,
        partner if isinstance(partner, str) else None,
        year if isinstance(year, int) else None,
        as_kept(values),
    )


async def apply_waiting(conn: AsyncConnection, now: datetime) -> int:
    """Apply the facts that waited for offices which are enrolled by now, or for a day that has come; returns how many.

    Those whose sender turns out not to be an authority of the office are set aside with the reason.
    """
    is_enrolled = col(EventRow.subject) == "office/" + col(OfficeRow.number)
    waiting = (
        select(table(EventRow), col(OfficeRow.id).label("office_id"), col(OfficeRow.number))
        .outerjoin(OfficeRow, is_enrolled)
        .where(
            *is_in("waiting"),
            col(EventRow.type).not_in(NO_FACTS),
            or_(col(OfficeRow.id).is_not(None), col(EventRow.subject).not_like("office/%")),
        )
        .order_by(col(EventRow.id))
    )
    today = civil_date(now).isoformat()
    found = [row for row in (await conn.execute(waiting)).all() if row.data["on"] <= today]
    offices = await answerable(conn, {row.number for row in found if row.number is not None})
    rows = [
        row
        for row in found
        if row.number is None or not row.sender or row.sender in offices[row.number].authorities
    ]
    ripe = []
    for row in rows:
        kept = from_kept(row.data)
        on = kept.pop("on")
        if isinstance(on, date):
            authority = None if row.number else row.subject.removeprefix("authority/")
            about = row.office_id, authority, row.traceparent
            ripe.append((*about, *_said(row.type, on, kept), now, row.source, False))
    await FACTS.insert(conn, ripe)
    if found:
        kept_ids = {row.id for row in rows}
        ends = [
            {"event": row.id, "to": "applied" if row.id in kept_ids else "failed", "why": ""}
            | ({} if row.id in kept_ids else {"why": _NOT_THEIRS})
            for row in found
        ]
        ended = update(table(EventRow)).where(table(EventRow).c.id == bindparam("event"))
        await conn.execute(ended.values(state=bindparam("to"), problem=bindparam("why")), ends)
    return len(rows)


def fact_of(row: Row[Any]) -> Fact:
    """Return the fact that a row keeps."""
    return Fact(row.type, row.on, from_kept(row.values), row.recorded_at, row.source)


async def facts_of(conn: AsyncConnection, office_ids: Sequence[int]) -> dict[int, tuple[Fact, ...]]:
    """Return the facts of offices by office id, in the order in which they were recorded."""
    rows = await conn.execute(
        select(table(FactRow)).where(col(FactRow.office_id).in_(office_ids)).order_by(col(FactRow.id))
    )
    found: dict[int, list[Fact]] = {office_id: [] for office_id in office_ids}
    for row in rows:
        found[row.office_id].append(fact_of(row))
    return {office_id: tuple(each) for office_id, each in found.items()}


async def load_settings(conn: AsyncConnection) -> tuple[Setting, ...]:
    """Return what authorities and the nation have set or announced, in the order in which it was recorded."""
    rows = await conn.execute(
        select(table(FactRow)).where(col(FactRow.office_id).is_(None)).order_by(col(FactRow.id))
    )
    return tuple(Setting(row.authority or "", fact_of(row)) for row in rows)
