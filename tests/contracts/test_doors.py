"""A second program, which knows nothing of ours but its doors: it finds the same truth behind all of them.

It uses public client libraries only (aiohttp, cloudevents, standardwebhooks, icalendar) against the programs as an
operator starts them, and kills them in between.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
from aiohttp import ClientError, ClientSession, web
from aiohttp.test_utils import unused_port
from cloudevents.core.bindings.http import HTTPMessage, from_http_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from standardwebhooks import Webhook

TOP = Path(__file__).resolve().parents[2]
CITY = "121002"
COUNT = 2000
FACTS = 100
DUTY = "free-pass/apply"
SCOPES = (
    "offices:read",
    "offices:write",
    "obligations:read",
    "events:write",
    "endpoints:read",
    "endpoints:write",
    "feed:read",
)
PATIENCE = 240
STARTED = datetime.now(UTC)


def number(index: int) -> str:
    return f"12{70000000 + index}"


@dataclass
class Program:
    """Our programs, started as an operator does."""

    folder: Path
    surroundings: dict[str, str]
    port: int
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def says(self, *arguments: str) -> str:
        """Run a command to its end and return what it prints."""
        process = await self._start(*arguments, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
        assert process.returncode == 0, arguments
        return out.decode().strip()

    async def start(self, command: str) -> None:
        """Let `serve` or `work` run."""
        self.running[command] = await self._start(command, stdout=asyncio.subprocess.DEVNULL)

    async def kill(self, command: str) -> None:
        """End one as a power cut does, and start another."""
        self.running[command].send_signal(signal.SIGKILL)
        await self.running[command].wait()
        await self.start(command)

    async def stop(self) -> None:
        """Ask all to end, and see that they do."""
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        codes = [await process.wait() for process in self.running.values()]
        assert codes == [0] * len(codes)

    async def _start(self, *arguments: str, stdout: int) -> asyncio.subprocess.Process:
        log = (self.folder / "log").open("ab")
        try:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "notifier",
                *arguments,
                cwd=self.folder,
                env=self.surroundings,
                stdout=stdout,
                stderr=log,
            )
        finally:
            log.close()


@dataclass
class Hook:
    """The endpoint of the second program: verifies what comes, and keeps it by its id."""

    secret: str = ""
    seen: dict[str, Any] = field(default_factory=dict)
    tries: int = 0

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        event: Any = from_http_event(HTTPMessage(headers, body))
        if event.get_type() == "endpoint.challenge":
            return web.json_response({"challenge": event.get_data()["challenge"]})
        Webhook(self.secret).verify(body, headers)
        assert headers["webhook-id"] == event.get_id()
        self.tries += 1
        self.seen[event.get_id()] = event
        return web.Response(status=204)


@asynccontextmanager
async def receiving(hook: Hook) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_post("/hook", hook.take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


async def until(true: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for something that comes true by itself."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while asyncio.get_running_loop().time() < deadline:
        if await true():
            return
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 0.3)
        except TimeoutError:
            continue
    raise AssertionError(what)


@dataclass
class Client:
    """The second program at our doors."""

    session: ClientSession
    address: str
    key: str

    async def ask(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """Call, again if nobody answers: the program may be starting anew."""
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        answered: list[Any] = []

        async def call() -> bool:
            try:
                async with self.session.request(
                    method, f"{self.address}/v1{path}", headers=headers, **more
                ) as answer:
                    if answer.status in {429, 503}:
                        return False
                    assert answer.status == status, (path, answer.status, await answer.text())
                    answered.append(await answer.json())
            except ClientError:
                return False
            return True

        await until(call, f"{method} {path}")
        return answered[0]

    async def all(self, path: str, **query: str) -> list[Any]:
        """Read a list to its end."""
        found: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.ask("GET", path, params={**query, **cursor, "limit": "200"})
            found += page["items"]
            if page["next"] is None:
                return found
            cursor = {"cursor": page["next"]}

    async def feed(self) -> dict[str, Any]:
        """Read the feed from its beginning, by id."""
        found: dict[str, Any] = {}
        after = ""
        while True:
            page = await self.ask("GET", "/feed", params={"after": after, "limit": "500"})
            if not page["items"]:
                return found
            found |= {each["id"]: each for each in page["items"]}
            after = page["next"]


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
    """Post the fact that an office has applied."""
    attributes = {"type": "cpdl.applied", "source": "/second-program", "id": str(index), "specversion": "1.0"}
    now = {"subject": f"office/{number(index)}", "time": STARTED}
    message = to_structured_event(CloudEvent(attributes | now, {"paid": False}))
    kind = {"Content-Type": message.headers["content-type"]}
    await client.ask("POST", "/events", 202, data=message.body, headers=kind)


@pytest.mark.pg
@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_second_program_finds_the_same_truth_behind_every_door(program: Program) -> None:
    await program.says("migrate")
    scopes = [word for each in SCOPES for word in ("--scope", each)]
    key = await program.says(
        "key", "create", "--as", "operator", "--authority", CITY, "--label", "second", *scopes
    )
    await program.start("serve")
    await program.start("work")
    hook = Hook()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(ClientSession())
        url = await stack.enter_async_context(receiving(hook))
        client = Client(session, program.address, key)
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
        await program.kill("work")
        await until(lambda: _is_settled(client), "all facts are worked out")
        feed = await _agreed(client, hook)
        await _same_obligations(client, feed)
        await _same_days(program, client)
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
