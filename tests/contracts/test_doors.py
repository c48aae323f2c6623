"""A second program, which knows nothing of ours but its doors: it finds the same truth behind all of them.

It uses public client libraries only (aiohttp, cloudevents, cryptography, icalendar, standardwebhooks) against the
programs as an operator starts them, and kills them in between.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import icalendar
import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import unused_port
from cloudevents.core.bindings.http import to_structured_event
from cloudevents.core.v1.event import CloudEvent

from tests.contracts.second_program import Client, Hook, Program, receiving, until

TOP = Path(__file__).resolve().parents[2]
CITY = "121002"
COUNT = 2000
FACTS = 60
DUTY = "free-pass/apply"
SERVED = (0, COUNT - 2)
"""Offices that a vendor serves: one that has applied, and one that has not."""
SCOPES = (
    "deadlines:read",
    "offices:read",
    "offices:write",
    "obligations:read",
    "events:write",
    "endpoints:read",
    "endpoints:write",
    "feed:read",
)
STARTED = datetime.now(UTC)


def number(index: int) -> str:
    return f"12{70000000 + index}"


@pytest.fixture
async def program(postgres_url: str, tmp_path: Path) -> AsyncIterator[Program]:
    port = unused_port()
    surroundings = {
        name: value for name, value in os.environ.items() if not name.startswith(("NOTIFIER_", "COV"))
    }
    surroundings |= {
        "PYTHONPATH": str(TOP),
        "NOTIFIER_DATABASE_URL": postgres_url,
        "NOTIFIER_SECRET_KEY": "a key that both parts share, long enough",
        "NOTIFIER_HTTP_PORT": str(port),
        "NOTIFIER_WEBHOOK_NETWORKS": "127.0.0.0/8",
        "NOTIFIER_WEBHOOK_PLAIN_HTTP": "true",
    }
    found = Program(tmp_path, surroundings, port)
    try:
        yield found
    finally:
        for process in found.running.values():
            if process.returncode is None:
                process.kill()
                await process.wait()


async def attached(client: Client, url: str) -> str:
    """Add an endpoint, get its secret, let it prove itself."""
    wanted = {"url": url, "types": ["obligation.created", "obligation.settled"], "deadlines": [DUTY]}
    name = {"Idempotency-Key": "the-endpoint"}
    added = await client.ask("POST", "/endpoints", 201, json=wanted, headers=name)
    again = await client.ask("POST", "/endpoints", 201, json=wanted, headers=name)
    assert again == added
    secret: str = (await client.ask("POST", f"/endpoints/{added['id']}/secret", json={"overlap_hours": 0}))[
        "secret"
    ]
    return f"{added['id']} {secret}"


async def taken_over(client: Client) -> None:
    """Send the list of offices, and wait until it is taken over."""
    rows = [f"{number(index)},訪問介護{index},11,a{index}@office{index}.example\n" for index in range(COUNT)]
    body = ("事業所番号,事業所名,サービス種類,メール\n" + "".join(rows)).encode("cp932")
    kept = await client.ask(
        "POST",
        "/offices:import",
        202,
        data=body,
        params={"take_over": "true"},
        headers={"Content-Type": "text/csv", "Idempotency-Key": "the-list"},
    )

    async def is_over() -> bool:
        found = await client.ask("GET", f"/imports/{kept['key']}")
        assert found["state"] in {"waiting", "taken_over"}, found
        return bool(found["state"] == "taken_over")

    await until(is_over, "the list is taken over")


async def posted(client: Client, index: int) -> None:
    """Post the fact that an office has applied: every second time with a signature instead of the key."""
    attributes = {"type": "cpdl.applied", "source": "/second-program", "id": str(index), "specversion": "1.0"}
    now = {"subject": f"office/{number(index)}", "time": STARTED}
    message = to_structured_event(CloudEvent(attributes | now, {"paid": False}))
    body = message.body
    kind, path = {"Content-Type": message.headers["content-type"]}, "/events"
    if index % 2:
        kind, path = kind | client.signed(f"msg_{index}", body), f"/events?sender={client.name}"
    await client.ask("POST", path, 202, data=body, headers=kind)


@pytest.mark.pg
@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_second_program_finds_the_same_truth_behind_every_door(program: Program) -> None:
    await program.says("migrate")
    scopes = [word for each in SCOPES for word in ("--scope", each)]
    key = await program.says(
        "key", "create", "--as", "operator", "--authority", CITY, "--label", "second", *scopes
    )
    served = [word for index in SERVED for word in ("--office", number(index))]
    vendor = await program.says(
        *("key", "create", "--as", "municipality", "--authority", CITY, "--label", "vendor"),
        *("--vendor", "例示ソフト", *served),
    )
    hook = Hook()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())
        url = await stack.enter_async_context(receiving(hook))
        client = Client(session, program.address, key)
        await program.says("key", "trust", client.name, client.public)
        await program.start("serve")
        await program.start("work")
        identity, hook.secret = (await attached(client, url)).split(" ")
        assert (await client.ask("POST", f"/endpoints/{identity}/enable", json={}))["state"] == "enabled"
        await taken_over(client)
        await program.kill("work")
        for index in range(FACTS):
            await posted(client, index)
            if index == FACTS // 2:
                await program.kill("serve")
        # A repeat changes nothing and gets the same answer.
        await posted(client, 0)
        await until(lambda: _is_settled(client), "all facts are worked out")
        feed = await _agreed(client, hook)
        await _same_obligations(client, feed)
        await _same_for_a_vendor(Client(session, program.address, vendor), feed)
        await _same_in_a_preview(client)
        await _same_days(program, client)
        await _same_in_evidence(program, client)
    await program.stop()


async def _is_settled(client: Client) -> bool:
    found = await client.all("/obligations", deadline=DUTY, state="settled")
    return len(found) == FACTS


async def _agreed(client: Client, hook: Hook) -> dict[str, Any]:
    """Wait until what was posted is what stands in the feed, event by event."""
    feed: dict[str, Any] = {}

    async def is_same() -> bool:
        feed.clear()
        feed.update(
            {
                name: each
                for name, each in (await client.feed()).items()
                if each["type"].startswith("obligation.") and each["data"]["deadline"] == DUTY
            }
        )
        settled = [each for each in feed.values() if each["type"] == "obligation.settled"]
        return len(settled) == FACTS and feed.keys() == hook.seen.keys()

    async def is_all() -> bool:
        return len(hook.seen) >= COUNT + FACTS

    await until(is_all, "all is posted")
    await until(is_same, f"{len(feed)} in the feed, {len(hook.seen)} posted")
    for name, each in feed.items():
        came = hook.seen[name]
        assert (came.get_type(), came.get_subject()) == (each["type"], each["subject"])
        assert came.get_data() == each["data"]
    return feed


async def _same_obligations(client: Client, feed: dict[str, Any]) -> None:
    """What the list says of each office is what its last message said."""
    listed = await client.all("/obligations", deadline=DUTY)
    assert len(listed) == COUNT
    last: dict[str, Any] = {}
    for each in sorted(feed.values(), key=lambda each: each["sequence"]):
        last[each["subject"]] = each
    for each in listed:
        told = last[f"office/{each['office']}"]
        assert told["data"]["due"]["latest"] == each["latest"]
        assert (told["type"] == "obligation.settled") == (each["state"] == "settled")


async def _same_days(program: Program, client: Client) -> None:
    """What a calendar shows of an office is what is open for it, on the same days."""
    index = COUNT - 1
    address = (await program.says("calendar", "create", "--office", number(index))).split()[0]
    async with client.session.get(address.replace("http://127.0.0.1:8080", program.address)) as answer:
        assert answer.status == 200
        calendar: Any = icalendar.Calendar.from_ical(await answer.text())
    shown = {
        str(each["UID"]).removeprefix(f"{number(index)}/").rpartition("/")[0]: each["DTEND"].dt
        for each in calendar.walk("VEVENT")
        if "opening" not in str(each["UID"])
    }
    listed = await client.all("/obligations", office=number(index))
    due = {
        each["deadline"]: date.fromisoformat(each["latest"]) + timedelta(days=1)
        for each in listed
        if each["state"] in {"open", "lapsed"} and each["latest"] is not None
    }
    assert shown.keys() <= {each["deadline"] for each in listed}
    assert {name: day for name, day in due.items() if shown.get(name) != day} == {}


async def _same_for_a_vendor(vendor: Client, feed: dict[str, Any]) -> None:
    """A vendor reads the same of the offices it serves, and nothing of others."""
    whose = {f"office/{number(index)}" for index in SERVED}
    read = [each for each in (await vendor.feed()).values() if each.get("subject")]
    assert {each["subject"] for each in read} == whose
    of_duty = [
        each for each in read if each["type"].startswith("obligation.") and each["data"]["deadline"] == DUTY
    ]

    def told(events: Any) -> list[tuple[str, str, str]]:
        return sorted(
            (each["subject"], each["type"], json.dumps(each["data"], sort_keys=True)) for each in events
        )

    assert told(of_duty) == told(each for each in feed.values() if each["subject"] in whose)


async def _same_in_a_preview(client: Client) -> None:
    """A preview counts the offices that the list holds, and nothing happens by asking."""
    supposed = {"due": {"by": f"{STARTED.year + 1}-09-30"}}
    found = await client.ask("POST", f"/deadlines/{DUTY}/preview", json=supposed)
    concerned = {each["deadline"]: each for each in found["effects"]}
    assert concerned.keys() == {DUTY}
    assert found["offices"] == COUNT
    assert len(await client.all("/obligations", deadline=DUTY, state="settled")) == FACTS


async def _same_in_evidence(program: Program, client: Client) -> None:
    """What is taken away as proof says of an office what the list says, and stands by itself."""
    await program.says("evidence", number(0))
    pack = program.folder / f"evidence-{number(0)}.zip"
    await program.says("verify", str(pack))  # it says OK, or ends with a fault
    with ZipFile(pack) as archive:
        duties, facts = (
            [json.loads(line) for line in archive.read(name).decode().splitlines()]
            for name in ("obligations.jsonl", "facts.jsonl")
        )
    listed = await client.all("/obligations", office=number(0))
    states = {(each["deadline"], each["state"]) for each in duties}
    assert states >= {(each["deadline"], each["state"]) for each in listed if each["deadline"] == DUTY}
    assert (DUTY, "settled") in states
    assert [each["type"] for each in facts] == ["cpdl.applied"]
