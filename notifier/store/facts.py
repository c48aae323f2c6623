"""Facts and the events they come from: append-only, each event once for ever.

An event about an office that is not enrolled yet waits and is applied when the office appears.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.facts import Fact, Value
from notifier.domain.law import Setting
from notifier.store.database import table
from notifier.store.tables import EventRow, FactRow, OfficeRow
from notifier.store.values import as_kept, from_kept

_ENDINGS = ("licence_until", "certificate_until")


class Intake(StrEnum):
    """What became of an event: kept, waiting for its office, known already, or at odds with a known one."""

    RECORDED = "recorded"
    WAITING = "waiting"
    REPEATED = "repeated"
    CONFLICTING = "conflicting"


@dataclass(frozen=True, slots=True)
class Event:
    """An event to be kept. `on` is the civil date from which it holds, `values` its checked data.

    `body_hash` tells a repeat from another event under the same name. `office` is a number, `authority` a
    code or "" for the nation; exactly one of the two is set (the other is None).
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

    @property
    def subject(self) -> str:
        """Return the subject as events carry it: office/<number>, authority/<code> or "" for the nation."""
        if self.office is not None:
            return f"office/{self.office}"
        return f"authority/{self.authority}" if self.authority else ""


async def record(conn: AsyncConnection, event: Event, now: datetime) -> Intake:
    """Keep an event and the fact that follows from it; a repeat changes nothing."""
    upsert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    office_id = None
    if event.office is not None:
        office_id = (
            await conn.execute(select(col(OfficeRow.id)).where(col(OfficeRow.number) == event.office))
        ).scalar_one_or_none()
    waits = event.office is not None and office_id is None
    written = (
        upsert(EventRow)
        .values(
            source=event.source,
            event_id=event.event_id,
            type=event.type,
            subject=event.subject,
            data=as_kept(event.values) | {"on": event.on.isoformat()},
            happened_at=event.happened_at,
            received_at=now,
            body_hash=event.body_hash,
            state="waiting" if waits else "applied",
            problem="",
        )
        .on_conflict_do_nothing(index_elements=["source", "event_id"])
        .returning(col(EventRow.id))
    )
    if (await conn.execute(written)).scalar_one_or_none() is None:
        known = select(col(EventRow.body_hash)).where(
            col(EventRow.source) == event.source, col(EventRow.event_id) == event.event_id
        )
        same = (await conn.execute(known)).scalar_one() == event.body_hash
        return Intake.REPEATED if same else Intake.CONFLICTING
    if waits:
        return Intake.WAITING
    columns = _columns(event.type, event.on, event.values, event.source, now)
    await conn.execute(insert(FactRow).values(office_id=office_id, authority=event.authority, **columns))
    return Intake.RECORDED


def _columns(kind: str, on: date, values: Mapping[str, Value], source: str, now: datetime) -> dict[str, Any]:
    partner, year = values.get("partner"), values.get("fiscal_year")
    ends = [day for day in (values.get(name) for name in _ENDINGS) if isinstance(day, date)]
    return {
        "type": kind,
        "on": on,
        "until": ends[0] if ends else None,
        "partner": partner if isinstance(partner, str) else None,
        "fiscal_year": year if isinstance(year, int) else None,
        "values": as_kept(values),
        "recorded_at": now,
        "source": source,
        "derived": False,
    }


async def apply_waiting(conn: AsyncConnection, now: datetime) -> int:
    """Apply the events that waited for offices which are enrolled by now; returns how many."""
    is_enrolled = col(EventRow.subject) == "office/" + col(OfficeRow.number)
    waiting = (
        select(table(EventRow), col(OfficeRow.id).label("office_id"))
        .join(OfficeRow, is_enrolled)
        .where(col(EventRow.state) == "waiting")
        .order_by(col(EventRow.id))
    )
    rows = (await conn.execute(waiting)).all()
    for row in rows:
        kept = from_kept(row.data)
        on = kept.pop("on")
        if isinstance(on, date):
            columns = _columns(row.type, on, kept, row.source, now)
            await conn.execute(insert(FactRow).values(office_id=row.office_id, authority=None, **columns))
    if rows:
        ids = [{"event": row.id} for row in rows]
        applied = (
            update(table(EventRow)).where(table(EventRow).c.id == bindparam("event")).values(state="applied")
        )
        await conn.execute(applied, ids)
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
