"""Subscriptions: what an office is told, through whose contacts, from when, and who decided it.

They change what is said, never what is owed: a duty that an office is not told of is worked out all the same, and is
shown to the staff as not told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, exists, func, insert, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.callers import NATION, Tenant
from notifier.store.chosen import among, among_texts
from notifier.store.database import table
from notifier.store.differences import EVERYTHING
from notifier.store.tables import (
    CohortRow,
    ContactRow,
    DeadlineRow,
    ObligationRow,
    OfficeRow,
    OfficeServiceRow,
    SubscriptionRow,
)
from notifier.store.tenants import answers_to


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision of an authority: from the civil date `since` offices are `told` of a topic, or are not.

    `topic` is a deadline, a family or * for all; `channel` "" means all channels. `decided_at` is aware, None
    for what held before decisions were kept.
    """

    authority: str
    topic: str
    since: date
    told: bool
    decided_by: str
    decided_at: datetime | None
    reason: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which offices are meant: those of an authority, all or with one of `numbers`, providing one of `services`."""

    authority: str
    numbers: tuple[str, ...] = ()
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A decision that is kept for an office."""

    number: str
    name: str
    decided: Decided


@dataclass(frozen=True, slots=True)
class NotTold:
    """An obligation that is open and of which its office is not told, with the decision that says so."""

    number: str
    name: str
    deadline: str
    latest: date | None
    decided: Decided


# ---- in other statements ----


def told(
    office: ColumnElement[Any],
    authority: ColumnElement[Any],
    deadline: ColumnElement[Any],
    family: ColumnElement[Any],
    on: ColumnElement[Any],
    channel: str = "email",
) -> ColumnElement[bool]:
    """Tell in SQL whether an office is told of a deadline on a day through the contacts of an authority."""
    chosen = table(SubscriptionRow).alias("own_subscription")
    nearest = _nearest(office, authority, deadline, family, on, channel)
    return or_(~exists().where(chosen.c.office_id == office), func.coalesce(nearest, true()))


def _nearest(
    office: ColumnElement[Any],
    authority: ColumnElement[Any],
    deadline: ColumnElement[Any],
    family: ColumnElement[Any],
    on: ColumnElement[Any],
    channel: str,
) -> ColumnElement[Any]:
    chosen = table(SubscriptionRow).alias("subscription_in_force")
    # What stands outside cannot be named in the order on SQLite: a deadline is told by its stroke.
    nearness = case((chosen.c.topic == EVERYTHING, 2), (chosen.c.topic.like("%/%"), 0), else_=1)
    return (
        select(chosen.c.told)
        .where(
            chosen.c.office_id == office,
            chosen.c.authority == authority,
            or_(chosen.c.topic == deadline, chosen.c.topic == family, chosen.c.topic == EVERYTHING),
            chosen.c.channel.in_(["", channel]),
            chosen.c.since <= on,
        )
        .order_by(nearness, chosen.c.since.desc(), chosen.c.channel.desc())
        .limit(1)
        .correlate_except(chosen)
        .scalar_subquery()
    )


def wants(contact: Any, family: ColumnElement[Any]) -> ColumnElement[bool]:
    """Tell in SQL whether a letter about a family goes to a contact.

    A letter that none of an office's contacts has chosen goes to all of them: a contact narrows what it reads, never
    what the office is told.
    """
    other = table(ContactRow).alias("other_contact")
    by_another = exists().where(
        other.c.office_id == contact.office_id,
        other.c.active.is_(True),
        other.c.channel == contact.channel,
        _chosen(other.c, family),
    )
    return or_(_chosen(contact, family), ~by_another)


def _chosen(contact: Any, family: ColumnElement[Any]) -> ColumnElement[bool]:
    return or_(contact.topics == "", contact.topics.like("% " + family + " %"))


# ---- deciding ----


async def chosen_offices(conn: AsyncConnection, selection: Selection) -> dict[str, int]:
    """Return the open offices meant, by number: those that answer to the authority."""
    office = table(OfficeRow).c
    found = select(office.number, office.id).where(_meant(selection)).order_by(office.number)
    rows = await conn.execute(found, {"numbers": list(selection.numbers)} if selection.numbers else {})
    return {row.number: row.id for row in rows}


def _meant(selection: Selection) -> ColumnElement[bool]:
    """Tell of an office that it is open and meant; where numbers are chosen, the parameter `numbers` carries them."""
    office = table(OfficeRow).c
    conditions = [answers_to(Tenant(selection.authority)), office.closed_on.is_(None)]
    if selection.services:
        provides = exists().where(
            col(OfficeServiceRow.office_id) == office.id,
            col(OfficeServiceRow.service).in_(selection.services),
        )
        conditions.append(provides)
    if selection.numbers:
        conditions.append(among_texts(office.number, "numbers"))
    return and_(*conditions)


async def topics(conn: AsyncConnection) -> frozenset[str]:
    """Return what can be decided about: every deadline, every family, and * for all."""
    duty = table(DeadlineRow).c
    rows = (await conn.execute(select(duty.id, duty.family))).all()
    return frozenset({EVERYTHING, *(row.id for row in rows), *(row.family for row in rows)})


async def decide(conn: AsyncConnection, offices: Sequence[int], decided: Decided) -> None:
    """Keep a decision for offices, by id; one of the same day about the same topic is replaced.

    The last word counts: what was decided before about a part of the topic is decided anew, too.
    """
    target = table(SubscriptionRow)
    mine = and_(
        among(target.c.office_id),
        target.c.authority == decided.authority,
        target.c.channel == decided.channel if decided.channel else true(),
    )
    ids = {"ids": list(offices)}
    inside = true() if decided.topic == EVERYTHING else target.c.topic.like(f"{decided.topic}/%")
    nearer = select(target.c.office_id, target.c.topic).where(mine, inside).distinct()
    rows = {(row.office_id, row.topic) for row in await conn.execute(nearer, ids)}
    rows |= {(office, decided.topic) for office in offices}
    covered = or_(target.c.topic == decided.topic, inside)
    await conn.execute(delete(target).where(mine, covered, target.c.since >= decided.since), ids)
    kept = {
        name: getattr(decided, name)
        for name in ("authority", "channel", "since", "told", "reason", "decided_by", "decided_at")
    }
    if rows:
        await conn.execute(
            insert(target), [kept | {"office_id": office, "topic": topic} for office, topic in sorted(rows)]
        )


async def decisions(conn: AsyncConnection, selection: Selection) -> list[Subscribed]:
    """Return the decisions of an authority for its offices, by office, topic and day."""
    target, office = table(SubscriptionRow), table(OfficeRow)
    found = (
        select(office.c.number, office.c.name, target)
        .join(office, office.c.id == target.c.office_id)
        .where(target.c.authority == selection.authority, _meant(selection))
        .order_by(office.c.number, target.c.topic, target.c.since, target.c.channel)
    )
    rows = await conn.execute(found, {"numbers": list(selection.numbers)} if selection.numbers else {})
    return [Subscribed(row["number"], row["name"], _decided(row)) for row in rows.mappings()]


async def of_office(conn: AsyncConnection, office_id: int, authority: str) -> list[Decided]:
    """Return what an authority has decided about one office."""
    target = table(SubscriptionRow)
    mine = target.c.office_id == office_id, target.c.authority == authority
    found = await conn.execute(select(target).where(*mine).order_by(target.c.topic, target.c.since))
    return [_decided(row) for row in found.mappings()]


def in_force(kept: Sequence[Decided], deadline: str, today: date) -> Decided | None:
    """Return which decision counts for a deadline on a day; None: nothing was decided, so it is told."""
    topics = (deadline, deadline.partition("/")[0], EVERYTHING)
    counts = any(each.topic in topics and each.since <= today for each in kept)
    return _deciding(kept, topics, today) if counts else None


def _decided(row: Any) -> Decided:
    return Decided(
        row["authority"],
        row["topic"],
        row["since"],
        row["told"],
        row["decided_by"],
        row["decided_at"],
        row["reason"],
        row["channel"],
    )


# ---- what is owed and not told ----


async def not_told(conn: AsyncConnection, authority: str, today: date, limit: int) -> list[NotTold]:
    """Return open obligations of which an authority does not let its offices be told on a day, `limit` at most."""
    obligation, office, cohort, duty = _owed()
    found = (
        select(office.number, office.name, obligation.deadline, duty.family, cohort.latest)
        .select_from(_joined())
        .where(
            answers_to(Tenant(authority)),
            *_untold(literal(authority), today),
        )
        .order_by(cohort.latest.is_(None), cohort.latest, office.number, obligation.deadline)
        .limit(limit)
    )
    rows = (await conn.execute(found)).all()
    if not rows:
        return []
    kept: dict[str, list[Decided]] = {}
    for each in await decisions(conn, Selection(authority, tuple({row.number for row in rows}))):
        kept.setdefault(each.number, []).append(each.decided)
    return [
        NotTold(
            row.number,
            row.name,
            row.deadline,
            row.latest,
            _deciding(kept[row.number], (row.deadline, row.family, EVERYTHING), today),
        )
        for row in rows
    ]


async def not_told_counts(conn: AsyncConnection, today: date, tenant: Tenant = NATION) -> dict[str, int]:
    """Return by deadline how many offices that answer to `tenant` owe it and are not told of it through it on a day.

    Of the nation's offices it is asked whether their municipality lets them be told.
    """
    obligation, office, _, _ = _owed()
    through = office.municipality if tenant.is_nation else literal(tenant.code)
    found = (
        select(obligation.deadline, func.count().label("offices"))
        .select_from(_joined())
        .where(answers_to(tenant), *_untold(through, today))
        .group_by(obligation.deadline)
    )
    return {row.deadline: row.offices for row in await conn.execute(found)}


def _owed() -> tuple[Any, Any, Any, Any]:
    return (
        table(ObligationRow).c,
        table(OfficeRow).c,
        table(CohortRow).c,
        table(DeadlineRow).c,
    )


def _joined() -> Any:
    obligation, office, cohort, duty = _owed()
    return (
        table(ObligationRow)
        .join(table(OfficeRow), office.id == obligation.office_id)
        .join(table(CohortRow), cohort.id == obligation.cohort_id)
        .join(table(DeadlineRow), duty.id == obligation.deadline)
    )


def _untold(authority: ColumnElement[Any], today: date) -> list[ColumnElement[bool]]:
    obligation, office, cohort, duty = _owed()
    return [
        office.closed_on.is_(None),
        obligation.settled_on.is_(None),
        cohort.state.not_in(["lapsed", "withdrawn"]),
        obligation.office_id.in_(select(table(SubscriptionRow).c.office_id)),
        ~told(obligation.office_id, authority, obligation.deadline, duty.family, literal(today)),
    ]


def _deciding(kept: Sequence[Decided], topics: Sequence[str], today: date) -> Decided:
    """Return the decision that counts: about the nearest topic, of that the latest in force."""
    in_force = [each for each in kept if each.topic in topics and each.since <= today]
    return min(in_force, key=lambda each: (topics.index(each.topic), -each.since.toordinal()))
