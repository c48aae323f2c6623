"""The lookout: the sources that are watched, beside the worker, so that a slow site keeps no letter waiting.

Files of notices of which a program told the address alone are fetched here, too. What is due stands in the tables: the
watchman asks them each minute, and however many processes there are, one of them looks at a source at a time.
`notifier source` speaks to it, too.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from notifier.catalogue.watchlist import Watched, load_watchlist, refuse_unfit
from notifier.channels.addresses import Network
from notifier.channels.fetcher import Fetcher
from notifier.domain.actors import Who
from notifier.errors import SourceRefusedError, UnknownError
from notifier.postman import Postman
from notifier.steps.fetch import fetch
from notifier.steps.switch import add_sources, switch
from notifier.steps.watch import Seen, glance, watch
from notifier.store import pickups, sources, tasks
from notifier.store.sources import Source
from notifier.store.tasks import Task
from notifier.tools import Tools

POLL: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of looking at a source now: it as it stands after that, or what it showed if it is switched off."""

    source: Source
    seen: Seen | None = None
    fresh: int = 0


class Lookout:
    """Watches the sources of `tools`' database. `contact` tells sites who asks; `pause` is between two questions."""

    def __init__(
        self, tools: Tools, contact: str, allowed: Iterable[Network] = (), *, pause: float = 2.0
    ) -> None:
        """Stand ready; nothing is looked at before `watchman` works or somebody checks."""
        self._tools = tools
        self._contact = contact
        self._allowed = tuple(allowed)
        self._pause = pause
        self.watchman = Postman(self.go_round, POLL, POLL, name="watchman")

    def _fetcher(self) -> Fetcher:
        return Fetcher(self._contact, allowed=self._allowed, pause=self._pause)

    async def go_round(self, stopping: asyncio.Event) -> datetime | None:
        """Look at every source and fetch every file that is due; returns when the next will be."""
        async with self._tools.database.reading() as conn:
            due = _first(await sources.next_due(conn), await pickups.next_due(conn))
        if due is None or due > self._tools.now():
            return due
        async with self._fetcher() as fetcher:
            return _first(
                await fetch(self._tools, fetcher, stopping), await watch(self._tools, fetcher, stopping)
            )

    async def every(self) -> Sequence[Source]:
        """Return all sources by id: those that were added, and those that are shipped, which stand as switched off."""
        async with self._tools.database.reading() as conn:
            kept = {each.id: each for each in await sources.every(conn)}
        shipped = {each.id: _source(each) for each in load_watchlist().values()}
        return [(shipped | kept)[name] for name in sorted({*shipped, *kept})]

    async def add(self, watched: Watched, who: Who) -> None:
        """Add a source, switched off. Raises SourceRefusedError if it cannot be watched or its id is taken."""
        try:
            refuse_unfit(watched)
        except ValueError as fault:
            raise SourceRefusedError(str(fault)) from None
        if watched.id in load_watchlist() or not await add_sources(self._tools, [_source(watched)], who):
            raise SourceRefusedError(f"id「{watched.id}」はすでに使われています。別のidにしてください。")

    async def switch(self, name: str, who: Who, *, enabled: bool) -> bool:
        """Switch a source on or off; False if it stood so. Raises UnknownError if there is none of that id."""
        shipped = load_watchlist().get(name)
        if shipped is not None and enabled:
            await add_sources(self._tools, [_source(shipped)], who)
        elif shipped is not None:
            async with self._tools.database.reading() as conn:
                if await sources.find(conn, name) is None:
                    return False
        return await switch(self._tools, name, enabled=enabled, who=who)

    async def check(self, name: str) -> Checked:
        """Look at a source now. One that is switched off is only tried: nothing of it is kept.

        Raises UnknownError if there is none of that id.
        """
        found = {each.id: each for each in await self.every()}.get(name)
        if found is None:
            raise UnknownError(f"{name}: no such source; `notifier source list` names them")
        async with self._fetcher() as fetcher:
            if not found.enabled:
                return Checked(found, await glance(fetcher, found))
            before = await self._received()
            await watch(self._tools, fetcher, only=name)
        fresh = len(await self._received() - before)
        return Checked({each.id: each for each in await self.every()}[name], None, fresh)

    async def tasks(self) -> Sequence[Task]:
        """Return what waits for the rule editor, the oldest first."""
        async with self._tools.database.reading() as conn:
            return await tasks.open_tasks(conn)

    async def _received(self) -> set[int]:
        return {each.id for each in await self.tasks() if each.kind == "notice.received"}


def _first(*instants: datetime | None) -> datetime | None:
    return min((each for each in instants if each is not None), default=None)


def _source(watched: Watched) -> Source:
    return Source(
        watched.id,
        watched.title,
        watched.issuer,
        watched.url,
        watched.form,
        watched.selector,
        watched.words,
        watched.terms,
        watched.every,
    )
