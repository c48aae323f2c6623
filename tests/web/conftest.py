"""One town for all tests that only look at it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, DummyCookieJar

from tests.web.town import Town, town


@pytest.fixture(scope="session")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """A town on 2026-01-21; look, do not touch."""
    async with town(tmp_path_factory.mktemp("town")) as found:
        yield found


@pytest.fixture
async def visitor() -> AsyncIterator[ClientSession]:
    """A visitor's browser, as far as HTTP goes."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        yield session
