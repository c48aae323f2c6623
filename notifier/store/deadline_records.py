"""Deadline records: how far the offices of a tenant are with one deadline, one by one and in sum.

One by one a tenant sees the offices that answer to it; in sum a prefecture sees all that lie in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier.domain.callers import Tenant
from notifier.store import sight
from notifier.store.applicability import provided_on
from notifier.store.authority_records import state_of
from notifier.store.database import table
from notifier.store.enrolment import folded
from notifier.store.tables import CohortRow, ContactRow, ObligationRow, OfficeRow, OfficeServiceRow
from notifier.store.tenants import answers_to, owns_contact

BOUND = ("open", "settled", "lapsed", "waiting-for-date", "needs-clarification")
"""States of those whom a deadline binds, or to whom it offers itself."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which offices are asked for; "" and None ask for any. `words` must all occur in number or name."""

    deadline: str
    occurrence: int | None = None
    state: str = ""
    service: str = ""
    municipality: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Concerned:
    """One office and how far it is: civil dates, inclusive. `reachable`: the tenant has an address in use for it."""

    number: str
    name: str
    municipality: str
    occurrence: int
    state: str
    opens: date | None
    latest: date | None
    settled_on: date | None
    progress: int
    reachable: bool


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a kind of offices are bound by a deadline, and in which state they are."""

    key: str
    open: int
    settled: int
    lapsed: int
    waiting: int

    @property
    def bound(self) -> int:
        """Return how many there are."""
        return self.open + self.settled + self.lapsed + self.waiting


# ---- one by one ----


async def concerned(
    conn: AsyncConnection, tenant: Tenant, wanted: Wanted, today: date, *, skip: int = 0, limit: int = 50
) -> tuple[int, list[Concerned]]:
    """Return how many offices `tenant` sees and wants, and `limit` of them by number, from behind `skip` on."""
    office, obligation, cohort = table(OfficeRow).c, table(ObligationRow).c, table(CohortRow).c
    contact = table(ContactRow).c
    reached = exists().where(contact.office_id == office.id, contact.active.is_(True), owns_contact(tenant))
    counted = _owed(select(func.count()), wanted.deadline).where(*_matching(tenant, wanted, today))
    columns = (
        office.number,
        office.name,
        office.municipality,
        obligation.occurrence,
        state_of(today),
        cohort.opens,
        cohort.latest,
        obligation.settled_on,
        obligation.progress,
        reached,
    )
    found = (
        _owed(select(*columns), wanted.deadline)
        .where(*_matching(tenant, wanted, today))
        .order_by(office.number, obligation.occurrence)
        .offset(skip)
        .limit(limit)
    )
    count = (await conn.execute(counted)).scalar_one()
    rows: Sequence[Any] = (await conn.execute(found)).all()
    return count, [Concerned(*row) for row in rows]


def _owed(found: Select[*tuple[Any, ...]], deadline: str) -> Select[*tuple[Any, ...]]:
    office, obligation, cohort = table(OfficeRow), table(ObligationRow), table(CohortRow)
    return (
        found.select_from(cohort)
        .join(obligation, obligation.c.cohort_id == cohort.c.id)
        .join(office, office.c.id == obligation.c.office_id)
        .where(cohort.c.deadline == deadline, office.c.closed_on.is_(None))
    )


def _matching(tenant: Tenant, wanted: Wanted, today: date) -> list[ColumnElement[bool]]:
    office, obligation = table(OfficeRow).c, table(ObligationRow).c
    found: list[ColumnElement[bool]] = [answers_to(tenant)]
    if wanted.occurrence is not None:
        found.append(obligation.occurrence == wanted.occurrence)
    if wanted.state:
        found.append(state_of(today) == wanted.state)
    if wanted.service:
        service = table(OfficeServiceRow).c
        provided = and_(service.office_id == office.id, service.service == wanted.service)
        found.append(exists().where(provided, provided_on(service.since, service.until, today)))
    if wanted.municipality:
        found.append(office.municipality == wanted.municipality)
    for word in wanted.words.split():
        written = or_(
            office.number.contains(word, autoescape=True), office.name.contains(word, autoescape=True)
        )
        plain = folded(word)
        found.append(or_(written, office.folded.contains(plain, autoescape=True)) if plain else written)
    return found


# ---- in sum ----


async def by_municipality(
    conn: AsyncConnection, tenant: Tenant, deadline: str, occurrence: int, today: date
) -> list[Share]:
    """Return how far the offices in the sums of `tenant` are, by the 団体コード of where they lie."""
    return await _shares(conn, tenant, (deadline, occurrence), today, table(OfficeRow).c.municipality)


async def by_service(
    conn: AsyncConnection, tenant: Tenant, deadline: str, occurrence: int, today: date
) -> list[Share]:
    """Return how far the offices in the sums of `tenant` are, by service; who provides several counts in each."""
    return await _shares(conn, tenant, (deadline, occurrence), today, table(OfficeServiceRow).c.service)


async def _shares(
    conn: AsyncConnection, tenant: Tenant, meant: tuple[str, int], today: date, kind: ColumnElement[str]
) -> list[Share]:
    state = state_of(today)
    found = _owed(select(kind, state, func.count()), meant[0]).where(
        sight.counted(tenant), table(ObligationRow).c.occurrence == meant[1], state.in_(BOUND)
    )
    service = table(OfficeServiceRow)
    if kind.table is service:
        office = service.c.office_id == table(OfficeRow).c.id
        found = found.join(service, and_(office, provided_on(service.c.since, service.c.until, today)))
    sums: dict[str, dict[str, int]] = {}
    for key, name, count in await conn.execute(found.group_by(kind, state).order_by(kind)):
        place = name if name in {"open", "settled", "lapsed"} else "waiting"
        of_key = sums.setdefault(key, dict.fromkeys(("open", "settled", "lapsed", "waiting"), 0))
        of_key[place] += int(count)
    return [Share(key, **counts) for key, counts in sums.items()]


async def completion(
    conn: AsyncConnection, tenant: Tenant, deadline: str, occurrence: int
) -> tuple[int, list[tuple[date, int]]]:
    """Return how many offices in the sums of `tenant` are bound, and how many settled on each civil date."""
    obligation, cohort = table(ObligationRow).c, table(CohortRow).c
    bound = and_(cohort.taken_up.is_(True), cohort.state.not_in(["withdrawn", "waiting-for-fact"]))
    mine = (sight.counted(tenant), obligation.occurrence == occurrence)
    found = _owed(
        select(obligation.settled_on, func.count(), func.sum(case((bound, 1), else_=0))), deadline
    ).where(*mine, or_(bound, obligation.settled_on.is_not(None)))
    rows: Sequence[Any] = (
        await conn.execute(found.group_by(obligation.settled_on).order_by(obligation.settled_on))
    ).all()
    return sum(int(row[1]) for row in rows), [(row[0], int(row[1])) for row in rows if row[0] is not None]
