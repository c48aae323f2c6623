"""H4: messages posted to endpoints, each outcome durable; the limit is aiohttp's own client in a bare loop.

Both sign the same events and post them to the same sink (a process of its own), 32 in flight: the bare loop with 32
workers, the product with eight endpoints of four each.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
from sqlalchemy import text

from notifier.channels.addresses import read_networks
from notifier.channels.signing import headers
from notifier.channels.webhook import CONTENT_TYPE, WebhookChannel
from notifier.exchange import Exchange
from notifier.running import settled
from notifier.steps.attach import Fresh, Salt, attach, resume
from notifier.steps.herald import herald
from notifier.steps.post import post
from notifier.store.endpoints import Wanted
from notifier.tools import Tools
from ops.bench.figures import line, measured

ENDPOINTS, IN_FLIGHT = 8, 4
ROUNDS = 3
LOOPBACK = read_networks(["127.0.0.0/8"])

_SINK = """
import asyncio, sys
import uvloop
ANSWER = b"HTTP/1.1 204 No Content\\r\\n\\r\\n"
class Sink(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.left, self.rest = transport, 0, b""
    def data_received(self, data):
        while data:
            if self.left:
                self.left -= len(data)
                if self.left > 0:
                    return
                data = data[len(data) + self.left:] if self.left < 0 else b""
                self.left = 0
                self.transport.write(ANSWER)
                continue
            data, self.rest = self.rest + data, b""
            head, found, data = data.partition(b"\\r\\n\\r\\n")
            if not found:
                self.rest = head
                return
            lower = head.lower()
            at = lower.index(b"content-length:") + 15
            self.left = int(lower[at:].split(b"\\r\\n", 1)[0])
async def main():
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
uvloop.run(main())
"""


async def measure(bench: Tools, count: int, *watched: int) -> None:
    """Post `count` messages about offices, some rounds of it, and the same number by the bare loop in between."""
    async with _sink() as (port, number):
        way = WebhookChannel(allowed=LOOPBACK, plain_http=True)
        async with way:
            exchange = Exchange(way, "a key of the bench that is long enough", "https://notifier.example.jp")
            await _attach(bench, exchange, port)
            ratios = []
            with settled():
                for turn in range(ROUNDS):
                    bare = await _bare(port, count)
                    await _happen(bench, count // ENDPOINTS, turn)
                    with measured(*watched, number) as taken:
                        await post(bench, exchange)
                    done = await _count(bench, "SELECT count(*) FROM posting WHERE state = 'delivered'")
                    if done != (turn + 1) * count:
                        raise SystemExit(f"{done} messages were delivered instead of {(turn + 1) * count}")
                    ratios.append(
                        (bare / taken.elapsed, count / taken.elapsed, count / bare, taken.cost / count)
                    )
    ratio, rate, limit, cost = sorted(ratios)[len(ratios) // 2]
    line(
        f"H4 webhooks, {bench.database.dialect}",
        f"{rate:,.0f}/s",
        f"{limit:,.0f}/s (client's own loop)",
        f"{ratio:.2f} ×",
        f"CPU {1e6 * cost:.0f} µs each; gate 0.65, aim 0.9",
    )


@asynccontextmanager
async def _sink() -> AsyncIterator[tuple[int, int]]:
    """Start the sink; yield its port and its process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _SINK, stdout=asyncio.subprocess.PIPE
    )
    try:
        if process.stdout is None:
            raise SystemExit("the sink cannot be heard")
        yield int(await process.stdout.readline()), process.pid
    finally:
        process.terminate()
        await process.wait()


async def _attach(bench: Tools, exchange: Exchange, port: int) -> None:
    for number in range(ENDPOINTS):
        url = f"http://127.0.0.1:{port}/{number}"
        salt = Salt(f"salt{number}", exchange.fingerprint(f"salt{number}"))
        fresh = Fresh(f"{number:06d}", url, Wanted(), "", "", IN_FLIGHT)
        made = await attach(bench, fresh, salt, "bench")
        await resume(bench, made, "bench", latest_only=False)


async def _happen(bench: Tools, each: int, turn: int) -> None:
    """Write down messages for every listener, as a derivation does, and fan them out."""
    data = {
        "deadline": "example/report",
        "occurrence": 0,
        "title": "年次報告書の提出（例）",
        "modality": "required",
        "state": "open",
        "due": {"opens": None, "earliest": "2027-02-26", "latest": "2027-02-26", "wording": "2月26日まで"},
        "sources": [{"notice": "example-2026-04", "place": "別紙1 7(2)"}],
    }
    at = bench.now()
    async with bench.database.transaction() as conn:
        kept = text("INSERT INTO happening (at, data) VALUES (:at, :data) RETURNING id")
        written = json.dumps(data, ensure_ascii=False)
        at_as_kept: object = at
        if bench.database.dialect == "sqlite":
            at_as_kept = at.replace(tzinfo=None).isoformat(" ")
        happening = (await conn.execute(kept, {"at": at_as_kept, "data": written})).scalar_one()
        message = text(
            "INSERT INTO message (type, at, subject, deadline, occurrence, listener_id, happening_id, gathered, state)"
            " VALUES ('obligation.created', :at, :subject, 'example/report', 0, :listener, :happening, '', '')"
        )
        rows = [
            {
                "at": at_as_kept,
                "subject": f"office/{turn}{number:09d}",
                "listener": listener + 1,
                "happening": happening,
            }
            for listener in range(ENDPOINTS)
            for number in range(each)
        ]
        await conn.execute(message, rows)
    while await _count(bench, "SELECT count(*) FROM message WHERE batch IS NULL"):
        await herald(bench)
    async with bench.database.transaction() as conn:
        await conn.execute(text("ANALYZE"))


async def _count(bench: Tools, query: str) -> int:
    async with bench.database.reading() as conn:
        return int((await conn.execute(text(query))).scalar_one())


async def _bare(port: int, count: int) -> float:
    """Post as many events by aiohttp alone: JSON, signature, answer read; nothing kept. Returns the seconds."""
    secret = bytes(range(32))
    event = {
        "specversion": "1.0",
        "source": "https://notifier.example.jp",
        "type": "obligation.created",
        "datacontenttype": "application/json",
        "data": {
            "deadline": "example/report",
            "title": "年次報告書の提出（例）",
            "wording": "2月26日まで" * 8,
        },
    }
    left = iter(range(count))

    async def work(session: aiohttp.ClientSession, url: str) -> None:
        for number in left:
            body = json.dumps(
                event | {"id": f"evt_{number}", "subject": f"office/{number:010d}"}, ensure_ascii=False
            ).encode()
            signed = headers((secret,), f"evt_{number}", datetime.now(UTC), body)
            async with session.post(url, data=body, headers=signed, allow_redirects=False) as answer:
                await answer.read()

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers={"Content-Type": CONTENT_TYPE}) as session:
        with measured() as taken:
            workers = ENDPOINTS * IN_FLIGHT
            await asyncio.gather(
                *(work(session, f"http://127.0.0.1:{port}/{number % ENDPOINTS}") for number in range(workers))
            )
    return taken.elapsed
