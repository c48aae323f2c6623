"""`python -m ops.bench.pages`: what the pages of the staff and the lists of the API take, at the size of a prefecture.

One office in twenty has no address, one duty in ten is settled. Each address is asked for a few times by the administrator
of the one city that all offices lie in, by its prefecture and by the nation; told is the median of the milliseconds that a
browser on the same machine waits, how many of them were work of this process and of the database (on a busy machine only
that can be compared), how many statements it took and how many rows came back.
`--offices 60000` makes it the size of the largest prefectures; `--url` measures on another database than a file, which is
filled if it is empty and else taken as it is.
"""

import argparse
import asyncio
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession, DummyCookieJar, web
from sqlalchemy import event, text

from notifier.catalogue.loader import load
from notifier.channels.recorder import RecorderChannel
from notifier.clock import TurnedClock, japan_time
from notifier.demonstration.city import MUNICIPALITY
from notifier.domain.accounts import User
from notifier.domain.callers import NATION
from notifier.domain.law import Law
from notifier.domain.offices import prefecture_code
from notifier.domain.roles import Role
from notifier.intake import Inbound, receive_facts
from notifier.keyring import SCOPES, Keyring, WantedKey, create_key
from notifier.publishing import publish
from notifier.reception import Reception
from notifier.simulation import Run, offline_tools
from notifier.steps.enrol import enrol
from notifier.store import authorities, coverage, walls
from notifier.store.database import Database
from notifier.store.enrolment import Enrolled
from notifier.store.migration import create_all
from notifier.tools import Tools, law_on
from notifier.web.api.calls import Entrance
from notifier.web.api.rates import Rates
from notifier.web.application import make_application
from notifier.web.supplies import Supplies
from ops.bench.addresses import CALLED, SHOWN, unmeasured
from ops.bench.country import MIX, gather_statistics
from ops.bench.figures import measured

FIRST, LAST = date(2026, 2, 25), date(2026, 2, 26)
TIMES: Final = 5
LIMIT: Final = 300
"""Milliseconds an answer may take."""
WHOLE, LOT = 6_000, 10_000
PREFECTURE: Final = prefecture_code(MUNICIPALITY)
CITY = User("city", Role.ADMINISTRATOR, MUNICIPALITY, "市の係員")
ABOVE = User("prefecture", Role.ADMINISTRATOR, PREFECTURE, "県の係員")
COUNTRY = User("nation", Role.ADMINISTRATOR, "", "全国")
ROLES: Final[Mapping[str, str]] = {
    CITY.name: "municipality",
    ABOVE.name: "prefecture",
    COUNTRY.name: "editor",
}


def offices(count: int) -> Iterator[Enrolled]:
    """Yield invented offices of one city."""
    for number in range(count):
        yield Enrolled(
            f"99{number:08d}",
            f"例示介護事業所 {number}",
            MIX[number % len(MIX)],
            MUNICIPALITY,
            PREFECTURE,
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


@dataclass
class Counted:
    """What was asked of the database: statements, and the rows that came back."""

    statements: int = 0
    rows: int = 0


def counting(database: Database) -> Counted:
    """Count from now on what is asked of `database`."""
    counted = Counted()

    @event.listens_for(database.engine.sync_engine, "after_cursor_execute")
    def count(_conn: Any, cursor: Any, *_: Any) -> None:
        counted.statements += 1
        counted.rows += len(getattr(cursor, "_rows", ()))  # the drivers fetch all rows with the statement

    return counted


@dataclass(frozen=True)
class Bench:
    """Where answers are asked for: by whom with which key, and whose work is watched."""

    session: ClientSession
    address: str
    counted: Counted
    keys: Mapping[str, str]
    watched: tuple[int, ...]
    only: str


async def measure(url: str, count: int, only: str) -> None:
    """Fill a database if it is empty, and print what each answer takes."""
    clock = TurnedClock(japan_time(FIRST, 0))
    async with await Database.open(url) as database:
        await create_all(database)
        async with database.transaction() as conn:
            await walls.build(conn)
        tools = offline_tools(database, clock, load(), RecorderChannel())
        began = time.perf_counter()
        async with database.reading() as conn:
            known = await coverage.open_offices(conn, NATION)
        if not known:
            await fill(tools, clock, count)
        clock.turn_to(japan_time(LAST + timedelta(days=1), 0) - timedelta(seconds=1))
        print(f"{known or count:,} offices; made and told in {time.perf_counter() - began:.0f} s")
        keys = {each.name: await _key(tools, each) for each in (CITY, ABOVE, COUNTRY)}
        await _serve(tools, keys, only)


async def _key(tools: Tools, who: User) -> str:
    scopes = tuple(each for each in SCOPES if not each.endswith(":write"))
    wanted = WantedKey(who.authority, ROLES[who.name], scopes, "bench")
    return await create_key(tools, wanted, secrets.token_bytes, "bench")


async def _serve(tools: Tools, keys: Mapping[str, str], only: str) -> None:
    async def law() -> Law:
        async with tools.database.reading() as conn:
            return await law_on(conn, tools, tools.today())

    supplies = Supplies(
        tools.database,
        tools.clock,
        law,
        "s" * 32,
        {name: kind.label for name, kind in tools.catalogue.facts.items()},
        {code: service.name for code, service in tools.catalogue.services.items()},
        tools=tools,
        stand_ins=(CITY, ABOVE, COUNTRY),
        entrance=Entrance(Reception(tools), Keyring(tools), tools.now, Rates(1e6, 1e6)),
    )
    application = make_application(supplies)
    for address in unmeasured(application):
        print(f"not measured: {address}")
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    watched = await _server_of(tools.database)
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        bench = Bench(session, site.name, counting(tools.database), keys, watched, only)
        for who in (CITY, ABOVE, COUNTRY):
            for path in (*SHOWN, *CALLED):
                if only in path:
                    await _one(bench, path, who)
    await runner.cleanup()


async def _server_of(database: Database) -> tuple[int, ...]:
    """Return the process whose children work for this database; none for a file."""
    if database.dialect == "sqlite":
        return ()
    async with database.reading() as conn:
        own = int((await conn.execute(text("SELECT pg_backend_pid()"))).scalar_one())
    return (_parent_of(own),)


def _parent_of(process: int) -> int:
    status = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    return int(status.rpartition(")")[2].split()[1])


async def _one(bench: Bench, path: str, who: User) -> None:
    path = path.replace("{whose}", who.authority or MUNICIPALITY)
    credentials: dict[str, Any] = {"cookies": {"stand-in": who.name}}
    if path.startswith("/v1"):
        credentials = {"headers": {"Authorization": f"Bearer {bench.keys[who.name]}"}}
    taken, worked, size, status = [], [], 0, 0
    before = Counted(bench.counted.statements, bench.counted.rows)
    for _ in range(TIMES):
        with measured(*bench.watched) as found:
            async with bench.session.get(bench.address + path, **credentials) as answer:
                size, status = len(await answer.read()), answer.status
        taken.append(found.elapsed * 1000)
        worked.append(found.cost * 1000)
    median, cost = statistics.median(taken), statistics.median(worked)
    statements = (bench.counted.statements - before.statements) / TIMES
    rows = (bench.counted.rows - before.rows) / TIMES
    mark = "" if cost <= LIMIT else "  more than the limit"
    print(
        f"{who.name:<11}{path:<56}{status}{median:>8.0f} ms{cost:>7.0f} ms of work{statements:>6.0f} statements"
        f"{rows:>8.0f} rows{size:>10,} bytes{mark}",
        flush=True,
    )


def main() -> None:
    """Measure all answers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--offices", type=int, default=WHOLE)
    parser.add_argument("--url", help="A database; by default a file that is thrown away.")
    parser.add_argument("--only", default="", help="Measure only addresses with this in them.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = asked.url or f"sqlite+aiosqlite:///{Path(folder) / 'pages.sqlite3'}"
        asyncio.run(measure(url, asked.offices, asked.only))


if __name__ == "__main__":
    main()
