"""The readings in SQL say what the pure functions say, on both databases."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.applicability import (
    AllOf,
    AnyOf,
    Authorities,
    Condition,
    NotThat,
    Recorded,
    Services,
    holds,
)
from notifier.domain.dates import Period
from notifier.domain.deadlines import Due, Shape
from notifier.domain.expressions import Anchor
from notifier.domain.facts import Fact, FactPattern, Value
from notifier.domain.law import Deadline, Modality, Settlement
from notifier.domain.obligations import CohortKey, anchor_day, facts_for, progress_of, settled_on
from notifier.domain.offices import Office
from notifier.store.applicability import (
    anchor_sql,
    condition_sql,
    progress_sql,
    settled_by_sql,
)
from notifier.store.database import Database
from notifier.store.tables import NO_ANCHOR, CohortRow, FactRow, ObligationRow, OfficeRow, OfficeServiceRow
from notifier.store.values import as_kept, from_kept

TODAY = date(2026, 3, 13)
NOON = datetime(2026, 3, 13, 3, tzinfo=UTC)
TOWNS = ("121002", "131016")
PREFECTURES = ("120006", "130001")
TYPES = ("cpdl.applied", "cpdl.linked", "tech-grant-r8.effect-report.filed")
NAMES = ("paid", "licence_until", "partner", "fiscal_year", "様式")
DAYS = st.one_of(
    st.dates(date(2025, 3, 30), date(2026, 4, 3)),
    st.sampled_from([date(2024, 2, 29), date(2025, 1, 31), date(2025, 12, 31), date(2026, 2, 28)]),
)
TEXTS = st.sampled_from(
    ["", "a", '"x"', "1", "true", "null", "2026-02-30", "介護\n", "［1］", "0000-01-01", "2026-13-01"]
)
VALUES: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 2), st.sampled_from([2025, 2026, 2027]), TEXTS, DAYS
)


@dataclass(frozen=True)
class Provided:
    code: str
    since: date | None
    until: date | None


SERVICES = st.lists(
    st.builds(
        Provided,
        st.sampled_from(["11", "43", "2A"]),
        st.none() | st.dates(TODAY, TODAY) | DAYS,
        st.none() | DAYS,
    ),
    max_size=3,
    unique_by=lambda each: each.code,
)


def values_of() -> st.SearchStrategy[dict[str, Value]]:
    others = st.dictionaries(st.sampled_from(["paid", "licence_until", "様式"]), VALUES, max_size=3)
    partner = st.dictionaries(st.just("partner"), st.none() | st.sampled_from(["A", "B", "C"]), max_size=1)
    year = st.dictionaries(st.just("fiscal_year"), st.none() | st.integers(2025, 2027), max_size=1)
    return st.builds(
        lambda *parts: {name: value for part in parts for name, value in part.items()}, others, partner, year
    )


FACTS = st.lists(st.builds(Fact, st.sampled_from(TYPES), DAYS, values_of()), max_size=7)
PATTERNS = st.builds(
    FactPattern,
    st.lists(st.sampled_from(TYPES), min_size=1, max_size=2, unique=True).map(tuple),
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=1).map(lambda each: tuple(each.items())),
    st.none() | DAYS,
    st.none() | DAYS,
)
LEAVES = st.one_of(
    st.builds(Services, st.frozensets(st.sampled_from(["11", "43", "2A", "78"]), max_size=2)),
    st.builds(Authorities, st.frozensets(st.sampled_from([*TOWNS, *PREFECTURES]), max_size=2)),
    st.builds(Recorded, PATTERNS),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    LEAVES,
    lambda parts: st.one_of(
        st.builds(AllOf, st.lists(parts, max_size=3).map(tuple)),
        st.builds(AnyOf, st.lists(parts, max_size=3).map(tuple)),
        st.builds(NotThat, parts),
    ),
    max_leaves=6,
)
OFFICES = st.builds(
    Office,
    st.just("1270000001"),
    st.just("ケアプランA"),
    st.just(frozenset[str]()),
    st.sampled_from(TOWNS),
    st.sampled_from(PREFECTURES),
    st.none(),
    FACTS.map(tuple),
)
ANCHORS = st.builds(
    Anchor,
    PATTERNS,
    st.none() | st.sampled_from(["licence_until", "paid", "様式"]),
    st.booleans(),
    st.none()
    | st.sampled_from(["P1Y", "P1M", "P3M", "P30D", "P1Y6M", "P1M1D", "P13M", "P1D"]).map(Period.parse),
)
SETTLEMENTS = st.builds(
    Settlement,
    PATTERNS,
    st.none() | st.sampled_from(["partner", "fiscal_year"]),
    st.integers(1, 3),
    st.booleans(),
)
DUES = st.builds(
    lambda opens, latest: Due(Shape.DAY, "", latest, latest, opens), st.none() | DAYS, st.none() | DAYS
)

searching = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def keep(conn: AsyncConnection, office: Office, provided: list[Provided]) -> Office:
    """Keep one office and nothing else; return it as the rules see it, with what it provides today."""
    for model in (ObligationRow, CohortRow, FactRow, OfficeServiceRow, OfficeRow):
        await conn.execute(delete(model))
    row = {"id": 1, "number": office.number, "name": office.name, "registered_at": NOON}
    await conn.execute(
        insert(OfficeRow).values(**row, municipality=office.municipality, prefecture=office.prefecture)
    )
    for each in provided:
        await conn.execute(
            insert(OfficeServiceRow).values(
                office_id=1, service=each.code, since=each.since, until=each.until
            )
        )
    for fact in office.facts:
        year, partner = fact.values.get("fiscal_year"), fact.values.get("partner")
        await conn.execute(
            insert(FactRow).values(
                office_id=1,
                type=fact.type,
                on=fact.on,
                values=as_kept(fact.values),
                fiscal_year=year,
                partner=partner,
                recorded_at=NOON,
                source="test",
            )
        )
    today = {
        each.code
        for each in provided
        if (each.since is None or each.since <= TODAY) and (each.until is None or each.until >= TODAY)
    }
    facts = tuple(replace(fact, values=from_kept(as_kept(fact.values))) for fact in office.facts)
    return replace(office, services=frozenset(today), facts=facts)


@searching
@given(condition=CONDITIONS, office=OFFICES, provided=SERVICES)
async def test_a_condition_holds_in_sql_for_the_offices_for_which_it_holds(
    database: Database, condition: Condition, office: Office, provided: list[Provided]
) -> None:
    async with database.transaction() as conn:
        kept = await keep(conn, office, provided)
        found = (
            (await conn.execute(select(col(OfficeRow.id)).where(condition_sql(condition, TODAY))))
            .scalars()
            .all()
        )
    assert (found == [1]) == holds(condition, kept)


@searching
@given(anchor=ANCHORS, office=OFFICES)
async def test_an_anchor_is_the_same_day_in_sql(database: Database, anchor: Anchor, office: Office) -> None:
    async with database.transaction() as conn:
        kept = await keep(conn, office, [])
        found = (await conn.execute(select(anchor_sql(anchor)).select_from(OfficeRow))).scalar_one()
    assert found == (anchor_day(anchor, kept.facts) or NO_ANCHOR)


def deadline_settled_by(settlements: list[Settlement]) -> Deadline:
    return Deadline("a/b", "", "", Modality.REQUIRED, "", "", "", "", "none", settled_by=tuple(settlements))


async def place(conn: AsyncConnection, key: CohortKey, due: Due) -> None:
    """Keep the cohort of `key` with its window, and the office's share in it."""
    told: Mapping[str, Any] = {"generation": 1, "state": "open", "shape": "day", "decision": {}}
    where = {"municipality": key.municipality, "prefecture": key.prefecture, "taken_up": key.taken_up}
    await conn.execute(
        insert(CohortRow).values(
            id=1,
            deadline=key.deadline,
            occurrence=key.occurrence,
            anchor=key.anchor or NO_ANCHOR,
            opens=due.opens,
            latest=due.latest,
            **where,
            **told,
        )
    )
    await conn.execute(
        insert(ObligationRow).values(office_id=1, deadline="a/b", occurrence=key.occurrence, cohort_id=1)
    )


@searching
@given(
    settlements=st.lists(SETTLEMENTS, min_size=1, max_size=3),
    office=OFFICES,
    occurrence=st.integers(0, 2),
    anchor=st.none() | DAYS,
    due=DUES,
)
async def test_a_duty_is_settled_in_sql_on_the_day_it_is_settled(
    database: Database,
    settlements: list[Settlement],
    office: Office,
    occurrence: int,
    anchor: date | None,
    due: Due,
) -> None:
    key = CohortKey("a/b", occurrence, *office.authorities, taken_up=True, anchor=anchor)
    deadline = deadline_settled_by(settlements)
    async with database.transaction() as conn:
        kept = await keep(conn, office, [])
        await place(conn, key, due)
        counted = next((each for each in settlements if each.count > 1), None)
        columns = [settled_by_sql(settlements)] + ([progress_sql(counted)] if counted else [])
        joined = (
            select(*columns)
            .select_from(ObligationRow)
            .join(CohortRow, col(CohortRow.id) == col(ObligationRow.cohort_id))
        )
        found = (await conn.execute(joined)).one()
    # The facts that may settle are those that carry their year in the same way everywhere.
    facts = facts_for(deadline, kept, key)
    assert found[0] == settled_on(settlements, facts, due)
    if counted:
        assert (found[1], counted.count) == progress_of(settlements, kept.facts, due)
