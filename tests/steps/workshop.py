"""A workshop for the steps: a real database, a clock that is turned, an invented law, letters that are kept."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import SQLModel, col

from notifier.catalogue.loader import Catalogue
from notifier.catalogue.vocabulary import FactType
from notifier.channels.parcel import BeforeDot, MailChannel, Parcel
from notifier.channels.recorder import RecorderChannel
from notifier.clock import TurnedClock, civil_date, japan_time
from notifier.domain.assertions import DONE
from notifier.domain.expressions import DUE_SET
from notifier.domain.facts import Value
from notifier.domain.law import Authority, Deadline
from notifier.domain.receipts import Receipt
from notifier.domain.statements import Statement
from notifier.rendering import Composer
from notifier.running import run_due
from notifier.simulation import Run
from notifier.steps.accept import accept
from notifier.steps.approve import approve
from notifier.steps.enrol import enrol
from notifier.steps.record import record
from notifier.store import authorities
from notifier.store.database import Database, table
from notifier.store.enrolment import Enrolled
from notifier.store.facts import Event, Intake
from notifier.store.tables import DeliveryRow, LetterRow, OutboxRow, SayingRow
from notifier.tools import Correspondent, LawBook, Tools
from tests.builders import CALENDAR, CITY, LADDERS, PREFECTURE, city, deadline, prefecture

A, B, C = "9970000001", "9970000002", "9970000003"
OTHER_CITY, OTHER_PREFECTURE = "999024", "888001"
AUTHORITIES = (
    prefecture(),
    city(),
    city(OTHER_CITY),
    prefecture(OTHER_PREFECTURE),
)
FACTS = {
    kind: FactType(kind, label, subject, ("editor",))
    for kind, label, subject in (
        ("example.applied", "申請（例）", "office"),
        ("example.granted", "交付決定（例）", "office"),
        ("example.declined", "辞退（例）", "office"),
        ("example.linked", "連携（例）", "office"),
        ("example.report.filed", "報告の提出（例）", "office"),
        ("example.due.set", "期日の決定（例）", "authority"),
        ("example.day.announced", "日の公表（例）", "nation"),
    )
} | {
    DUE_SET: FactType(DUE_SET, "自治体による期日の決定（例）", "authority", ("municipality", "prefecture")),
    DONE: FactType(
        DONE, "済んだこと（例）", "office", ("editor",), {"properties": {"deadline": {"type": "string"}}}
    ),
}


@cache
def composer() -> Composer:
    """The shipped templates, read once."""
    return Composer()


def example_catalogue(*statements: Statement, deadlines: Sequence[Deadline] = ()) -> Catalogue:
    """A catalogue of what is handed in, with the invented vocabulary, ladders and authorities."""
    entries = {each.id: each for each in deadlines}
    return Catalogue(
        notices={each.notice.id: each.notice for each in statements},
        facts=FACTS,
        services={},
        groups={},
        ladders=LADDERS,
        authorities={each.code: each for each in AUTHORITIES},
        deadlines=entries,
        statements=statements,
        files={},
    )


def enrolled(number: str = A, *addresses: str, **more: Any) -> Enrolled:
    """An office in the invented city, reached at `addresses`."""
    values = {"name": f"事業所{number[-1]}", "services": ("11",), "municipality": CITY}
    return Enrolled(number, **{**values, "prefecture": PREFECTURE, "addresses": addresses, **more})


class Interrupting:
    """Records letters; before the first of them may leave, something happens."""

    def __init__(self, recorder: RecorderChannel, deed: Callable[[], Awaitable[object]]) -> None:
        self._recorder = recorder
        self._deed = deed

    async def send(
        self, parcels: Sequence[Parcel], before_dot: BeforeDot
    ) -> AsyncIterator[tuple[str, Receipt]]:
        if parcels:
            await self._deed()
        async for answered in self._recorder.send(parcels, before_dot):
            yield answered


@dataclass(frozen=True)
class Said:
    """One thing that was said to one party: `on` is the day of the letter."""

    on: date
    party: str
    occasion: str
    deadline: str
    rung: str | None
    latest: str | None
    state: str = "accepted"

    @property
    def brief(self) -> tuple[str, str, str | None]:
        """To whom, on which occasion, which rung."""
        return self.party.removeprefix("office/"), self.occasion, self.rung


@dataclass(frozen=True)
class Workshop:
    """Steps at work. `channel` keeps the letters unless a test hands in another way out."""

    tools: Tools
    clock: TurnedClock
    channel: RecorderChannel

    @property
    def database(self) -> Database:
        return self.tools.database

    def with_channel(self, channel: MailChannel) -> "Workshop":
        """The same workshop, sending another way."""
        return replace(self, tools=replace(self.tools, channel=channel))

    def named(self, worker: str) -> Tools:
        """The tools of another worker on the same database."""
        return replace(self.tools, worker=worker)

    async def publish(self, *statements: Statement, deadlines: Sequence[Deadline] = ()) -> None:
        """Accept and approve what the statements' papers say, by two people."""
        entries = deadlines or [deadline(name) for name in sorted({each.deadline for each in statements})]
        notices = list({each.notice.id: each.notice for each in statements}.values())
        await accept(self.tools, notices, statements, entries, "one person")
        await approve(self.tools, [each.id for each in notices], "another person")

    async def keep(self, *places: Authority, address: str = "") -> None:
        """Keep authorities, all of them reached at `address`."""
        async with self.database.transaction() as conn:
            await authorities.keep_authorities(conn, [(each, address) for each in places])

    async def enrol(self, *offices: Enrolled) -> None:
        """Take offices over."""
        await enrol(self.tools, offices, "a clerk")

    async def note(self, kind: str, office: str = A, on: date | None = None, **values: Value) -> Intake:
        """Record a fact about an office today."""
        return (await record(self.tools, [self.event(kind, office, on=on, values=values)]))[0]

    async def set(self, kind: str, authority: str = PREFECTURE, **values: Value) -> Intake:
        """Record what an authority, or with "" the nation, has set today."""
        return (await record(self.tools, [self.event(kind, None, authority, values=values)]))[0]

    def event(
        self,
        kind: str,
        office: str | None = A,
        authority: str | None = None,
        on: date | None = None,
        values: Mapping[str, Value] | None = None,
    ) -> Event:
        """An event of its own that happens now."""
        now = self.tools.now()
        name = f"{kind} {office} {authority} {on} {values} {now}"
        day = on or civil_date(now)
        return Event("test", name, kind, day, now, dict(values or {}), name, office, authority)

    def turn_to(self, day: date, hour: int = 8, minute: int = 0) -> None:
        """Turn the clock to a time of the day in Japan; nothing runs."""
        self.clock.turn_to(japan_time(day, hour, minute))

    async def run(self) -> int:
        """Deal with everything that is due now."""
        return await run_due(self.tools)

    async def live_until(self, day: date) -> None:
        """Let the time go by to the end of `day`, with all that comes due."""
        midnight = japan_time(day + timedelta(days=1), 0)
        await Run(self.tools, self.clock, civil_date(self.tools.now()), midnight).through([])

    async def said(self, *states: str) -> list[Said]:
        """What was said, in the order of sending; by default what was accepted by the recorder."""
        saying, delivery, letter = table(SayingRow), table(DeliveryRow), table(LetterRow)
        rows = await self.rows(
            select(
                saying, delivery.c.party.label("to"), letter.c.dated, letter.c.created_at, delivery.c.state
            )
            .join(delivery, delivery.c.saying_id == saying.c.id)
            .outerjoin(letter, letter.c.id == delivery.c.letter_id)
            .where(delivery.c.state.in_(states or ("accepted",)))
            .order_by(letter.c.id, delivery.c.id)
        )
        return [
            Said(
                civil_date(row.dated or row.created_at or self.tools.now()),
                row.to,
                row.occasion,
                row.deadline,
                row.content["rung"],
                row.content["due"]["latest"],
                row.state,
            )
            for row in rows
        ]

    async def briefs(self, *states: str) -> list[tuple[str, str, str | None]]:
        """What was said: to whom, on which occasion, which rung."""
        return [each.brief for each in await self.said(*states)]

    async def rows(self, statement: Any) -> Sequence[Any]:
        """The rows that a select finds."""
        async with self.database.reading() as conn:
            return (await conn.execute(statement)).all()

    async def all(self, model: type[SQLModel]) -> Sequence[Any]:
        """All rows of a table, in order."""
        found = table(model)
        return await self.rows(select(found).order_by(*found.primary_key))

    async def waiting(self) -> list[tuple[str, datetime]]:
        """The steps that wait in the outbox, and when each is due."""
        rows = await self.rows(select(col(OutboxRow.step), col(OutboxRow.due_at)))
        return sorted((row.step, row.due_at) for row in rows)

    async def forget_outbox(self) -> None:
        """Throw away what waits, so that a test can see what a step leaves."""
        async with self.database.transaction() as conn:
            await conn.execute(table(OutboxRow).delete())

    async def write(self, model: type[SQLModel], **values: Any) -> None:
        """Insert one row as it is."""
        async with self.database.transaction() as conn:
            await conn.execute(insert(table(model)).values(**values))


@asynccontextmanager
async def workshop(
    url: str,
    now: datetime,
    catalogue: Catalogue | None = None,
    channel: MailChannel | None = None,
    worker: str = "first",
) -> AsyncIterator[Workshop]:
    """Open a workshop on the migrated database at `url`, with the clock at `now` and the invented authorities."""
    clock = TurnedClock(now)
    recorder = RecorderChannel()
    async with await Database.open(url) as database:
        tools = Tools(
            database,
            clock,
            catalogue or example_catalogue(),
            CALENDAR,
            composer(),
            channel or recorder,
            Correspondent("例の市 介護保険課", "電話 000-0000", "http://127.0.0.1:8080", "editor@example.jp"),
            worker,
            lambda: 0.5,
            lambda recipient: f"http://127.0.0.1:8080/unsubscribe/{recipient}",
            LawBook({}),
        )
        opened = Workshop(tools, clock, recorder)
        await opened.keep(*AUTHORITIES)
        yield opened
