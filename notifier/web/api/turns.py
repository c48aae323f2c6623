"""Turns: few calls read the database at once, and the tenants whose calls wait are served one after another.

So a tenant that asks a thousand things at once makes itself wait, and hardly anybody else.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

PLACES: Final = 8
MOST_WAITING: Final = 100


class CrowdError(Exception):
    """Too many calls of one tenant wait already."""


class Turns:
    """So many `places` at once; of each tenant at most `most_waiting` wait for one."""

    def __init__(self, places: int = PLACES, most_waiting: int = MOST_WAITING) -> None:
        """Begin with all places free."""
        self._free = places
        self._most_waiting = most_waiting
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def turn(self, tenant: str) -> AsyncIterator[None]:
        """Wait for the next turn of `tenant` and keep a place until the end. Raises CrowdError."""
        await self._enter(tenant)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, tenant: str) -> None:
        if self._free:
            self._free -= 1
            return
        mine = self._waiting.setdefault(tenant, deque())
        if len(mine) >= self._most_waiting:
            raise CrowdError
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        mine.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # it was given a place in the same moment in which it gave up
            elif turn in mine:
                mine.remove(turn)
            raise

    def _leave(self) -> None:
        """Hand the place to the tenant that has waited longest since its last turn, or free it."""
        while self._waiting:
            tenant = next(iter(self._waiting))
            line = self._waiting.pop(tenant)
            while line:
                turn = line.popleft()
                if not turn.done():
                    if line:
                        self._waiting[tenant] = line
                    turn.set_result(None)
                    return
        self._free += 1
