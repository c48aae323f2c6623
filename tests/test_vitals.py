"""Vital signs: what whoever watches is told, from tables that all processes share."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from notifier.channels.counted import CountedChannel
from notifier.channels.unset import UnsetChannel
from notifier.domain.receipts import Verdict
from notifier.domain.watching import Form
from notifier.store import outbox, sources
from notifier.store.database import Database, table
from notifier.store.endpoints import EndpointRow
from notifier.store.listeners import ListenerRow
from notifier.store.postings import AttemptRow, PostingRow
from notifier.store.sources import Source
from notifier.store.tables import LetterRow, OutboxRow
from notifier.store.tasks import open_task
from notifier.vitals import Monitor, Pulse
from tests.builders import CITY, by, deadline, said
from tests.steps.workshop import A, B, Workshop, enrolled

DAY = date(2026, 7, 31)


async def shown(monitor: Monitor) -> dict[str, float]:
    """Every sample by its name and labels."""
    text = (await monitor.exposition()).decode()
    return {
        "{}{}".format(
            each.name.removeprefix("notifier_"), "".join(f" {value}" for value in each.labels.values())
        ): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


async def ages(shop: Workshop) -> dict[str, float]:
    found = await shown(Monitor(shop.tools))
    assert found["oldest_due_unsent_seconds"] == max(
        value for name, value in found.items() if name.startswith("oldest_due_seconds")
    )
    return {
        name.partition(" ")[2]: value
        for name, value in found.items()
        if name.startswith("oldest_due_seconds") and value
    }


async def test_where_nothing_is_due_nothing_has_an_age(shop: Workshop) -> None:
    assert await ages(shop) == {}
    found = await shown(Monitor(shop.tools))
    assert (found["database_up"], found["oldest_due_unsent_seconds"], found["outbox_messages due"]) == (
        1,
        0,
        0,
    )


async def test_what_is_due_and_not_dealt_with_ages_whatever_it_is(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(by(DAY)), deadlines=[deadline(ladder="short")])
    await shop.note("example.applied", A)
    shop.turn_to(date(2026, 4, 1), 8, 10)
    # Nobody works: the message to derive and the fact wait for ten minutes.
    assert await ages(shop) == {"outbox": 600, "fact": 600}
    assert (await shown(Monitor(shop.tools)))["deadlines_moving"] == 1
    await shop.run()
    assert await ages(shop) == {}
    # The announcement is due at nine; at half past it is late.
    shop.turn_to(date(2026, 4, 1), 9, 30)
    assert (await ages(shop))["delivery"] == 1800
    assert (await shown(Monitor(shop.tools)))["deliveries_waiting"] == 1
    # A rung is due from the midnight of its day.
    await shop.live_until(date(2026, 4, 2))
    shop.turn_to(DAY - timedelta(days=7), 2)
    await shop.forget_outbox()
    assert await ages(shop) == {"cohort": 7200}


async def test_a_letter_that_its_recipient_puts_off_is_told_apart_from_one_that_we_cannot_send(
    shop: Workshop,
) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
    await shop.publish(said(by(DAY)))
    waiting = shop.with_channel(UnsetChannel())
    await waiting.run()
    shop.turn_to(date(2026, 4, 1), 9)
    await waiting.run()
    shop.turn_to(date(2026, 4, 1), 10)
    assert (await ages(shop))["letter"] == 3600
    [first, second] = await shop.all(LetterRow)
    async with shop.database.transaction() as conn:
        for letter, code in ((first, 451), (second, 550)):
            await conn.execute(
                update(table(LetterRow)).where(table(LetterRow).c.id == letter.id).values(code=code)
            )
    found = await shown(Monitor(shop.tools))
    assert (found["oldest_deferred_letter_seconds"], found["letters_unfinished planned"]) == (3600, 2)
    assert (await ages(shop))["letter"] == 3600
    async with shop.database.transaction() as conn:
        await conn.execute(update(table(LetterRow)).values(code=451))
    assert "letter" not in await ages(shop)


async def test_the_outbox_is_counted_by_what_its_messages_wait_for(shop: Workshop) -> None:
    now = shop.tools.now()
    for key, due_at, attempts, lease in (
        ("a", now, 0, None),
        ("b", now + timedelta(hours=1), 0, None),
        ("c", now + timedelta(hours=1), 3, None),
        ("d", now, 1, now + timedelta(minutes=10)),
        ("e", now, 1, now - timedelta(minutes=10)),
    ):
        await shop.write(
            OutboxRow,
            key=key,
            step="sweep",
            payload={},
            due_at=due_at,
            attempts=attempts,
            lease_until=lease,
            token="",
            problem="",
        )
    found = await shown(Monitor(shop.tools))
    assert [found[f"outbox_messages {state}"] for state in ("due", "later", "parked", "claimed")] == [
        2,
        1,
        1,
        1,
    ]


async def test_a_state_that_was_left_does_not_show_its_last_number_for_ever(shop: Workshop) -> None:
    monitor = Monitor(shop.tools)
    async with shop.database.transaction() as conn:
        await outbox.enqueue(conn, "sweep", shop.tools.now())
    assert (await shown(monitor))["outbox_messages due"] == 1
    await shop.forget_outbox()
    assert (await shown(monitor))["outbox_messages due"] == 0


async def test_events_that_wait_or_failed_are_counted(shop: Workshop) -> None:
    await shop.note("example.applied", "9970000099")
    found = await shown(Monitor(shop.tools))
    assert [found[f"events_unapplied {state}"] for state in ("received", "waiting", "failed")] == [0, 1, 0]


async def test_a_program_is_ready_when_the_database_the_schema_and_the_law_are(shop: Workshop) -> None:
    monitor = Monitor(shop.tools)
    assert await monitor.readiness() == {
        "database": "ok",
        "schema": "ok",
        "catalogue": "no law is kept; run notifier migrate",
    }
    await shop.publish(said(by(DAY)))
    assert set((await monitor.readiness()).values()) == {"ok"}


async def test_an_empty_database_is_not_ready(shop: Workshop, tmp_path: Path) -> None:
    async with await Database.open(f"sqlite+aiosqlite:///{tmp_path / 'empty.sqlite3'}") as empty:
        ready = await _monitor_of(shop, empty).readiness()
        assert ready["schema"].endswith("revisions to go; run notifier migrate")
        assert ready["catalogue"] == "not looked at"


async def test_a_database_that_does_not_answer_is_told_and_the_rest_still_shown(
    shop: Workshop, tmp_path: Path
) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'empty.sqlite3'}"
    async with await Database.open(url) as unmigrated:
        monitor = _monitor_of(shop, unmigrated)
        found = await shown(monitor)
        assert (found["database_up"], "build_info" in " ".join(found)) == (0, True)
    async with await Database.open(url) as newer:
        async with newer.transaction() as conn:
            await conn.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            await conn.exec_driver_sql("INSERT INTO alembic_version VALUES ('9999')")
        ready = await _monitor_of(shop, newer).readiness()
        assert ready == {
            "database": "does not answer",
            "schema": "not looked at",
            "catalogue": "not looked at",
        }


def _monitor_of(shop: Workshop, database: Database) -> Monitor:
    return Monitor(replace(shop.tools, database=database))


async def test_what_happens_in_this_process_is_counted(shop: Workshop) -> None:
    monitor = Monitor(shop.tools, lambda: 12.5)
    monitor.count_event("")
    monitor.count_event("unknown-type")
    with monitor.step("sweep"):
        pass
    with pytest.raises(LookupError), monitor.step("derive"):
        raise LookupError
    found = await shown(monitor)
    assert (found["events_total taken"], found["events_total unknown-type"]) == (1, 1)
    assert (found["step_seconds_count done sweep"], found["step_seconds_count failed derive"]) == (1, 1)
    assert found["ticker_silence_seconds"] == 12.5


async def test_letters_are_counted_by_what_the_relay_answered(shop: Workshop) -> None:
    monitor = Monitor(shop.tools)
    await shop.enrol(enrolled(A, "a@example.jp", "b@example.jp"))
    await shop.publish(said(by(DAY)))
    shop.turn_to(date(2026, 4, 1), 9)
    counted = shop.with_channel(CountedChannel(shop.channel, monitor.count_letter))
    await counted.run()
    assert (await shown(monitor))[f"letters_total {Verdict.ACCEPTED.value}"] == 2


async def test_the_pulse_shows_how_long_the_loop_was_held_up() -> None:
    pulse = Pulse()
    assert pulse.longest() == 0
    pulse.stop()
    pulse.start()
    loop = asyncio.get_running_loop()
    until = loop.time() + 1.3
    while loop.time() < until:  # something that does not give way
        pass
    assert pulse.longest() >= 0.25
    await asyncio.wait_for(_next_beat(), 5)
    assert pulse.longest() < 1
    pulse.stop()


async def _next_beat() -> None:
    for _ in range(3):
        ready = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(ready.set_result, None)
        await ready


async def test_nothing_that_is_shown_names_an_office_or_a_person(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp", name="訪問介護さくら"))
    await shop.publish(said(by(DAY)))
    await shop.run()
    text = (await Monitor(shop.tools).exposition()).decode()
    assert not any(each in text for each in (A, "a@example.jp", "さくら"))


async def test_endpoints_their_breakers_and_what_waits_for_them_are_counted(shop: Workshop) -> None:
    now = shop.tools.now()
    blank = ("description", "owner", "reason", "salt", "fingerprint", "previous_salt")
    for number, (state, open_until) in enumerate(
        (
            ("enabled", None),
            ("enabled", now + timedelta(minutes=5)),
            ("enabled", now - timedelta(minutes=5)),
            ("disabled", None),
            ("removed", None),
        ),
        1,
    ):
        await shop.write(ListenerRow, id=number, authority=CITY, vendor=str(number), since=now)
        await shop.write(
            EndpointRow,
            id=number,
            listener_id=number,
            url="https://one.example",
            state=state,
            open_until=open_until,
            types=[],
            offices=[],
            deadlines=[],
            in_flight=1,
            failures=0,
            created_at=now,
            created_by="test",
            **dict.fromkeys(blank, ""),
        )
        await shop.write(
            PostingRow,
            endpoint_id=number,
            message_id=number,
            lane="",
            state="waiting",
            next_try_at=now - timedelta(minutes=number),
            attempts=0,
            token="",
            problem="",
        )
    for minutes in (0, 6):
        at = now - timedelta(minutes=minutes)
        await shop.write(AttemptRow, endpoint_id=1, at=at, milliseconds=1, verdict="accepted", answer="")
    found = await shown(Monitor(shop.tools))
    assert [found[f"endpoints {each}"] for each in ("enabled", "disabled", "unproved")] == [3, 1, 0]
    assert [found[f"endpoint_breakers {each}"] for each in ("closed", "open", "half-open")] == [1, 1, 1]
    assert (found["postings_unfinished waiting"], found["webhook_tries_recent accepted"]) == (5, 1)
    # What waits for a breaker to close, or for a disabled endpoint, is not late.
    assert found["oldest_due_seconds posting"] == 180


async def test_sources_out_of_sight_and_open_tasks_are_counted(shop: Workshop) -> None:
    now = shop.tools.now()
    places = [
        Source(name, name, name, f"https://{name}.example/", Form.FEED) for name in ("a", "b", "c", "d")
    ]
    async with shop.database.transaction() as conn:
        await sources.add(conn, places, "test", now - timedelta(hours=2))
        for each in places[:3]:
            await sources.switch(conn, each.id, enabled=True, now=now)
        await sources.claim(conn, now, "one", timedelta(minutes=1), 9)
        await sources.saw(conn, "a", "one", now, now, ("", "", 3))
        await sources.missed(conn, places[1], "one", now, now, ("gone", False))
        await open_task(conn, "notice.received", "notice/x", "x", "", now)
    found = await shown(Monitor(shop.tools))
    assert (found["sources seen"], found["sources unseen"], found["source_unseen_seconds"]) == (2, 1, 7200)
    assert (found["tasks_open notice.received"], found["tasks_open source.unseen"]) == (1, 0)
