"""Tallies: what a rehearsal has brought, counted in its copy of the database: members, those who are told, who is not."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, and_, case, cast, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.callers import Tenant
from notifier.domain.impacts import Unreached
from notifier.store.chosen import among
from notifier.store.copies import BATCH, LIKE
from notifier.store.database import table
from notifier.store.tables import CohortRow, DeliveryRow, ObligationRow, OfficeRow, SayingRow
from notifier.store.tenants import answers_to, sees_delivery


@dataclass(frozen=True, slots=True)
class Share:
    """Of one cohort: its members, those whose duty is open; who gets a letter, who has no address, which authorities.

    `silent` are open members who are told nothing though their cohort is: they are not subscribed.
    """

    members: int = 0
    open: int = 0
    told: int = 0
    no_address: int = 0
    silent: int = 0
    authorities: int = 0


@dataclass(frozen=True, slots=True)
class Left:
    """What leaves at `at`: `letters` items with an address, `no_address` without; `rung` as contracts call it."""

    at: datetime
    deadline: str
    occasion: str
    rung: str | None
    party: str
    letters: int
    no_address: int


_WEIGHT: Final = func.coalesce(LIKE.c.weight, 1)
"""For how many an office stands."""


def _new() -> ColumnElement[bool]:
    """Deliveries that the rehearsal has planned: what was carried over has arrived before."""
    return table(DeliveryRow).c.state == "planned"


async def members_of(conn: AsyncConnection, deadlines: Collection[str]) -> Mapping[int, tuple[int, int]]:
    """Return by cohort how many members it has, and how many of them have not settled."""
    obligation = table(ObligationRow).c
    counted = (
        select(obligation.cohort_id, func.count(), func.count().filter(obligation.settled_on.is_(None)))
        .where(obligation.deadline.in_(deadlines))
        .group_by(obligation.cohort_id)
    )
    return {cohort: (members, left) for cohort, members, left in await conn.execute(counted)}


async def owed(conn: AsyncConnection, deadlines: Collection[str]) -> set[tuple[int, str]]:
    """Return the pairs of office and deadline that are owed."""
    obligation = table(ObligationRow).c
    rows = await conn.execute(
        select(obligation.office_id, obligation.deadline).where(obligation.deadline.in_(deadlines)).distinct()
    )
    return {(row.office_id, row.deadline) for row in rows}


async def shares(conn: AsyncConnection, cohort_ids: Sequence[int]) -> Mapping[int, Share]:
    """Return by cohort what has been said so far to its members, and to whom not."""
    delivery, saying = table(DeliveryRow).c, table(SayingRow).c
    obligation = table(ObligationRow).c
    has = delivery.recipient != ""
    office = delivery.office_id
    told = await conn.execute(
        select(
            saying.cohort_id,
            func.count(office.distinct()).filter(has).label("told"),
            func.count(office.distinct()).filter(~has).label("without"),
            func.count(delivery.party.distinct()).filter(office.is_(None)).label("authorities"),
        )
        .join(table(DeliveryRow), delivery.saying_id == saying.id)
        .where(_new(), among(saying.cohort_id), saying.party != "editor")
        .group_by(saying.cohort_id),
        {"ids": list(cohort_ids)},
    )
    counts = {row.cohort_id: row for row in told}
    speaking = (
        select(obligation.cohort_id, func.count().label("silent"))
        .where(among(obligation.cohort_id), *_left_out())
        .group_by(obligation.cohort_id)
    )
    silent = {row.cohort_id: row.silent for row in await conn.execute(speaking, {"ids": list(cohort_ids)})}
    return {
        cohort: Share(
            told=row.told,
            no_address=row.without,
            silent=silent.get(cohort, 0),
            authorities=row.authorities,
        )
        for cohort, row in counts.items()
    } | {cohort: Share(silent=count) for cohort, count in silent.items() if cohort not in counts}


def _left_out() -> tuple[ColumnElement[bool], ...]:
    """Tell of a member that its duty is open, that something was said to its cohort, and that it got nothing."""
    obligation, delivery, saying = table(ObligationRow).c, table(DeliveryRow).c, table(SayingRow).c
    cohort = table(CohortRow).c
    spoken = exists().where(
        saying.cohort_id == obligation.cohort_id,
        saying.party == "office",
        saying.generation == cohort.generation,
        cohort.id == saying.cohort_id,
    )
    heard = exists().where(
        _new(),
        saying.cohort_id == obligation.cohort_id,
        delivery.saying_id == saying.id,
        delivery.office_id == obligation.office_id,
    )
    return obligation.settled_on.is_(None), spoken, ~heard


async def missed(conn: AsyncConnection, limit: int, eyes: Tenant) -> tuple[list[Unreached], int, int]:
    """Return the first `limit` offices that are not reached, by number; how many have no address, are not subscribed.

    All are counted, and those named that answer to `eyes`.
    """
    delivery, obligation, office = table(DeliveryRow).c, table(ObligationRow).c, table(OfficeRow).c
    to_office = _new(), delivery.office_id.is_not(None)
    without = select(delivery.office_id).where(*to_office, delivery.recipient == "")
    reached = select(delivery.office_id).where(*to_office, delivery.recipient != "")
    lost = and_(office.id.in_(without), office.id.not_in(reached))
    deaf = and_(
        office.id.in_(select(obligation.office_id).where(*_left_out())),
        office.id.not_in(without),
        office.id.not_in(reached),
    )
    found, counts = [], []
    for why, condition in (("no-address", lost), ("not-subscribed", deaf)):
        count = select(func.count()).select_from(table(OfficeRow)).where(condition)
        counts.append((await conn.execute(count)).scalar_one())
        if not counts[-1]:
            continue
        named = select(office.number, office.name, office.municipality).where(condition, answers_to(eyes))
        rows = await conn.execute(named.order_by(office.number).limit(limit))
        found += [Unreached(*row, why) for row in rows]
    return sorted(found, key=lambda each: each.number)[:limit], counts[0], counts[1]


async def audience(conn: AsyncConnection) -> tuple[str, int, int]:
    """Return a digest of who is told what, how many offices are told, and how many letters that is."""
    delivery, saying = table(DeliveryRow).c, table(SayingRow).c
    key = (
        delivery.party,
        delivery.channel,
        delivery.recipient,
        saying.deadline,
        saying.occurrence,
        saying.occasion,
    )
    written: ColumnElement[str] = cast(key[0], Text)
    for each in key[1:]:
        written = written + "\x1f" + cast(each, Text)
    rows = await conn.stream(
        select(written)
        .join(table(SayingRow), delivery.saying_id == saying.id)
        .where(_new(), saying.party != "editor")
        .order_by(*key)
    )
    digest = blake2b(digest_size=16)
    async for part in rows.scalars().partitions(BATCH):
        digest.update("".join(f"{each}\n" for each in part).encode())
    has = delivery.recipient != ""
    counted = await conn.execute(
        select(
            func.count(delivery.office_id.distinct()).filter(has),
            func.count(delivery.recipient.distinct()).filter(has),
        ).where(_new(), delivery.party != "editor")
    )
    offices, letters = counted.one()
    return digest.hexdigest(), offices, letters


async def leaving(conn: AsyncConnection) -> list[Left]:
    """Return what leaves when, in order."""
    delivery, saying = table(DeliveryRow).c, table(SayingRow).c
    has = delivery.recipient != ""
    columns = delivery.due_at, saying.deadline, saying.occasion, saying.rung, delivery.party
    to = func.substr(delivery.party, 1, 6)
    rows = await conn.execute(
        select(
            delivery.due_at,
            saying.deadline,
            saying.occasion,
            func.min(saying.content["rung"].as_string()).label("name"),
            saying.party,
            func.sum(case((has, _WEIGHT), else_=0)).label("letters"),
            func.sum(case((has, 0), else_=_WEIGHT)).label("without"),
        )
        .join(table(SayingRow), delivery.saying_id == saying.id)
        .outerjoin(LIKE, LIKE.c.office_id == delivery.office_id)
        .where(_new())
        .group_by(delivery.due_at, saying.deadline, saying.occasion, saying.rung, saying.party, to)
        .order_by(*columns[:-1], saying.party)
    )
    return [
        Left(row.due_at, row.deadline, row.occasion, row.name, row.party, row.letters, row.without)
        for row in rows
    ]


async def letters_by_instant(conn: AsyncConnection) -> Mapping[datetime, int]:
    """Return how many letters leave at which instant: one for each address."""
    delivery = table(DeliveryRow).c
    each = (
        select(delivery.due_at, delivery.recipient, _WEIGHT.label("weight"))
        .select_from(table(DeliveryRow))
        .outerjoin(LIKE, LIKE.c.office_id == delivery.office_id)
        .where(_new(), delivery.recipient != "", delivery.party != "editor")
        .distinct()
        .subquery()
    )
    rows = await conn.execute(select(each.c.due_at, func.sum(each.c.weight)).group_by(each.c.due_at))
    return {at: count for at, count in rows}  # noqa: C416 -- rows are no pairs to mypy


async def example(conn: AsyncConnection, cohort_ids: Sequence[int], eyes: Tenant) -> str | None:
    """Return the address to which most is said about the cohorts, of those that `eyes` may see; None if there is none."""
    delivery, saying = table(DeliveryRow).c, table(SayingRow).c
    said = func.count(saying.deadline.distinct())
    found = await conn.execute(
        select(delivery.recipient)
        .join(table(SayingRow), delivery.saying_id == saying.id)
        .where(*_readable(), sees_delivery(eyes))
        .group_by(delivery.recipient)
        .order_by(said.desc(), func.count(), func.min(delivery.id))
        .limit(1),
        {"ids": list(cohort_ids)},
    )
    address: str | None = found.scalar_one_or_none()
    return address


async def stand_in(
    conn: AsyncConnection, cohort_ids: Sequence[int], name: str, address: str, taken: Collection[str]
) -> bool:
    """Let an office of the cohorts stand for all under an invented `name` and `address`; False if none gets a letter.

    So whoever may not see addresses, because others keep them, still reads what is written. `taken` are those chosen.
    """
    delivery, saying, office = table(DeliveryRow), table(SayingRow), table(OfficeRow)
    chosen = await conn.execute(
        select(delivery.c.office_id, delivery.c.recipient)
        .join(saying, delivery.c.saying_id == saying.c.id)
        .where(*_readable(), delivery.c.office_id.is_not(None), delivery.c.recipient.not_in(taken))
        .order_by(delivery.c.id)
        .limit(1),
        {"ids": list(cohort_ids)},
    )
    found = chosen.one_or_none()
    if found is None:
        return False
    its_own = delivery.c.office_id == found.office_id, delivery.c.recipient == found.recipient
    await conn.execute(update(delivery).where(*its_own).values(recipient=address))
    invented = {"name": name, "number": f"{found.office_id % 10**6:010}"}
    await conn.execute(update(office).where(office.c.id == found.office_id).values(**invented))
    return True


def _readable() -> tuple[ColumnElement[bool], ...]:
    """Tell of a delivery that it is new, about the cohorts (`ids`), and that somebody gets a letter of it."""
    delivery, saying = table(DeliveryRow).c, table(SayingRow).c
    return _new(), among(saying.cohort_id), delivery.recipient != "", delivery.party != "editor"


async def set_aside(conn: AsyncConnection) -> None:
    """Let what has been planned so far count for nothing."""
    await conn.execute(update(table(DeliveryRow)).where(_new()).values(state="cancelled"))


async def keep_only(conn: AsyncConnection, recipients: Collection[str]) -> datetime | None:
    """Forget every delivery but those to `recipients`; return the last instant at which one of these leaves."""
    delivery: Any = table(DeliveryRow)
    await conn.execute(delete(delivery).where(delivery.c.recipient.not_in(recipients)))
    last: datetime | None = (
        await conn.execute(select(func.max(delivery.c.due_at)).where(_new()))
    ).scalar_one()
    return last
