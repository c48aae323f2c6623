"""Sayings and deliveries: the row that exists before anything is sent, for ever.

What is said alike to the members of many cohorts is kept in one statement, and planned for all of them in another.
One saying for one party by one channel to one address is at most one delivery; asking again changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Insert, and_, bindparam, exists, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.letters import MOST_MEMBERS
from notifier.domain.sayings import Member
from notifier.store.chosen import among
from notifier.store.database import table
from notifier.store.derivation import fresh_trace, led_by
from notifier.store.obligations import RUN
from notifier.store.subscriptions import told, wants
from notifier.store.tables import (
    AuthorityRow,
    CohortRow,
    ContactRow,
    DeliveryRow,
    ObligationRow,
    OfficeRow,
    SayingRow,
)
from notifier.store.wishes import WishRow

NEWS = ("announcement", "change")
"""Occasions on which something new is said of a deadline."""
ARRIVED = ("accepted", "unknown")
"""States of deliveries that have arrived, as far as can be known."""
_SAYING = [
    "cohort_id",
    "generation",
    "party",
    "rung",
    "occasion",
    "deadline",
    "occurrence",
    "on",
    "run",
    "content",
]
_DELIVERY = [
    "saying_id",
    "office_id",
    "authority",
    "party",
    "channel",
    "recipient",
    "state",
    "due_at",
    "traceparent",
]


class Whom(StrEnum):
    """Which members of a cohort are told: all; those whose duty is not discharged; or those, of a derivation.

    MOVED: whom it put there and who have nothing settled. ENROLLED: of these, who were not known before.
    SETTLED: whose duty it found settled. HEARD: the unsettled, and to whom the last news was sent. ASKED: who wished to
    be reminded, of a round.
    """

    ALL = "all"
    UNSETTLED = "unsettled"
    MOVED = "moved"
    ENROLLED = "enrolled"
    SETTLED = "settled"
    HEARD = "heard"
    ASKED = "asked"


def _led(whom: Whom) -> ColumnElement[Any] | None:
    """Return the trace of what is the members' own and led to it: a fact, or that they were enrolled."""
    if whom is Whom.ENROLLED:
        return table(OfficeRow).c.traceparent
    return fresh_trace() if whom in {Whom.SETTLED, Whom.MOVED} else None


@dataclass(frozen=True, slots=True)
class Saying:
    """What is to be said once to each of some cohorts, or to the editor; `trace` is that of the call that led to it."""

    party: str
    rung: str
    occasion: str
    deadline: str
    occurrence: int
    on: date
    content: Mapping[str, Any]
    trace: str = ""


def _upsert(dialect: str, model: Any) -> Any:
    return (postgresql_insert if dialect == "postgresql" else sqlite_insert)(table(model))


def _columns(saying: Saying, run: int) -> dict[str, Any]:
    return {f"new_{name}": getattr(saying, name) for name in _SAYING[2:8]} | {
        "new_run": run,
        "new_content": dict(saying.content),
    }


async def say_to_cohorts(conn: AsyncConnection, saying: Saying, cohort_ids: Sequence[int], run: int) -> None:
    """Keep a saying for each of the cohorts, as they are now; one that was kept before stays as it was."""
    await conn.execute(_sayings(conn.dialect.name), _columns(saying, run) | {"ids": cohort_ids})


@cache
def _sayings(dialect: str) -> Insert:
    cohort, saying = table(CohortRow).c, table(SayingRow).c
    said = [bindparam(f"new_{name}", type_=saying[name].type) for name in _SAYING[2:]]
    source = select(cohort.id, cohort.generation, *said).where(among(cohort.id)).order_by(cohort.id)
    planned: Insert = _upsert(dialect, SayingRow).from_select(_SAYING, source).on_conflict_do_nothing()
    return planned


async def say_to_editor(
    conn: AsyncConnection, saying: Saying, once: str, address: str, due_at: datetime, run: int
) -> None:
    """Keep a saying to the rule editor, and plan its delivery, unless it was said before under the key `once`."""
    values = {name: getattr(saying, name) for name in ("party", "occasion", "deadline", "occurrence", "on")}
    written = (
        _upsert(conn.dialect.name, SayingRow)
        .values(cohort_id=0, generation=0, rung=once, run=run, content=dict(saying.content), **values)
        .on_conflict_do_nothing(index_elements=["cohort_id", "generation", "party", "rung"])
        .returning(table(SayingRow).c.id)
    )
    fresh = (await conn.execute(written)).scalar_one_or_none()
    if fresh is not None:
        row = {"saying_id": fresh, "authority": "", "party": "editor"}
        row |= {"channel": "email", "recipient": address, "traceparent": saying.trace or None}
        planned = _upsert(conn.dialect.name, DeliveryRow).values(**row, state="planned", due_at=due_at)
        await conn.execute(planned)


def unsettled() -> ColumnElement[bool]:
    """Members whose duty is not discharged."""
    return table(ObligationRow).c.settled_on.is_(None)


def _picked(whom: Whom) -> ColumnElement[bool]:  # noqa: PLR0911 -- one line a choice, read as a table
    obligation = table(ObligationRow).c
    match whom:
        case Whom.ALL:
            return true()
        case Whom.UNSETTLED:
            return unsettled()
        case Whom.MOVED:
            return and_(obligation.moved_run == RUN, unsettled())
        case Whom.ENROLLED:
            return and_(obligation.moved_run == RUN, unsettled(), table(OfficeRow).c.derived.is_(False))
        case Whom.SETTLED:
            return obligation.settled_run == RUN
        case Whom.HEARD:
            return or_(unsettled(), _has_heard())
        case Whom.ASKED:
            wish = table(WishRow).c
            return exists().where(
                wish.run == RUN,
                wish.office_id == obligation.office_id,
                wish.deadline == obligation.deadline,
                wish.occurrence == obligation.occurrence,
            )


def _has_heard() -> ColumnElement[bool]:
    """Members to whom the last news before this was sent."""
    cohort, obligation = table(CohortRow).c, table(ObligationRow).c
    older, said = table(SayingRow).alias("older"), table(SayingRow).alias("said")
    sent = table(DeliveryRow).alias("sent")
    last = (
        select(func.max(older.c.generation))
        .where(
            older.c.cohort_id == cohort.id,
            older.c.generation < cohort.generation,
            older.c.occasion.in_(NEWS),
            older.c.party == "office",
        )
        .correlate_except(older)
        .scalar_subquery()
    )
    found = select(literal(1)).where(
        said.c.cohort_id == cohort.id,
        said.c.generation == last,
        said.c.occasion.in_(NEWS),
        sent.c.saying_id == said.c.id,
        sent.c.office_id == obligation.office_id,
        sent.c.state.in_(ARRIVED),
    )
    return exists(found.correlate_except(said, sent))


@dataclass(frozen=True, slots=True)
class Round:
    """What was said to some cohorts on a `rung` leaves at `due_at` (aware); `trace` is that of the call that led to it."""

    rung: str
    cohort_ids: Sequence[int]
    due_at: datetime
    trace: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """Return what the statements are given."""
        values = {"rung": self.rung, "ids": self.cohort_ids, "leaves_at": self.due_at}
        return values | {"led_by": self.trace}


async def tell_members(conn: AsyncConnection, said: Round, family: str, whom: Whom, run: int) -> int:
    """Plan a delivery of what was said to every subscribed member of the cohorts whom `whom` picks; returns how many.

    An office without an active address gets a delivery with an empty recipient: it is visible as unreachable.
    """
    given = said.values | {"family": family, "run": run}
    return (await conn.execute(_to_members(conn.dialect.name, whom), given)).rowcount


@cache
def _to_members(dialect: str, whom: Whom) -> Insert:
    cohort, saying, obligation = table(CohortRow), table(SayingRow), table(ObligationRow)
    office, contact = table(OfficeRow), table(ContactRow)
    reached = and_(
        contact.c.office_id == obligation.c.office_id,
        contact.c.active.is_(True),
        contact.c.channel == "email",
        wants(contact.c, bindparam("family")),
    )
    through = func.coalesce(contact.c.authority, office.c.municipality)
    source = (
        select(
            saying.c.id,
            obligation.c.office_id,
            func.coalesce(contact.c.authority, ""),
            literal("office/") + office.c.number,
            literal("email"),
            func.coalesce(contact.c.address, ""),
            literal("planned"),
            bindparam("leaves_at", type_=table(DeliveryRow).c.due_at.type),
            led_by(_led(whom)),
        )
        .select_from(cohort)
        .join(saying, _current(saying.c, cohort.c, "office"))
        .join(obligation, obligation.c.cohort_id == cohort.c.id)
        .join(office, office.c.id == obligation.c.office_id)
        .outerjoin(contact, reached)
        .where(
            among(cohort.c.id),
            _picked(whom),
            told(obligation.c.office_id, through, saying.c.deadline, bindparam("family"), saying.c.on),
        )
        .order_by(saying.c.id, obligation.c.office_id, contact.c.id)
    )
    planned: Insert = _upsert(dialect, DeliveryRow).from_select(_DELIVERY, source).on_conflict_do_nothing()
    return planned


def _current(saying: Any, cohort: Any, party: str) -> ColumnElement[bool]:
    return and_(
        saying.cohort_id == cohort.id,
        saying.generation == cohort.generation,
        saying.party == party,
        saying.rung == bindparam("rung"),
    )


async def tell_authorities(conn: AsyncConnection, said: Round, party: str) -> None:
    """Plan a delivery of what was said to the authority of each cohort: its `municipality` or `prefecture`."""
    await conn.execute(_to_authorities(conn.dialect.name, party), said.values)


@cache
def _to_authorities(dialect: str, party: str) -> Insert:
    cohort, saying, authority = table(CohortRow), table(SayingRow), table(AuthorityRow)
    code = cohort.c[party]
    source = (
        select(
            saying.c.id,
            code,
            literal("authority/") + code,
            literal("email"),
            func.coalesce(authority.c.address, ""),
            literal("planned"),
            bindparam("leaves_at", type_=table(DeliveryRow).c.due_at.type),
            led_by(),
        )
        .select_from(cohort)
        .join(saying, _current(saying.c, cohort.c, party))
        .outerjoin(authority, authority.c.code == code)
        .where(among(cohort.c.id))
        .order_by(saying.c.id)
    )
    names = [name for name in _DELIVERY if name != "office_id"]
    planned: Insert = _upsert(dialect, DeliveryRow).from_select(names, source).on_conflict_do_nothing()
    return planned


@dataclass(frozen=True, slots=True)
class Missed:
    """Members of a cohort whose duty is not discharged: how many, and the first of them by number."""

    count: int
    first: tuple[Member, ...]


async def missed_by(
    conn: AsyncConnection, cohort_ids: Sequence[int], limit: int = MOST_MEMBERS
) -> Mapping[int, Missed]:
    """Return who has not settled, by cohort, and name `limit` of each; cohorts where everybody has are left out."""
    obligation, office = table(ObligationRow), table(OfficeRow)
    cohort = obligation.c.cohort_id
    counted = (
        select(
            cohort,
            office.c.number,
            office.c.name,
            func.count().over(partition_by=cohort).label("number_of"),
            func.row_number().over(partition_by=cohort, order_by=office.c.number).label("place"),
        )
        .join(office, office.c.id == obligation.c.office_id)
        .where(among(obligation.c.cohort_id), unsettled())
        .subquery()
    )
    first = select(counted).where(counted.c.place <= limit).order_by(counted.c.cohort_id, counted.c.place)
    counts: dict[int, int] = {}
    named: dict[int, list[Member]] = {}
    for row in await conn.execute(first, {"ids": cohort_ids}):
        counts[row.cohort_id] = row.number_of
        named.setdefault(row.cohort_id, []).append(Member(row.number, row.name))
    return {cohort: Missed(count, tuple(named[cohort])) for cohort, count in counts.items()}
