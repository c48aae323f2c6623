"""Outlook: what the day of a tenant's staff begins with: what falls due, what is unclear, how sending is doing.

All of it is sums: whether an office has an address is asked of everybody's contacts where a prefecture looks at all that
lie in it, and of the tenant's own for its own.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Boolean, and_, case, exists, func, literal, or_, select, true, type_coerce, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.callers import NATION, Tenant
from notifier.store.database import table
from notifier.store.headcounts import headcounts, nothing_reaches
from notifier.store.tables import (
    AuditRow,
    CohortRow,
    DeliveryRow,
    LetterRow,
    ObligationRow,
    OfficeRow,
    SayingRow,
)
from notifier.store.tenants import answers_to, sees_delivery
from notifier.store.values import ByDialect


@dataclass(frozen=True, slots=True)
class Coming:
    """Offices whose last day about a deadline lies in a span, together: by day, where they stand.

    `unreachable` are those of the open ones that have no address in use.
    """

    deadline: str
    occurrence: int
    latest: date
    settled: int
    open: int
    lapsed: int
    unreachable: int


@dataclass(frozen=True, slots=True)
class Sending:
    """How sending is doing for a tenant. `waits_since` is when the oldest that is due should have left, None if nothing is.

    `last_accepted` is when the last letter was taken by the recipient's server. Instants are aware.
    """

    waits_since: datetime | None
    last_accepted: datetime | None


@dataclass(frozen=True, slots=True)
class Said:
    """What was said since a day: on which occasion about which deadline, to how many addresses."""

    occasion: str
    deadline: str
    count: int


@dataclass(frozen=True, slots=True)
class Silent:
    """Open offices of a tenant that have an open duty and no address of the tenant's in use.

    `count` is how many, `first` the numbers of those whose duties are nearest, `by_day` how many of their open duties end
    on which day, by deadline, occurrence and last day.
    """

    count: int
    first: tuple[str, ...]
    by_day: Mapping[tuple[str, int, date], int]


async def silent(conn: AsyncConnection, tenant: Tenant, today: date, limit: int) -> Silent:
    """Return whom no mail reaches though a duty is open, looked for once; `limit` of them by number of nearest day."""
    office, cohort, obligation = table(OfficeRow).c, table(CohortRow).c, table(ObligationRow).c
    unreached = select(office.id).where(
        answers_to(tenant), office.closed_on.is_(None), nothing_reaches(tenant)
    )
    still = cohort.state == "open", or_(cohort.latest.is_(None), cohort.latest >= today)
    about = cohort.deadline, cohort.occurrence, cohort.latest
    owed = (
        select(obligation.office_id, *about, cohort.taken_up)
        .join(table(CohortRow), cohort.id == obligation.cohort_id)
        .where(obligation.office_id.in_(unreached), obligation.settled_on.is_(None), *still)
        .cte("owed")
        .prefix_with("MATERIALIZED")
    )
    nearest = func.min(owed.c.latest)
    who = (
        select(literal("").label("deadline"), func.count().over().label("number_of"), nearest.label("day"))
        .add_columns(literal(0).label("occurrence"), office.number)
        .join(table(OfficeRow), office.id == owed.c.office_id)
        .group_by(office.number)
        .order_by(nearest.asc().nulls_last(), office.number)
        .limit(limit)
        .subquery("who")
    )
    when = (
        select(owed.c.deadline, func.count().label("number_of"), owed.c.latest.label("day"))
        .add_columns(owed.c.occurrence, literal("").label("number"))
        .where(owed.c.latest.is_not(None), owed.c.taken_up.is_(True))
        .group_by(owed.c.deadline, owed.c.occurrence, owed.c.latest)
    )
    rows = (await conn.execute(union_all(select(who), when))).all()
    named = sorted(
        (row for row in rows if row.number), key=lambda row: (row.day is None, row.day, row.number)
    )
    return Silent(
        named[0].number_of if named else 0,
        tuple(row.number for row in named),
        {(row.deadline, row.occurrence, row.day): row.number_of for row in rows if not row.number},
    )


async def coming(
    conn: AsyncConnection,
    tenant: Tenant,
    span: tuple[date, date],
    today: date,
    known: Silent | None = None,
) -> list[Coming]:
    """Return what falls due in `span` (civil dates, inclusive), the nearest first.

    Nobody is looked for who is unreachable if the `known` are all there are: not for a prefecture, which sees more in sum.
    """
    cohort = table(CohortRow).c
    is_open = and_(cohort.state == "open", cohort.latest >= today)
    due = and_(
        cohort.latest.between(*span),
        cohort.state.in_(["open", "lapsed", "settled"]),
        cohort.taken_up.is_(True),
    )
    if tenant.is_prefecture:
        known = None
    eyes = NATION if tenant.is_prefecture else tenant
    found = headcounts(tenant, which=due, reached=(eyes, is_open) if known is None else None)
    left = found.c.members - found.c.settled
    lapsed = or_(cohort.state == "lapsed", and_(cohort.state == "open", cohort.latest < today))
    alike = cohort.deadline, cohort.occurrence, cohort.latest
    rows = await conn.execute(
        select(
            *alike,
            func.sum(case((cohort.state == "settled", found.c.members), else_=found.c.settled)),
            *(func.sum(case((each, left), else_=0)) for each in (is_open, lapsed)),
            func.sum(found.c.unreachable),
        )
        .join(found, found.c.cohort_id == cohort.id)
        .group_by(*alike)
        .having(func.sum(found.c.members) > 0)
        .order_by(cohort.latest, cohort.deadline, cohort.occurrence)
    )
    counted = [Coming(row[0], row[1], row[2], *map(int, row[3:])) for row in rows]
    if known is None:
        return counted
    by_day = known.by_day
    return [replace(it, unreachable=by_day.get((it.deadline, it.occurrence, it.latest), 0)) for it in counted]


async def unclear(conn: AsyncConnection, tenant: Tenant) -> Mapping[str, int]:
    """Return by deadline for how many offices of the tenant sources contradict each other."""
    cohort = table(CohortRow).c
    found = headcounts(tenant, which=cohort.state == "needs-clarification")
    members = func.sum(found.c.members)
    rows = await conn.execute(
        select(cohort.deadline, members)
        .join(found, found.c.cohort_id == cohort.id)
        .group_by(cohort.deadline)
        .having(members > 0)
        .order_by(cohort.deadline)
    )
    return {deadline: int(count) for deadline, count in rows}


async def sending(conn: AsyncConnection, tenant: Tenant, now: datetime) -> Sending:
    """Return how sending is doing for the tenant at the instant `now`."""
    letter, delivery = table(LetterRow).c, table(DeliveryRow).c
    waits: list[datetime] = []
    unfinished = letter.finished_at.is_(None)
    mine = exists().where(delivery.letter_id == letter.id, sees_delivery(tenant))
    due = select(func.min(letter.next_try_at)).where(unfinished, letter.next_try_at <= now, mine)
    not_gathered = select(func.min(delivery.due_at)).where(
        delivery.letter_id.is_(None),
        delivery.state == "planned",
        delivery.due_at <= now,
        sees_delivery(tenant),
    )
    for statement in (due, not_gathered):
        found = (await conn.execute(statement)).scalar()
        waits += [found] if found is not None else []
    own = true() if tenant.is_nation else delivery.authority == tenant.code  # along an index
    last = (
        select(letter.finished_at)
        .join(table(DeliveryRow), delivery.letter_id == letter.id)
        .where(delivery.state == "accepted", own)
        .order_by(delivery.id.desc())
        .limit(1)
    )
    return Sending(min(waits, default=None), (await conn.execute(last)).scalar())


async def said_since(conn: AsyncConnection, tenant: Tenant, after: date) -> Sequence[Said]:
    """Return what was said to offices at addresses of the tenant after the civil date `after`, the most first."""
    saying, delivery = table(SayingRow).c, table(DeliveryRow).c
    # SQLite would have all looked through that was ever sent for the tenant, instead of each saying along its index.
    code = delivery.authority, func.coalesce(delivery.authority, "")
    own = true() if tenant.is_nation else ByDialect(code[1] == tenant.code, code[0] == tenant.code)
    recent = select(saying.id).where(saying.on > after, saying.party == "office")
    told = (
        select(delivery.saying_id, func.count().label("count"))
        .where(delivery.saying_id.in_(recent), delivery.recipient != "", type_coerce(own, Boolean()))
        .group_by(delivery.saying_id)
        .subquery("told")
    )
    sayings = select(saying.occasion, saying.deadline, told.c.count).join(told, told.c.saying_id == saying.id)
    counts: Counter[tuple[str, str]] = Counter()
    for occasion, deadline, count in await conn.execute(sayings):
        counts[occasion, deadline] += count
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0][1], each[0][0]))
    return [Said(*about, count) for about, count in ordered]


async def visit_before(conn: AsyncConnection, user: str) -> datetime | None:
    """Return when the user signed in before the present session (aware), None if that is not known."""
    audit = table(AuditRow).c
    found = (
        select(audit.at)
        .where(audit.subject == f"user/{user}", audit.action == "sign-in.admitted")
        .order_by(audit.id.desc())
        .offset(1)
        .limit(1)
    )
    before: datetime | None = (await conn.execute(found)).scalar()
    return before
