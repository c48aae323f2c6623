"""A workshop on an empty database, on SQLite and on PostgreSQL, on the morning of Wednesday, 1 April 2026."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from notifier.clock import japan_time
from notifier.store.tables import Table
from tests.builders import ISSUED
from tests.postgres import PostgresServer
from tests.steps.workshop import Workshop, workshop


@pytest.fixture(scope="module")
def kept_postgres_url(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """One migrated database on PostgreSQL for all tests of a module: emptying is quicker than copying."""
    name = postgres_server.create_database(postgres_template)
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest_asyncio.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.pg)])
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Workshop]:
    """A workshop that nothing has happened in yet."""
    fixture = {"sqlite": "sqlite_file_url", "postgres": "kept_postgres_url"}[request.param]
    async with workshop(request.getfixturevalue(fixture), japan_time(ISSUED, 8)) as opened:
        yield opened
        if request.param == "postgres":
            async with opened.database.transaction() as conn:
                names = ", ".join(f'"{each.name}"' for each in Table.metadata.sorted_tables)
                await conn.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
