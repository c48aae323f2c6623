"""Delivery records: what was said to whom, what came of it, and saying it once more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import product
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    TextClause,
    and_,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.callers import NATION, Tenant
from notifier.store import sight
from notifier.store.chosen import among
from notifier.store.database import table
from notifier.store.letters import key_of
from notifier.store.tables import CohortRow, ContactRow, DeliveryRow, LetterRow, OfficeRow, SayingRow
from notifier.store.tables.letters import TROUBLE as WITH_TROUBLE
from notifier.store.tenants import answers_to, sees_delivery

ENDED: Final = frozenset({"accepted", "refused", "failed"})
"""States after which a delivery may be sent once more: it has left, or will not."""
TROUBLE: Final = ("failed", "refused", "unknown", "unreachable")
"""States in which a person may have to do something; an index holds only these."""
_IN_TROUBLE: Final = f"delivery.{WITH_TROUBLE}"
FEW: Final = 1_000
"""So many sayings are looked for before their deliveries are."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries are asked for; None asks for any. `since` and `until` are inclusive civil dates.

    `trouble` asks for those of which a person may have to do something, `traceparent` for what followed from one call.
    """

    state: str | None = None
    office: str | None = None
    deadline: str | None = None
    occasion: str | None = None
    since: date | None = None
    until: date | None = None
    trouble: bool = False
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """One saying for one party at one address. `repeat` counts how often it was sent anew before, by hand.

    `message` is the left half of the letter's Message-ID, "" while none is written. `is_current` tells that what it
    says still holds, `in_use` that its address has not been given up by its owner or its office. `traceparent` is the trace
    (W3C) of the call that led to it, None where time did.
    """

    id: int
    on: date
    occasion: str
    rung: str
    deadline: str
    occurrence: int
    party: str
    office: str | None
    office_name: str | None
    channel: str
    recipient: str
    state: str
    repeat: int
    due_at: datetime
    message: str
    subject: str
    attempts: int
    next_try_at: datetime | None
    finished_at: datetime | None
    code: int | None
    answer: str
    content: Mapping[str, Any]
    is_current: bool
    in_use: bool
    traceparent: str | None = None

    @property
    def can_repeat(self) -> bool:
        """Tell whether it may be sent once more: it has ended, what it says still holds, its address is in use."""
        return self.state in ENDED and bool(self.recipient) and self.is_current and self.in_use


def _records(tenant: Tenant) -> Select[Any]:
    delivery, saying, letter, office = (
        table(each).c for each in (DeliveryRow, SayingRow, LetterRow, OfficeRow)
    )
    cohort = table(CohortRow).c
    current = select(cohort.id).where(cohort.id == saying.cohort_id, cohort.generation == saying.generation)
    return (
        select(
            delivery.id,
            saying.on,
            saying.occasion,
            saying.rung,
            saying.deadline,
            saying.occurrence,
            delivery.party,
            office.number.label("office"),
            office.name.label("office_name"),
            delivery.channel,
            delivery.recipient,
            delivery.state,
            delivery.repeat,
            delivery.due_at,
            delivery.letter_id,
            letter.gathered,
            func.coalesce(letter.subject, "").label("subject"),
            func.coalesce(letter.attempts, 0).label("attempts"),
            letter.next_try_at,
            letter.finished_at,
            letter.code,
            func.coalesce(letter.answer, "").label("answer"),
            saying.content,
            delivery.traceparent,
            or_(saying.cohort_id == 0, saying.occasion == "acknowledgement", current.exists()).label(
                "is_current"
            ),
            or_(delivery.office_id.is_(None), _in_use()).label("in_use"),
        )
        .select_from(table(DeliveryRow))
        .join(table(SayingRow), saying.id == delivery.saying_id)
        .outerjoin(table(LetterRow), letter.id == delivery.letter_id)
        .outerjoin(table(OfficeRow), office.id == delivery.office_id)
        .where(sees_delivery(tenant))
    )


def _in_use() -> ColumnElement[bool]:
    contact, delivery = table(ContactRow).c, table(DeliveryRow).c
    same = contact.office_id == delivery.office_id, contact.address == delivery.recipient
    return exists().where(*same, contact.channel == delivery.channel, contact.active.is_(True))


def _record(row: Any) -> DeliveryRecord:
    kept = dict(row._mapping)  # noqa: SLF001 -- the documented way to a row's columns by name
    letter_id, gathered = kept.pop("letter_id"), kept.pop("gathered")
    message = key_of(letter_id, gathered) if letter_id is not None else ""
    told = {name: bool(kept[name]) for name in ("is_current", "in_use")}
    return DeliveryRecord(**kept | told | {"message": message})


async def deliveries(
    conn: AsyncConnection, tenant: Tenant, wanted: Wanted, before: int | None, limit: int
) -> list[DeliveryRecord]:
    """Return `limit` deliveries that `tenant` sees and wants, the newest first, from behind the id `before` on."""
    delivery, saying = table(DeliveryRow).c, table(SayingRow).c
    found = select(delivery.id).order_by(delivery.id.desc()).limit(limit)
    if before is not None:
        found = found.where(delivery.id < before)
    about = _about(wanted)
    given: dict[str, Any] = {}
    if about:
        sayings = select(saying.id).where(*about).order_by(saying.id.desc()).limit(FEW + 1)
        given["sayings"] = (await conn.execute(sayings)).scalars().all()
        if not given["sayings"]:
            return []
        if len(given["sayings"]) > FEW:
            found = found.join(table(SayingRow), saying.id == delivery.saying_id).where(*about)
            given = {}
        else:
            found = found.where(among(delivery.saying_id, "sayings"))
    numbers: list[int] = []
    # Each is read along an index of its own; what was said to one office is little, however many eyes look at it.
    one_by_one = wanted.office is None
    eyes = _eyes(tenant) if one_by_one else (sees_delivery(tenant),)
    parts = [replace(wanted, trouble=False, state=each) for each in TROUBLE] if wanted.trouble else [wanted]
    for seen, part in product(eyes, parts if wanted.state is None and one_by_one else [wanted]):
        numbers += (await conn.execute(found.where(seen, *_wanted(part)), given)).scalars()
    # Everything about them is read for those that are shown only: a database may gather it for all it looks through.
    return await chosen(conn, NATION, sorted(numbers, reverse=True)[:limit]) if numbers else []


async def counts(
    conn: AsyncConnection, tenant: Tenant, states: Sequence[str] = (*TROUBLE, "planned")
) -> dict[str, int]:
    """Return how many deliveries that `tenant` sees are in each of these states: planned, and those of TROUBLE."""
    delivery = table(DeliveryRow).c
    counted = dict.fromkeys(states, 0)
    in_trouble = text(_IN_TROUBLE), delivery.state.in_([each for each in states if each in TROUBLE])
    # As a bare column, SQLite would look through all that was ever sent to each office.
    nobodys = delivery.authority == "", sight.of_offices(tenant, func.coalesce(delivery.office_id, 0))
    for seen in (true(),) if tenant.is_nation else (delivery.authority == tenant.code, and_(*nobodys)):
        asked = [select(delivery.state, func.count()).where(seen, *in_trouble).group_by(delivery.state)]
        if "planned" in states:
            asked.append(select(literal("planned"), func.count()).where(seen, *_in_state("planned")))
        for found in asked:
            for state, count in await conn.execute(found):
                counted[state] += count
    return counted


def _eyes(tenant: Tenant) -> Sequence[ColumnElement[bool]]:
    """Return conditions that exclude each other and together tell what `tenant` sees."""
    if tenant.is_nation:
        return (true(),)
    delivery = table(DeliveryRow).c
    # Nobody's are few: they are found by that, and each one's office is looked up. (`EXISTS` would be made a join.)
    mine = select(col(OfficeRow.id)).where(col(OfficeRow.id) == delivery.office_id, answers_to(tenant))
    found = mine.correlate(table(DeliveryRow)).scalar_subquery()
    nobodys = and_(delivery.authority == "", found.is_not(None))
    return (delivery.authority == tenant.code, nobodys)


def _about(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return what is asked for of the sayings."""
    saying = table(SayingRow).c
    conditions: list[ColumnElement[bool]] = []
    for column, value in ((saying.deadline, wanted.deadline), (saying.occasion, wanted.occasion)):
        if value is not None:
            conditions.append(column == value)
    if wanted.since is not None:
        conditions.append(saying.on >= wanted.since)
    if wanted.until is not None:
        conditions.append(saying.on <= wanted.until)
    return conditions


def _wanted(wanted: Wanted) -> list[ColumnElement[bool] | TextClause]:
    delivery = table(DeliveryRow).c
    conditions: list[ColumnElement[bool] | TextClause] = []
    if wanted.state is not None:
        conditions += _in_state(wanted.state)
    if wanted.trouble:
        conditions.append(text(_IN_TROUBLE))
    if wanted.traceparent is not None:
        conditions.append(delivery.traceparent == wanted.traceparent)
    if wanted.office is not None:
        mine = select(col(OfficeRow.id)).where(col(OfficeRow.number) == wanted.office).scalar_subquery()
        conditions.append(delivery.office_id == mine)
    return conditions


def _in_state(state: str) -> list[ColumnElement[bool] | TextClause]:
    """Return the condition that a delivery is in a state, so that the small indexes can be used for it."""
    delivery, letter = table(DeliveryRow), table(LetterRow)
    more: list[ColumnElement[bool] | TextClause] = []
    if state in TROUBLE:
        more.append(text(_IN_TROUBLE))
    if state == "planned":
        unposted = select(delivery.c.id).where(delivery.c.letter_id.is_(None))
        open_letters = select(letter.c.id).where(letter.c.finished_at.is_(None))
        under_way = select(delivery.c.id).where(
            delivery.c.letter_id.is_not(None), delivery.c.letter_id.in_(open_letters)
        )
        more.append(delivery.c.id.in_(union_all(unposted, under_way)))
    return [delivery.c.state == state, *more]


async def delivery(conn: AsyncConnection, tenant: Tenant, number: int) -> DeliveryRecord | None:
    """Return the delivery with the id `number`, or None if `tenant` sees none of it."""
    row = (await conn.execute(_records(tenant).where(col(DeliveryRow.id) == number))).one_or_none()
    return None if row is None else _record(row)


async def chosen(conn: AsyncConnection, tenant: Tenant, numbers: Sequence[int]) -> list[DeliveryRecord]:
    """Return those of the deliveries with these ids that `tenant` sees, the newest first."""
    found = _records(tenant).where(col(DeliveryRow.id).in_(numbers)).order_by(col(DeliveryRow.id).desc())
    return [_record(row) for row in await conn.execute(found)]


async def repeat(conn: AsyncConnection, number: int, now: datetime, trace: str = "") -> int:
    """Plan the delivery `number` anew, to leave with the next letters; returns the id of the new one.

    What was sent before stays written down as it is. `trace` is the traceparent of the call that asked for it.
    """
    target = table(DeliveryRow)
    old = (await conn.execute(select(target).where(target.c.id == number).with_for_update())).one()
    alike = [target.c[name] == getattr(old, name) for name in ("saying_id", "party", "channel", "recipient")]
    last = (await conn.execute(select(func.max(target.c.repeat)).where(*alike))).scalar_one()
    kept = {
        name: getattr(old, name)
        for name in ("saying_id", "office_id", "authority", "party", "channel", "recipient")
    }
    kept |= {"state": "planned", "due_at": now, "repeat": last + 1, "traceparent": trace or None}
    anew = insert(target).values(kept).returning(target.c.id)
    return int((await conn.execute(anew)).scalar_one())
