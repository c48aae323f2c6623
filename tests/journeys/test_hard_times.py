"""Hard times: a full disk, a relay that is away, two workers at once. Nothing is lost, nothing is half done."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from notifier.clock import TurnedClock, japan_time
from notifier.running import run_due, run_step
from notifier.steps.dispatch import dispatch
from notifier.store.database import Database, table
from notifier.store.faults import StoreFullError
from notifier.store.outbox import Message
from notifier.store.tables import CohortRow, DeliveryRow, LetterRow, ObligationRow, OutboxRow, SayingRow
from notifier.worker import Worker
from tests.builders import ISSUED, by, deadline, said, settlement
from tests.channels.letters import channel
from tests.channels.relays import FakeRelay, running
from tests.steps.workshop import A, Workshop, enrolled, workshop

JUNE = date(2026, 6, 30)
NINE = japan_time(ISSUED, 9)


async def many(shop: Workshop, offices: int) -> list[str]:
    """Offices whose letters are due at nine; returns their addresses."""
    numbers = [f"99800{place:05}" for place in range(offices)]
    await shop.publish(said(by(JUNE)), deadlines=[deadline()])
    await shop.enrol(*(enrolled(each, f"{each}@example.jp") for each in numbers))
    return [f"{each}@example.jp" for each in numbers]


# ---- a full disk ----


async def pages(database: Database, most: int | None = None) -> int:
    """How many pages a SQLite file has; with `most` it may not grow beyond so many from now on."""
    async with database.transaction() as conn:
        if most is not None:
            await conn.exec_driver_sql(f"PRAGMA max_page_count={most}")
        return int((await conn.exec_driver_sql("PRAGMA page_count")).scalar_one())


async def counts(shop: Workshop) -> dict[str, int]:
    """How many rows each table has that the steps write."""
    found = {}
    for model in (CohortRow, ObligationRow, SayingRow, DeliveryRow, LetterRow, OutboxRow):
        found[model.__name__] = (await shop.rows(select(func.count()).select_from(table(model))))[0][0]
    return found


async def test_a_step_that_finds_the_disk_full_does_nothing_and_is_done_when_there_is_room(
    sqlite_file_url: str,
) -> None:
    async with workshop(sqlite_file_url, japan_time(ISSUED, 8)) as shop:
        addresses = await many(shop, 150)
        for step in ("derive", "dispatch"):
            before = await counts(shop)
            await pages(shop.database, await pages(shop.database) + 1)
            with pytest.raises(StoreFullError, match="free space on its disk; nothing was kept of this work"):
                await run_step(shop.tools, step)
            assert await counts(shop) == before
            await pages(shop.database, 1_000_000)
            await run_step(shop.tools, step)
            if step == "derive":
                shop.turn_to(ISSUED, 9)
        await shop.run()
        assert sorted(parcel.recipient for parcel in shop.channel.parcels) == addresses


async def test_a_worker_outlives_a_full_disk_and_goes_on_by_itself(sqlite_file_url: str) -> None:
    async with workshop(sqlite_file_url, NINE) as shop:
        addresses = await many(shop, 150)
        await pages(shop.database, await pages(shop.database) + 1)

        async def run(message: Message) -> None:
            await run_step(shop.tools, message.step)

        worker = Worker(shop.database, shop.clock, run, "w1")
        await worker.work_off()
        assert shop.channel.parcels == []
        await pages(shop.database, 1_000_000)
        for _ in range(3):
            shop.clock.turn_to(shop.tools.now() + timedelta(minutes=11))
            await worker.work_off()
        assert sorted(parcel.recipient for parcel in shop.channel.parcels) == addresses


# ---- a relay that is away ----


async def test_letters_wait_for_a_relay_that_is_away_and_leave_when_it_is_back(shop: Workshop) -> None:
    addresses = await many(shop, 20)
    away = FakeRelay(port=9)
    async with channel(away) as way:
        nowhere = shop.with_channel(way)
        await nowhere.run()
        shop.clock.turn_to(NINE)
        await nowhere.run()
        for _ in range(4):
            ((_, due_at),) = [each for each in await shop.waiting() if each[0] == "deliver"]
            shop.clock.turn_to(due_at)
            await nowhere.run()
    assert {row.state for row in await shop.all(LetterRow)} == {"planned"}
    async with running(FakeRelay()) as back, channel(back, connections=2) as way:
        ((_, due_at),) = [each for each in await shop.waiting() if each[0] == "deliver"]
        shop.clock.turn_to(due_at)
        await shop.with_channel(way).run()
        assert sorted(letter.recipients[0] for letter in back.taken) == addresses
    assert {row.state for row in await shop.all(LetterRow)} == {"accepted"}


async def test_an_office_that_acts_while_the_relay_is_away_gets_no_reminder_of_what_it_has_done(
    shop: Workshop,
) -> None:
    await shop.publish(said(by(JUNE)), deadlines=[deadline(settled_by=(settlement("example.report.filed"),))])
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.run()
    shop.clock.turn_to(NINE)
    async with channel(FakeRelay(port=9)) as way:
        await shop.with_channel(way).run()
    await shop.note("example.report.filed")
    await shop.live_until(ISSUED)
    assert [each.occasion for each in await shop.said()] == ["acknowledgement"]


# ---- several workers ----


async def test_workers_that_race_send_each_letter_once(shop: Workshop) -> None:
    addresses = await many(shop, 150)
    await shop.run()
    shop.clock.turn_to(NINE)
    await dispatch(shop.tools)
    async with running(FakeRelay()) as relay, channel(relay, connections=2) as one, channel(relay) as other:
        first = shop.with_channel(one).tools
        second = shop.with_channel(other).named("second")
        await asyncio.gather(*(run_step(tools, "deliver") for tools in (first, second, first, second)))
        taken = Counter(letter.recipients[0] for letter in relay.taken)
    assert taken == Counter(addresses)
    assert {row.state for row in await shop.all(LetterRow)} == {"accepted"}


async def test_workers_that_derive_at_once_leave_one_picture(migrated_url: str) -> None:
    async with workshop(migrated_url, japan_time(ISSUED, 8)) as shop:
        await many(shop, 60)
        async with await Database.open(migrated_url) as elsewhere:
            other = replace(
                shop.tools, database=elsewhere, worker="second", clock=TurnedClock(shop.tools.now())
            )
            await asyncio.gather(*(run_due(tools) for tools in (shop.tools, other, shop.tools)))
        found = await counts(shop)
        assert (found["CohortRow"], found["ObligationRow"], found["DeliveryRow"]) == (1, 60, 60)
