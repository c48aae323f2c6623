"""Coverage: of one deadline each open office of a tenant is in exactly one place: settled, told, out of reach and so on.

The first reason that holds is the one that counts, in the order of `Why`: so the numbers always add up to all offices.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, exists, func, literal, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.callers import NATION, Tenant
from notifier.domain.law import Deadline
from notifier.domain.origins import name_of
from notifier.store import exemptions, hearings, sight
from notifier.store.applicability import condition_sql, exempt_sql
from notifier.store.chosen import among
from notifier.store.database import table
from notifier.store.hearings import Hearing
from notifier.store.subscriptions import told
from notifier.store.tables import (
    CohortRow,
    ContactRow,
    DeadlineRow,
    DeliveryRow,
    ObligationRow,
    OfficeRow,
    SayingRow,
    SubscriptionRow,
)
from notifier.store.tenants import answers_to, owns_contact, sees_delivery


class Covered(StrEnum):
    """Where an office is about a deadline."""

    TOLD = "told"
    SETTLED = "settled"
    UNTOLD = "untold"
    UNREACHABLE = "unreachable"
    EXCLUDED = "excluded"
    NOT_APPLICABLE = "not-applicable"


class Why(StrEnum):
    """Why an office is where it is; the first that holds counts."""

    NEW = "new"
    NOT_CONCERNED = "not-concerned"
    EXEMPTED = "exempted"
    DECLINED = "declined"
    ELSEWHERE = "elsewhere"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"
    NOT_TAKEN_UP = "not-taken-up"
    EXCLUDED = "excluded"
    ADDRESS_LOST = "address-lost"
    NO_ADDRESS = "no-address"
    TOLD_NOW = "told-now"
    IN_THE_POST = "in-the-post"
    NOT_DELIVERED = "not-delivered"
    TOLD_BEFORE = "told-before"
    OVER = "over"
    NO_DAY = "no-day"
    NOT_YET = "not-yet"

    @property
    def place(self) -> Covered:
        """Return where an office is for this reason."""
        return _PLACES[self]


_PLACES: Final[Mapping[Why, Covered]] = {
    Why.NEW: Covered.UNTOLD,
    Why.NOT_CONCERNED: Covered.NOT_APPLICABLE,
    Why.EXEMPTED: Covered.NOT_APPLICABLE,
    Why.DECLINED: Covered.NOT_APPLICABLE,
    Why.ELSEWHERE: Covered.NOT_APPLICABLE,
    Why.SETTLED: Covered.SETTLED,
    Why.WITHDRAWN: Covered.NOT_APPLICABLE,
    Why.NOT_TAKEN_UP: Covered.NOT_APPLICABLE,
    Why.EXCLUDED: Covered.EXCLUDED,
    Why.ADDRESS_LOST: Covered.UNREACHABLE,
    Why.NO_ADDRESS: Covered.UNREACHABLE,
    Why.TOLD_NOW: Covered.TOLD,
    Why.IN_THE_POST: Covered.UNTOLD,
    Why.NOT_DELIVERED: Covered.UNREACHABLE,
    Why.TOLD_BEFORE: Covered.TOLD,
    Why.OVER: Covered.UNTOLD,
    Why.NO_DAY: Covered.UNTOLD,
    Why.NOT_YET: Covered.UNTOLD,
}


SPARE: Final = 1_000
"""So many more offices than a page holds are looked at for it, because most may be elsewhere."""
_SHOWN: Final = ("number", "name", "municipality", "telephone", "fax")


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which deadline and occurrence, on which civil date; `places` and `whys` keep a list to some ("": all)."""

    deadline: Deadline
    occurrence: int
    today: date
    whys: tuple[Why, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One office in a list: `told_on` is the civil date of the last letter about the deadline that was accepted."""

    number: str
    name: str
    municipality: str
    telephone: str
    fax: str
    why: Why
    settled_on: date | None
    told_on: date | None = None
    decision: str = ""


async def counts(
    conn: AsyncConnection, tenant: Tenant, asked: Asked, *, in_sum: bool = False
) -> dict[Why, int]:
    """Return how many open offices of `tenant` are where for which reason; together they are all of them.

    `in_sum` counts what a prefecture sees in sum: all that lie in it, told by whomever. Ask beside the walls then.
    """
    eyes, mine = scope(tenant, in_sum=in_sum)
    hearing = hearings.all_at_once(eyes, asked.deadline.id, asked.occurrence)
    placed = _placed(eyes, mine, asked, hearing)
    rows = await conn.execute(select(placed.c.why, func.count()).group_by(placed.c.why))
    found = {Why(row[0]): int(row[1]) for row in rows}
    return {why: found[why] for why in Why if why in found}


async def offices(
    conn: AsyncConnection, tenant: Tenant, asked: Asked, *, skip: int = 0, limit: int | None = None
) -> list[Line]:
    """Return the open offices of `tenant` that are where they are for one of `asked.whys` (none: any), by number."""
    rows = await _page(conn, tenant, asked, skip, limit)
    told_on = await _told_on(conn, tenant, asked, [row.id for row in rows])
    decided = dict(await _decided(conn, tenant, asked, [row.id for row in rows if row.why == Why.EXCLUDED]))
    decided |= await _agreed(conn, asked, [row.id for row in rows if row.why == Why.EXEMPTED])
    return [
        Line(
            row.number,
            row.name,
            row.municipality,
            row.telephone,
            row.fax,
            Why(row.why),
            row.settled_on,
            told_on.get(row.id),
            decided.get(row.id, ""),
        )
        for row in rows
    ]


async def _page(
    conn: AsyncConnection, tenant: Tenant, asked: Asked, skip: int, limit: int | None
) -> Sequence[Any]:
    meant = tenant, asked.deadline.id, asked.occurrence
    on_postgresql = conn.dialect.name == "postgresql"
    if limit is not None and on_postgresql:
        # It would look at all offices either way: first only at so many as probably fill the page.
        enough = skip + limit + max(SPARE, (skip + limit) // 4)
        office = table(OfficeRow).c
        mine = select(office.id).where(office.closed_on.is_(None), answers_to(tenant))
        ids = (await conn.execute(mine.order_by(office.number).limit(enough))).scalars().all()
        some = hearings.all_at_once(*meant, among(table(DeliveryRow).c.office_id))
        placed = _listed(_placed(tenant, among(office.id), asked, some), asked).offset(skip).limit(limit)
        rows: Sequence[Any] = (await conn.execute(placed, {"ids": ids})).all()
        if len(rows) == limit:
            return rows
    is_whole = limit is None or on_postgresql
    hearing = hearings.all_at_once(*meant) if is_whole else hearings.one_by_one(*meant)
    found = _listed(_placed(tenant, answers_to(tenant), asked, hearing), asked).offset(skip)
    return list((await conn.execute(found if limit is None else found.limit(limit))).all())


def _listed(placed: Subquery, asked: Asked) -> Select[Any]:
    found = select(placed).order_by(placed.c.number)
    return found.where(placed.c.why.in_([each.value for each in asked.whys])) if asked.whys else found


async def open_offices(conn: AsyncConnection, tenant: Tenant, *, in_sum: bool = False) -> int:
    """Return how many open offices `tenant` has: what the numbers of each deadline add up to."""
    office = table(OfficeRow).c
    found = select(func.count()).where(office.closed_on.is_(None), scope(tenant, in_sum=in_sum)[1])
    return int((await conn.execute(found)).scalar_one())


async def occurrences(conn: AsyncConnection, deadline: str) -> list[int]:
    """Return the occurrences of `deadline` of which there are cohorts, in order; (0,) stands for a single one."""
    cohort = table(CohortRow).c
    found = select(cohort.occurrence).where(cohort.deadline == deadline).distinct()
    return sorted((await conn.execute(found)).scalars()) or [0]


def scope(tenant: Tenant, *, in_sum: bool) -> tuple[Tenant, ColumnElement[bool]]:
    """Return, for `counts`, through whose contacts it counts whether somebody is told, and which offices are meant."""
    if in_sum and tenant.is_prefecture:
        return NATION, sight.counted(tenant)
    return tenant, answers_to(tenant)


def _placed(tenant: Tenant, mine: ColumnElement[bool], asked: Asked, hearing: Hearing) -> Subquery:
    """Select each open office that is `mine`, `why` it is where it is, and `settled_on`, through the eyes of `tenant`."""
    office, obligation, cohort = table(OfficeRow), table(ObligationRow), table(CohortRow)
    share = and_(
        obligation.c.office_id == office.c.id,
        obligation.c.deadline == asked.deadline.id,
        obligation.c.occurrence == asked.occurrence,
    )
    joined = office.outerjoin(obligation, share).outerjoin(cohort, cohort.c.id == obligation.c.cohort_id)
    if hearing.told is not None:
        joined = joined.outerjoin(hearing.told, hearings.joining(hearing.told))
    columns = [office.c[name] for name in ("id", *_SHOWN)]
    return (
        select(*columns, _why(tenant, asked, hearing).label("why"), obligation.c.settled_on)
        .select_from(joined)
        .where(office.c.closed_on.is_(None), mine)
        .subquery()
    )


def _why(tenant: Tenant, asked: Asked, hearing: Hearing) -> ColumnElement[str]:
    office, obligation, cohort = table(OfficeRow).c, table(ObligationRow).c, table(CohortRow).c
    deadline, today = asked.deadline, asked.today
    none = obligation.office_id.is_(None)
    duty = table(DeadlineRow).c
    moving = exists().where(duty.id == deadline.id, duty.generation != duty.derived)
    excluded = condition_sql(deadline.excluded, today) if deadline.excluded else none.is_(None)
    hushed = silenced(tenant, literal(deadline.id), literal(deadline.family), today)
    past = and_(cohort.state == "open", cohort.latest < today)
    reached = case(
        (hearing.arrived, Why.TOLD_NOW),
        (hearing.posted, Why.IN_THE_POST),
        (hearing.failed, Why.NOT_DELIVERED),
        (hearing.before, Why.TOLD_BEFORE),
        (or_(cohort.state == "lapsed", past), Why.OVER),
        (cohort.state.in_(["waiting-for-date", "needs-clarification"]), Why.NO_DAY),
        else_=Why.NOT_YET,
    )
    return case(
        (and_(none, or_(office.derived.is_(False), moving)), Why.NEW),
        (and_(none, ~condition_sql(deadline.concerns, today)), Why.NOT_CONCERNED),
        (and_(none, exempt_sql(deadline.id)), Why.EXEMPTED),
        (and_(none, excluded), Why.DECLINED),
        (none, Why.ELSEWHERE),
        (or_(obligation.settled_on.is_not(None), cohort.state == "settled"), Why.SETTLED),
        (cohort.state == "withdrawn", Why.WITHDRAWN),
        (or_(cohort.taken_up.is_(False), cohort.state == "waiting-for-fact"), Why.NOT_TAKEN_UP),
        (hushed, Why.EXCLUDED),
        (has_contact(tenant, in_use=True), reached),
        (has_contact(tenant, in_use=False), Why.ADDRESS_LOST),
        else_=Why.NO_ADDRESS,
    )


def silenced(
    tenant: Tenant, deadline: ColumnElement[str], family: ColumnElement[str], today: date
) -> ColumnElement[bool]:
    """Tell whether the authority has decided that the office is not told."""
    office = table(OfficeRow).c
    through = office.municipality if tenant.is_nation else literal(tenant.code)
    return and_(
        office.id.in_(select(table(SubscriptionRow).c.office_id)),
        ~told(office.id, through, deadline, family, literal(today)),
    )


def has_contact(tenant: Tenant, *, in_use: bool) -> ColumnElement[bool]:
    """Tell whether `tenant` has a contact of the office (one in use)."""
    contact = table(ContactRow).c
    mine = and_(contact.office_id == table(OfficeRow).c.id, owns_contact(tenant))
    return exists().where(mine, contact.active.is_(True) if in_use else true())


async def _told_on(
    conn: AsyncConnection, tenant: Tenant, asked: Asked, ids: Sequence[int]
) -> Mapping[int, date]:
    saying, delivery = table(SayingRow).c, table(DeliveryRow).c
    found = (
        select(delivery.office_id, func.max(saying.on))
        .where(
            delivery.office_id.in_(ids),
            delivery.state == "accepted",
            saying.id == delivery.saying_id,
            saying.deadline == asked.deadline.id,
            saying.occurrence == asked.occurrence,
            sees_delivery(tenant),
        )
        .group_by(delivery.office_id)
    )
    return {row[0]: row[1] for row in await conn.execute(found)} if ids else {}


async def _decided(
    conn: AsyncConnection, tenant: Tenant, asked: Asked, ids: Sequence[int]
) -> Mapping[int, str]:
    """Return who decided that offices are not told, since when and why, in words."""
    if not ids:
        return {}
    kept, office = table(SubscriptionRow).c, table(OfficeRow).c
    topics = [asked.deadline.id, asked.deadline.family, "*"]
    through = office.municipality if tenant.is_nation else literal(tenant.code)
    found = (
        select(kept.office_id, kept.topic, kept.since, kept.reason, kept.decided_by)
        .join(table(OfficeRow), office.id == kept.office_id)
        .where(
            kept.office_id.in_(ids),
            kept.authority == through,
            kept.topic.in_(topics),
            kept.told.is_(False),
            kept.since <= asked.today,
        )
    )
    rows: list[Any] = sorted(await conn.execute(found), key=lambda row: (-topics.index(row.topic), row.since))
    return {row.office_id: f"{row.reason}（{row.since.isoformat()}から、{row.decided_by}）" for row in rows}


async def _agreed(conn: AsyncConnection, asked: Asked, ids: Sequence[int]) -> Mapping[int, str]:
    """Return who agreed that the duty does not apply to offices, since when and why, in words."""
    if not ids:
        return {}
    found = await exemptions.among_offices(conn, asked.deadline.id, ids)
    return {
        number: f"{each.reason}（{each.on.isoformat()}から、{name_of(each.source)}）"
        for number, each in found.items()
    }
