"""The ticker: one table of when which message is left in the outbox. It decides nothing and does no work.

APScheduler keeps its jobs in memory; what is due stands in our own tables, so a tick that is missed or comes
twice changes nothing. A scheduler can die while its process lives on: a watchdog of its own waits for a beat.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from notifier.clock import JAPAN

Enqueue = Callable[[str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Tick:
    """When `trigger` fires, `message` is left for the step of that name. `name` tells ticks apart."""

    name: str
    trigger: BaseTrigger
    message: str


def every(name: str, period: timedelta, message: str | None = None) -> Tick:
    """Return a tick that comes once in each `period`."""
    return Tick(name, IntervalTrigger(seconds=period.total_seconds(), timezone=JAPAN), message or name)


def daily(name: str, hour: int, message: str | None = None) -> Tick:
    """Return a tick that comes each day when the clocks of Japan show `hour`:00."""
    return Tick(name, CronTrigger(hour=hour, timezone=JAPAN), message or name)


TICKS: Final = (
    daily("sweep-of-the-day", 8, "sweep"),  # an hour before the letters leave
    every("sweep", timedelta(minutes=5)),
    every("derive", timedelta(minutes=5)),  # steps leave these messages; a tick finds what a fault parked
    every("dispatch", timedelta(minutes=1)),
    every("deliver", timedelta(minutes=1)),
    every("settle", timedelta(seconds=30)),
    every("herald", timedelta(minutes=1)),
    every("hear", timedelta(minutes=1)),
    every("inform", timedelta(minutes=1)),
    daily("forget", 4),
    daily("ripen", 0),
    daily("lapse", 0),
    daily("arrears", 0),
    every("file", timedelta(minutes=1)),
    daily("remind", 8),
    daily("vouch", 10),  # mails that ask leave when somebody is there to answer
)
"""All ticks. Letters leave at 09:00 Japanese time; the dispatch looks each minute at what is due by then."""

BEAT: Final = timedelta(seconds=5)
LOOKS: Final = 5
"""How often the watchdog looks in vain before it calls the ticker dead: 25 to 30 s after the last beat."""


class Schedule:
    """The running ticker. `start` it inside an event loop and `stop` it before the loop ends."""

    def __init__(
        self,
        enqueue: Enqueue,
        on_dead: Callable[[], None],
        ticks: Sequence[Tick] = TICKS,
        beat: timedelta = BEAT,
    ) -> None:
        """Leave messages by `enqueue`; call `on_dead` once if no `beat` came for `LOOKS` of them."""
        self._enqueue = enqueue
        self._on_dead = on_dead
        self._ticks = ticks
        self._beat = beat
        self._scheduler = AsyncIOScheduler(
            timezone=JAPAN,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._under_way: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._watchdog: asyncio.Task[None] | None = None
        self._missed_beats = 0
        self._log = structlog.get_logger("schedule")

    @property
    def is_alive(self) -> bool:
        """Tell whether the ticker runs and its heart beats; for the health page."""
        return self._watchdog is not None and not self._watchdog.done() and self._missed_beats < LOOKS

    @property
    def silence(self) -> float:
        """Return for how many seconds, at most, no beat has come."""
        return self._missed_beats * self._beat.total_seconds()

    def start(self) -> None:
        """Start ticking; each message is left at once, as something may have come due while we were away."""
        for tick in self._ticks:
            self._scheduler.add_job(self._tick, tick.trigger, args=[tick.message], id=tick.name)
        heart = every("heartbeat", self._beat)
        self._scheduler.add_job(self._feel_beat, heart.trigger, id=heart.name)
        self._scheduler.add_listener(self._note_missed, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        self._scheduler.start()
        self._watchdog = asyncio.create_task(self._watch())
        for message in dict.fromkeys(tick.message for tick in self._ticks):
            self._keep(asyncio.create_task(self._tick(message)))

    async def stop(self) -> None:
        """Stop ticking after the ticks that are under way have left their messages."""
        self._stopping.set()
        if self._watchdog is not None:
            await self._watchdog
        if self._scheduler.running:
            self._scheduler.pause()
        while self._under_way:  # shutting down first would cancel them
            await asyncio.wait(self._under_way)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
            # The library shuts down in a callback of the loop; ours comes after it.
            done = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(done.set_result, None)
            await done

    async def _tick(self, message: str) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._keep(task)
        try:
            await self._enqueue(message)
        except Exception:  # noqa: BLE001 - the next tick leaves the message; no error may end the ticker
            self._log.exception("a tick could not leave its message", message=message)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _feel_beat(self) -> None:
        self._missed_beats = 0

    async def _watch(self) -> None:
        """Count looks, not seconds: a loop that was busy for a minute is no dead ticker."""
        while not self._stopping.is_set():
            self._missed_beats += 1
            try:
                await asyncio.wait_for(self._stopping.wait(), self._beat.total_seconds())
            except TimeoutError:
                if self._missed_beats >= LOOKS:
                    self._log.critical("the ticker is dead", beats_missed=self._missed_beats)
                    self._on_dead()
                    return

    def _note_missed(self, event: JobExecutionEvent) -> None:
        self._log.warning("a tick was missed", tick=event.job_id)
