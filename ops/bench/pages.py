"""`python -m ops.bench.pages`: how long the pages of the staff take, with as many offices as a prefecture has.

One office in twenty has no address, one duty in ten is settled. Each page is asked for a few times as the clerk of one
city that all offices lie in; the median is told in milliseconds, as a browser on the same machine waits for it, and how
much of that was work: on a busy machine only this can be compared.
`--offices 60000` makes it the size of the largest prefectures; `--url` measures on another database than a file.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from aiohttp import ClientSession, web

from notifier.catalogue.loader import load
from notifier.channels.recorder import RecorderChannel
from notifier.clock import TurnedClock, japan_time
from notifier.demonstration.city import MUNICIPALITY
from notifier.domain.accounts import User
from notifier.domain.law import Law
from notifier.domain.offices import prefecture_code
from notifier.domain.roles import Role
from notifier.intake import Inbound, receive_facts
from notifier.publishing import publish
from notifier.simulation import Run, offline_tools
from notifier.steps.enrol import enrol
from notifier.store import authorities
from notifier.store.database import Database
from notifier.store.enrolment import Enrolled
from notifier.store.migration import create_all
from notifier.tools import Tools, law_on
from notifier.web.application import make_application
from notifier.web.supplies import Supplies
from ops.bench.country import MIX, gather_statistics

FIRST, LAST = date(2026, 2, 25), date(2026, 2, 26)
TIMES: Final = 5
LIMIT: Final = 300
"""Milliseconds a page may take with the offices of a prefecture."""
WHOLE, LOT = 6_000, 10_000
CLERK = User("clerk", Role.EDITOR, MUNICIPALITY, "係員")
NATION = User("nation", Role.EDITOR, "", "全国")
PAGES: Final = (
    "/",
    "/offices",
    "/offices?page=100",
    "/offices?q=事業所+42",
    "/offices?order=due",
    "/offices?order=name",
    "/offices?reach=unreached&state=open&order=due",
    "/offices?deadline=wage-support/apply&state=settled",
    "/offices?service=43&state=lapsed",
    "/offices/9900000042",
    "/offices/9900000042/record",
    "/offices/9900000042/facts",
    "/offices/9900000042/timeline",
    "/offices/9900000042/notes",
    "/offices/export.csv?reach=unreached",
    "/enquiries",
    "/deadlines",
    "/coverage",
    "/letters",
)


def offices(count: int) -> Iterator[Enrolled]:
    """Yield invented offices of one city."""
    for number in range(count):
        yield Enrolled(
            f"99{number:08d}",
            f"例示介護事業所 {number}",
            MIX[number % len(MIX)],
            MUNICIPALITY,
            prefecture_code(MUNICIPALITY),
            () if number % 20 == 0 else (f"office{number}@care.example",),
            4,
            corporation=f"例示法人{number // 7}",
            telephone="043-000-0001",
            fax="043-000-0002",
        )


async def fill(tools: Tools, clock: TurnedClock, count: int) -> None:
    """Let the offices be there, some of their duties be settled, and a few days pass."""
    async with tools.database.transaction() as conn:
        await authorities.keep_authorities(
            conn, [(each, "") for each in tools.catalogue.authorities.values()]
        )
    await publish(tools, FIRST)
    found = list(offices(count))
    for start in range(0, count, LOT):
        await enrol(tools, found[start : start + LOT], "bench")
    events = [
        Inbound(
            "bench", each.number, "wage-support.applied", tools.now(), each.number, None, {"supplement": True}
        )
        for each in found[::10]
    ]
    for start in range(0, len(events), LOT):
        await receive_facts(tools, events[start : start + LOT])
    await Run(tools, clock, FIRST, japan_time(LAST + timedelta(days=1), 0)).through([])
    await gather_statistics(tools.database)


async def measure(url: str, count: int) -> None:
    """Fill a database and print how long each page takes."""
    clock = TurnedClock(japan_time(FIRST, 0))
    async with await Database.open(url) as database:
        await create_all(database)
        tools = offline_tools(database, clock, load(), RecorderChannel())
        began = time.perf_counter()
        await fill(tools, clock, count)
        print(f"{count:,} offices made and told in {time.perf_counter() - began:.0f} s")

        async def law() -> Law:
            async with database.reading() as conn:
                return await law_on(conn, tools, tools.today())

        supplies = Supplies(
            database,
            clock,
            law,
            "s" * 32,
            {name: kind.label for name, kind in tools.catalogue.facts.items()},
            {code: service.name for code, service in tools.catalogue.services.items()},
            tools=tools,
            stand_ins=(CLERK, NATION),
        )
        runner = web.AppRunner(make_application(supplies), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        async with ClientSession() as session:
            for who in (CLERK, NATION):
                for path in PAGES:
                    await _one(session, site.name, path, who)
        await runner.cleanup()


async def _one(session: ClientSession, address: str, path: str, who: User) -> None:
    taken, worked, size, status = [], [], 0, 0
    for _ in range(TIMES):
        began, busy = time.perf_counter(), time.process_time()
        async with session.get(address + path, cookies={"stand-in": who.name}) as answer:
            size, status = len(await answer.read()), answer.status
        taken.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - busy) * 1000)
    median, cost = statistics.median(taken), statistics.median(worked)
    mark = "" if cost <= LIMIT else "  more than the limit"
    print(f"{who.name:<7}{path:<52}{status}{median:>8.0f} ms{cost:>7.0f} ms of work{size:>10,} bytes{mark}")


def main() -> None:
    """Measure all pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offices", type=int, default=WHOLE)
    parser.add_argument("--url", help="A database that is empty; by default a file that is thrown away.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = asked.url or f"sqlite+aiosqlite:///{Path(folder) / 'pages.sqlite3'}"
        asyncio.run(measure(url, asked.offices))


if __name__ == "__main__":
    main()
