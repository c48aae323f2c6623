"""The database keeps what it acknowledged, keeps nothing of what failed, and says clearly what is wrong."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from notifier.errors import StoreError
from notifier.store.database import Database, masked, retrying, table
from notifier.store.faults import (
    StoreBehindError,
    StoreBusyError,
    StoreFullError,
    StoreUnreachableError,
)
from notifier.store.migration import create_all
from notifier.store.tables import SequenceRow
from tests.postgres import PostgresServer

NUMBERS = table(SequenceRow)


async def value_of(database: Database, name: str) -> int | None:
    async with database.reading() as conn:
        found: int | None = (
            await conn.execute(select(NUMBERS.c.value).where(NUMBERS.c.name == name))
        ).scalar_one_or_none()
    return found


async def test_a_transaction_is_kept_whole(database: Database) -> None:
    async with database.transaction() as conn:
        await conn.execute(insert(NUMBERS), [{"name": "a", "value": 1}, {"name": "b", "value": 2}])
    assert (await value_of(database, "a"), await value_of(database, "b")) == (1, 2)


async def test_nothing_is_kept_of_a_transaction_that_failed(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as conn:
            await conn.execute(insert(NUMBERS).values(name="a", value=1))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert await value_of(database, "a") is None


async def test_what_is_done_at_one_go_is_kept_whole_or_not_at_all(sqlite_url: str) -> None:
    def count(plain: sqlite3.Connection) -> None:
        plain.execute("CREATE TABLE IF NOT EXISTS counted (n)")
        plain.execute("INSERT INTO counted VALUES (1)")

    def in_vain(plain: sqlite3.Connection) -> None:
        count(plain)
        raise ZeroDivisionError

    def seen(plain: sqlite3.Connection) -> int:
        return int(plain.execute("SELECT count(*) FROM counted").fetchone()[0])

    for url in (sqlite_url, "sqlite+aiosqlite://"):
        async with await Database.open(url) as database:
            await database.at_one_go(count)
            with pytest.raises(ZeroDivisionError):
                await database.at_one_go(in_vain)
            await asyncio.gather(*(database.at_one_go(count) for _ in range(3)))
            async with database.together():
                await database.at_one_go(count)
            assert await database.at_one_go(seen) == 5


async def test_a_broken_constraint_is_told_as_it_is(database: Database) -> None:
    async with database.transaction() as conn:
        await conn.execute(insert(NUMBERS).values(name="a", value=1))
    with pytest.raises(IntegrityError):
        async with database.transaction() as conn:
            await conn.execute(insert(NUMBERS).values(name="a", value=2))
    assert await value_of(database, "a") == 1


async def test_no_update_is_lost_between_tasks(database: Database) -> None:
    async with database.transaction() as conn:
        await conn.execute(insert(NUMBERS).values(name="a", value=0))

    async def count_up() -> None:
        async with database.transaction() as conn:
            found = await conn.execute(select(NUMBERS.c.value).where(NUMBERS.c.name == "a").with_for_update())
            await conn.execute(update(NUMBERS).values(value=found.scalar_one() + 1))

    await asyncio.gather(*(count_up() for _ in range(20)))
    assert await value_of(database, "a") == 20


async def test_whoever_only_reads_cannot_write(database: Database) -> None:
    with pytest.raises(StoreError, match="may only be read here"):
        async with database.reading() as conn:
            await conn.execute(insert(NUMBERS).values(name="a", value=1))
    async with database.transaction() as conn:
        await conn.execute(insert(NUMBERS).values(name="a", value=1))
    assert await value_of(database, "a") == 1


async def test_a_reader_sees_one_state_throughout(database: Database) -> None:
    async with database.reading() as conn:
        before = (await conn.execute(select(NUMBERS.c.name))).all()
        async with database.transaction() as other:
            await other.execute(insert(NUMBERS).values(name="a", value=1))
        after = (await conn.execute(select(NUMBERS.c.name))).all()
    assert (before, after) == ([], [])


async def test_a_missing_table_asks_for_the_migration(database_url: str) -> None:
    async with await Database.open(database_url) as empty:
        with pytest.raises(StoreBehindError, match="notifier migrate"):
            await value_of(empty, "a")


async def test_work_is_repeated_while_the_database_is_busy() -> None:
    tried: list[int] = []

    async def work() -> str:
        tried.append(len(tried))
        if len(tried) < 3:
            raise StoreBusyError("busy")
        return "done"

    assert (await retrying(work), tried) == ("done", [0, 1, 2])


async def test_work_is_given_up_when_the_database_stays_busy() -> None:
    async def work() -> None:
        raise StoreBusyError("busy")

    with pytest.raises(StoreBusyError):
        await retrying(work)


# ---- SQLite ----


async def test_a_database_in_memory_is_one_for_all_tasks(memory: Database) -> None:
    async def add(name: str) -> None:
        async with memory.transaction() as conn:
            await conn.execute(insert(NUMBERS).values(name=name, value=1))

    await asyncio.gather(*(add(str(number)) for number in range(10)))
    async with memory.reading() as conn:
        assert len((await conn.execute(select(NUMBERS.c.name))).all()) == 10
    assert memory.in_memory


async def test_a_transaction_inside_another_is_refused_instead_of_waiting_for_ever(memory: Database) -> None:
    async with memory.transaction():
        with pytest.raises(StoreError, match="already open in this task"):
            async with memory.reading():
                pass


async def test_the_folder_of_a_new_file_is_created(tmp_path: Path) -> None:
    async with await Database.open(f"sqlite:///{tmp_path}/var/data/notifier.sqlite3") as opened:
        await create_all(opened)
    assert (tmp_path / "var" / "data" / "notifier.sqlite3").exists()


async def test_a_file_survives_a_power_cut(sqlite_url: str) -> None:
    async with await Database.open(sqlite_url) as opened, opened.reading() as conn:
        settings = [
            (await conn.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("synchronous", "journal_mode")
        ]
    assert settings == [2, "wal"]


async def steer(database: Database, pragma: str) -> None:
    """Set a pragma on the one connection that lies in the pool."""
    async with database.engine.connect() as conn:
        driver = (await conn.get_raw_connection()).driver_connection
        assert driver is not None
        await driver.execute(f"PRAGMA {pragma}")


async def test_a_file_that_another_program_holds_is_busy(sqlite_url: str, tmp_path: Path) -> None:
    async with await Database.open(sqlite_url) as opened:
        await create_all(opened)
        other = sqlite3.connect(tmp_path / "notifier.sqlite3", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await steer(opened, "busy_timeout=50")
        with pytest.raises(StoreBusyError, match="try again"):
            async with opened.transaction():
                pass
        other.execute("ROLLBACK")
        other.close()
        async with opened.transaction() as conn:
            await conn.execute(insert(NUMBERS).values(name="a", value=1))
        assert await value_of(opened, "a") == 1


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("拝啓" * 1000)
    with pytest.raises(StoreError, match=r"letter\.txt is no sound database"):
        await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'letter.txt'}")


async def test_a_folder_cannot_be_opened_as_a_file(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachableError, match="cannot be opened"):
        await Database.open(f"sqlite+aiosqlite:///{tmp_path}")


async def test_a_file_in_the_way_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    with pytest.raises(StoreUnreachableError, match="NOTIFIER_DATABASE_URL"):
        await Database.open(f"sqlite+aiosqlite:///{tmp_path}/var/notifier.sqlite3")


async def test_a_full_disk_keeps_nothing_and_recovers_when_there_is_room(sqlite_url: str) -> None:
    async with await Database.open(sqlite_url) as opened:
        await create_all(opened)

        await steer(opened, "max_page_count=1")  # SQLite then answers as it does on a full disk
        with pytest.raises(StoreFullError, match="free space"):
            async with opened.transaction() as conn:
                await conn.execute(insert(NUMBERS), [{"name": f"{n}" * 500, "value": n} for n in range(2000)])
        await steer(opened, "max_page_count=1000000")
        async with opened.transaction() as conn:
            await conn.execute(insert(NUMBERS).values(name="a", value=1))
            names = (await conn.execute(select(NUMBERS.c.name))).scalars().all()
    assert names == ["a"]


# ---- PostgreSQL ----


@pytest.mark.pg
async def test_two_that_wait_for_each_other_are_told_to_try_again(empty_postgres_url: str) -> None:
    async with await Database.open(empty_postgres_url) as opened:
        await create_all(opened)
        async with opened.transaction() as conn:
            await conn.execute(text("SET LOCAL synchronous_commit = off"))
            await conn.execute(insert(NUMBERS), [{"name": "a", "value": 0}, {"name": "b", "value": 0}])
        met = asyncio.Barrier(2)
        rounds: list[str] = []

        async def raise_both(first: str, second: str) -> None:
            async def work() -> None:
                rounds.append(first)
                async with opened.transaction() as conn:
                    await conn.execute(text("SET LOCAL deadlock_timeout = '50ms'"))
                    raised = update(NUMBERS).values(value=NUMBERS.c.value + 1)
                    await conn.execute(raised.where(NUMBERS.c.name == first))
                    if len(rounds) <= 2:
                        await met.wait()
                    await conn.execute(raised.where(NUMBERS.c.name == second))

            await retrying(work)

        await asyncio.gather(raise_both("a", "b"), raise_both("b", "a"))
        assert [await value_of(opened, "a"), await value_of(opened, "b"), len(rounds)] == [2, 2, 3]


@pytest.mark.pg
async def test_a_database_that_does_not_exist_is_named_without_the_password(
    postgres_server: PostgresServer,
) -> None:
    url = postgres_server.url("nowhere").replace("postgres@", "postgres:hush@")
    with pytest.raises(StoreUnreachableError) as caught:
        await Database.open(url)
    assert "nowhere" in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.pg
async def test_a_server_that_sends_its_clients_away_is_unreachable_and_then_found_again(
    postgres_server: PostgresServer, empty_postgres_url: str
) -> None:
    async with await Database.open(empty_postgres_url) as opened:
        await create_all(opened)

        async def be_sent_away() -> None:
            async with opened.transaction() as conn:
                mine = (await conn.execute(text("SELECT pg_backend_pid()"))).scalar_one()
                postgres_server.run(f"SELECT pg_terminate_backend({mine})")
                await conn.execute(text("SELECT 1"))

        with pytest.raises(StoreUnreachableError):
            await be_sent_away()
        assert await value_of(opened, "a") is None


async def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    with pytest.raises(StoreUnreachableError, match=r"notifier:\*\*\*@127\.0\.0\.1:1/city") as caught:
        await Database.open("postgresql+asyncpg://notifier:hush@127.0.0.1:1/city?password=hush")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("url", ["mysql://a/b", "nonsense", "sqlite+pysqlite:///x"])
async def test_an_address_of_another_kind_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(StoreError, match="postgresql\\+asyncpg://user:password@host/name"):
        await Database.open(url)


def test_a_printed_address_shows_no_password() -> None:
    assert masked("postgresql+asyncpg://a:hush@b/c") == "postgresql+asyncpg://a:***@b/c"


async def mark_all_done_after_another_wrote(database: Database) -> None:
    """Read what is new, let another task write something newer, then mark all that is new as done."""
    async with database.transaction() as conn:
        await conn.execute(insert(NUMBERS).values(name="old", value=0))
    async with database.transaction(snapshot=True) as conn:
        seen = (await conn.execute(select(NUMBERS.c.name))).scalars().all()
        async with database.transaction() as other:
            await other.execute(insert(NUMBERS).values(name="new", value=0))
        await conn.execute(update(NUMBERS).values(value=1))
        assert seen == ["old"]


@pytest.mark.pg
async def test_a_snapshot_marks_nothing_done_that_it_has_not_seen(empty_postgres_url: str) -> None:
    async with await Database.open(empty_postgres_url) as opened:
        await create_all(opened)
        await mark_all_done_after_another_wrote(opened)
        assert [await value_of(opened, name) for name in ("old", "new")] == [1, 0]


@pytest.mark.pg
async def test_postgresql_compiles_no_statement(postgres_url: str) -> None:
    async with await Database.open(postgres_url) as database:
        for _ in range(2):  # also once the connection comes from the pool
            async with database.transaction() as conn:
                assert (await conn.execute(text("SHOW jit"))).scalar_one() == "off"
