import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from notifier.clock import SystemClock, TurnedClock
from notifier.store import outbox
from notifier.store.database import Database
from notifier.store.migration import create_all
from notifier.store.outbox import Message
from notifier.worker import PACE, PARKED, Pace, Worker, retry_after

NOON = datetime(2026, 3, 6, 3, 0, tzinfo=UTC)
UNHURRIED = Pace(poll=timedelta(minutes=5))


@pytest.fixture
async def database(migrated_url: str) -> AsyncIterator[Database]:
    async with await Database.open(migrated_url) as opened:
        yield opened


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock(NOON)


async def leave(database: Database, *steps: str, due_at: datetime = NOON) -> None:
    for step in steps:
        async with database.transaction() as conn:
            await outbox.enqueue(conn, step, due_at)


class Steps:
    """Does nothing but remember; the step `poison` fails, `slow` waits until it may go on."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.news = asyncio.Event()

    async def run(self, message: Message) -> None:
        self.begun.set()
        if message.step == "slow":
            await self.go_on.wait()
        self.done.append(message.step)
        self.news.set()
        if message.step == "poison":
            raise LookupError("a row is missing")

    async def until_done(self, *steps: str) -> None:
        async with asyncio.timeout(10):
            while not set(steps) <= set(self.done):
                self.news.clear()
                await self.news.wait()


async def test_due_messages_are_worked_off_in_order_and_are_gone(
    database: Database, clock: TurnedClock
) -> None:
    steps = Steps()
    await leave(database, "later", due_at=NOON + timedelta(hours=1))
    await leave(database, "second")
    await leave(database, "first", due_at=NOON - timedelta(minutes=1))

    worker = Worker(database, clock, steps.run, "w1")
    assert await worker.work_off() == 2
    assert steps.done == ["first", "second"]
    assert await outbox.next_due(database) == NOON + timedelta(hours=1)


async def test_a_poisonous_message_is_tried_thrice_then_parked_while_others_flow(
    database: Database, clock: TurnedClock
) -> None:
    steps = Steps()
    worker = Worker(database, clock, steps.run, "w1")
    await leave(database, "poison", "sweep")
    waits = []
    for _ in range(3):
        await worker.work_off()
        due = await outbox.next_due(database)
        assert due is not None
        waits.append(due - clock.now())
        await leave(database, "dispatch", due_at=clock.now())
        await worker.work_off()
        clock.turn_to(due)

    assert steps.done.count("poison") == 3
    assert steps.done.count("sweep") == 1
    assert steps.done.count("dispatch") == 3
    assert waits == [retry_after(1), retry_after(2), PARKED]


async def test_what_failed_is_never_lost(database: Database, clock: TurnedClock) -> None:
    steps = Steps()
    worker = Worker(database, clock, steps.run, "w1")
    await leave(database, "poison")
    for hour in range(1, 8):
        await worker.work_off()
        clock.turn_to(NOON + timedelta(hours=2 * hour))
    assert steps.done == ["poison"] * 7
    assert await outbox.next_due(database) is not None


async def test_a_message_of_a_dead_worker_goes_to_the_next_one(
    database: Database, clock: TurnedClock
) -> None:
    await leave(database, "sweep")
    held = await outbox.claim(database, clock.now(), "dead/1", PACE.lease)
    steps = Steps()
    worker = Worker(database, clock, steps.run, "w1")
    assert await worker.work_off() == 0

    clock.turn_to(NOON + PACE.lease)
    assert await worker.work_off() == 1
    assert steps.done == ["sweep"]
    assert not await outbox.finish(database, held[0])


async def test_a_waiting_worker_is_woken_by_news(database: Database) -> None:
    steps = Steps()
    worker = Worker(database, SystemClock(), steps.run, "w1", pace=UNHURRIED)
    working = asyncio.create_task(worker.work())
    await leave(database, "sweep")
    worker.wake()
    await steps.until_done("sweep")
    worker.stop()
    await asyncio.wait_for(working, 5)


async def test_a_waiting_worker_rises_when_the_next_message_comes_due(database: Database) -> None:
    steps = Steps()
    soon = SystemClock().now() + timedelta(seconds=0.3)
    await leave(database, "sweep", due_at=soon)
    worker = Worker(database, SystemClock(), steps.run, "w1", pace=UNHURRIED)
    working = asyncio.create_task(worker.work())
    await steps.until_done("sweep")
    assert SystemClock().now() >= soon
    worker.stop()
    await asyncio.wait_for(working, 5)


async def test_a_slow_step_does_not_hold_up_the_others(database: Database) -> None:
    steps = Steps()
    await leave(database, "slow", "sweep", due_at=SystemClock().now())
    worker = Worker(database, SystemClock(), steps.run, "w1", slots=2)
    working = asyncio.create_task(worker.work())
    await steps.until_done("sweep")
    assert "slow" not in steps.done
    steps.go_on.set()
    worker.stop()
    await asyncio.wait_for(working, 5)
    assert "slow" in steps.done


async def test_a_stopping_worker_finishes_what_is_under_way_and_claims_nothing_more(
    database: Database,
) -> None:
    steps = Steps()
    await leave(database, "slow", due_at=SystemClock().now())
    worker = Worker(database, SystemClock(), steps.run, "w1")
    working = asyncio.create_task(worker.work())
    await steps.begun.wait()
    await leave(database, "sweep", due_at=SystemClock().now())
    worker.stop()
    steps.go_on.set()
    await asyncio.wait_for(working, 5)
    assert steps.done == ["slow"]
    assert len(await outbox.claim(database, SystemClock().now(), "next", PACE.lease, 10)) == 1


async def test_a_step_that_takes_too_long_to_stop_is_cut_short_and_its_message_freed(
    database: Database,
) -> None:
    steps = Steps()
    await leave(database, "slow", due_at=SystemClock().now())
    hasty = Pace(patience=timedelta(milliseconds=100))
    worker = Worker(database, SystemClock(), steps.run, "w1", pace=hasty)
    working = asyncio.create_task(worker.work())
    await steps.begun.wait()
    worker.stop()
    await asyncio.wait_for(working, 5)
    assert steps.done == []
    freed = await outbox.claim(database, SystemClock().now(), "next", PACE.lease, 10)
    assert [message.step for message in freed] == ["slow"]


async def test_a_worker_outlives_a_database_without_tables(sqlite_url: str) -> None:
    steps = Steps()
    async with await Database.open(sqlite_url) as database:
        worker = Worker(database, SystemClock(), steps.run, "w1", pace=Pace(poll=timedelta(milliseconds=20)))
        working = asyncio.create_task(worker.work())
        await asyncio.wait([working], timeout=0.2)
        assert not working.done()

        await create_all(database)
        await leave(database, "sweep", due_at=SystemClock().now())
        await steps.until_done("sweep")
        worker.stop()
        await asyncio.wait_for(working, 5)


def test_the_wait_grows_until_a_message_is_parked() -> None:
    waits = [retry_after(attempts) for attempts in range(1, 6)]
    assert waits == [timedelta(seconds=2), timedelta(seconds=30), PARKED, PARKED, PARKED]


async def test_two_workers_share_the_messages_and_none_is_dealt_with_twice(database: Database) -> None:
    steps = Steps()
    wanted = [f"step-{number}" for number in range(40)]
    await leave(database, *wanted, due_at=SystemClock().now())
    workers = [Worker(database, SystemClock(), steps.run, name, slots=3) for name in ("w1", "w2")]
    working = [asyncio.create_task(worker.work()) for worker in workers]
    await steps.until_done(*wanted)
    for worker in workers:
        worker.stop()
    await asyncio.wait_for(asyncio.gather(*working), 10)
    assert sorted(steps.done) == sorted(wanted)
    assert await outbox.next_due(database) is None
