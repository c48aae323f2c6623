"""The second wall: with every condition forgotten, PostgreSQL still shows a tenant its own rows only."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, date, datetime

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError

from notifier.domain.actors import Actor
from notifier.domain.callers import NATION, Tenant
from notifier.errors import StoreError
from notifier.store import audit, authorities, migration, notes, walls
from notifier.store.agendas import CalendarAddressRow
from notifier.store.database import Database, table
from notifier.store.declarations import DeclarationRow
from notifier.store.endpoints import EndpointRow
from notifier.store.enquiries import EnquiryRow
from notifier.store.enrolment import Enrolled, enrol
from notifier.store.entrances import EntranceRow
from notifier.store.eyes import ROLE
from notifier.store.feed import HeardRow
from notifier.store.happenings import HappeningRow, MessageRow
from notifier.store.incoming import IncomingRow
from notifier.store.keys import ApiKeyRow
from notifier.store.listeners import ListenerOfficeRow, ListenerRow
from notifier.store.outreach import OutreachRow
from notifier.store.postings import AttemptRow, PostingRow
from notifier.store.tables import (
    CohortRow,
    DeliveryRow,
    EventRow,
    FactRow,
    LetterRow,
    ObligationRow,
    OfficeImportRow,
    OutboxRow,
    SayingRow,
    SubscriptionRow,
    Table,
)
from notifier.store.tenants import answers_to, owns_contact, sees_delivery, sums
from notifier.store.users import UserRow
from notifier.store.wishes import WishRow
from notifier.store.wordings import WordingRow
from tests.postgres import PostgresServer

pytestmark = pytest.mark.pg

NOON = datetime(2026, 3, 13, 3, tzinfo=UTC)
DAY = date(2026, 3, 13)
HERE, THERE, PREFECTURE, UNION = "121002", "122033", "120006", "128007"
A, B = "1270000001", "1270000002"
OFFICES = (
    Enrolled(A, "ここの事業所", ("A2",), HERE, PREFECTURE, ("here@example.jp",)),
    Enrolled(B, "よその事業所", ("A2",), THERE, PREFECTURE, ("there@example.jp",)),
)


LIFE: tuple[tuple[type[Table], dict[str, object]], ...] = (
    (SubscriptionRow, {}),
    (EventRow, {"sender": "{code}"}),
    (FactRow, {"office_id": 0, "authority": None}),
    (CohortRow, {"municipality": "{code}", "prefecture": PREFECTURE, "state": "open"}),
    (ObligationRow, {"settled_on": None}),
    (SayingRow, {"party": "office"}),
    (LetterRow, {"recipient": "{code}@example.jp"}),
    (DeliveryRow, {"recipient": "{code}@example.jp", "letter_id": 0}),
    (OfficeImportRow, {}),
    (CalendarAddressRow, {}),
    (ListenerRow, {}),
    (WordingRow, {"retired_at": NOON}),
    (ListenerOfficeRow, {}),
    (EndpointRow, {}),
    (HappeningRow, {}),
    (MessageRow, {"authority": None, "happening_id": 0}),
    (HeardRow, {}),
    (PostingRow, {}),
    (AttemptRow, {}),
    (ApiKeyRow, {}),
    (UserRow, {}),
    (DeclarationRow, {}),
    (EnquiryRow, {}),
    (EntranceRow, {}),
    (WishRow, {}),
    (OutreachRow, {}),
    (IncomingRow, {"content": None}),
)
"""What belongs to a city, in the order in which it can come to be; what is not said follows from the column."""


@pytest_asyncio.fixture
async def shared(postgres_url: str) -> AsyncIterator[Database]:
    """A database in which two cities each have one of everything."""
    async with await Database.open(postgres_url) as opened:
        async with opened.transaction() as conn:
            await enrol(conn, OFFICES, NOON)
            for number, (code, office) in enumerate(((HERE, A), (THERE, B)), 1):
                await notes.add(conn, Tenant(code), office, f"{code}の覚え書き", NOON, "a clerk")
                await audit.append(conn, NOON, Actor("a clerk", "", code), "did", code, {})
                for model, said in LIFE:
                    await conn.execute(insert(model).values(filled(model, number, code, said)))
            await authorities.keep_members(conn, UNION, [THERE])
        yield opened


def filled(model: type[Table], number: int, code: str, said: Mapping[str, object]) -> dict[str, object]:
    """A row of the city `code`: ids are `number`, texts are its code, as far as nothing else is said."""
    row: dict[str, object] = {}
    for column in table(model).columns:
        given = said.get(column.name)
        if column.name not in said and (column.nullable or column.default is not None):
            if column.name == "authority":
                row[column.name] = code
            continue
        kind = getattr(column.type, "impl", column.type).python_type
        if column.name in said and given is None:
            row[column.name] = None
        elif kind is int:
            row[column.name] = number
        elif kind is str:
            row[column.name] = str(given or "{code}").format(code=code)
        else:
            row[column.name] = {date: DAY, datetime: NOON, bool: False}.get(kind, {})
    return row


async def counts(database: Database, tenant: Tenant | None) -> dict[str, int]:
    """How many rows of each walled table a select without any condition finds."""
    found = {}
    async with database.reading(tenant=tenant) as conn:
        for name in walls.WALLS:
            found[name] = (await conn.execute(text(f"SELECT count(*) FROM {name}"))).scalar_one()
    return found


def test_every_table_says_who_may_see_it() -> None:
    there = set(Table.metadata.tables)
    assert sorted(there - {*walls.WALLS, *walls.OPEN, *walls.CLOSED}) == []
    assert sorted({*walls.WALLS, *walls.OPEN} - there) == []


async def test_a_select_without_a_condition_finds_the_rows_of_the_tenant_only(shared: Database) -> None:
    mine = await counts(shared, Tenant(HERE))
    assert {name: count for name, count in mine.items() if count != 1} == {}
    assert sorted(mine) == sorted(walls.WALLS)
    assert {name: count for name, count in (await counts(shared, None)).items() if count != 2} == {}
    assert set((await counts(shared, NATION)).values()) == {2}
    assert set((await counts(shared, Tenant("131016"))).values()) == {0}
    async with shared.reading(tenant=Tenant(HERE)) as conn:
        assert (await conn.execute(text("SELECT number FROM office"))).scalars().all() == [A]
        assert (await conn.execute(text("SELECT address FROM contact"))).scalars().all() == [
            "here@example.jp"
        ]
        assert (await conn.execute(text("SELECT recipient FROM letter"))).scalars().all() == [
            f"{HERE}@example.jp"
        ]


async def test_the_first_wall_says_the_same_as_the_second(shared: Database) -> None:
    conditions = {"office": answers_to, "contact": owns_contact, "delivery": sees_delivery}
    for tenant in (Tenant(HERE), Tenant(THERE), Tenant(UNION), Tenant(PREFECTURE), NATION):
        for name, condition in conditions.items():
            rows = Table.metadata.tables[name]
            async with shared.reading() as conn:
                first = (await conn.execute(select(rows.c.id).where(condition(tenant)))).scalars().all()
            async with shared.reading(tenant=tenant) as conn:
                second = (await conn.execute(select(rows.c.id))).scalars().all()
            assert sorted(first) == sorted(second), (tenant, name)


async def test_a_union_sees_the_offices_of_its_members_and_no_contacts_of_others(shared: Database) -> None:
    found = await counts(shared, Tenant(UNION))
    assert (found["office"], found["obligation"], found["contact"], found["note"]) == (1, 1, 0, 0)


async def test_an_authority_sees_an_office_that_it_designated_and_its_own_part_of_it(
    shared: Database,
) -> None:
    listed = Enrolled(A, "ここの事業所", ("11",), HERE, PREFECTURE, ("p@example.jp",), authority=PREFECTURE)
    async with shared.transaction() as conn:
        await enrol(conn, [listed], NOON)
    async with shared.reading(tenant=Tenant(PREFECTURE)) as conn:
        assert (await conn.execute(text("SELECT number FROM office"))).scalars().all() == [A]
        assert (await conn.execute(text("SELECT address FROM contact"))).scalars().all() == ["p@example.jp"]
        assert (await conn.execute(text("SELECT service FROM designation"))).scalars().all() == ["11"]
        assert (await conn.execute(text("SELECT count(*) FROM delivery"))).scalar_one() == 0


async def test_a_prefecture_sees_its_municipalities_in_sum(shared: Database) -> None:
    async with shared.reading(tenant=Tenant(PREFECTURE)) as conn:
        found = await sums(conn, PREFECTURE, DAY)
        assert (await conn.execute(text("SELECT count(*) FROM obligation"))).scalar_one() == 0
    assert [(each.municipality, each.members, each.settled, each.unreachable) for each in found] == [
        (HERE, 1, 0, 0),
        (THERE, 1, 0, 0),
    ]
    async with shared.reading(tenant=Tenant(HERE)) as conn:
        assert await sums(conn, PREFECTURE, DAY) == []
    async with shared.reading() as conn:
        assert await sums(conn, PREFECTURE, DAY) == found


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO note (office_id, authority, text, written_at, written_by) VALUES (1, '122033', 'a', now(), 'a')",
        "INSERT INTO designation (office_id, authority, service) VALUES (2, '121002', '11')",
        "UPDATE contact SET office_id = 2",
        "UPDATE office SET municipality = '122033'",
        "UPDATE contact SET authority = '122033'",
        "INSERT INTO audit SELECT * FROM audit",
        "UPDATE letter SET state = 'accepted'",
        "UPDATE deadline SET generation = 9",
        "SELECT * FROM outbox",
        "SELECT * FROM reply",
        "CREATE TABLE mine (id int)",
    ],
)
async def test_a_tenant_writes_nothing_of_others_and_nothing_of_the_program(
    shared: Database, statement: str
) -> None:
    with pytest.raises(DBAPIError, match=r"row-level security|permission denied"):
        async with shared.transaction(tenant=Tenant(HERE)) as conn:
            await conn.execute(text(statement))


async def test_what_others_own_is_not_changed_by_a_statement_without_a_condition(shared: Database) -> None:
    async with shared.transaction(tenant=Tenant(HERE)) as conn:
        assert (await conn.execute(text("DELETE FROM contact"))).rowcount == 1
        assert (await conn.execute(text("UPDATE office SET name = 'x'"))).rowcount == 1
    async with shared.reading() as conn:
        assert (await conn.execute(text("SELECT address FROM contact"))).scalars().all() == [
            "there@example.jp"
        ]


async def test_the_audit_is_written_past_the_walls_and_its_chain_holds(shared: Database) -> None:
    async with shared.transaction(tenant=Tenant(THERE)) as conn:
        await audit.append(conn, NOON, Actor("a clerk", "", THERE), "did", "something", {})
        assert (await conn.execute(text("SELECT count(*) FROM audit"))).scalar_one() == 2
    async with shared.reading() as conn:
        assert await audit.first_broken(conn) is None


async def test_a_connection_carries_nothing_on_to_whoever_uses_it_next(shared: Database) -> None:
    for _ in range(3):
        async with shared.transaction(tenant=Tenant(HERE)) as conn:
            assert (await conn.execute(text("SELECT current_user"))).scalar_one() == ROLE
        with pytest.raises(ZeroDivisionError):
            async with shared.transaction(tenant=Tenant(HERE)):
                raise ZeroDivisionError
        async with shared.transaction() as conn:
            assert (await conn.execute(text("SELECT current_user"))).scalar_one() == "postgres"
            assert (await conn.execute(text("SELECT count(*) FROM office"))).scalar_one() == 2


async def test_inside_a_whole_a_part_looks_through_the_eyes_of_a_tenant(shared: Database) -> None:
    async with shared.together() as conn:
        async with shared.transaction(tenant=Tenant(HERE)) as part:
            assert (await part.execute(text("SELECT count(*) FROM office"))).scalar_one() == 1
        async with shared.reading(tenant=Tenant(HERE)) as part:
            assert (await part.execute(text("SELECT count(*) FROM office"))).scalar_one() == 1
        assert (await conn.execute(text("SELECT count(*) FROM office"))).scalar_one() == 2
        assert (await conn.execute(select(table(OutboxRow)))).all() == []
        assert (await conn.execute(select(table(SubscriptionRow)))).all() != []


# ---- building ----


async def test_a_wall_that_was_torn_down_is_missed_and_built_again(shared: Database) -> None:
    async with shared.transaction() as conn:
        await conn.execute(text("DROP POLICY tenant ON contact"))
        await conn.execute(text("COMMENT ON POLICY tenant ON note IS 'older'"))
        await conn.execute(text(f"REVOKE ALL ON notice FROM {ROLE}"))
        assert await walls.missing(conn) == ["contact", "note", "notice"]
    assert await migration.pending(shared) == ["walls"]
    assert await migration.migrate(shared) == ["walls"]
    assert await migration.pending(shared) == []
    assert set((await counts(shared, Tenant(HERE))).values()) == {1}


@pytest.fixture
def strange_server(oldest_postgres_server: PostgresServer) -> PostgresServer:
    """A server whose only role with rights is the administrator's."""
    return oldest_postgres_server


async def test_a_user_who_may_make_no_roles_is_told_what_the_administrator_has_to_run(
    strange_server: PostgresServer,
) -> None:
    name = strange_server.create_database()
    strange_server.run(f"DROP ROLE IF EXISTS {ROLE}")
    strange_server.run("CREATE ROLE clerk LOGIN")
    strange_server.run(f"ALTER DATABASE {name} OWNER TO clerk")
    url = strange_server.url(name).replace("postgres@", "clerk@")
    async with await Database.open(url) as opened:
        with pytest.raises(StoreError, match=f"CREATE ROLE {ROLE} NOLOGIN; GRANT {ROLE} TO clerk;") as told:
            await migration.migrate(opened)
        async with opened.reading() as conn:
            assert (await conn.execute(text("SELECT to_regclass('office')"))).scalar_one() is None
        for statement in str(told.value).partition("migrate again:")[2].strip().rstrip(";").split(";"):
            strange_server.run(statement)
        await migration.migrate(opened)
        async with opened.transaction() as conn:
            await enrol(conn, OFFICES, NOON)
        assert (await counts(opened, Tenant(HERE)))["office"] == 1
    strange_server.drop_database(name)
    strange_server.run("DROP ROLE clerk")


async def test_the_program_may_log_in_as_another_user_than_who_owns_the_tables(
    shared: Database, postgres_server: PostgresServer, postgres_url: str
) -> None:
    connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    try:
        await connection.execute("CREATE ROLE runner LOGIN")
        await connection.execute(f"GRANT {ROLE} TO runner")
        await connection.execute(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO runner"
        )
        async with await Database.open(postgres_url.replace("postgres@", "runner@")) as opened:
            assert set((await counts(opened, None)).values()) == {2}
            assert set((await counts(opened, Tenant(HERE))).values()) == {1}
    finally:
        await connection.execute("DROP OWNED BY runner")
        await connection.execute("DROP ROLE runner")
        await connection.close()
