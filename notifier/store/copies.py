"""Copies: the rows on which some deadlines depend, carried into a database of their own to try something out there.

They are read in one state of the database, by columns, and written in the order in which they refer to each other.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Table,
    column,
    func,
    or_,
    select,
    true,
    type_coerce,
    update,
)
from sqlalchemy import table as table_named
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import NullType
from sqlmodel import col

from notifier.domain.callers import Tenant
from notifier.store.authorities import AuthorityMemberRow
from notifier.store.database import Database, table
from notifier.store.deliveries import ARRIVED, NEWS
from notifier.store.sight import counted
from notifier.store.tables import (
    AuditRow,
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
LIKE: Final = table_named("likeness", column("office_id", Integer), column("weight", Integer))
"""In a copy: the offices that stand for several, and for how many."""
_ALIKE: Final = """
INSERT INTO likeness (office_id, weight)
SELECT min(id), count(*) FROM (
  SELECT office.id, office.municipality AS place,
    (SELECT group_concat(cohort_id || ':' || coalesce(settled_on, ''))
       FROM obligation WHERE office_id = office.id) AS owed,
    (SELECT group_concat(authority || ':' || channel || ':' || active || ':' || quote(topics))
       FROM contact WHERE office_id = office.id) AS reached,
    (SELECT group_concat(authority || ':' || topic || ':' || channel || ':' || since || ':' || told)
       FROM subscription WHERE office_id = office.id) AS told,
    CASE WHEN office.id IN (
      SELECT office_id FROM contact
      WHERE address IN (SELECT address FROM contact GROUP BY address HAVING count(*) > 1)
    ) THEN office.id END AS sharing
  FROM office
) GROUP BY place, owed, reached, told, sharing
"""


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


async def lighten(copy: Database) -> None:
    """Make an empty copy that lives for a moment quick to write: nothing refers to nothing, nobody looks for post in it."""
    async with copy.reading() as conn:
        await conn.exec_driver_sql("PRAGMA foreign_keys=OFF")
    async with copy.transaction() as conn:
        for index in table(DeliveryRow).indexes:
            await conn.exec_driver_sql(f"DROP INDEX {index.name}")
        await conn.exec_driver_sql(
            f"CREATE TABLE {LIKE.name} (office_id INTEGER PRIMARY KEY, weight INTEGER NOT NULL)"
        )


async def keep_one_of_alike(conn: AsyncConnection) -> None:
    """Let one office of a copy stand for all that will be told the same, with how many those are (`LIKE`).

    Alike are offices in the same cohorts, equally far, with the same number of addresses of the same kind and the same
    subscriptions; whoever shares an address with another office stands for itself. The others owe nothing any more.
    """
    await conn.exec_driver_sql(_ALIKE)
    await conn.exec_driver_sql(
        "DELETE FROM obligation WHERE office_id NOT IN (SELECT office_id FROM likeness)"
    )


async def carry(source: AsyncConnection, target: AsyncConnection, wanted: Wanted) -> None:
    """Carry what is `wanted` from `source` to the empty tables of `target`; other deadlines count as worked out there.

    Values travel as they are kept where both are SQLite; else each is written as SQLite keeps it.
    """
    alike = source.dialect.name == target.dialect.name
    for rows, chosen in _chosen(wanted):
        columns = [type_coerce(each, NullType()) if alike else each for each in rows.c]
        writing = [None if alike else _writing(each.type, target) for each in rows.c]
        found = await source.stream(chosen.with_only_columns(*columns))
        names = ", ".join(f'"{each.name}"' for each in rows.c)
        places = ", ".join("?" * len(rows.c))
        written = f"INSERT INTO {rows.name} ({names}) VALUES ({places})"  # noqa: S608 -- names of our own tables
        async for part in found.partitions(BATCH):
            await target.exec_driver_sql(written, _as_kept(part, writing))
    others = col(DeadlineRow.id).not_in(wanted.deadlines)
    await target.execute(update(DeadlineRow).where(others).values(derived=col(DeadlineRow.generation)))


def _writing(kind: Any, target: AsyncConnection) -> Callable[[Any], Any] | None:
    """Return what turns a value into what SQLite keeps, or None if it needs no turning."""
    found: Callable[[Any], Any] | None = kind.dialect_impl(target.dialect).bind_processor(target.dialect)
    return found


def _as_kept(part: Sequence[Any], writing: Sequence[Callable[[Any], Any] | None]) -> list[tuple[Any, ...]]:
    turned = [(place, turn) for place, turn in enumerate(writing) if turn is not None]
    if not turned:
        return [tuple(row) for row in part]
    columns = [list(each) for each in zip(*part, strict=True)]
    for place, turn in turned:
        columns[place] = [turn(each) for each in columns[place]]
    return list(zip(*columns, strict=True))


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


async def last_deed(conn: AsyncConnection) -> int:
    """Return the number of the last deed that was written down, 0 if there is none: whatever people change is one."""
    return int((await conn.execute(select(func.coalesce(func.max(table(AuditRow).c.id), 0)))).scalar_one())


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
