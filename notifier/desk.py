"""The desk: notices that people hand in, and what becomes of them; `notifier notice` speaks to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from notifier.domain.actors import Who
from notifier.domain.stages import Stage
from notifier.errors import UnknownError
from notifier.reading.expressions import Reading, read
from notifier.reading.extraction import Document, extract
from notifier.steps.advance import advance
from notifier.steps.take_in import Handed, take_in
from notifier.store import inbox, papers
from notifier.store.inbox import Arrived
from notifier.tools import Tools

LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class Opened:
    """A notice of the inbox with its text and what that says about time."""

    arrived: Arrived
    document: Document
    reading: Reading


class Desk:
    """Where notices are taken in, looked at and turned away, by `who`."""

    def __init__(self, tools: Tools, who: Who) -> None:
        """Work on the database of `tools`."""
        self._tools = tools
        self._who = who

    async def add(self, handed: Handed) -> tuple[str, bool]:
        """Take a file in; what is not told of the notice is read from it. Returns its id, and False if it was known.

        Raises ExtractionError if it holds no text.
        """
        document = await extract(handed.content, handed.name)
        issued = handed.issued or read(document.text).issued
        title = handed.title or document.title or _first_line(document.text) or handed.name
        known = replace(handed, title=title[:LONGEST_TITLE], issued=issued)
        name, is_new = await take_in(self._tools, known, self._who)
        if is_new:
            await advance(self._tools, name, Stage.READ, self._who)
        return name, is_new

    async def arrived(self, stages: Sequence[Stage] = ()) -> Sequence[Arrived]:
        """Return what came in, the latest first."""
        async with self._tools.database.reading() as conn:
            return await inbox.arrived(conn, stages)

    async def open(self, notice: str, issued: date | None = None) -> Opened:
        """Read a notice of the inbox again. Raises UnknownError if it is not there, ExtractionError without text."""
        found = {each.notice: each for each in await self.arrived()}.get(notice)
        async with self._tools.database.reading() as conn:
            kept = await papers.document_of(conn, notice)
        if found is None or kept is None:
            raise UnknownError(f"{notice}: no such notice in the inbox; `notifier notice list` names them")
        document = await extract(kept[1], kept[0])
        return Opened(found, document, read(document.text, issued or found.issued))

    async def turn_away(self, notice: str, reason: str, *, relevant: bool) -> None:
        """Reject a notice, or say that it concerns no duty of ours."""
        to = Stage.REJECTED if relevant else Stage.NOT_RELEVANT
        await advance(self._tools, notice, to, self._who, reason)


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
