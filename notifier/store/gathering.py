"""Gathering: deliveries that are due become one letter for each address."""

from datetime import datetime
from functools import cache

from sqlalchemy import (
    ColumnElement,
    Insert,
    Update,
    and_,
    bindparam,
    case,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.store.database import table
from notifier.store.tables import DeliveryRow, LetterRow

_LETTER = ["channel", "recipient", "gathered", "run", "created_at", "next_try_at"]
_BEGINNING = {"state": "planned", "phase": "", "token": "", "subject": "", "body_hash": "", "answer": ""}


async def gather(conn: AsyncConnection, now: datetime, run: int) -> int:
    """Gather the deliveries due by `now` into one letter per address (per party where there is none); returns how many."""
    given = {"by": now, "of_run": run}
    made = await conn.execute(_letters(), given)
    if made.rowcount:
        await conn.execute(_enclosing(conn.dialect.name), given)
    return made.rowcount


async def next_planned(conn: AsyncConnection) -> datetime | None:
    """Return the earliest instant at which a delivery wants to be gathered, or None."""
    delivery = table(DeliveryRow).c
    earliest = select(func.min(delivery.due_at)).where(
        delivery.state == "planned", delivery.letter_id.is_(None)
    )
    found: datetime | None = (await conn.execute(earliest)).scalar_one()
    return found


def _waiting() -> ColumnElement[bool]:
    delivery = table(DeliveryRow).c
    by = bindparam("by", type_=delivery.due_at.type)
    return and_(delivery.state == "planned", delivery.letter_id.is_(None), delivery.due_at <= by)


def _to() -> ColumnElement[str]:
    delivery = table(DeliveryRow).c
    return case((delivery.recipient == "", delivery.party), else_=delivery.recipient)


@cache
def _letters() -> Insert:
    delivery, letter, to = table(DeliveryRow).c, table(LetterRow), _to()
    by = bindparam("by", type_=letter.c.created_at.type)
    source = (
        select(
            delivery.channel,
            delivery.recipient,
            to,  # one and the same object here and there: PostgreSQL would not know two for equal
            bindparam("of_run", type_=letter.c.run.type),
            by,
            by,
            literal(0),
            *(literal(value) for value in _BEGINNING.values()),
        )
        .where(_waiting())
        .group_by(delivery.channel, delivery.recipient, to)
        .order_by(func.min(delivery.id))
    )
    return insert(letter).from_select([*_LETTER, "attempts", *_BEGINNING], source)


@cache
def _enclosing(dialect: str) -> Update:
    delivery, letter = table(DeliveryRow), table(LetterRow)
    its_own = (
        letter.c.run == bindparam("of_run", type_=letter.c.run.type),
        letter.c.gathered == _to(),
        letter.c.channel == delivery.c.channel,
    )
    if dialect == "sqlite":  # joined, it would look through all that waits once for each letter
        found = select(letter.c.id).where(*its_own).correlate(delivery).scalar_subquery()
        return update(delivery).where(_waiting()).values(letter_id=found)
    return update(delivery).where(_waiting(), *its_own).values(letter_id=letter.c.id)
