"""Fresh events are kept at one wait, and leave the very rows that they would have left one by one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from notifier.domain.actors import Actor
from notifier.store import audit, fresh
from notifier.store.database import Database, table
from notifier.store.enrolment import Enrolled, enrol
from notifier.store.facts import Event, Intake, record_all
from notifier.store.tables import EventRow, FactRow

NOON = datetime(2026, 3, 13, 3, tzinfo=UTC)
A = Enrolled("1270000001", "ケアプランA", ("43",), "121002", "120006")
LINKED = Event(
    "city", "e-1", "cpdl.linked", date(2026, 3, 13), NOON, {"partner": "1270000009"}, "hash", office=A.number
)
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


def nothing(_: str, __: Sequence[Intake]) -> Sequence[fresh.Rows]:
    return []


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
    assert await fresh.keep(database, events, NOON, nothing) == carefully
    assert await kept(database) == one_by_one


async def test_what_is_known_two_of_a_name_or_not_the_senders_is_looked_at_one_by_one(
    database: Database,
) -> None:
    stranger, another = replace(LINKED, event_id="e-9", sender="131016"), replace(LINKED, event_id="e-2")
    async with database.transaction() as conn:
        await enrol(conn, [A], NOON)
        assert await record_all(conn, [LINKED], NOON) == [Intake.RECORDED]
    for each in ([another, another], [stranger], [LINKED, another]):
        assert await fresh.keep(database, each, NOON, nothing) is None
    events, facts = await kept(database)
    assert (len(events), len(facts)) == (1, 1)


async def test_what_is_kept_inside_a_larger_transaction_ends_with_it(database: Database) -> None:
    async def in_vain() -> None:
        async with database.together():
            assert await fresh.keep(database, [replace(LINKED, office=None, authority="")], NOON, nothing)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await in_vain()
    assert await kept(database) == [[], []]


async def test_the_audit_goes_on_from_the_digest_that_was_read(database: Database) -> None:
    said = audit.Entry(NOON, Actor("city"), "events.recorded", "events", {"cpdl.linked": 1})

    def beside(head: str, _: Sequence[Intake]) -> Sequence[fresh.Rows]:
        return [(audit.ROWS, audit.rows_after(head, [said, said]))]

    for number in range(3):
        assert await fresh.keep(database, [replace(LINKED, event_id=str(number))], NOON, beside)
    async with database.reading() as conn:
        assert (await audit.check(conn)).rows == 6
        assert await audit.first_broken(conn) is None
