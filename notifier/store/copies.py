"""Copies: the rows on which some deadlines depend, carried into a database of their own to try something out there.

They are read in one state of the database, by columns, and written in the order in which they refer to each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, func, insert, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.callers import Tenant
from notifier.store.authorities import AuthorityMemberRow
from notifier.store.database import table
from notifier.store.deliveries import ARRIVED, NEWS
from notifier.store.sight import counted
from notifier.store.tables import (
    AuthorityRow,
    CohortRow,
    ContactRow,
    DeadlineRow,
    DeliveryRow,
    DesignationRow,
    FactRow,
    NoticeRow,
    ObligationRow,
    OfficeRow,
    OfficeServiceRow,
    SayingRow,
    SequenceRow,
    StatementRow,
    SubscriptionRow,
)
from notifier.store.wordings import WordingRow

BATCH: Final = 5000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be carried: the cohorts of `deadlines`, office facts of `facts`, whom a word of `tenant` reaches.

    A prefecture's word reaches every office that lies in it, whichever municipality keeps it. With `news` also what
    was said to whom that was new, for what is taken back is told to them.
    """

    deadlines: frozenset[str]
    facts: frozenset[str]
    tenant: Tenant
    news: bool = False


async def carry(source: AsyncConnection, target: AsyncConnection, wanted: Wanted) -> None:
    """Carry what is `wanted` from `source` to the empty tables of `target`; other deadlines count as worked out there."""
    for rows, chosen in _chosen(wanted):
        found = await source.stream(chosen)
        async for part in found.mappings().partitions(BATCH):
            await target.execute(insert(rows), [dict(row) for row in part])
    others = col(DeadlineRow.id).not_in(wanted.deadlines)
    await target.execute(update(DeadlineRow).where(others).values(derived=col(DeadlineRow.generation)))


def _chosen(wanted: Wanted) -> Iterator[tuple[Table, Select[Any]]]:
    """Yield each table with the select of its rows, what is referred to first."""
    fact, office = table(FactRow).c, table(OfficeRow).c
    cohort, obligation = table(CohortRow).c, table(ObligationRow).c
    offices = select(office.id).where(office.closed_on.is_(None), counted(wanted.tenant))
    approved = select(table(NoticeRow).c.id).where(table(NoticeRow).c.approved_at.is_not(None))
    owed = obligation.deadline.in_(wanted.deadlines), obligation.office_id.in_(offices)

    def rows(model: Any, *conditions: ColumnElement[bool]) -> tuple[Table, Select[Any]]:
        return table(model), select(table(model)).where(*conditions)

    yield rows(SequenceRow)
    yield rows(AuthorityRow, _authorities(wanted.tenant))
    yield rows(AuthorityMemberRow, *_members(wanted.tenant))
    yield rows(WordingRow)
    yield rows(OfficeRow, office.id.in_(offices))
    for model in (OfficeServiceRow, DesignationRow, ContactRow, SubscriptionRow):
        yield rows(model, table(model).c.office_id.in_(offices))
    yield rows(NoticeRow, table(NoticeRow).c.approved_at.is_not(None))
    yield rows(DeadlineRow)
    yield rows(StatementRow, table(StatementRow).c.notice.in_(approved))
    yield rows(
        FactRow,
        or_(fact.office_id.is_(None), fact.type.in_(wanted.facts) & fact.office_id.in_(offices)),
    )
    mine = true() if wanted.tenant.is_nation else cohort.id.in_(select(obligation.cohort_id).where(*owed))
    yield rows(CohortRow, cohort.deadline.in_(wanted.deadlines), or_(mine, _own_cohort(wanted.tenant)))
    yield rows(ObligationRow, *owed)
    if wanted.news:
        saying, delivery = table(SayingRow).c, table(DeliveryRow).c
        said = saying.deadline.in_(wanted.deadlines), saying.occasion.in_(NEWS), saying.party == "office"
        yield rows(SayingRow, *said)
        sayings = select(saying.id).where(*said)
        arrived = delivery.state.in_(ARRIVED), delivery.office_id.in_(offices)
        yield rows(DeliveryRow, delivery.saying_id.in_(sayings), *arrived)


def _own_cohort(tenant: Tenant) -> ColumnElement[bool]:
    """The authority's own duties; for a prefecture those of its municipalities, for a union those of its members, too."""
    cohort, member = table(CohortRow).c, table(AuthorityMemberRow).c
    members = select(member.member).where(member.authority == tenant.code)
    inside = cohort.prefecture if tenant.is_prefecture else cohort.municipality
    return or_(inside == tenant.code, cohort.municipality.in_(members))


def _authorities(tenant: Tenant) -> ColumnElement[bool]:
    """Whoever has a say where `tenant` is: itself, those in it, those in which it lies."""
    authority, member = table(AuthorityRow).c, table(AuthorityMemberRow).c
    if tenant.is_nation:
        return true()
    above = select(authority.prefecture).where(authority.code == tenant.code)
    unions = select(member.authority).where(member.member == tenant.code)
    members = select(member.member).where(member.authority == tenant.code)
    return or_(
        authority.code == tenant.code,
        authority.prefecture == tenant.code,
        *(authority.code.in_(each) for each in (above, unions, members)),
    )


def _members(tenant: Tenant) -> tuple[ColumnElement[bool], ...]:
    member, known = (
        table(AuthorityMemberRow).c,
        select(table(AuthorityRow).c.code).where(_authorities(tenant)),
    )
    return () if tenant.is_nation else (member.authority.in_(known), member.member.in_(known))


async def stamp(conn: AsyncConnection) -> str:
    """Return a mark that changes whenever who is told of what may change: offices, facts, addresses, topics, the law."""
    office, fact, contact = table(OfficeRow).c, table(FactRow).c, table(ContactRow).c
    subscription, deadline = table(SubscriptionRow).c, table(DeadlineRow).c
    counted = select(
        select(func.count())
        .select_from(table(OfficeRow))
        .where(office.closed_on.is_(None))
        .scalar_subquery(),
        select(func.max(office.id)).scalar_subquery(),
        select(func.count()).select_from(table(OfficeServiceRow)).scalar_subquery(),
        select(func.max(fact.id)).scalar_subquery(),
        select(func.max(contact.id)).scalar_subquery(),
        select(func.count()).where(contact.active.is_(True)).scalar_subquery(),
        select(func.count()).select_from(table(SubscriptionRow)).scalar_subquery(),
        select(func.max(subscription.decided_at)).scalar_subquery(),
        select(func.sum(deadline.generation)).scalar_subquery(),
    )
    return ":".join("" if each is None else str(each) for each in (await conn.execute(counted)).one())
