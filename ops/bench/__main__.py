"""`python -m ops.bench`: the figures of PERFORMANCE, each beside its limit, measured in the same run.

Bounded and on this machine alone. `--offices 27000` makes it ten times smaller; `--only mail` measures one part.
One line a figure: product, limit, ratio, cost, peak memory. Only ratios of one run may be compared.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias

import uvloop

from notifier.clock import TurnedClock
from notifier.store.database import Database
from notifier.store.migration import migrate
from notifier.tools import Tools
from ops.bench import country, membership, posting, receiving, replanning, sending, simulating, sweeping
from ops.bench.figures import line
from tests.postgres import PostgresServer, chosen_version, folders_of_binaries, running_server

PARTS = ("national", "mail", "membership", "simulation", "webhooks", "events")
WHOLE, CITY, MESSAGES, EVENTS = 270_000, 2_000, 16_000, 4_000


async def _national(url: str, count: int, watched: tuple[int, ...], *, mail: bool) -> None:
    """One duty of every office: announced, moved, reminded of."""
    clock = country.clock()
    async with await Database.open(url) as database:
        await migrate(database)
        bench = country.tools(database, clock)
        await country.settle_in(bench, count)
        if mail:
            await sending.measure(bench, clock, count, *watched)
        else:
            await _moved_and_swept(bench, clock, count, watched)


async def _moved_and_swept(bench: Tools, clock: TurnedClock, count: int, watched: tuple[int, ...]) -> None:
    await replanning.measure(bench, count, *watched)
    await sweeping.measure(bench, clock, count, *watched)


async def _membership(url: str, count: int, watched: tuple[int, ...]) -> None:
    clock = country.clock()
    async with await Database.open(url) as database:
        await migrate(database)
        await membership.measure(country.tools(database, clock), clock, count, *watched)


async def _webhooks(url: str, watched: tuple[int, ...]) -> None:
    async with await Database.open(url) as database:
        await migrate(database)
        await posting.measure(country.tools(database, country.clock()), MESSAGES, *watched)


def _measure(part: str, url: str, count: int, watched: tuple[int, ...]) -> None:
    """Measure one part in this process."""
    if part == "simulation":
        simulating.measure(count)
    elif part == "events":
        uvloop.run(receiving.measure(url, EVENTS, *watched))
    elif part == "webhooks":
        uvloop.run(_webhooks(url, watched))
    elif part == "membership":
        uvloop.run(_membership(url, count, watched))
    else:
        uvloop.run(_national(url, count, watched, mail=part == "mail"))


def _apart(part: str, url: str, count: int, watched: list[int]) -> None:
    """Measure one part in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "ops.bench", "--part", part, "--url", url, "--offices", str(count)]
    done = subprocess.run([*command, "--watch", *map(str, watched)], check=False)
    if done.returncode:
        raise SystemExit(f"measuring {part} on {url.partition(':')[0]} failed")


Fresh: TypeAlias = Callable[[], AbstractContextManager[str]]
"""Makes an empty database, yields its address, and throws the database away."""


@contextmanager
def _kinds(choice: str) -> Iterator[list[tuple[Fresh, list[int]]]]:
    """Start what is asked for; yield what makes databases, with the processes that do their work."""
    if choice == "sqlite":
        yield [(_file, [])]
        return
    binaries = folders_of_binaries()
    with running_server(binaries[chosen_version(binaries)], durable=True) as server:
        yield [(lambda: _created(server), [server.pid]), *([(_file, [])] if choice == "both" else [])]


@contextmanager
def _created(server: PostgresServer) -> Iterator[str]:
    name = server.create_database()
    yield server.url(name)
    server.drop_database(name)


@contextmanager
def _file() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="notifier-bench-") as folder:
        yield f"sqlite+aiosqlite:///{folder}/bench.sqlite3"


def main() -> None:
    """Read the options and measure."""
    options = argparse.ArgumentParser(prog="python -m ops.bench", description=__doc__)
    options.add_argument(
        "--offices", type=int, default=WHOLE, help="offices of the country (default: %(default)s)"
    )
    options.add_argument(
        "--city", type=int, default=CITY, help="offices of the simulation (default: %(default)s)"
    )
    options.add_argument("--only", choices=PARTS, action="append", help="measure this part; may be repeated")
    options.add_argument("--database", choices=("postgresql", "sqlite", "both"), default="both")
    options.add_argument("--part", help=argparse.SUPPRESS)
    options.add_argument("--url", help=argparse.SUPPRESS)
    options.add_argument("--watch", type=int, nargs="*", default=[], help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.part:
        _measure(chosen.part, chosen.url, chosen.offices, tuple(chosen.watch))
        return
    parts = chosen.only or PARTS
    line("figure", "product", "limit", "ratio", "cost, memory")
    with _kinds(chosen.database) as kinds:
        for fresh, watched in kinds:
            for part in (each for each in parts if each != "simulation"):
                with fresh() as url:
                    _apart(part, url, chosen.offices, watched)
    if "simulation" in parts:
        _apart("simulation", "", chosen.city, [])


if __name__ == "__main__":
    main()
