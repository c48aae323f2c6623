"""A workshop on a new database, on SQLite and on PostgreSQL, on the morning of Wednesday, 1 April 2026."""

from collections.abc import AsyncIterator

import pytest_asyncio

from notifier.clock import japan_time
from tests.builders import ISSUED
from tests.steps.workshop import Workshop, workshop


@pytest_asyncio.fixture
async def shop(migrated_url: str) -> AsyncIterator[Workshop]:
    """A workshop that nothing has happened in yet."""
    async with workshop(migrated_url, japan_time(ISSUED, 8)) as opened:
        yield opened
