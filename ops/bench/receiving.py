"""H5: events that come in signed, each kept before it is answered; the limit is a handler that verifies and keeps nothing.

The same requests come from the same process over the same number of connections, to the one and then to the other.
"""

import asyncio
import json
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web
from pydantic import SecretStr

from notifier import log
from notifier.channels.recorder import RecorderChannel
from notifier.channels.signing import headers, verify
from notifier.clock import TurnedClock
from notifier.keyring import WantedKey
from notifier.service import Service
from notifier.settings import Settings
from notifier.steps.enrol import enrol
from notifier.store.enrolment import Enrolled
from ops.bench.figures import line, measured

CONNECTIONS, SENDERS, ROUNDS = 64, 24, 3
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
        ratios = []
        async with service.door():
            port = settings.http_port
            bare, runner = await _bare(dict(senders), clock.now)
            for turn in range(ROUNDS):
                wanted = _requests(count, turn, senders, clock.now())
                limit = await _load(bare, wanted)
                with measured(*watched) as taken:
                    seconds = await _load(port, wanted)
                ratios.append((limit / seconds, count / seconds, count / limit, taken.cost / count))
            await runner.cleanup()
    ratio, rate, most, cost = sorted(ratios)[len(ratios) // 2]
    gate, aim = (0.8, 0.95) if service.database.dialect == "postgresql" else (0.5, 0.8)
    line(
        f"H5 events in, {service.database.dialect}",
        f"{rate:,.0f}/s",
        f"{most:,.0f}/s (verifies, keeps nothing)",
        f"{ratio:.2f} ×",
        f"CPU {1e6 * cost:.0f} µs each; gate {gate}, aim {aim}",
    )


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _requests(count: int, turn: int, senders: Sequence[tuple[str, bytes]], now: datetime) -> list[bytes]:
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


async def _bare(secrets: Mapping[str, bytes], now: Callable[[], datetime]) -> tuple[int, web.AppRunner]:
    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        message, at, signed = (
            request.headers[f"webhook-{each}"] for each in ("id", "timestamp", "signature")
        )
        json.loads(body)
        secret = secrets[request.query["sender"]]
        return web.Response(status=202 if verify(secret, message, at, signed, now(), body) else 401)

    application = web.Application()
    application.router.add_post("/v1/events", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return int(runner.addresses[0][1]), runner


async def _load(port: int, wanted: list[bytes]) -> float:
    """Send the requests from a process of its own; returns the seconds it took."""
    with tempfile.NamedTemporaryFile(prefix="notifier-bench-") as file:
        await asyncio.to_thread(Path(file.name).write_bytes, b"\n\0\n".join(wanted))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            _LOAD,
            str(port),
            str(CONNECTIONS),
            file.name,
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
    seconds, wrong = json.loads(said)
    if wrong:
        raise SystemExit(f"{wrong} events were not taken")
    return float(seconds)
