import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from notifier.clock import JAPAN
from notifier.schedule import TICKS, Schedule, Tick, daily, every

QUICK = timedelta(milliseconds=20)


class Tray:
    """Takes what the ticker leaves and lets a test wait for it."""

    def __init__(self) -> None:
        self.left: Counter[str] = Counter()
        self.news = asyncio.Event()
        self.dead = asyncio.Event()
        self.deaths = 0

    async def take(self, message: str) -> None:
        self.left[message] += 1
        self.news.set()

    def die(self) -> None:
        self.deaths += 1
        self.dead.set()

    async def until(self, message: str, count: int) -> None:
        async with asyncio.timeout(5):
            while self.left[message] < count:
                self.news.clear()
                await self.news.wait()


async def test_each_message_is_left_at_once_and_then_again_and_again() -> None:
    tray = Tray()
    schedule = Schedule(tray.take, tray.die, [every("often", QUICK, "sweep"), daily("rare", 8, "dispatch")])
    schedule.start()
    await tray.until("sweep", 4)
    await schedule.stop()
    assert tray.left["dispatch"] == 1
    assert tray.deaths == 0


async def test_after_stopping_nothing_ticks_any_more() -> None:
    tray = Tray()
    schedule = Schedule(tray.take, tray.die, [every("sweep", QUICK)])
    schedule.start()
    await tray.until("sweep", 2)
    await schedule.stop()
    left = tray.left["sweep"]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(tray.dead.wait(), 0.1)
    assert tray.left["sweep"] == left
    assert not schedule.is_alive


async def test_stopping_waits_for_a_tick_that_is_under_way() -> None:
    begun, go_on, left = asyncio.Event(), asyncio.Event(), []

    async def slow(message: str) -> None:
        begun.set()
        await go_on.wait()
        left.append(message)

    schedule = Schedule(slow, lambda: None, [every("sweep", QUICK)])
    schedule.start()
    await begun.wait()
    stopping = asyncio.create_task(schedule.stop())
    done, _ = await asyncio.wait([stopping], timeout=0.1)
    assert not done
    go_on.set()
    await stopping
    assert left


async def test_a_tick_that_fails_does_not_end_the_ticker() -> None:
    tray = Tray()

    async def failing_first(message: str) -> None:
        await tray.take(message)
        if tray.left[message] == 1:
            raise OSError("the database is away")

    schedule = Schedule(failing_first, tray.die, [every("sweep", QUICK)])
    schedule.start()
    await tray.until("sweep", 3)
    assert schedule.is_alive
    await schedule.stop()


async def test_the_watchdog_notices_a_ticker_that_died_while_its_process_lives() -> None:
    tray = Tray()
    schedule = Schedule(tray.take, tray.die, [every("sweep", QUICK)], beat=QUICK)
    schedule.start()
    await tray.until("sweep", 2)

    ticker: AsyncIOScheduler = schedule._scheduler  # noqa: SLF001 -- what dies is inside
    ticker._stop_timer()  # noqa: SLF001 -- the timer is lost, the scheduler still calls itself running

    await asyncio.wait_for(tray.dead.wait(), 5)
    assert ticker.running
    assert not schedule.is_alive
    await schedule.stop()
    assert tray.deaths == 1


async def test_a_beating_heart_is_left_alone() -> None:
    tray = Tray()
    schedule = Schedule(tray.take, tray.die, [every("sweep", QUICK)], beat=QUICK)
    schedule.start()
    await tray.until("sweep", 20)
    await schedule.stop()
    assert tray.deaths == 0


async def test_a_schedule_that_was_never_started_can_be_stopped() -> None:
    tray = Tray()
    await Schedule(tray.take, tray.die).stop()
    assert not tray.left


def test_the_day_is_swept_at_eight_in_japan() -> None:
    tick = next(tick for tick in TICKS if tick.name == "sweep-of-the-day")
    before = datetime(2026, 3, 5, 22, 30, tzinfo=UTC)  # 07:30 of the 6th in Japan
    assert tick.trigger.get_next_fire_time(None, before) == datetime(2026, 3, 6, 8, 0, tzinfo=JAPAN)


@pytest.mark.parametrize("message,longest", [("sweep", 300), ("dispatch", 60), ("settle", 30)], ids=str)
def test_no_message_waits_longer_than_its_period(message: str, longest: int) -> None:
    now = datetime(2026, 3, 6, 3, 0, tzinfo=UTC)
    ticks: list[Tick] = [tick for tick in TICKS if tick.message == message]
    waits = []
    for tick in ticks:
        first = tick.trigger.get_next_fire_time(None, now)
        second = tick.trigger.get_next_fire_time(first, first)
        waits.append((second - first).total_seconds())
    assert min(waits) == longest
