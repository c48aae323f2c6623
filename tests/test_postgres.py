"""The server that the tests start by themselves."""

import os
import shutil
import stat
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from notifier.store.database import Database
from notifier.store.migration import pending
from tests.postgres import chosen_version, folders_of_binaries, running_server


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


@pytest.mark.pg
async def test_a_new_database_answers(empty_postgres_url: str) -> None:
    assert await ask(empty_postgres_url, "select 1") == 1


@pytest.mark.pg
async def test_a_new_database_is_empty_and_speaks_utf8(empty_postgres_url: str) -> None:
    assert await ask(empty_postgres_url, "select count(*) from pg_tables where schemaname = 'public'") == 0
    assert await ask(empty_postgres_url, "show server_encoding") == "UTF8"


@pytest.mark.pg
async def test_migrations_can_be_tried_on_the_oldest_supported_version(oldest_postgres_url: str) -> None:
    assert str(await ask(oldest_postgres_url, "show server_version")).startswith("16.")


@pytest.mark.pg
def test_a_server_in_a_folder_closed_to_others_starts(tmp_path: Path) -> None:
    found = folders_of_binaries()
    installation = found[chosen_version(found)].parent
    closed = tmp_path / "closed"
    package = closed / installation.parent.name
    shutil.copytree(installation, package / installation.name, symlinks=True)
    for libraries in installation.parent.parent.glob(f"{package.name}.libs"):
        shutil.copytree(libraries, closed / libraries.name, symlinks=True)
    closed.chmod(stat.S_IRWXU)

    with running_server(package / installation.name / "bin") as server:
        database = server.create_database()
        server.drop_database(database)

    assert os.access(closed, os.X_OK)


def test_each_database_of_the_suite_is_written_for_an_async_driver(database_url: str) -> None:
    assert database_url.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://"))


async def test_a_migrated_database_has_its_tables_and_no_rows(migrated_url: str) -> None:
    database = await Database.open(migrated_url)
    try:
        assert await pending(database) == []
        async with database.reading() as connection:
            counted = await connection.execute(text("select count(*) from office"))
            assert counted.scalar_one() == 0
    finally:
        await database.close()
