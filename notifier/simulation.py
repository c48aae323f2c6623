"""The simulation: the real steps on a database in memory, with a clock that is turned and a channel that records.

The same input gives the same output to the byte: nothing reads the machine's clock or draws a random number.
"""

import heapq
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

from notifier.catalogue.holidays import national_calendar
from notifier.catalogue.loader import Catalogue, load
from notifier.channels.parcel import MailChannel
from notifier.channels.recorder import RecorderChannel
from notifier.clock import TurnedClock, civil_date, japan_time
from notifier.domain.law import Authority, AuthorityKind
from notifier.domain.notices import Notice
from notifier.intake import DEALT_WITH, Inbound, receive, receive_facts
from notifier.passes import Doorway
from notifier.publishing import notices_of, publish_notices
from notifier.rendering import Composer
from notifier.running import run_due
from notifier.scenario import EVENT_HOUR, Scenario, ScenarioEvent, read_scenario
from notifier.steps.enrol import enrol
from notifier.store import authorities, outbox, reports
from notifier.store.database import Database
from notifier.store.enrolment import Enrolled
from notifier.store.migration import create_all
from notifier.tools import Correspondent, LawBook, Tools

Progress = Callable[[date, date, date], None]
"""Called with the first, the present and the last civil date of a run."""


@dataclass(frozen=True)
class Simulated:
    """What was said: one line per (message, deadline) with the keys of the contract, in the order of sending."""

    lines: list[dict[str, Any]]


async def simulate(
    path: Path, first: date | None = None, last: date | None = None, progress: Progress | None = None
) -> Simulated:
    """Run the scenario in `path` from `first` to `last` (inclusive civil dates, default: the scenario's).

    Raises ScenarioError if it cannot be read.
    """
    catalogue = load()
    return await run_scenario(read_scenario(path, catalogue), catalogue, first, last, progress)


async def run_scenario(
    scenario: Scenario,
    catalogue: Catalogue,
    first: date | None = None,
    last: date | None = None,
    progress: Progress | None = None,
) -> Simulated:
    """Run a scenario that was read; see `simulate`. What happened before `first` has happened, but nothing was said."""
    begin, end = scenario.first, last or scenario.last
    clock = TurnedClock(japan_time(begin, 0))
    database = await Database.open("sqlite+aiosqlite://")
    try:
        await create_all(database)
        tools = offline_tools(database, clock, catalogue, RecorderChannel(keeping=False))
        await _settle_in(tools, scenario)
        await Run(tools, clock, begin, japan_time(end + timedelta(days=1), 0), progress).through(
            list(_happenings(scenario, catalogue))
        )
        async with database.reading() as conn:
            lines = await reports.lines(conn)
    finally:
        await database.close()
    since = (first or begin).isoformat()
    return Simulated([line for line in lines if line["on"] >= since])


def offline_tools(
    database: Database, clock: TurnedClock, catalogue: Catalogue, channel: MailChannel
) -> Tools:
    """Return tools that read neither the machine's clock nor its randomness."""
    return Tools(
        database,
        clock,
        catalogue,
        national_calendar(2023, 2034),
        Composer(),
        channel,
        Correspondent("介護保険担当課", "", "http://127.0.0.1:8080"),
        "simulation",
        lambda: 0.5,
        lambda _recipient: None,
        LawBook(catalogue.groups),
        page=_page_of,
    )


def _page_of(number: str, _issued: datetime, _revoked: datetime | None) -> Doorway:
    """Return where an office's page would be: nobody comes to it, so there is no key to it either."""
    return Doorway(f"http://127.0.0.1:8080/o/{number}", "ABCD-EFGH")


Act = Callable[[Tools], Awaitable[object]]


@dataclass(frozen=True)
class Happening:
    """Something that comes from outside at an instant: `act` deals with it."""

    at: datetime
    act: Act


class Turnable(Protocol):
    """A clock that can be turned forward."""

    def turn_to(self, instant: datetime) -> None:
        """Turn forward to `instant` (aware)."""
        ...


@dataclass
class Run:
    """A run of the real steps on a turned clock, from `first` on, to the instant `until` (aware, exclusive)."""

    tools: Tools
    clock: Turnable
    first: date
    until: datetime
    progress: Progress | None = None

    async def through(self, happenings: list[Happening]) -> None:
        """Let everything happen in its turn, and everything that follows from it."""
        queue = [(happening.at, place, happening) for place, happening in enumerate(happenings)]
        heapq.heapify(queue)
        end = self.until
        while True:
            due = await outbox.next_due(self.tools.database)
            outside = queue[0][0] if queue else None
            instants = [each for each in (due, outside) if each is not None and each < end]
            if not instants:
                break
            instant = max(min(instants), self.tools.now())
            self._turn(instant)
            while queue and queue[0][0] <= instant:
                await heapq.heappop(queue)[2].act(self.tools)
            await run_due(self.tools)
        self._turn(max(end - timedelta(seconds=1), self.tools.now()))

    def _turn(self, instant: datetime) -> None:
        self.clock.turn_to(instant)
        if self.progress is not None:
            self.progress(self.first, civil_date(instant), civil_date(self.until))


async def _settle_in(tools: Tools, scenario: Scenario) -> None:
    async with tools.database.transaction() as conn:
        await authorities.keep_authorities(
            conn,
            [
                (
                    Authority(
                        each.code,
                        each.name,
                        AuthorityKind(each.kind),
                        each.prefecture,
                        frozenset(each.closed),
                    ),
                    each.contacts[0].email if each.contacts else "",
                )
                for each in scenario.authorities
            ],
        )
    prefectures = {each.code: each.prefecture or "" for each in scenario.authorities}
    offices = [
        Enrolled(
            each.number,
            each.name,
            tuple(each.services),
            each.municipality,
            prefectures[each.municipality],
            tuple(contact.email for contact in each.contacts),
            each.staff,
            subscriptions=None if each.subscriptions is None else tuple(each.subscriptions),
        )
        for each in scenario.offices
    ]
    if offices:
        await enrol(tools, offices, "scenario")


def _happenings(scenario: Scenario, catalogue: Catalogue) -> Iterator[Happening]:
    """Yield the notices on the days they become known, and the scenario's events."""
    received = frozenset(
        str(event.data.get("notice")) for event in scenario.events if event.type == "notice.received"
    )
    by_day: dict[date, list[Notice]] = {}
    for notice in notices_of(catalogue, received):
        by_day.setdefault(max(notice.known_from, scenario.first), []).append(notice)
    for day, notices in sorted(by_day.items()):
        hour = 0 if day == scenario.first else EVENT_HOUR
        yield Happening(japan_time(day, hour), publishing(notices))
    events = sorted(enumerate(scenario.events), key=lambda pair: pair[1].instant)
    for (instant, plain), found in groupby(
        events, key=lambda pair: (pair[1].instant, pair[1].type not in DEALT_WITH)
    ):
        inbound = [_inbound(event, place) for place, event in found]
        if plain:
            yield Happening(instant, _recording(inbound))
        else:
            yield from (Happening(instant, _receiving(each)) for each in inbound)


def publishing(notices: list[Notice]) -> Act:
    """Return what publishes `notices`."""

    async def act(tools: Tools) -> None:
        await publish_notices(tools, notices)

    return act


def _inbound(event: ScenarioEvent, place: int) -> Inbound:
    return Inbound(
        "scenario", f"{place:06d}", event.type, event.instant, event.office, event.authority, event.data
    )


def _receiving(inbound: Inbound) -> Act:
    async def act(tools: Tools) -> None:
        await receive(tools, inbound)

    return act


def _recording(inbound: Sequence[Inbound]) -> Act:
    async def act(tools: Tools) -> None:
        await receive_facts(tools, inbound)

    return act
