"""Events are kept once for ever, and become facts of an office, an authority or the nation."""

from dataclasses import replace
from datetime import UTC, date, datetime

from sqlalchemy import func, select
from sqlmodel import col

from notifier.domain.facts import Fact
from notifier.domain.law import Setting
from notifier.store.database import Database, table
from notifier.store.enrolment import Enrolled, enrol
from notifier.store.facts import Event, Intake, apply_waiting, facts_of, load_settings, record
from notifier.store.tables import EventRow, FactRow, OfficeRow

NOON = datetime(2026, 3, 13, 3, tzinfo=UTC)
A = Enrolled("1270000001", "ケアプランA", ("43",), "121002", "120006")
LINKED = Event(
    "city",
    "e-1",
    "cpdl.linked",
    date(2026, 3, 13),
    NOON,
    {"partner": "1270000009", "fiscal_year": 2025, "until": date(2026, 4, 20)},
    "hash",
    office=A.number,
)


async def facts(database: Database) -> list[Fact]:
    async with database.reading() as conn:
        ids = (await conn.execute(select(table(OfficeRow).c.id))).scalars().all()
        return [fact for each in (await facts_of(conn, ids)).values() for fact in each]


async def test_an_event_becomes_a_fact_of_its_office(database: Database) -> None:
    async with database.transaction() as conn:
        await enrol(conn, [A], NOON)
        assert await record(conn, LINKED, NOON) is Intake.RECORDED
        row = (
            await conn.execute(select(col(FactRow.partner), col(FactRow.fiscal_year), col(FactRow.derived)))
        ).one()
    assert await facts(database) == [Fact("cpdl.linked", LINKED.on, LINKED.values, NOON, "city")]
    assert tuple(row) == ("1270000009", 2025, False)


async def test_the_end_of_a_licence_is_kept_beside_the_fact(database: Database) -> None:
    joined = replace(LINKED, type="cpdl.joined", values={"licence_until": date(2027, 4, 20)})
    async with database.transaction() as conn:
        await enrol(conn, [A], NOON)
        await record(conn, joined, NOON)
        assert (await conn.execute(select(col(FactRow.until)))).scalar_one() == date(2027, 4, 20)


async def test_a_repeated_event_changes_nothing(database: Database) -> None:
    async with database.transaction() as conn:
        await enrol(conn, [A], NOON)
        outcomes = [await record(conn, LINKED, NOON) for _ in range(3)]
    assert outcomes == [Intake.RECORDED, Intake.REPEATED, Intake.REPEATED]
    assert len(await facts(database)) == 1


async def test_another_event_under_the_same_name_is_a_conflict(database: Database) -> None:
    async with database.transaction() as conn:
        await enrol(conn, [A], NOON)
        await record(conn, LINKED, NOON)
        assert await record(conn, replace(LINKED, body_hash="other"), NOON) is Intake.CONFLICTING
        assert await record(conn, replace(LINKED, source="pref", body_hash="other"), NOON) is Intake.RECORDED
    assert len(await facts(database)) == 2


async def test_an_event_waits_for_its_office_and_is_applied_once_when_it_appears(database: Database) -> None:
    async with database.transaction() as conn:
        assert await record(conn, LINKED, NOON) is Intake.WAITING
        assert await record(conn, LINKED, NOON) is Intake.REPEATED
        assert await apply_waiting(conn, NOON) == 0
        assert (await conn.execute(select(func.count()).select_from(FactRow))).scalar_one() == 0
        await enrol(conn, [A], NOON)
        assert [await apply_waiting(conn, NOON) for _ in range(2)] == [1, 0]
        assert (await conn.execute(select(col(EventRow.state)))).scalar_one() == "applied"
    assert await facts(database) == [Fact("cpdl.linked", LINKED.on, LINKED.values, NOON, "city")]


async def test_what_authorities_and_the_nation_set_comes_back_in_the_order_of_recording(
    database: Database,
) -> None:
    due = replace(LINKED, office=None, authority="120006", type="a.set", values={"due": date(2026, 7, 31)})
    nation = replace(due, event_id="e-2", authority="", values={"date": date(2027, 2, 1)})
    assert (LINKED.subject, due.subject, nation.subject) == ("office/1270000001", "authority/120006", "")
    async with database.transaction() as conn:
        await enrol(conn, [A], NOON)
        for each in (LINKED, due, replace(nation, event_id="e-2"), replace(due, event_id="e-3")):
            await record(conn, replace(each, source=each.subject), NOON)
        settings = await load_settings(conn)
    assert settings == (
        Setting("120006", Fact("a.set", due.on, due.values, NOON, "authority/120006")),
        Setting("", Fact("a.set", due.on, nation.values, NOON, "")),
        Setting("120006", Fact("a.set", due.on, due.values, NOON, "authority/120006")),
    )
