"""H5: events that come in signed, each kept before it is answered, beside two bare handlers of aiohttp.

One verifies and keeps nothing: the limit. The other verifies and makes the same insert into the same table in the simplest
groups, what came while the last was written: what durability costs anybody. Both read the body and the headers as they
must, share the process and its event loop with the product, and wait on the same database; nothing else contends with
them. The same requests come from the same process over the same number of connections, to each in turn.
"""

import asyncio
import json
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, TypeAlias

from aiohttp import web
from pydantic import SecretStr

from notifier import log
from notifier.channels.recorder import RecorderChannel
from notifier.channels.signing import headers, verify
from notifier.clock import TurnedClock
from notifier.keyring import WantedKey
from notifier.running import settled
from notifier.service import Service
from notifier.settings import Settings
from notifier.steps.enrol import enrol
from notifier.store import facts
from notifier.store.database import Database
from notifier.store.enrolment import Enrolled
from ops.bench.figures import line, measured

CONNECTIONS, SENDERS, ROUNDS = 64, 24, 3
ALONE: Final = 40
"""Of so many events one sender, who waits for each answer, sends one."""
OFFICE = "9900000001"

_LOAD = """
import asyncio, json, sys, time
import uvloop
port, connections, file = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
requests = open(file, "rb").read().split(b"\\n\\0\\n")
left = iter(requests)
wrong = 0
class Client(asyncio.Protocol):
    def __init__(self, done): self.done, self.rest = done, b""
    def connection_made(self, transport):
        self.transport = transport
        self.send()
    def send(self):
        following = next(left, None)
        if following is None:
            self.transport.close()
            self.done.set_result(None) if not self.done.done() else None
        else:
            self.transport.write(following)
    def data_received(self, data):
        global wrong
        self.rest += data
        head, found, body = self.rest.partition(b"\\r\\n\\r\\n")
        if not found: return
        at = head.lower().index(b"content-length:") + 15
        if len(body) < int(head[at:].split(b"\\r\\n", 1)[0]): return
        wrong += not head.startswith(b"HTTP/1.1 202")
        self.rest = b""
        self.send()
async def main():
    loop = asyncio.get_running_loop()
    waits = []
    began = time.perf_counter()
    for _ in range(connections):
        done = loop.create_future()
        await loop.create_connection(lambda: Client(done), "127.0.0.1", port)
        waits.append(done)
    await asyncio.gather(*waits)
    print(json.dumps([time.perf_counter() - began, wrong]), flush=True)
uvloop.run(main())
"""


async def measure(url: str, count: int, *watched: int) -> None:
    """Take in `count` signed events, some rounds of it, and let the bare handler answer as many in between."""
    log.set_up("json", "warning")
    settings = Settings(database_url=SecretStr(url), secret_key=SecretStr("k" * 40), http_port=_free_port())
    clock = TurnedClock(datetime(2026, 11, 22, 1, tzinfo=UTC))
    async with Service.open(settings, clock=clock, channel=RecorderChannel()) as service:
        await service.migrate()
        await enrol(service.tools, [Enrolled(OFFICE, "例", ("43",), "121002", "120006", ())], "bench")
        wanted_key = WantedKey("", "editor", ("events:write",), "bench")
        names = [(await service.create_key(wanted_key)).partition(".")[0] for _ in range(SENDERS)]
        senders = [(name, service.exchange.secret_of(f"inbound {name}")) for name in names]

        async def figures(size: int, turn: int, connections: int) -> Figures:
            wanted = _requests(size, f"{turn}-{connections}", senders, clock.now())
            first, second = [await _load(port, wanted, connections) for port in (limit, keeping)]
            with measured(*watched) as taken:
                seconds = await _load(settings.http_port, wanted, connections)
            return size / first, size / second, size / seconds, taken.cost / size

        keep = partial(_insert, service.database)
        bare = partial(_bare, dict(senders), clock.now)
        async with service.door(), bare(None) as limit, bare(keep) as keeping:
            with settled():
                many = [await figures(count, turn, CONNECTIONS) for turn in range(ROUNDS)]
                alone = [await figures(count // ALONE, turn, 1) for turn in range(ROUNDS)]
    gate, aim = (0.8, 0.95) if service.database.dialect == "postgresql" else (0.5, 0.8)
    cost = sorted(each[3] for each in many)[len(many) // 2]
    remark = f"CPU {1e6 * cost:.0f} µs each; gate {gate}, aim {aim}"
    _tell(f"H5 events in, {service.database.dialect}", many, remark)
    _tell(f"  one sender, {service.database.dialect}", alone, "")


Figures: TypeAlias = tuple[float, float, float, float]
"""Events a second of the limit, of the bare handler that keeps, of the product; the product's seconds of CPU for one."""


def _tell(name: str, found: Sequence[Figures], remark: str) -> None:
    limit, keeping, product, _ = sorted(found, key=lambda each: each[2] / each[0])[len(found) // 2]
    told = f"{product:,.0f}/s"
    line(name, told, f"{limit:,.0f}/s (verifies, keeps nothing)", f"{product / limit:.2f} ×", remark)
    line(name, told, f"{keeping:,.0f}/s (bare, same insert)", f"{product / keeping:.2f} ×")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _requests(count: int, turn: str, senders: Sequence[tuple[str, bytes]], now: datetime) -> list[bytes]:
    found = []
    for number in range(count):
        name, secret = senders[number % len(senders)]
        event = {
            "specversion": "1.0",
            "id": f"{turn}-{number}",
            "source": "urn:example:bench",
            "type": "cpdl.linked",
            "subject": f"office/{OFFICE}",
            "time": "2026-11-22T09:00:00+09:00",
            "data": {"partner": f"12{number % 100_000_000:08d}"},
        }
        body = json.dumps(event).encode()
        signed = headers((secret,), f"msg_{turn}_{number}", now, body)
        fields = "".join(f"{key}: {value}\r\n" for key, value in signed.items())
        head = (
            f"POST /v1/events?sender={name} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/cloudevents+json\r\n"
            f"{fields}Content-Length: {len(body)}\r\n\r\n"
        )
        found.append(head.encode() + body)
    return found


Row: TypeAlias = tuple[Any, ...]


async def _insert(database: Database, rows: Sequence[Row]) -> None:
    """Keep events by the statement by which the product keeps them, and nothing beside."""
    async with database.transaction() as conn:
        await facts.FRESH_EVENTS.insert(conn, sorted(rows))


def _row(event: Mapping[str, Any], body: bytes, now: datetime) -> Row:
    name = ("", f"bare {event['source']}", event["id"])
    digest = blake2b(body, digest_size=16).hexdigest()
    about = event["type"], event["subject"], event["data"]
    return (*name, "", *about, datetime.fromisoformat(event["time"]), now, digest, None, None, "applied", "")


class _Keeper:
    """Keeps what came while the last group was written, and lets each who waits go on."""

    def __init__(self, keep: Callable[[Sequence[Row]], Awaitable[None]]) -> None:
        self._keep = keep
        self._waiting: list[tuple[Row, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    def take(self, row: Row) -> asyncio.Future[None]:
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, kept))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return kept

    async def _write(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            await self._keep([row for row, _ in group])
            for _, kept in group:
                kept.set_result(None)
        self._writing = None


@asynccontextmanager
async def _bare(
    secrets: Mapping[str, bytes],
    now: Callable[[], datetime],
    keep: Callable[[Sequence[Row]], Awaitable[None]] | None,
) -> AsyncIterator[int]:
    """Let a bare handler answer, which keeps nothing without `keep`; yield its port."""
    keeper = None if keep is None else _Keeper(keep)

    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        message, at, signed = (
            request.headers[f"webhook-{each}"] for each in ("id", "timestamp", "signature")
        )
        event = json.loads(body)
        if not verify(secrets[request.query["sender"]], message, at, signed, now(), body):
            return web.Response(status=401)
        if keeper is not None:
            await keeper.take(_row(event, body, now()))
        return web.Response(status=202)

    application = web.Application()
    application.router.add_post("/v1/events", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def _load(port: int, wanted: list[bytes], connections: int) -> float:
    """Send the requests from a process of its own; returns the seconds it took."""
    with tempfile.NamedTemporaryFile(prefix="notifier-bench-") as file:
        await asyncio.to_thread(Path(file.name).write_bytes, b"\n\0\n".join(wanted))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _LOAD,
            str(port),
            str(connections),
            file.name,
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
    seconds, wrong = json.loads(said)
    if wrong:
        raise SystemExit(f"{wrong} events were not taken")
    return float(seconds)
