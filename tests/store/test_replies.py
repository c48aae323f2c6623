"""A call that is repeated gets the answer it got before, and what it did is done once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from notifier.errors import StoreError
from notifier.store import replies
from notifier.store.database import Database, table
from notifier.store.replies import KEPT, Asked, KeptReply, KeyReusedError
from notifier.store.tables import SequenceRow

NOW = datetime(2026, 4, 1, tzinfo=UTC)
ASKED = Asked("key/a", "first", "digest")
REPLY = KeptReply(201, '{"id":1}', "/v1/things/1")


async def answered(database: Database, asked: Asked = ASKED, now: datetime = NOW) -> KeptReply | None:
    """Answer a call unless it was answered before; returns what it was answered before."""
    async with database.together() as conn:
        kept = await replies.begin(conn, asked, now)
        if kept is None:
            await replies.finish(conn, asked, REPLY)
        return kept


async def test_the_same_call_again_gets_the_same_answer_also_from_another_process(migrated_url: str) -> None:
    async with await Database.open(migrated_url) as database:
        assert await answered(database) is None
    async with await Database.open(migrated_url) as database:
        assert await answered(database) == REPLY


async def test_of_many_equal_calls_at_once_one_is_the_first(migrated_url: str) -> None:
    async with await Database.open(migrated_url) as database:
        found = await asyncio.gather(*(answered(database) for _ in range(8)))
    assert (found.count(None), found.count(REPLY)) == (1, 7)


async def test_another_call_under_the_same_key_is_refused_and_another_callers_key_is_its_own(
    migrated_url: str,
) -> None:
    async with await Database.open(migrated_url) as database:
        await answered(database)
        with pytest.raises(KeyReusedError):
            await answered(database, Asked("key/a", "first", "another"))
        assert await answered(database, Asked("key/b", "first", "another")) is None


async def test_a_key_may_be_used_anew_after_seven_days(migrated_url: str) -> None:
    async with await Database.open(migrated_url) as database:
        await answered(database)
        assert await answered(database, now=NOW + KEPT - timedelta(seconds=1)) == REPLY
        assert await answered(database, now=NOW + KEPT) is None


async def written_together(database: Database, name: str, *, fails: bool) -> None:
    """Write a row, and fail afterwards if asked to."""
    async with database.together():
        async with database.transaction() as conn:
            await conn.execute(insert(table(SequenceRow)).values(name=name, value=1))
        if fails:
            raise StoreError("the second half failed")


async def test_what_is_done_together_is_kept_or_undone_together(migrated_url: str) -> None:
    async with await Database.open(migrated_url) as database:
        with pytest.raises(StoreError):
            await written_together(database, "a", fails=True)
        async with database.together():
            await written_together(database, "b", fails=False)
            with pytest.raises(IntegrityError):
                await written_together(database, "b", fails=False)
            async with database.reading() as conn:
                assert (
                    await conn.execute(select(func.count()).select_from(table(SequenceRow)))
                ).scalar_one() == 1
        async with database.reading() as conn:
            assert (await conn.execute(select(table(SequenceRow).c.name))).scalars().all() == ["b"]
