"""The tables come up to date on both databases, whole or not at all."""

import asyncio
from functools import partial

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, insert, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from notifier import assets
from notifier.errors import StoreError
from notifier.store import migration
from notifier.store.database import Database, table
from notifier.store.tables import SequenceRow, Table


@pytest.fixture(
    params=["sqlite", *(pytest.param(name, marks=pytest.mark.pg) for name in ("newest", "oldest"))]
)
def any_url(request: pytest.FixtureRequest) -> str:
    """The address of a new, empty database: SQLite, and the newest and the oldest PostgreSQL at hand."""
    names = {"sqlite": "sqlite_url", "newest": "empty_postgres_url", "oldest": "oldest_postgres_url"}
    url: str = request.getfixturevalue(names[request.param])
    return url


async def tables_of(conn: AsyncConnection) -> set[str]:
    return set(await conn.run_sync(lambda connection: inspect(connection).get_table_names()))


async def test_the_revisions_make_the_tables_the_program_works_with(any_url: str) -> None:
    async with await Database.open(any_url) as opened:
        missing = await migration.pending(opened)
        assert missing[0] == "0001"
        assert await migration.migrate(opened) == missing
        assert await migration.differences(opened) == []
        async with opened.reading() as conn:
            assert await tables_of(conn) == {*Table.metadata.tables, "alembic_version"}


async def test_migrating_again_changes_nothing(any_url: str) -> None:
    async with await Database.open(any_url) as opened:
        await migration.migrate(opened)
        assert await migration.pending(opened) == []
        assert await migration.migrate(opened) == []


async def test_a_missing_column_is_seen_as_a_difference(any_url: str) -> None:
    async with await Database.open(any_url) as opened:
        await migration.migrate(opened)
        async with opened.transaction() as conn:
            await conn.execute(text("ALTER TABLE sequence DROP COLUMN value"))
        (found,) = await migration.differences(opened)
        assert "sequence" in found


async def test_two_programs_that_migrate_at_once_wait_for_each_other(any_url: str) -> None:
    async with await Database.open(any_url) as one, await Database.open(any_url) as other:
        done = await asyncio.gather(migration.migrate(one), migration.migrate(other))
        assert min(map(len, done)) == 0
        assert await migration.pending(one) == []


async def test_a_database_of_a_newer_program_is_left_alone(any_url: str) -> None:
    async with await Database.open(any_url) as opened:
        await migration.migrate(opened)
        async with opened.transaction() as conn:
            await conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(StoreError, match="9999 by a newer version"):
            await migration.migrate(opened)


async def test_rows_that_point_nowhere_stop_the_migration(sqlite_url: str) -> None:
    async with await Database.open(sqlite_url) as opened:
        await migration.migrate(opened)
        async with opened.engine.connect() as conn:
            driver = (await conn.get_raw_connection()).driver_connection
            assert driver is not None
            await driver.execute("PRAGMA foreign_keys=OFF")
            await driver.execute(
                "INSERT INTO subscription (office_id, authority, topic, channel, since, told, reason, decided_by)"
                " VALUES (7, '', 'a', '', '2026-04-01', 1, '', '')"
            )
            await driver.execute("PRAGMA foreign_keys=ON")
        with pytest.raises(StoreError, match="subscription"):
            await migration.migrate(opened)


async def test_references_are_enforced_after_a_migration(sqlite_url: str) -> None:
    async with await Database.open(sqlite_url) as opened:
        await migration.migrate(opened)
        async with opened.reading() as conn:
            assert (await conn.execute(text("PRAGMA foreign_keys"))).scalar_one() == 1


async def test_a_database_in_memory_can_be_migrated() -> None:
    async with await Database.open("sqlite+aiosqlite://") as opened:
        await migration.migrate(opened)
        async with opened.transaction() as conn:
            await conn.execute(insert(table(SequenceRow)).values(name="a", value=1))
            assert (await conn.execute(select(table(SequenceRow).c.name))).scalar_one() == "a"


async def test_deeds_and_runs_of_before_they_were_numbered_are_numbered_in_their_order(any_url: str) -> None:
    old = (
        "INSERT INTO audit (chain, at, who, origin, authority, action, subject, detail, previous, digest)"
        " VALUES (:chain, '2026-04-01 00:00:00+00', 'city', '', '', 'a', 'b', '{}', :previous, :digest)"
    )
    written = [("", "", "d1"), ("run", "", "r1"), ("", "d1", "d2"), ("run", "r1", "r2"), ("", "d2", "d3")]
    async with await Database.open(any_url) as opened:
        async with opened.engine.begin() as conn:
            await conn.run_sync(partial(brought_to, "0027"))
            for chain, previous, digest in written:
                await conn.execute(text(old), {"chain": chain, "previous": previous, "digest": digest})
        assert (await migration.migrate(opened))[0] == "0028"
        async with opened.reading() as conn:
            found = await conn.execute(text("SELECT chain, number, digest FROM audit ORDER BY chain, number"))
            assert found.all() == [
                ("", 1, "d1"),
                ("", 2, "d2"),
                ("", 3, "d3"),
                ("run", 1, "r1"),
                ("run", 2, "r2"),
            ]


def brought_to(revision: str, connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(assets.folder("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
