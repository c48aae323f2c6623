"""What a step may use: the database, the clock, the way out, and what it needs to know of the law's vocabulary."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from notifier.catalogue.duties import deadline_from_data
from notifier.catalogue.loader import Catalogue
from notifier.catalogue.sources import statement_from_data
from notifier.channels.parcel import MailChannel
from notifier.clock import Clock, civil_date
from notifier.domain.calendar import Calendar
from notifier.domain.codes import NAMELESS, Codes
from notifier.domain.law import Authority, Deadline, Law
from notifier.domain.letters import Content
from notifier.domain.returns import Returns
from notifier.domain.statements import Statement
from notifier.passes import Doorway
from notifier.rendering import Composer, Stationery
from notifier.store import authorities, facts, law
from notifier.store.database import Connection, Database


@dataclass(frozen=True)
class Correspondent:
    """Who writes: shown in every letter. `base_url` is the address of the pages, without a final slash."""

    name: str
    contact: str
    base_url: str
    editor_address: str = ""


MOST_CONTENTS = 5000


@dataclass
class LawBook:
    """Definitions and statements read from their rows once; rows never change once they are approved."""

    groups: Mapping[str, frozenset[str]]
    deadlines: dict[tuple[str, str], Deadline] = field(default_factory=dict)
    statements: dict[str, Statement] = field(default_factory=dict)
    contents: dict[int, tuple[int, Content]] = field(default_factory=dict)
    first_said: dict[Content, int] = field(default_factory=dict)

    def content(self, saying: int, written: Mapping[str, Any]) -> tuple[int, Content]:
        """Return the content of a saying, read once, and the first saying that was known to say the very same.

        A quarter of a million letters of one morning say one thing in many sayings, one for each cohort. When too
        much is known, all is forgotten and read anew.
        """
        if saying not in self.contents:
            if len(self.contents) >= MOST_CONTENTS:
                self.contents.clear()
                self.first_said.clear()
            content = Content.from_data(written)
            first = self.first_said.setdefault(content, saying)
            self.contents[saying] = self.contents.get(first, (first, content))
        return self.contents[saying]

    def needed(self, deadline: str) -> int:
        """Return how many facts a counted duty needs; 0 if it is not counted."""
        counts = [
            each.count
            for (name, _), entry in self.deadlines.items()
            if name == deadline
            for each in entry.settled_by
        ]
        return max((count for count in counts if count > 1), default=0)


@dataclass(frozen=True)
class Tools:
    """Everything a step may use.

    `spread` yields 0 ≤ x < 1 for jitter; `worker` names this process in leases. `unsubscribe` gives the one-click
    address for a recipient, `confirmation` that of the page on which a contact is confirmed, for a proof; both None
    where there are no pages. `page` is the way to an office's own page, for its number, the aware instant from which it is
    good, and the one at which earlier ones were revoked, if any were. `codes` are the short codes (整理番号)
    of this installation. `returns` says where mail comes back, None where none is taken. `foretold` holds the last
    rehearsals of this process.
    """

    database: Database
    clock: Clock
    catalogue: Catalogue
    calendar: Calendar
    composer: Composer
    channel: MailChannel
    correspondent: Correspondent
    worker: str
    spread: Callable[[], float]
    unsubscribe: Callable[[str], str | None]
    book: LawBook
    confirmation: Callable[[str], str | None] = lambda _: None
    page: Callable[[str, datetime, datetime | None], Doorway | None] = lambda *_: None
    returns: Returns | None = None
    codes: Codes = NAMELESS
    stationery: Stationery = field(default_factory=Stationery)
    foretold: dict[tuple[object, ...], Any] = field(default_factory=dict)

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return self.clock.now()

    def today(self) -> date:
        """Return the present civil date in Japan."""
        return civil_date(self.clock.now())

    def calendar_of(self, authority: Authority | None) -> Calendar:
        """Return the calendar of an authority, with its own closed days; the nation's for None."""
        return self.calendar.with_closed(authority.closed) if authority else self.calendar


async def known_deadlines(conn: Connection, tools: Tools) -> frozenset[str]:
    """Return the ids of all deadlines there are: the shipped ones, and those that came in by a notice."""
    return await law.known_deadlines(conn) | tools.catalogue.deadlines.keys()


async def law_on(conn: Connection, tools: Tools, day: date) -> Law:
    """Return the approved law as the service knows it on the civil date `day`."""
    rows = await law.load_law_rows(conn, tools.book.statements)
    deadlines = {}
    for row in rows.deadlines:
        key = (row.id, row.written)
        if key not in tools.book.deadlines:
            tools.book.deadlines[key] = deadline_from_data(json.loads(row.written), tools.book.groups)
        deadlines[row.id] = tools.book.deadlines[key]
    statements: dict[str, list[Statement]] = {}
    for said in rows.statements:
        if said.id not in tools.book.statements:
            tools.book.statements[said.id] = statement_from_data(said.content, rows.notices[said.notice])
        statements.setdefault(said.deadline, []).append(tools.book.statements[said.id])
    return Law(
        deadlines,
        {name: tuple(found) for name, found in statements.items()},
        tools.catalogue.ladders,
        tools.calendar,
        await authorities.load_authorities(conn),
        await facts.load_settings(conn),
    ).as_known(day)
