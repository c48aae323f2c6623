"""The audit shows if one of its rows was changed, taken out or put in."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, insert, update
from sqlmodel import col

from notifier.store.audit import append, first_broken
from notifier.store.database import Database
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
    "change", [{"who": "else"}, {"detail": {"件数": 9}}, {"at": NOON.replace(hour=4)}, {"previous": ""}]
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
    row = {"at": NOON, "who": "a", "action": "b", "subject": "c", "detail": {}, "previous": "", "digest": "d"}
    async with written.transaction() as conn:
        await conn.execute(insert(AuditRow).values(id=9, **row))
    assert await broken(written) == 9


async def test_rows_written_at_once_follow_each_other(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.transaction() as conn:
            await append(conn, NOON, "city", "a", str(number), {})

    await asyncio.gather(*(write(number) for number in range(8)))
    assert await broken(database) is None
