"""Wishes: the days on which offices have asked to be reminded of a duty, beside the rungs of its ladder."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Index, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.store.database import table
from notifier.store.tables import CohortRow, ObligationRow, Table, only

WAITING, SAID, DROPPED = "waiting", "said", "dropped"


class WishRow(Table, table=True):
    """An office wants to be reminded on the civil date `on`; of one duty there is one wish at a time.

    States: waiting, said (by the round `run`), dropped (by the office, or because the duty was done by then).
    """

    __tablename__ = "wish"
    __table_args__ = (
        Index(
            "ix_wish_waiting",
            "office_id",
            "deadline",
            "occurrence",
            unique=True,
            **only("state = 'waiting'"),
        ),
        Index("ix_wish_on", "on", **only("state = 'waiting'")),
        Index("ix_wish_run", "run"),
    )

    id: int | None = Field(default=None, primary_key=True)
    office_id: int = Field(foreign_key="office.id")
    deadline: str
    occurrence: int
    on: date
    asked_at: datetime
    who: str
    state: str
    run: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish that waits: of which duty, for which civil date."""

    id: int
    deadline: str
    occurrence: int
    on: date


@dataclass(frozen=True, slots=True)
class Due:
    """A wish whose day has come. `cohort_id` is None if the office no longer owes the duty, or has done it."""

    id: int
    deadline: str
    cohort_id: int | None


async def ask(
    conn: AsyncConnection, office_id: int, duty: tuple[str, int], on: date, who: str, now: datetime
) -> None:
    """Keep a wish; one for the same duty that waits is replaced."""
    await drop(conn, office_id, duty)
    deadline, occurrence = duty
    row = {"office_id": office_id, "deadline": deadline, "occurrence": occurrence, "on": on}
    await conn.execute(insert(table(WishRow)).values(**row, asked_at=now, who=who, state=WAITING, run=0))


async def drop(conn: AsyncConnection, office_id: int, duty: tuple[str, int]) -> bool:
    """Drop the wish for a duty; False if none waits."""
    wish = table(WishRow)
    mine = wish.c.office_id == office_id, wish.c.deadline == duty[0], wish.c.occurrence == duty[1]
    dropped = await conn.execute(update(wish).where(*mine, wish.c.state == WAITING).values(state=DROPPED))
    return dropped.rowcount > 0


async def of_office(conn: AsyncConnection, office_id: int) -> Sequence[Wish]:
    """Return the wishes of an office that wait, the nearest first."""
    wish = table(WishRow).c
    found = select(wish.id, wish.deadline, wish.occurrence, wish.on)
    waiting = found.where(wish.office_id == office_id, wish.state == WAITING)
    return [Wish(*row) for row in await conn.execute(waiting.order_by(wish.on, wish.id))]


async def due(conn: AsyncConnection, today: date, limit: int) -> Sequence[Due]:
    """Return the wishes whose day has come; also those whose duty has come to its last safe day before."""
    wish, cohort, obligation = table(WishRow), table(CohortRow), table(ObligationRow)
    own = (
        (obligation.c.office_id == wish.c.office_id)
        & (obligation.c.deadline == wish.c.deadline)
        & (obligation.c.occurrence == wish.c.occurrence)
        & obligation.c.settled_on.is_(None)
    )
    last_safe = func.coalesce(cohort.c.target, cohort.c.latest)
    found = (
        select(wish.c.id, wish.c.deadline, cohort.c.id)
        .select_from(wish)
        .outerjoin(obligation, own)
        .outerjoin(cohort, cohort.c.id == obligation.c.cohort_id)
        .where(wish.c.state == WAITING, or_(wish.c.on <= today, last_safe <= today))
        .order_by(wish.c.id)
        .limit(limit)
    )
    return [Due(*row) for row in await conn.execute(found)]


async def move(conn: AsyncConnection, ids: Sequence[int], state: str, run: int) -> None:
    """Write down what became of wishes in the round `run`."""
    wish = table(WishRow)
    await conn.execute(update(wish).where(wish.c.id.in_(list(ids))).values(state=state, run=run))


async def next_day(conn: AsyncConnection) -> date | None:
    """Return the civil date of the nearest wish that waits, or None."""
    wish = table(WishRow).c
    found: date | None = (
        await conn.execute(select(func.min(wish.on)).where(wish.state == WAITING))
    ).scalar_one()
    return found
