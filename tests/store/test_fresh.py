"""Fresh events are kept at one wait, and leave the very rows that they would have left one by one."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies
from sqlalchemy import func, select, text

from notifier.domain.actors import Actor
from notifier.store import audit, fresh
from notifier.store.audit import Head
from notifier.store.database import Database, as_json, table
from notifier.store.enrolment import Enrolled, enrol
from notifier.store.facts import Event, Intake, record_all
from notifier.store.faults import StoreUnreachableError
from notifier.store.fresh import Keeper
from notifier.store.groups import Group
from notifier.store.straight import ClashError
from notifier.store.tables import AuditRow, EventRow, FactRow
from tests.postgres import PostgresServer

NOON = datetime(2026, 3, 13, 3, tzinfo=UTC)
A = Enrolled("1270000001", "ケアプランA", ("43",), "121002", "120006")
LINKED = Event(
    "city", "e-1", "cpdl.linked", date(2026, 3, 13), NOON, {"partner": "1270000009"}, "hash", office=A.number
)
JSON = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(),
    lambda part: strategies.lists(part) | strategies.dictionaries(strategies.text(), part),
    max_leaves=8,
).filter(lambda value: value is not None)
ALL = [
    LINKED,
    replace(LINKED, event_id="a\x1fb\x1ec", values={"partner": "ヶ\x1f'\"\\{},NULL"}, request="r-1"),
    replace(LINKED, event_id="", type="cpdl.joined", values={"licence_until": date(2027, 4, 20)}),
    replace(LINKED, event_id="e-4", office="1270000099", traceparent="00-1-2-01"),
    replace(LINKED, event_id="e-5", office=None, authority="", happened_at=NOON + timedelta(seconds=1)),
    replace(LINKED, event_id="e-6", on=date(2026, 4, 1), sender="121002", key="ntf_1"),
]


async def kept(database: Database) -> list[list[tuple[Any, ...]]]:
    """Return what stands in the tables of events and facts, and empty them."""
    found = []
    async with database.transaction() as conn:
        for each in (EventRow, FactRow):
            columns = [column for column in table(each).c if column.name != "id"]
            rows = [tuple(row) for row in await conn.execute(select(*columns))]
            found.append(sorted(rows, key=str))
            await conn.execute(text(f"DELETE FROM {table(each).name}"))
    return found


def nothing(last: Head, _: Sequence[Intake]) -> tuple[Head, Sequence[fresh.Rows]]:
    return last, []


@pytest.mark.parametrize("count", [1, 3, len(ALL)])
async def test_fresh_events_leave_the_rows_that_they_would_have_left_one_by_one(
    database: Database, count: int
) -> None:
    async with database.transaction() as conn:
        await enrol(conn, [A], NOON)
    events = ALL[-count:]
    async with database.transaction() as conn:
        carefully = await record_all(conn, events, NOON)
    one_by_one = await kept(database)
    assert await Keeper(database).keep(events, NOON, nothing) == carefully
    assert await kept(database) == one_by_one


async def test_what_is_known_two_of_a_name_or_not_the_senders_is_looked_at_one_by_one(
    database: Database,
) -> None:
    stranger, another = replace(LINKED, event_id="e-9", sender="131016"), replace(LINKED, event_id="e-2")
    async with database.transaction() as conn:
        await enrol(conn, [A], NOON)
        assert await record_all(conn, [LINKED], NOON) == [Intake.RECORDED]
    for each in ([another, another], [stranger], [LINKED, another]):
        assert await Keeper(database).keep(each, NOON, nothing) is None
    events, facts = await kept(database)
    assert (len(events), len(facts)) == (1, 1)


async def test_what_is_kept_inside_a_larger_transaction_ends_with_it(database: Database) -> None:
    async def in_vain() -> None:
        async with database.together():
            assert await Keeper(database).keep([replace(LINKED, office=None, authority="")], NOON, nothing)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await in_vain()
    assert await kept(database) == [[], []]


async def test_the_audit_goes_on_from_the_last_deed_whoever_wrote_it(database: Database) -> None:
    said = audit.Entry(NOON, Actor("city"), "events.recorded", "events", {"cpdl.linked": 1})

    def beside(last: Head, _: Sequence[Intake]) -> tuple[Head, Sequence[fresh.Rows]]:
        last, rows = audit.rows_after(last, [said, said])
        return last, [(audit.ROWS, rows)]

    one, another = Keeper(database), Keeper(database)
    for number, keeper in enumerate((one, one, another, one)):
        assert await keeper.keep([replace(LINKED, event_id=str(number))], NOON, beside)
    async with database.reading() as conn:
        assert (await audit.check(conn)).rows == 8
        assert await audit.first_broken(conn) is None


async def test_a_deed_of_the_same_number_is_not_taken_for_the_one_that_was_seen(database: Database) -> None:
    """As after a restore under a running door: what follows must be bound to what is there."""
    said = audit.Entry(NOON, Actor("city"), "events.recorded", "events", {"cpdl.linked": 1})

    def beside(last: Head, _: Sequence[Intake]) -> tuple[Head, Sequence[fresh.Rows]]:
        last, rows = audit.rows_after(last, [said])
        return last, [(audit.ROWS, rows)]

    keeper = Keeper(database)
    assert await keeper.keep([LINKED], NOON, beside)
    async with database.transaction() as conn:
        await conn.execute(text("UPDATE audit SET digest = 'another'"))
    assert await keeper.keep([replace(LINKED, event_id="e-2")], NOON, beside)
    async with database.reading() as conn:
        found = (await conn.execute(text("SELECT previous FROM audit ORDER BY number"))).scalars().all()
    assert found == ["", "another"]


async def test_many_keepers_at_once_write_one_chain(database: Database) -> None:
    said = audit.Entry(NOON, Actor("city"), "events.recorded", "events", {"cpdl.linked": 1})

    def beside(last: Head, _: Sequence[Intake]) -> tuple[Head, Sequence[fresh.Rows]]:
        last, rows = audit.rows_after(last, [said])
        return last, [(audit.ROWS, rows)]

    async def keep_some(name: str) -> int:
        keeper = Keeper(database)
        events = [replace(LINKED, event_id=f"{name} {number}") for number in range(5)]
        return sum([bool(await keeper.keep([each], NOON, beside)) for each in events])

    counts = await asyncio.gather(*(keep_some(name) for name in "abc"))
    async with database.reading() as conn:
        checked = await audit.check(conn)
        kept_events = (await conn.execute(select(func.count()).select_from(EventRow))).scalar_one()
    assert (checked.broken, checked.rows, kept_events) == (None, sum(counts), sum(counts))


async def test_what_is_remembered_of_an_office_ends_with_the_next_deed(database: Database) -> None:
    """Whoever changes an office writes a deed; a keeper that did not see it must not go by what it saw before."""
    keeper, theirs = Keeper(database), replace(LINKED, sender="121002")
    moved = replace(A, municipality="131016", prefecture="130001")

    async def keep(event: Event, number: int) -> list[Intake] | None:
        return await keeper.keep([replace(event, event_id=str(number))], NOON, nothing)

    async def change(office: Enrolled) -> None:
        async with database.transaction() as conn:
            await enrol(conn, [office], NOON)
            await audit.append(conn, NOON, "city", "offices.enrolled", "offices", {})

    assert await keep(theirs, 1) == await keep(theirs, 2) == [Intake.WAITING]
    await change(A)
    assert await keep(theirs, 3) == await keep(theirs, 4) == [Intake.RECORDED]
    await change(moved)
    assert await keep(theirs, 5) is None
    assert await keep(LINKED, 6) == [Intake.RECORDED]


@pytest.mark.pg
async def test_a_connection_that_was_lost_is_made_anew(
    postgres_server: PostgresServer, empty_postgres_url: str
) -> None:
    async with await Database.open(empty_postgres_url) as opened:
        for _ in range(2):
            ((mine,),) = await opened.at_one_statement("SELECT pg_backend_pid()", [])
            postgres_server.run(f"SELECT pg_terminate_backend({mine})")
            with suppress(StoreUnreachableError):  # told where it was not seen in time
                await opened.at_one_statement("SELECT 1", [])
            ((other,),) = await opened.at_one_statement("SELECT pg_backend_pid() + $1", [0])
            assert other != mine


@pytest.mark.pg
async def test_a_key_that_is_taken_is_named_and_nothing_kept(postgres_url: str) -> None:
    number = "INSERT INTO sequence (name, value) VALUES ($1, $2), ('b', 1) RETURNING name"
    async with await Database.open(postgres_url) as opened:
        assert len(await opened.at_one_statement(number, ["a", 1])) == 2
        with pytest.raises(ClashError, match="pk_sequence"):
            await opened.at_one_statement(number, ["c", 1])
        assert await opened.at_one_statement("SELECT name FROM sequence WHERE name = 'c'", []) == []


@given(JSON)
def test_rows_hold_json_as_everything_else_writes_it(value: object) -> None:
    group = Group(AuditRow, ("detail",))
    for dialect in ("sqlite", "postgresql"):
        assert group.columns_of(dialect, [(value,)]) == [[as_json(value)]]
