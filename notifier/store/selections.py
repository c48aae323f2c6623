"""Selections: offices that a tenant sees, as its staff look for them: searched, filtered, in an order, counted.

A selection is small enough to be written into an address, so that what was chosen can be chosen again.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.callers import Tenant
from notifier.store.authority_records import in_state, state_of
from notifier.store.database import table
from notifier.store.enrolment import folded
from notifier.store.headcounts import nothing_reaches, placed
from notifier.store.tables import CohortRow, ContactRow, ObligationRow, OfficeRow, OfficeServiceRow
from notifier.store.tenants import answers_to, owns_contact


class Order(StrEnum):
    """In which order offices are shown."""

    NUMBER = "number"
    NAME = "name"
    CORPORATION = "corporation"
    DUE = "due"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Selected:
    """Which offices are meant; "" and None ask for any.

    All `words` must occur in number, name, kana or corporation. `state` is that of an obligation, of `deadline` if one
    is given. `reach` is reached or unreached: whether the tenant has an address in use. `closed` asks for closed
    offices instead of open ones, `among` for those with one of these numbers.
    """

    words: str = ""
    service: str = ""
    deadline: str = ""
    state: str = ""
    reach: str = ""
    closed: bool = False
    order: Order = Order.NUMBER
    among: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OfficeLine:
    """One office in a list. `open` and `lapsed` count its obligations, `next_due` is the last day of the nearest open one.

    `municipality` is a six-digit 団体コード; without a telephone or FAX number those are "".
    """

    id: int
    number: str
    name: str
    corporation: str
    municipality: str
    telephone: str
    fax: str
    services: tuple[str, ...]
    reachable: bool
    open: int = 0
    lapsed: int = 0
    next_due: date | None = None


ENOUGH: Final = 2
"""For one office of a page so many are looked for whose duties end soon, because filters leave some of them out."""
STATES: Final = ("open", "lapsed", "settled", "waiting-for-date", "waiting-for-fact", "needs-clarification")


def reached(tenant: Tenant) -> ColumnElement[bool]:
    """Tell in SQL whether the tenant has an address in use for an office."""
    return exists().where(
        col(ContactRow.office_id) == col(OfficeRow.id), col(ContactRow.active).is_(True), owns_contact(tenant)
    )


def meant(tenant: Tenant, selected: Selected, today: date) -> ColumnElement[bool]:
    """Tell in SQL whether an office is one of those selected."""
    still = col(OfficeRow.closed_on).is_(None)
    found = [answers_to(tenant), ~still if selected.closed else still]
    found += [_carries(word) for word in selected.words.split()]
    if selected.service:
        provided = select(col(OfficeServiceRow.office_id)).where(
            col(OfficeServiceRow.service) == selected.service
        )
        found.append(col(OfficeRow.id).in_(provided))
    if selected.deadline or selected.state:
        found.append(_owes(selected, today))
    if selected.reach:
        found.append(reached(tenant) if selected.reach == "reached" else nothing_reaches(tenant))
    if selected.among:
        found.append(col(OfficeRow.number).in_(selected.among))
    return and_(*found)


def _owes(selected: Selected, today: date) -> ColumnElement[bool]:
    """Tell of an office whether it has such an obligation: looked up where few offices are left, else found at once."""
    found = select(col(ObligationRow.office_id))
    if selected.deadline:
        found = found.where(col(ObligationRow.deadline) == selected.deadline)
    if selected.state:
        joined = found.join(CohortRow, col(CohortRow.id) == col(ObligationRow.cohort_id))
        found = joined.where(in_state(selected.state, today))
    if _is_few(selected):
        return found.where(col(ObligationRow.office_id) == col(OfficeRow.id)).exists()
    return col(OfficeRow.id).in_(found)


def _is_few(selected: Selected) -> bool:
    """Tell whether few offices are left when it comes to what they owe."""
    return bool(selected.reach == "unreached" or selected.words or selected.among)


def _carries(word: str) -> ColumnElement[bool]:
    written = or_(
        *(
            col(column).contains(word, autoescape=True)
            for column in (OfficeRow.number, OfficeRow.name, OfficeRow.kana, OfficeRow.corporation)
        )
    )
    plain = folded(word)
    return or_(written, col(OfficeRow.folded).contains(plain, autoescape=True)) if plain else written


async def count(conn: AsyncConnection, tenant: Tenant, selected: Selected, today: date) -> int:
    """Return how many offices are selected."""
    found = select(func.count()).select_from(OfficeRow).where(meant(tenant, selected, today))
    return int((await conn.execute(found)).scalar_one())


async def numbers(conn: AsyncConnection, tenant: Tenant, selected: Selected, today: date) -> list[str]:
    """Return the numbers of the selected offices."""
    found = select(col(OfficeRow.number)).where(meant(tenant, selected, today))
    return list((await conn.execute(found.order_by(col(OfficeRow.number)))).scalars())


async def offices(
    conn: AsyncConnection,
    tenant: Tenant,
    selected: Selected,
    today: date,
    *,
    limit: int,
    skip: int = 0,
) -> list[OfficeLine]:
    """Return `limit` of the selected offices in their order, after `skip` of them."""
    columns: tuple[Any, ...] = (
        col(OfficeRow.id),
        col(OfficeRow.number),
        col(OfficeRow.name),
        col(OfficeRow.corporation),
        col(OfficeRow.municipality),
        col(OfficeRow.telephone),
        col(OfficeRow.fax),
        reached(tenant).label("reachable"),
    )
    found: Select[Any] = select(*columns).where(meant(tenant, selected, today))
    rows: Sequence[Any] = []
    if selected.order is Order.DUE and not _is_few(selected):
        until = await _horizon(conn, tenant, today, ENOUGH * (skip + limit))
        if until is not None:
            soon = _nearest(today, until)
            first = found.join(soon, soon.c.office_id == col(OfficeRow.id))
            first = first.order_by(soon.c.day, col(OfficeRow.number)).limit(limit).offset(skip)
            rows = (await conn.execute(first)).all()
    if len(rows) < limit:  # those whose duties end later, and who owe nothing, belong to the page
        rows = (await conn.execute(_ordered(found, selected, today).limit(limit).offset(skip))).all()
    ids = [row.id for row in rows]
    provided, standing = await _services(conn, ids), await _standing(conn, ids, today)
    return [
        OfficeLine(
            row.id,
            row.number,
            row.name,
            row.corporation,
            row.municipality,
            row.telephone,
            row.fax,
            provided.get(row.id, ()),
            bool(row.reachable),
            *standing.get(row.id, (0, 0, None)),
        )
        for row in rows
    ]


def _ordered(found: Select[Any], selected: Selected, today: date) -> Select[Any]:
    number = col(OfficeRow.number)
    match selected.order:
        case Order.NAME:
            return found.order_by(col(OfficeRow.kana) == "", col(OfficeRow.kana), col(OfficeRow.name), number)
        case Order.CORPORATION:
            return found.order_by(col(OfficeRow.corporation) == "", col(OfficeRow.corporation), number)
        case Order.NEWEST:
            return found.order_by(col(OfficeRow.registered_at).desc(), number)
        case Order.DUE:
            return _by_nearest(found, selected, today).order_by(number)
    return found.order_by(number)


def _by_nearest(found: Select[Any], selected: Selected, today: date) -> Select[Any]:
    """Order by the nearest day of what is open; looked up where few offices are left, else found at once."""
    if _is_few(selected):
        looked_up = (
            select(func.min(col(CohortRow.latest)))
            .join(ObligationRow, col(CohortRow.id) == col(ObligationRow.cohort_id))
            .where(*_still_open(today), col(ObligationRow.office_id) == col(OfficeRow.id))
            .correlate(OfficeRow)
            .scalar_subquery()
        )
        return found.order_by(looked_up.asc().nulls_last())
    nearest = _nearest(today)
    joined = found.outerjoin(nearest, nearest.c.office_id == col(OfficeRow.id))
    return joined.order_by(nearest.c.day.asc().nulls_last())


def _nearest(today: date, until: date | None = None) -> Subquery:
    """Select office_id and the nearest day of what is open; with `until` only of what ends up to that day."""
    # As a bare column, SQLite would read all that is owed in its order instead of a few cohorts.
    bare = col(ObligationRow.office_id)
    office = (bare if until is None else func.coalesce(bare, 0)).label("office_id")
    days = (
        select(office, func.min(col(CohortRow.latest)).label("day"))
        .join(ObligationRow, col(CohortRow.id) == col(ObligationRow.cohort_id))
        .where(*_still_open(today))
        .group_by(office)
    )
    return (days if until is None else days.where(col(CohortRow.latest) <= until)).subquery("nearest")


async def _horizon(conn: AsyncConnection, tenant: Tenant, today: date, enough: int) -> date | None:
    """Return a day up to which open duties of `enough` offices of the tenant end; None if there are not so many."""
    cohort = table(CohortRow)
    few = (
        select(col(ObligationRow.office_id))
        .where(col(ObligationRow.cohort_id) == cohort.c.id, col(ObligationRow.settled_on).is_(None))
        .limit(enough)
        .correlate(cohort)
        .subquery()
    )
    sizes = select(
        cohort.c.latest,
        cohort.c.deadline,
        cohort.c.occurrence,
        select(func.count()).select_from(few).scalar_subquery(),
    ).where(cohort.c.state == "open", cohort.c.latest >= today, placed(tenant, cohort.c, in_sum=False))
    owed: Counter[tuple[str, int]] = Counter()
    until: date
    for until, deadline, occurrence, count in sorted(await conn.execute(sizes)):
        owed[deadline, occurrence] += count  # nobody owes the same twice
        if owed[deadline, occurrence] >= enough:
            return until
    return None


def _still_open(today: date) -> tuple[ColumnElement[bool], ...]:
    ahead = or_(col(CohortRow.latest).is_(None), col(CohortRow.latest) >= today)
    return col(ObligationRow.settled_on).is_(None), col(CohortRow.state) == "open", ahead


async def _services(conn: AsyncConnection, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    rows = await conn.execute(
        select(col(OfficeServiceRow.office_id), col(OfficeServiceRow.service))
        .where(col(OfficeServiceRow.office_id).in_(ids))
        .order_by(col(OfficeServiceRow.office_id), col(OfficeServiceRow.service))
    )
    for office, service in rows:
        found[office] = (*found.get(office, ()), service)
    return found


async def _standing(
    conn: AsyncConnection, ids: Sequence[int], today: date
) -> dict[int, tuple[int, int, date | None]]:
    """Return for each office how many obligations are open, how many have lapsed, and the nearest day of an open one."""
    state = state_of(today)
    is_open = and_(*_still_open(today))
    rows = await conn.execute(
        select(
            col(ObligationRow.office_id),
            func.sum(case((state == "open", 1), else_=0)),
            func.sum(case((state == "lapsed", 1), else_=0)),
            func.min(case((is_open, col(CohortRow.latest)), else_=None)),
        )
        .join(CohortRow, col(CohortRow.id) == col(ObligationRow.cohort_id))
        .where(col(ObligationRow.office_id).in_(ids))
        .group_by(col(ObligationRow.office_id))
    )
    return {office: (int(opened), int(missed), due) for office, opened, missed, due in rows}
