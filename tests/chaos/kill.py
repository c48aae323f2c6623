"""Kill the sending process again and again, then hold what arrived against what was planned.

`python -m tests.chaos.kill --kills 200` is the long version; what the sink took, in this process, is the only
truth about what was sent.
"""

import argparse
import asyncio
import multiprocessing
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

from sqlalchemy import select

from notifier.channels.mailbox import Mailbox, Received
from notifier.clock import japan_time
from notifier.store.database import Database, table
from notifier.store.letters import FINAL
from notifier.store.tables import DeliveryRow, LetterRow, ObligationRow
from tests.chaos import sender
from tests.conftest import migrated
from tests.postgres import chosen_version, folders_of_binaries, running_server

NINE = japan_time(date(2026, 4, 1), 9)
BEYOND_ALL_LEASES = timedelta(minutes=11)
OFFICES = 400
PATIENCE = 30
"""Seconds in which a process that is not killed must have done its work."""


@dataclass
class Ledger:
    """What the sink took, and at how many kills each letter may have been on the wire."""

    arrived: list[Received] = field(default_factory=list)
    in_doubt: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep(self, received: Sequence[Received]) -> None:
        self.arrived.extend(received)
        self.news.set()

    def copies(self) -> dict[str, list[bytes]]:
        """What arrived, by recipient; each has one letter to get."""
        found: dict[str, list[bytes]] = {}
        for each in self.arrived:
            found.setdefault(each.recipient, []).append(each.content)
        return found


@dataclass
class Chaos:
    """One database, one sink, one process after the other."""

    url: str
    offices: int
    chance: random.Random
    ledger: Ledger = field(default_factory=Ledger)
    now: datetime = NINE

    async def run(self, kills: int) -> None:
        """Kill `kills` processes at random points, then let one finish, and hold the ledger to the plan."""
        await sender.prepare(self.url, self.now - timedelta(hours=1), self.offices)
        mailbox = Mailbox(self.ledger.keep, lambda: self.now)
        port = await mailbox.start()
        try:
            while self.ledger.kills < kills and not await self._is_done():
                await self._life(port, killed=True)
            while not await self._is_done():
                await self._life(port, killed=False)
        finally:
            await mailbox.stop()
        await self._judge()

    async def _life(self, port: int, *, killed: bool) -> None:
        """Start a process; kill it after some letters or some time, or wait for its end."""
        process = multiprocessing.get_context("forkserver").Process(
            target=sender.main, args=(self.url, port, self.now)
        )
        before = len(self.ledger.arrived)
        process.start()
        if killed:
            letters = self.chance.choice([0, 1, self.chance.randrange(2, self.offices // 10)])
            await self._some(before + letters, self.chance.random() * 0.2 if letters == 0 else 5)
            process.kill()
        await asyncio.to_thread(process.join, PATIENCE)
        if process.exitcode == -9:
            self.ledger.kills += 1
            self.ledger.in_doubt.update(await self._on_the_wire())
        elif process.exitcode != 0:
            message = f"the process ended with {process.exitcode} instead of doing its work"
            raise AssertionError(message)
        process.close()
        self.now += BEYOND_ALL_LEASES

    async def _some(self, wanted: int, seconds: float) -> None:
        """Wait until so many letters have arrived in all, or for so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while len(self.ledger.arrived) < wanted or seconds < 1:
                    self.ledger.news.clear()
                    await self.ledger.news.wait()

    async def _on_the_wire(self) -> list[str]:
        """The recipients whose letter was beyond the gate, with no result kept."""
        letter = table(LetterRow)
        beyond = select(letter.c.recipient).where(letter.c.phase == "dot", letter.c.state == "claimed")
        async with await Database.open(self.url) as database, database.reading() as conn:
            return list((await conn.execute(beyond)).scalars())

    async def _is_done(self) -> bool:
        letter = table(LetterRow)
        async with await Database.open(self.url) as database, database.reading() as conn:
            states = list((await conn.execute(select(letter.c.state))).scalars())
        return len(states) == self.offices and set(states) <= set(FINAL)

    async def _judge(self) -> None:
        copies = self.ledger.copies()
        wanted = {f"{sender.number_of(place)}@example.jp" for place in range(self.offices)}
        assert set(copies) == wanted, "a letter was lost, or invented"
        for recipient, contents in copies.items():
            assert len(contents) <= 1 + self.ledger.in_doubt[recipient], f"{recipient} got a copy too many"
            assert len(set(contents)) == 1, f"{recipient} got copies that differ"
        identities = {message_from_bytes(contents[0])["Message-ID"] for contents in copies.values()}
        assert len(identities) == self.offices, "two letters share a Message-ID"
        async with await Database.open(self.url) as database, database.reading() as conn:
            for model, states in ((LetterRow, True), (DeliveryRow, True), (ObligationRow, False)):
                rows = (await conn.execute(select(table(model)))).all()
                assert len(rows) == self.offices, f"{model.__name__}: {len(rows)} rows"
                assert not states or {row.state for row in rows} == {"accepted"}

    def __str__(self) -> str:
        extra = len(self.ledger.arrived) - self.offices
        return f"{self.ledger.kills} kills: {self.offices} letters, none lost, {extra} repeated with the same bytes"


def preload() -> None:
    """Let the forkserver read the program once; each process is then a copy of it."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(["tests.chaos.sender"])


def main(arguments: Sequence[str]) -> int:
    """Run the long version on SQLite and on PostgreSQL; 0 if nothing was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    preload()
    found = folders_of_binaries()
    with running_server(found[chosen_version(found)]) as server, tempfile.TemporaryDirectory() as folder:
        done, place = 0, 0
        while done < asked.kills:
            place += 1
            on_postgres = place % 2 == 0
            name = server.create_database() if on_postgres else ""
            url = (
                server.url(name)
                if on_postgres
                else f"sqlite+aiosqlite:///{Path(folder) / f'{place}.sqlite3'}"
            )
            asyncio.run(migrated(url))
            chaos = Chaos(url, OFFICES, random.Random(f"{asked.seed}/{place}"))
            asyncio.run(chaos.run(min(8, asked.kills - done)))
            done += chaos.ledger.kills
            line = f"{'PostgreSQL' if on_postgres else 'SQLite'}: {chaos}; {done} of {asked.kills}\n"
            sys.stdout.write(line)
            sys.stdout.flush()
            if on_postgres:
                server.drop_database(name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
