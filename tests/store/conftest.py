"""An open database with all tables, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator

import pytest_asyncio

from notifier.store.database import Database
from notifier.store.migration import create_all


@pytest_asyncio.fixture
async def database(migrated_url: str) -> AsyncIterator[Database]:
    """A database with empty tables."""
    async with await Database.open(migrated_url) as opened:
        yield opened


@pytest_asyncio.fixture
async def memory() -> AsyncIterator[Database]:
    """A database in memory, with empty tables."""
    async with await Database.open("sqlite+aiosqlite://") as opened:
        await create_all(opened)
        yield opened
