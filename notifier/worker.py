"""The worker: claim a message, run its step, remove the message; again and again, until told to stop.

A message that is being worked on is under a lease. Whoever dies with one leaves it to the next worker, whose
claim carries another token; so a step may run twice and is written to bear it. A step that fails is tried
again later, and meanwhile all others flow.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from notifier.clock import Clock
from notifier.errors import NotifierError
from notifier.store import outbox
from notifier.store.database import Database
from notifier.store.outbox import Message

Run = Callable[[Message], Awaitable[None]]

WAITS: Final = (timedelta(seconds=2), timedelta(seconds=30))
PARKED: Final = timedelta(hours=1)
"""After three failures a message is parked: it is tried hourly, so that it heals by itself once it can."""
BUSIEST: Final = timedelta(milliseconds=50)


@dataclass(frozen=True, slots=True)
class Pace:
    """How a worker spends its time.

    It looks into the outbox each `poll`. A `lease` is longer than any step takes; after a crash messages of
    the dead wait that long at most. When stopping, it waits `patience` for the steps under way.
    """

    poll: timedelta = timedelta(seconds=1)
    lease: timedelta = timedelta(minutes=10)
    patience: timedelta = timedelta(seconds=20)


PACE: Final = Pace()


def retry_after(attempts: int) -> timedelta:
    """Return how long a message waits after its `attempts`-th failure (1 is the first)."""
    return WAITS[attempts - 1] if attempts <= len(WAITS) else PARKED


class Worker:
    """Works through the outbox. `slots` messages are under way at once; more gain little on SQLite."""

    def __init__(
        self, database: Database, clock: Clock, run: Run, name: str, *, slots: int = 1, pace: Pace = PACE
    ) -> None:
        """Run each claimed message by `run`; `name` must differ from every other worker's, living or dead."""
        self._database = database
        self._clock = clock
        self._run = run
        self._name = name
        self._slots = slots
        self._pace = pace
        self._claims = 0
        self._under_way: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._stopping = False
        self._log = structlog.get_logger("worker").bind(worker=name)

    def wake(self) -> None:
        """Look into the outbox now: something was left there."""
        self._news.set()

    def stop(self) -> None:
        """Claim nothing more; `work` returns when the steps under way are done. A signal may call it."""
        self._stopping = True
        self._news.set()

    async def work(self) -> None:
        """Work until stopped. Steps that outlast its patience are cancelled, their messages freed."""
        self._log.info("working", slots=self._slots)
        while not self._stopping:
            self._news.clear()
            claimed = await self._claim()
            for message in claimed:
                task = asyncio.create_task(self._deal_with(message))
                self._under_way.add(task)
                task.add_done_callback(self._let_go)
            await self._rest()
        await self._finish()

    async def work_off(self) -> int:
        """Work until nothing is due any more and return how many messages that were; for a turned clock."""
        dealt_with = 0
        while claimed := await self._claim():
            for message in claimed:
                await self._deal_with(message)
            dealt_with += len(claimed)
        return dealt_with

    async def _claim(self) -> list[Message]:
        free = self._slots - len(self._under_way)
        if free <= 0:
            return []
        self._claims += 1
        token = f"{self._name}/{self._claims}"
        try:
            return list(await outbox.claim(self._database, self._clock.now(), token, self._pace.lease, free))
        except NotifierError as fault:
            self._log.error("the outbox cannot be read", problem=str(fault))
            return []

    async def _deal_with(self, message: Message) -> None:
        log = self._log.bind(step=message.step, message=message.id, attempt=message.attempts)
        try:
            await self._run(message)
        except asyncio.CancelledError:
            await self._note(message, outbox.fail, "the program was stopped", self._clock.now())
            raise
        except Exception as fault:
            wait = retry_after(message.attempts)
            log.exception("a step failed", parked=wait is PARKED, again_in_seconds=wait.total_seconds())
            await self._note(
                message, outbox.fail, f"{type(fault).__name__}: {fault}", self._clock.now() + wait
            )
        else:
            await self._note(message, outbox.finish)

    async def _note(
        self, message: Message, verb: Callable[..., Awaitable[bool]], *what: str | datetime
    ) -> None:
        """Write down what became of a message. If that fails, its lease runs out and it is claimed again."""
        try:
            if not await verb(self._database, message, *what):
                self._log.warning("another worker holds the message", message=message.id)
        except NotifierError as fault:
            self._log.error("the outbox cannot be written", problem=str(fault))

    def _let_go(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._news.set()

    async def _rest(self) -> None:
        """Wait for news, for the next message to come due, or for the time to look again."""
        wait = self._pace.poll
        if len(self._under_way) < self._slots:
            try:
                due = await outbox.next_due(self._database)
            except NotifierError:
                due = None  # already told when claiming failed
            if due is not None:
                wait = min(self._pace.poll, max(BUSIEST, due - self._clock.now()))
        try:
            await asyncio.wait_for(self._news.wait(), wait.total_seconds())
        except TimeoutError:
            return

    async def _finish(self) -> None:
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=self._pace.patience.total_seconds())
            for task in late:
                task.cancel()
            if late:
                self._log.warning(
                    "steps were cut short; their messages will be claimed again", count=len(late)
                )
                await asyncio.wait(late)
