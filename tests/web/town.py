"""A small town on the web: real steps, real SMTP into the local mailbox, a real server, a turned clock."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from notifier.almanac import Almanac
from notifier.catalogue.loader import load
from notifier.channels.email import EmailChannel
from notifier.channels.mailbox import Mailbox, Received
from notifier.channels.mime import Frames, Sender
from notifier.channels.relay import Relay
from notifier.clock import TurnedClock, japan_time
from notifier.counter import Counter, doorway
from notifier.domain.accounts import User
from notifier.domain.law import Law
from notifier.domain.roles import Role
from notifier.exchange import Exchange
from notifier.intake import Inbound, receive
from notifier.passes import Passes, Purpose
from notifier.publishing import publish
from notifier.simulation import Run, offline_tools
from notifier.steps.enrol import enrol
from notifier.steps.mute import mute
from notifier.steps.vouch import confirm, contact_of
from notifier.store import authorities
from notifier.store.contacts import Contact
from notifier.store.database import Database
from notifier.store.enrolment import Enrolled
from notifier.store.mailbox import MailboxStore
from notifier.store.migration import create_all
from notifier.tools import Tools, law_on
from notifier.vitals import Monitor
from notifier.web.application import make_application
from notifier.web.connections import Guard, GuardedSite
from notifier.web.mail import read
from notifier.web.supplies import Supplies

SECRET = "the secret of this town"
CITY, PREFECTURE = "121002", "120006"
CARE_PLANS, VISITS, SILENT = "1270001005", "1270001013", "1270001021"
HOSTILE = "訪問介護 <script>alert(1)</script>&さくら"

OFFICES = [
    Enrolled(
        CARE_PLANS,
        "ケアプランセンター さくら台",
        ("43",),
        CITY,
        PREFECTURE,
        ("a@one.example",),
        4,
        corporation="株式会社ひだまり",
    ),
    Enrolled(VISITS, HOSTILE, ("11", "15"), CITY, PREFECTURE, ("b@two.example",), 9),
    Enrolled(
        SILENT,
        "デイサービス なのはな",
        ("78",),
        CITY,
        PREFECTURE,
        (),
        telephone="043-000-0001",
        fax="043-000-0002",
    ),
]
EVENTS: list[tuple[str, str | None, str | None, dict[str, object]]] = [
    (
        "wage-support.application-window.set",
        None,
        PREFECTURE,
        {"opens": "2026-01-19", "closes": "2026-03-31"},
    ),
    ("cpdl.applied", CARE_PLANS, None, {"paid": False, "licence_until": "2027-01-12"}),
    ("wage-support.applied", CARE_PLANS, None, {"supplement": False}),
]

CLERK = User("sato", Role.EDITOR, CITY, "佐藤 花子（介護保険課）")
APPROVER = User("suzuki", Role.APPROVER, CITY, "鈴木 一郎（介護保険課 係長）")
ADMINISTRATOR = User("tanaka", Role.ADMINISTRATOR, CITY, "田中 次郎（情報政策課）")
ELSEWHERE = User("ito", Role.EDITOR, "122041", "伊藤 春子（となりの市）")
STAFF = (CLERK, APPROVER, ADMINISTRATOR, ELSEWHERE)
"""Stand-ins for `town`: a visitor is the first of them, or the one whose name the cookie `stand-in` carries."""


@dataclass(frozen=True)
class Town:
    """A town that runs: `address` is that of its pages, without a final slash."""

    address: str
    tools: Tools
    clock: TurnedClock
    mailbox: MailboxStore
    guard: Guard
    counter: Counter
    turn: Callable[[date], Awaitable[None]]

    def way(self, number: str) -> str:
        """The address of an office's page, as a letter of today would bear it."""
        found = self.tools.page(number, self.tools.now(), None)
        assert found is not None
        return self.address + urlsplit(found.url).path


async def contents(place: Town) -> list[str]:
    """The mails that came in, as plain text with their recipients, the oldest first."""
    _, found = await place.mailbox.search(limit=500)
    texts = []
    for mail in sorted(found, key=lambda each: each.id):
        kept = await place.mailbox.get(mail.id)
        assert kept is not None
        texts.append(f"{mail.recipient}\n{read(kept[1]).text}")
    return texts


@asynccontextmanager
async def town(
    folder: Path,
    first: date = date(2026, 1, 13),
    until: date = date(2026, 1, 21),
    *,
    demonstration: bool = True,
    guard: Guard | None = None,
    offices: Sequence[Enrolled] = OFFICES,
    stand_ins: Sequence[User] = (),
    exchange: Exchange | None = None,
) -> AsyncIterator[Town]:
    """Run a town from `first` to `until`, then serve its pages, to the first of `stand_ins` (none: to anybody).

    What has been lived through once in this process is not lived through again: the files are laid down as they were.
    """
    clock = TurnedClock(japan_time(first, 0))
    lived = repr((first, until, offices))
    if lived in _LIVED:
        clock.turn_to(_LIVED[lived][0])
        for name, content in _LIVED[lived][1].items():
            (folder / name).write_bytes(content)
    else:
        async with _town(folder, clock) as works:
            await create_all(works.tools.database)
            await _settle(works.tools, offices, first)
            await works.turn(until)
        _LIVED[lived] = clock.now(), _read(folder)
    async with _town(folder, clock) as works:
        supplies = works.supplies(stand_ins, exchange, demonstration=demonstration)
        guard = guard or Guard()
        runner = web.AppRunner(make_application(supplies, guard), access_log=None)
        await runner.setup()
        site = GuardedSite(runner, guard, "127.0.0.1", 0)
        await site.start()
        try:
            yield Town(site.name, works.tools, clock, works.kept, guard, works.counter, works.turn)
        finally:
            await runner.cleanup()


FILES = ("town.sqlite3", "mailbox.sqlite3")
_LIVED: dict[str, tuple[datetime, dict[str, bytes]]] = {}
"""What towns of this process have come to: the time, and the content of their files."""


def _read(folder: Path) -> dict[str, bytes]:
    """The files of a town that is closed: nothing of theirs is left in a journal."""
    left = [each.name for each in folder.iterdir() if each.name.endswith("-wal") and each.stat().st_size]
    assert not left, left
    return {name: (folder / name).read_bytes() for name in FILES if (folder / name).exists()}


@dataclass(frozen=True)
class _Works:
    """What stands behind the pages."""

    tools: Tools
    clock: TurnedClock
    kept: MailboxStore
    sender: Sender
    passes: Passes
    counter: Counter

    async def turn(self, to: date) -> None:
        midnight = japan_time(to + timedelta(days=1), 0)
        await Run(self.tools, self.clock, self.tools.today(), midnight).through([])

    async def law(self) -> Law:
        async with self.tools.database.reading() as conn:
            return await law_on(conn, self.tools, self.tools.today())

    async def of_proof(
        self, asking: Callable[[Tools, str], Awaitable[Contact | None]], token: str
    ) -> Contact | None:
        proof = self.passes.read(Purpose.CONFIRM, token)
        return None if proof is None else await asking(self.tools, proof)

    def supplies(
        self, stand_ins: Sequence[User], exchange: Exchange | None, *, demonstration: bool
    ) -> Supplies:
        catalogue = self.tools.catalogue
        return Supplies(
            self.tools.database,
            self.clock,
            self.law,
            SECRET,
            {name: kind.label for name, kind in catalogue.facts.items()},
            {code: service.name for code, service in catalogue.services.items()},
            mailbox=self.kept if demonstration else None,
            turn_clock=self.turn if demonstration else None,
            almanac=Almanac(self.tools),
            monitor=Monitor(self.tools),
            tools=self.tools,
            stand_ins=tuple(stand_ins),
            assemble=Frames(self.sender).assemble,
            exchange=exchange,
            counter=self.counter,
            recipient_of=partial(self.passes.read, Purpose.UNSUBSCRIBE),
            mute=partial(mute, self.tools),
            contact_of=partial(self.of_proof, contact_of),
            confirm=partial(self.of_proof, confirm),
        )


@asynccontextmanager
async def _town(folder: Path, clock: TurnedClock) -> AsyncIterator[_Works]:
    """Open a town's files, with its mail on its way and its clock at hand."""
    database = await Database.open(f"sqlite+aiosqlite:///{folder / 'town.sqlite3'}")
    kept = MailboxStore(folder / "mailbox.sqlite3")

    async def keep(received: Sequence[Received]) -> None:
        await kept.add_many([(each.recipient, each.content, each.received_at) for each in received])

    smtp = Mailbox(keep, clock.now)
    relay = Relay("127.0.0.1", await smtp.start(), "none")
    sender = Sender("介護保険担当課", "kigen@city.example")
    channel = EmailChannel(relay, sender)
    passes = Passes(SECRET)
    base = "http://127.0.0.1:8080"
    tools = replace(
        offline_tools(database, clock, load(), channel),
        page=partial(doorway, passes, base),
        unsubscribe=lambda recipient: f"{base}/unsubscribe/{passes.written(Purpose.UNSUBSCRIBE, recipient)}",
        confirmation=lambda proof: f"{base}/confirm/{passes.written(Purpose.CONFIRM, proof)}",
    )
    try:
        yield _Works(tools, clock, kept, sender, passes, Counter(tools, passes, secrets.token_bytes))
    finally:
        channel.close()
        await smtp.stop()
        await kept.close()
        await database.close()


async def _settle(tools: Tools, offices: Sequence[Enrolled], first: date) -> None:
    async with tools.database.transaction() as conn:
        known = list(tools.catalogue.authorities.values())
        await authorities.keep_authorities(conn, [(each, "") for each in known])
    await publish(tools, first)
    if offices:
        await enrol(tools, offices, "test")
        for number, (kind, office, authority, values) in enumerate(EVENTS):
            await receive(tools, Inbound("test", str(number), kind, tools.now(), office, authority, values))
