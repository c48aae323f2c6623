"""The door for those who watch, on an address of its own."""

import json

from aiohttp import ClientSession, web
from prometheus_client.parser import text_string_to_metric_families

from notifier.vitals import FORM, Monitor
from notifier.web.watch import Watched, make_watch
from tests.web.town import Town


async def test_the_pages_say_why_the_program_is_not_ready_but_not_how_it_is_doing(
    place: Town, visitor: ClientSession
) -> None:
    async with visitor.get(f"{place.address}/readyz") as answer:
        found = await answer.json()
        assert (answer.status, answer.headers["Cache-Control"]) == (503, "no-store")
    # The tables of this town were made without revisions.
    assert found["ready"] is False
    assert found["checks"].pop("schema").endswith("revisions to go; run notifier migrate")
    assert found["checks"] == {"database": "ok", "catalogue": "not looked at", "ticker": "ok"}
    async with visitor.get(f"{place.address}/metrics") as answer:
        assert answer.status == 404


async def test_a_ticker_that_does_not_beat_is_neither_alive_nor_ready(
    place: Town, visitor: ClientSession
) -> None:
    alive = [True]
    runner = web.AppRunner(make_watch(Watched(lambda: alive[0], Monitor(place.tools))))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with visitor.get(f"{address}/healthz") as answer:
            assert (answer.status, await answer.text()) == (200, "ok\n")
        alive[0] = False
        async with visitor.get(f"{address}/healthz") as answer:
            assert answer.status == 503
        async with visitor.get(f"{address}/readyz") as answer:
            told = json.loads(await answer.text())
            assert (answer.status, told["ready"], told["checks"]["ticker"]) == (503, False, "does not beat")
        async with visitor.get(f"{address}/metrics") as answer:
            assert (answer.status, answer.headers["Content-Type"]) == (200, FORM)
            names = {each.name for each in text_string_to_metric_families(await answer.text())}
        assert {"notifier_oldest_due_unsent_seconds", "notifier_outbox_messages"} <= names
    finally:
        await runner.cleanup()


async def test_without_vital_signs_there_is_nothing_to_be_ready(visitor: ClientSession) -> None:
    runner = web.AppRunner(make_watch(Watched(lambda: True)))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        for path in ("readyz", "metrics"):
            async with visitor.get(f"http://127.0.0.1:{runner.addresses[0][1]}/{path}") as answer:
                assert answer.status == 404
    finally:
        await runner.cleanup()
