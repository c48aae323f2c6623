"""The audit shows if one of its rows was changed, taken out or put in."""

import asyncio
import json
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256

import pytest
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from notifier.domain.actors import Actor
from notifier.store import sequences
from notifier.store.audit import (
    DEEDS,
    RUNS,
    Checked,
    append,
    append_run,
    check,
    check_part,
    extent,
    first_broken,
    has_head,
)
from notifier.store.database import Database, retrying, table
from notifier.store.tables import AuditRow

NOON = datetime(2026, 3, 13, 3, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
async def written(database: Database) -> Database:
    async with database.transaction() as conn:
        for number in range(1, 5):
            await append(
                conn, NOON, "city", "offices.enrolled", "offices", {"件数": number, "first": [None, True]}
            )
    return database


async def broken(database: Database) -> int | None:
    async with database.reading() as conn:
        return await first_broken(conn)


async def test_an_audit_as_it_was_written_holds(written: Database) -> None:
    assert await broken(written) is None


async def test_an_empty_audit_holds(database: Database) -> None:
    assert await broken(database) is None


@pytest.mark.parametrize(
    "change",
    [
        {"who": "else"},
        {"detail": {"件数": 9}},
        {"at": NOON.replace(hour=4)},
        {"previous": "x"},
        {"origin": "x"},
        {"authority": "121002"},
    ],
)
async def test_a_changed_row_is_found(written: Database, change: dict[str, object]) -> None:
    async with written.transaction() as conn:
        await conn.execute(update(AuditRow).where(col(AuditRow.id) == 3).values(**change))
    assert await broken(written) == 3


async def test_a_missing_row_is_found_by_the_next(written: Database) -> None:
    async with written.transaction() as conn:
        await conn.execute(delete(AuditRow).where(col(AuditRow.id) == 2))
    assert await broken(written) == 3


async def test_a_row_put_in_is_found(written: Database) -> None:
    row = {
        "number": 9,
        "at": NOON,
        "who": "a",
        "action": "b",
        "subject": "c",
        "detail": {},
        "previous": "x",
        "digest": "d",
    }
    async with written.transaction() as conn:
        await conn.execute(insert(AuditRow).values(id=9, **row))
    assert await broken(written) == 9


async def test_rows_written_at_once_follow_each_other(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.transaction() as conn:
            await append(conn, NOON, "city", "a", str(number), {})

    await asyncio.gather(*(write(number) for number in range(8)))
    assert await broken(database) is None


async def test_a_row_tells_from_where_and_on_whose_behalf(database: Database) -> None:
    clerk = Actor("a clerk", "192.0.2.7", "121002")
    async with database.transaction() as conn:
        await append(conn, NOON, clerk, "office.closed", "office/1", {"before": None, "after": "2026-04-01"})
        await append(conn, NOON, clerk.about("120006"), "key.created", "key/1", {})
        rows = (await conn.execute(select(table(AuditRow)).order_by(col(AuditRow.id)))).all()
    assert [(row.who, row.origin, row.authority) for row in rows] == [
        ("a clerk", "192.0.2.7", "121002"),
        ("a clerk", "192.0.2.7", "120006"),
    ]
    assert await broken(database) is None


async def test_a_second_row_after_the_same_one_is_refused(written: Database) -> None:
    """A chain never forks, whatever else goes wrong."""
    async with written.reading() as conn:
        second = (await conn.execute(select(table(AuditRow)).where(col(AuditRow.id) == 2))).mappings().one()
    with pytest.raises(IntegrityError):
        async with written.transaction() as conn:
            await conn.execute(insert(AuditRow).values(**{**second, "id": 9}))


async def test_rows_of_before_origins_were_kept_hold(database: Database) -> None:
    parts = ["", NOON.isoformat(), "city", "offices.enrolled", "offices", {"count": 1}]
    digest = sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    row = {"who": "city", "action": "offices.enrolled", "subject": "offices", "detail": {"count": 1}}
    async with database.transaction() as conn:
        await conn.execute(insert(AuditRow).values(at=NOON, number=1, **row, previous="", digest=digest))
        await append(conn, NOON, Actor("a clerk", "command line"), "a", "b", {})
    assert await broken(database) is None


async def derive_once(database: Database) -> None:
    """What a derivation does with the audit: it sees the database as it was when it began."""
    async with database.transaction(snapshot=True) as conn:
        run = await sequences.draw(conn, "run")
        await append_run(conn, NOON, "derive", run, {})


async def test_derivations_and_deeds_at_once_keep_both_chains(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.transaction() as conn:
            await append(conn, NOON, "city", "a", str(number), {})

    derivations = (retrying(partial(derive_once, database), 20) for _ in range(5))
    await asyncio.gather(*(write(number) for number in range(5)), *derivations)
    async with database.reading() as conn:
        checked = await check(conn)
    assert (checked.rows, checked.broken, set(checked.heads)) == (10, None, {DEEDS, RUNS})


async def test_checking_tells_how_far_it_is_and_where_it_ends(written: Database) -> None:
    told: list[float] = []
    async with written.reading() as conn:
        checked = await check(conn, told.append)
        assert await has_head(conn, checked.heads[DEEDS])
        assert not await has_head(conn, "0" * 64)
    assert (checked.rows, checked.broken, told) == (4, None, [1.0])


async def test_nothing_is_checked_beyond_the_first_broken_row(written: Database) -> None:
    async with written.transaction() as conn:
        await conn.execute(update(AuditRow).where(col(AuditRow.id) == 3).values(who="else"))
    async with written.reading() as conn:
        checked = await check(conn)
    assert checked == Checked(2, checked.heads, 3, last=2)


async def test_a_check_in_parts_finds_what_a_check_at_once_finds(written: Database) -> None:
    found = Checked(0, {}, is_end=False)
    seen = []
    while not found.is_end:
        async with written.reading() as conn:
            found = await check_part(conn, found, 4, 3)
        seen.append((found.rows, found.last, found.is_end))
    async with written.reading() as conn:
        assert found == await check(conn)
        assert await extent(conn) == (4, 4)
    assert seen == [(3, 3, False), (4, 4, True)]


async def test_an_end_that_was_cut_off_shows_against_a_head_written_down_elsewhere(written: Database) -> None:
    async with written.reading() as conn:
        head = (await check(conn)).heads[DEEDS]
    async with written.transaction() as conn:
        await conn.execute(delete(AuditRow).where(col(AuditRow.id) == 4))
    assert await broken(written) is None
    async with written.reading() as conn:
        assert not await has_head(conn, head)
