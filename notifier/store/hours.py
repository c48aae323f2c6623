"""Hours of contacts: which of them have something due, and putting it off until they are open.

Both begin with the contacts that wish for hours, of which an index knows; without any nothing is looked at.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    Text,
    Update,
    and_,
    bindparam,
    cast,
    exists,
    false,
    func,
    not_,
    or_,
    select,
    text,
    true,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.hours import Hours, Wait
from notifier.store.chosen import among_texts
from notifier.store.database import table
from notifier.store.tables import CohortRow, ContactRow, DeliveryRow, SayingRow
from notifier.store.tables.parties import WITH_HOURS
from notifier.store.values import ByDialect

ASKED = "asked:%"
"""Rungs on which an office asked to be reminded: see `steps.remind`."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Contacts of an authority with the same hours that have something due."""

    hours: Hours
    authority: str


async def having_due(conn: AsyncConnection, now: datetime) -> list[Waiting]:
    """Return the hours, by authority, of the contacts for which something is due by `now`, other than asked for by hand."""
    rows = (await conn.execute(_having_due(), {"by": now})).all()
    return [Waiting(Hours.read(row.weekdays, row.hours), row.authority) for row in rows]


async def put_off(
    conn: AsyncConnection, hours: Hours, authorities: Collection[str], wait: Wait, now: datetime
) -> int:
    """Put off what is due by `now` for the contacts of `authorities` with these `hours`; returns how many deliveries.

    A deadline is never put at risk: see `Wait`. What was asked for by hand is not put off, and what an office wished to be
    reminded of on this day waits for a later hour of the day only. Of reminders of one duty that wait for the same hour the
    last is left.
    """
    given = {
        "by": now,
        "wished": [f"{hours.kept_weekdays} {hours.kept_hours} {each}" for each in sorted(authorities)],
        "until": wait.until,
        "today": wait.today,
        "opening": wait.opening,
        "through": wait.through,
        "oldest": wait.oldest,
    }
    moved = (await conn.execute(_putting_off(is_today=wait.is_today), given)).rowcount
    if moved:
        await conn.execute(_dropping(), {"until": wait.until})
    return moved


async def bring_forward(conn: AsyncConnection, now: datetime) -> int:
    """Let answers that wait for hours leave at once if the law has moved since; returns how many deliveries.

    An answer is sent even then, as it says what was recorded; it must not come after the news, and name the old day.
    """
    return (await conn.execute(_bringing_forward(), {"by": now})).rowcount


async def reconsider(conn: AsyncConnection, contact_id: int, at: datetime) -> int:
    """Let what waits for a contact longer than until `at` be due then, as its hours have changed; returns how many."""
    return (await conn.execute(_reconsidering(), {"number": contact_id, "at": at})).rowcount


def _by() -> ColumnElement[datetime]:
    return bindparam("by", type_=table(DeliveryRow).c.due_at.type)


def _waits() -> ColumnElement[bool]:
    """Deliveries to contacts with hours that are not gathered yet, and were not asked for by hand."""
    other = table(ContactRow).alias("any_contact")
    # Without any contact with hours no delivery is looked at.
    is_any = exists(select(other.c.id).where(text(f"({WITH_HOURS})")).correlate(None))
    return and_(_is_to_leave(), text(f"({WITH_HOURS})"), is_any)


def _is_to_leave() -> ColumnElement[bool]:
    delivery, contact = table(DeliveryRow).c, table(ContactRow).c
    return and_(
        delivery.state == "planned",
        delivery.letter_id.is_(None),
        delivery.repeat == 0,
        contact.office_id == delivery.office_id,
        contact.authority == delivery.authority,
        contact.channel == delivery.channel,
        contact.address == delivery.recipient,
    )


@cache
def _having_due() -> Select[Any]:
    contact = table(ContactRow).c
    due = table(DeliveryRow).c.due_at <= _by()
    found = select(contact.weekdays, contact.hours, contact.authority).where(_waits(), due).distinct()
    return found.order_by(contact.weekdays, contact.hours, contact.authority)


@cache
def _putting_off(*, is_today: bool) -> Update:
    delivery, contact, saying, cohort = (each.c for each in _TABLES)
    return _moving(
        "until",
        delivery.due_at <= _by(),
        # In one, so that SQLite begins with what is due, and not with each contact and all that was ever sent to it.
        among_texts(contact.weekdays + " " + contact.hours + " " + contact.authority, "wished"),
        saying.on >= _day("oldest"),
        saying.generation == cohort.generation,
        not_(_is_at_risk(saying, cohort)),
        true() if is_today else not_(saying.rung.like(ASKED)),
    )


@cache
def _bringing_forward() -> Update:
    delivery, _, saying, cohort = (each.c for each in _TABLES)
    is_overtaken = and_(saying.occasion == "acknowledgement", saying.generation != cohort.generation)
    return _moving("by", delivery.due_at > _by(), is_overtaken)


@cache
def _reconsidering() -> Update:
    target, contact = table(DeliveryRow), table(ContactRow)
    at = bindparam("at", type_=target.c.due_at.type)
    found = select(target.c.id).join(contact, _is_to_leave()).where(contact.c.id == bindparam("number"))
    waiting = found.where(target.c.due_at > at).correlate(None)
    return update(target).where(target.c.id.in_(waiting)).values(due_at=at)


_TABLES = table(DeliveryRow), table(ContactRow), table(SayingRow), table(CohortRow)


def _moving(to: str, *which: ColumnElement[bool]) -> Update:
    """Let deliveries, of those that wait, be due at the instant that the parameter `to` names."""
    delivery, contact, saying, cohort = _TABLES
    chosen = (
        select(delivery.c.id)
        .select_from(delivery)
        .join(contact, _waits())
        .join(saying, saying.c.id == delivery.c.saying_id)
        .join(cohort, cohort.c.id == saying.c.cohort_id)
        .where(*which)
        .correlate(None)
    )
    moved = update(delivery).where(delivery.c.id.in_(chosen))
    return moved.values(due_at=bindparam(to, type_=delivery.c.due_at.type))


@cache
def _dropping() -> Update:
    """Cancel reminders that waited until another one of the same duty waits for the same hour."""
    target, saying = table(DeliveryRow), table(SayingRow).c
    delivery = target.c
    alike = delivery.office_id, delivery.authority, delivery.channel, delivery.recipient, saying.cohort_id
    counted = (
        select(
            delivery.id,
            func.row_number().over(partition_by=alike, order_by=delivery.id.desc()).label("place"),
        )
        .where(
            _waits(),
            delivery.due_at == bindparam("until", type_=delivery.due_at.type),
            saying.id == delivery.saying_id,
            saying.occasion.in_(("reminder", "last-call")),
        )
        .correlate(None)
        .subquery()
    )
    overtaken = select(counted.c.id).where(counted.c.place > 1)
    return update(target).where(delivery.id.in_(overtaken)).values(state="cancelled")


def _is_at_risk(saying: Any, cohort: Any) -> ColumnElement[bool]:
    """Sayings about a day that would have come, or would be too near, once the letter left.

    A part of a month may end on each of its days. What announces that something begins leaves before it does. What counts
    to a day (「本日締切」) that is over by now does not wait any longer.
    """
    days = (cohort.target, cohort.earliest, cohort.latest)
    counted = _is_not_after(_counted_to(saying), _day("through"))
    part = and_(
        cohort.shape == "part",
        _is_not_after(cohort.earliest, _day("through")),
        _is_not_after(_day("today"), cohort.latest),
    )
    begins = and_(
        saying.occasion == "opening",
        _is_not_after(cohort.opens, _day("opening")),
        func.coalesce(cohort.opens > saying.on, false()),
    )
    near = (and_(_is_not_after(_day("today"), day), _is_not_after(day, _day("through"))) for day in days)
    return or_(*near, counted, part, begins)


def _is_not_after(day: Any, other: Any) -> ColumnElement[bool]:
    """Compare two civil dates; false, and never unknown, if there is none."""
    return func.coalesce(day <= other, false())


def _counted_to(saying: Any) -> ColumnElement[date]:
    """Return the day to which the saying counts (「あとn日」), NULL if it counts none."""
    left = saying.content["due"]["days_left"].as_integer()
    on_sqlite = func.date(saying.on, cast(left, Text()).concat(" days"))
    return type_coerce(ByDialect(on_sqlite, saying.on + left), Date())


def _day(name: str) -> ColumnElement[date]:
    return bindparam(name, type_=Date())
