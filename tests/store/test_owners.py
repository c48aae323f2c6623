"""An office may answer to several authorities; each has its own designation, contacts and notes."""

from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlmodel import col

from notifier.domain.callers import Tenant
from notifier.domain.law import AuthorityKind
from notifier.store import authorities, notes
from notifier.store.database import Database, table
from notifier.store.enrolment import Enrolled, difference, enrol, enrolled
from notifier.store.tables import ContactRow, DesignationRow, OfficeRow, OfficeServiceRow
from tests.builders import city

NOON = datetime(2026, 3, 13, 3, tzinfo=UTC)
CITY, PREFECTURE, OTHER = "121002", "120006", "122033"
HERE = Enrolled("1270000001", "訪問看護A", ("A2",), CITY, PREFECTURE, ("city@example.jp",))
THERE = replace(HERE, services=("11",), addresses=("prefecture@example.jp",), authority=PREFECTURE)


async def designations(database: Database) -> list[tuple[str, str]]:
    async with database.reading() as conn:
        found = table(DesignationRow).c
        rows = await conn.execute(select(found.authority, found.service))
        return sorted(map(tuple, rows))


async def provided(database: Database) -> list[str]:
    async with database.reading() as conn:
        return sorted((await conn.execute(select(col(OfficeServiceRow.service)))).scalars())


async def contacts(database: Database) -> list[tuple[str, str, bool]]:
    async with database.reading() as conn:
        found = table(ContactRow).c
        rows = await conn.execute(select(found.authority, found.address, found.active))
        return sorted(map(tuple, rows))


async def take(database: Database, *offices: Enrolled) -> None:
    async with database.transaction() as conn:
        await enrol(conn, offices, NOON)


async def test_the_list_of_a_second_authority_leaves_what_the_first_has_said(database: Database) -> None:
    await take(database, HERE)
    await take(database, THERE)
    assert await designations(database) == [(PREFECTURE, "11"), (CITY, "A2")]
    assert await provided(database) == ["11", "A2"]
    assert await contacts(database) == [
        (PREFECTURE, "prefecture@example.jp", True),
        (CITY, "city@example.jp", True),
    ]
    async with database.reading() as conn:
        assert await enrolled(conn, HERE.number) == HERE
        assert await enrolled(conn, HERE.number, PREFECTURE) == THERE
        assert (await difference(conn, [HERE])).unchanged == 1
        assert (await difference(conn, [THERE])).unchanged == 1


async def test_who_lists_an_office_as_others_do_has_designated_it_too(database: Database) -> None:
    await take(database, HERE)
    same = replace(HERE, addresses=None, authority=PREFECTURE)
    async with database.reading() as conn:
        (change,) = (await difference(conn, [same])).changed[HERE.number]
    assert (change.column, change.old, change.new) == ("designated", "", "A2")
    await take(database, same)
    assert await designations(database) == [(PREFECTURE, "A2"), (CITY, "A2")]


async def test_an_authority_takes_back_its_own_designation_only(database: Database) -> None:
    await take(database, HERE)
    await take(database, THERE)
    await take(database, replace(THERE, services=("13",)))
    assert await designations(database) == [(PREFECTURE, "13"), (CITY, "A2")]
    assert await provided(database) == ["13", "A2"]


async def test_a_municipality_that_an_office_has_left_designates_it_no_longer(database: Database) -> None:
    await take(database, HERE)
    await take(database, THERE)
    await take(database, replace(HERE, municipality=OTHER))
    assert await designations(database) == [(PREFECTURE, "11"), (OTHER, "A2")]
    async with database.reading() as conn:
        assert (await conn.execute(select(col(OfficeRow.municipality)))).scalar_one() == OTHER


async def test_an_address_that_wants_no_mail_is_not_revived_by_another_authority(database: Database) -> None:
    await take(database, HERE)
    async with database.transaction() as conn:
        await conn.execute(update(ContactRow).values(active=False))
    await take(database, replace(THERE, addresses=("city@example.jp",)))
    assert await contacts(database) == [
        (PREFECTURE, "city@example.jp", False),
        (CITY, "city@example.jp", False),
    ]


async def test_notes_are_seen_by_who_wrote_them(database: Database) -> None:
    mine, other = Tenant(CITY), Tenant(PREFECTURE)
    await take(database, HERE)
    async with database.transaction() as conn:
        number = await notes.add(conn, mine, HERE.number, "月曜は休み", NOON, "a clerk")
        assert await notes.add(conn, mine, "9999999999", "どこ", NOON, "a clerk") is None
        assert number is not None
        (found,) = await notes.notes_of(conn, mine, HERE.number)
        assert (found.text, found.written_by, found.written_at) == ("月曜は休み", "a clerk", NOON)
        assert await notes.notes_of(conn, other, HERE.number) == []
        assert await notes.withdraw(conn, other, number, NOON) is None
        assert await notes.withdraw(conn, mine, number, NOON) == "月曜は休み"
        assert await notes.notes_of(conn, mine, HERE.number) == []


async def test_a_municipality_belongs_to_a_union(database: Database) -> None:
    union = replace(city("128000"), kind=AuthorityKind.UNION)
    async with database.transaction() as conn:
        await authorities.keep_authorities(conn, [(union, "union@example.jp"), (city(CITY), "")])
        await authorities.keep_members(conn, "128000", [CITY, OTHER])
        await authorities.keep_members(conn, "128000", [CITY])
        known = await authorities.load_authorities(conn)
        assert await authorities.addresses(conn) == {"128000": "union@example.jp", CITY: ""}
    assert [(each.code, each.kind, each.union) for each in known.values()] == [
        (CITY, "municipality", "128000"),
        ("128000", "union", None),
    ]
