"""Ownership: to whom the sources of events belong, so that `source` and `id` name one event for ever, whoever sends.

The first event that is sound gives its source to the authority of its key, or to the nation. In the mouth of anybody
else it is another source, kept with their code behind it: they never use up an id of its owner's. This never changes,
so what was asked once need not be asked again.
"""

from collections.abc import Collection
from functools import partial
from typing import Final

from notifier.domain.callers import Caller
from notifier.domain.origins import is_kept_back, kept_as
from notifier.intake import Inbound
from notifier.steps.claim import claim_sources
from notifier.store import answerable, facts
from notifier.store.database import retrying
from notifier.store.facts import Intake
from notifier.tools import Tools

MOST_KNOWN: Final = 50_000
"""Sources that are remembered; of more the oldest are forgotten, and asked for again."""


class Ownership:
    """Knows to whom sources belong, as far as they were asked for."""

    def __init__(self, tools: Tools, most: int = MOST_KNOWN) -> None:
        """Know nothing yet; ask with `tools`, and remember `most` sources."""
        self._tools = tools
        self._most = most
        self._senders: dict[str, str] = {}

    def is_unknown(self, caller: Caller, source: str) -> bool:
        """Tell whether it has to be asked for before it is known whose it is."""
        return bool(caller.key) and source not in self._senders and not is_kept_back(source, caller.key)

    def is_own(self, caller: Caller, source: str) -> bool:
        """Tell whether a source is known to be the caller's own."""
        return self._senders.get(source) == caller.authority and not is_kept_back(source, caller.key)

    async def claim(self, caller: Caller, sources: Collection[str]) -> None:
        """Learn to whom `sources` belong; those that belong to nobody become the caller's. Raises StoreError."""
        # The oldest go: what somebody else has just learned they will ask for in a moment.
        while self._senders and len(self._senders) + len(sources) > self._most:
            del self._senders[next(iter(self._senders))]
        self._senders |= await retrying(
            partial(claim_sources, self._tools, sources, caller.authority, caller.key)
        )

    def is_borrowed(self, caller: Caller, source: str) -> bool:
        """Tell whether a source that was asked for belongs to somebody else; the program itself bears its own."""
        return bool(caller.key) and self._senders.get(source, caller.authority) != caller.authority

    async def borrowed(self, caller: Caller, event: Inbound) -> tuple[Intake | None, str]:
        """Return what an event under somebody else's source is to its owner's of the same name, and how it is kept.

        None if they have none; then it is kept under the source that is returned.
        """
        owner, kept = (
            self._senders.get(event.source, caller.authority),
            kept_as(event.source, caller.authority),
        )
        async with self._tools.database.reading() as conn:
            if await facts.known(conn, (caller.authority, kept, event.id)) is not None:
                return None, kept  # said before its owner said anything: a repeat of that
            known = await facts.known(conn, (owner, event.source, event.id))
            authorities = await answerable.authorities_of(conn, event.office) if event.office else None
        if known is None:
            return None, kept
        if caller.authority and authorities is not None and caller.authority not in authorities:
            return Intake.FOREIGN, ""
        return (Intake.REPEATED if known == event.body_hash else Intake.CONFLICTING), ""
