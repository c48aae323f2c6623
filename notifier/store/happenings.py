"""Happenings: what other systems are to be told, written down in the transaction in which it happens.

What is alike for many is kept once (a *happening*); a *message* adds whom it is about. Who is told of it is worked
out afterwards (`notifier.store.feed`), so that the step that acts does not wait for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Index,
    Insert,
    Integer,
    Select,
    bindparam,
    case,
    func,
    insert,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.domain.messages import MessageType
from notifier.domain.obligations import CohortKey
from notifier.store.chosen import among
from notifier.store.database import table
from notifier.store.derivation import fresh_trace, led_by
from notifier.store.listeners import is_heard
from notifier.store.obligations import RUN, Scope, within
from notifier.store.tables import (
    NO_ANCHOR,
    CohortRow,
    DeliveryRow,
    LetterRow,
    ObligationRow,
    OfficeRow,
    SayingRow,
    Table,
    kept_json,
    only,
)


class HappeningRow(Table, table=True):
    """What happened, as it is told: the same for all whom it happened to."""

    __tablename__ = "happening"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(index=True)
    data: dict[str, Any] = Field(sa_column=kept_json())


class MessageRow(Table, table=True):
    """What happened to whom. `subject` says about whom; its data are the happening's or the saying's.

    It is for those who hear of the office, or for `authority` alone where that is set, or for one listener. `day` is
    the civil date on which a duty was discharged, `code` and `state` belong to a delivery. `batch` is the round in
    which it was fanned out, None before.
    """

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_fresh", "id", **only("batch IS NULL")), Index("ix_message_at", "at"))

    id: int | None = Field(default=None, primary_key=True)
    type: str
    at: datetime
    subject: str
    deadline: str = ""
    occurrence: int = 0
    office_id: int | None = None
    authority: str | None = None
    listener_id: int | None = None
    happening_id: int | None = None
    saying_id: int | None = None
    letter_id: int | None = None
    gathered: str = ""
    day: date | None = None
    code: int | None = None
    state: str = ""
    batch: int | None = None
    traceparent: str | None = None


async def note(conn: AsyncConnection, at: datetime, data: Mapping[str, Any]) -> int:
    """Keep what happened and return its id."""
    happening = table(HappeningRow)
    kept = insert(happening).values(at=at, data=dict(data)).returning(happening.c.id)
    return int((await conn.execute(kept)).scalar_one())


@dataclass(frozen=True, slots=True)
class Notice:
    """A message for one listener: about a deadline, or about one of its endpoints; `trace` is that of what led to it."""

    type: MessageType
    listener_id: int
    subject: str
    happening_id: int
    deadline: str = ""
    occurrence: int = 0
    trace: str = ""


async def tell_listeners(conn: AsyncConnection, notices: Sequence[Notice], at: datetime) -> None:
    """Write down messages for listeners."""
    rows = [
        {
            "type": each.type.value,
            "at": at,
            "subject": each.subject,
            "deadline": each.deadline,
            "occurrence": each.occurrence,
            "listener_id": each.listener_id,
            "happening_id": each.happening_id,
            "gathered": "",
            "state": "",
            "traceparent": each.trace or None,
        }
        for each in notices
    ]
    if rows:
        await conn.execute(insert(table(MessageRow)), rows)


@dataclass(frozen=True, slots=True)
class Moved:
    """A cohort with members that a derivation put there (`arrived`) or whose duty it found settled."""

    cohort_id: int
    key: CohortKey
    arrived: bool
    settled: bool


async def moved_members(conn: AsyncConnection, deadline: str, run: int, scope: Scope) -> list[Moved]:
    """Return the cohorts of `deadline` with heard members in `scope` that the derivation `run` moved or settled."""
    rows = await conn.execute(_moved(scope), {"of_deadline": deadline, "run": run})
    found = []
    for row in rows:
        anchor = None if row.anchor == NO_ANCHOR else row.anchor
        key = CohortKey(deadline, row.occurrence, row.municipality, row.prefecture, row.taken_up, anchor)
        found.append(Moved(row.id, key, bool(row.arrived), bool(row.settled)))
    return found


@cache
def _moved(scope: Scope) -> Select[tuple[Any, ...]]:
    cohort, obligation, office = table(CohortRow), table(ObligationRow), table(OfficeRow)
    arrived, settled = obligation.c.moved_run == RUN, obligation.c.settled_run == RUN
    key = cohort.c.id, cohort.c.occurrence, cohort.c.municipality, cohort.c.prefecture, cohort.c.taken_up
    return (
        select(
            *key,
            cohort.c.anchor,
            func.max(case((arrived, 1), else_=0)).label("arrived"),
            func.max(case((settled, 1), else_=0)).label("settled"),
        )
        .join(obligation, obligation.c.cohort_id == cohort.c.id)
        .join(office, office.c.id == obligation.c.office_id)
        .where(
            obligation.c.deadline == bindparam("of_deadline"),
            within(scope),
            or_(arrived, settled),
            is_heard(),
        )
        .group_by(*key, cohort.c.anchor)
        .order_by(cohort.c.id)
    )


async def tell_of_office(
    conn: AsyncConnection,
    kind: MessageType,
    office_id: int,
    duty: tuple[str, int],
    data: Mapping[str, Any],
    at: datetime,
) -> bool:
    """Write down a message about one office and its duty (deadline and occurrence); False if nobody hears of it."""
    office = table(OfficeRow)
    heard = select(office.c.number).where(office.c.id == office_id, is_heard())
    number = (await conn.execute(heard)).scalar_one_or_none()
    if number is None:
        return False
    row = {"type": kind.value, "at": at, "subject": f"office/{number}", "office_id": office_id}
    row |= {"deadline": duty[0], "occurrence": duty[1], "gathered": "", "state": ""}
    await conn.execute(insert(table(MessageRow)).values(**row, happening_id=await note(conn, at, data)))
    return True


@dataclass(frozen=True, slots=True)
class Cause:
    """By which run something happened to members, and in which trace: that of a member's newest fact goes before it."""

    run: int
    trace: str = ""


async def tell_of_members(
    conn: AsyncConnection,
    kind: MessageType,
    cohort_ids: Sequence[int],
    happening_id: int,
    at: datetime,
    cause: Cause,
) -> None:
    """Write down a message for each heard member of the cohorts: put there by a run, settled by it, or not settled."""
    given = {"ids": list(cohort_ids), "happening": happening_id, "happened_at": at}
    given |= {"run": cause.run, "led_by": cause.trace}
    await conn.execute(_of_members(kind), given)


_ABOUT = ("type", "at", "subject", "deadline", "occurrence", "office_id", "gathered", "state")


@cache
def _of_members(kind: MessageType) -> Insert:
    obligation, office, message = table(ObligationRow), table(OfficeRow), table(MessageRow)
    picked: dict[MessageType, ColumnElement[bool]] = {
        MessageType.OBLIGATION_CREATED: obligation.c.moved_run == RUN,
        MessageType.OBLIGATION_SETTLED: obligation.c.settled_run == RUN,
        MessageType.OBLIGATION_OVERDUE: obligation.c.settled_on.is_(None),
    }
    subject = literal("office/") + office.c.number
    settled = kind is MessageType.OBLIGATION_SETTLED
    source = (
        select(
            literal(kind.value),
            bindparam("happened_at", type_=message.c.at.type),
            subject,
            obligation.c.deadline,
            obligation.c.occurrence,
            office.c.id,
            literal(""),
            literal(""),
            bindparam("happening", type_=Integer()),
            obligation.c.settled_on if settled else null(),
            null() if kind is MessageType.OBLIGATION_OVERDUE else led_by(fresh_trace()),
        )
        .join(office, office.c.id == obligation.c.office_id)
        .where(among(obligation.c.cohort_id), picked[kind], is_heard())
        .order_by(obligation.c.office_id)
    )
    return insert(message).from_select([*_ABOUT, "happening_id", "day", "traceparent"], source)


async def tell_of_letters(conn: AsyncConnection, letter_ids: Sequence[int], fence: str, at: datetime) -> None:
    """Write down a message for each heard delivery in letters that have come to their end under `fence`."""
    await conn.execute(_of_letters(), {"ids": list(letter_ids), "fence": fence, "happened_at": at})


_ENDS = {
    "accepted": MessageType.REMINDER_SENT,
    "refused": MessageType.DELIVERY_BOUNCED,
    "failed": MessageType.DELIVERY_FAILED,
    "unreachable": MessageType.DELIVERY_FAILED,
}


@cache
def _of_letters() -> Insert:
    letter, delivery, saying = table(LetterRow), table(DeliveryRow), table(SayingRow)
    office, message = table(OfficeRow), table(MessageRow)
    kind = case(*((delivery.c.state == state, literal(kind.value)) for state, kind in _ENDS.items()))
    source = (
        select(
            kind,
            bindparam("happened_at", type_=message.c.at.type),
            delivery.c.party,
            saying.c.deadline,
            saying.c.occurrence,
            delivery.c.office_id,
            letter.c.gathered,
            delivery.c.state,
            func.nullif(delivery.c.authority, ""),
            delivery.c.saying_id,
            letter.c.id,
            letter.c.code,
            delivery.c.traceparent,
        )
        .select_from(delivery)
        .join(letter, letter.c.id == delivery.c.letter_id)
        .join(saying, saying.c.id == delivery.c.saying_id)
        .outerjoin(office, office.c.id == delivery.c.office_id)
        .where(
            among(delivery.c.letter_id),
            letter.c.token == bindparam("fence"),
            letter.c.finished_at.is_not(None),
            delivery.c.state.in_(tuple(_ENDS)),
            delivery.c.party != "editor",
            or_(delivery.c.office_id.is_(None), is_heard()),
        )
        .order_by(delivery.c.id)
    )
    names = [*_ABOUT, "authority", "saying_id", "letter_id", "code", "traceparent"]
    return insert(message).from_select(names, source)
