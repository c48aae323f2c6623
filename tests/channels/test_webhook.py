"""Webhooks over real HTTP, to endpoints that do everything an endpoint may do wrong."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

import pytest

from notifier.channels.addresses import read_networks
from notifier.channels.signing import verify
from notifier.channels.webhook import CONTENT_TYPE, Endpoint, Event, WebhookChannel, event_body
from notifier.domain.receipts import Phase, Receipt, Verdict
from tests.channels.letters import showing

pytestmark = pytest.mark.timeout(30)

NOW = datetime(2026, 3, 6, 0, 0, tzinfo=UTC)
SECRET, OLD_SECRET = bytes(range(32)), bytes(range(1, 33))
EVENT = Event(
    "evt_1",
    "https://notifier.example.jp",
    "deadline.changed",
    "office/1270000001",
    datetime(2026, 3, 6, 9, 0, tzinfo=timezone(timedelta(hours=9))),
    {"deadline": "platform-subsidy/apply", "office": "訪問介護B"},
)
BODY = event_body(EVENT)
LOOPBACK = read_networks(["127.0.0.0/8", "::1/128"])
OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass
class Sink:
    """Reads requests from raw sockets and answers as told; notes what it was sent."""

    answer: bytes | Callable[[asyncio.StreamWriter], Awaitable[None]] = OK
    port: int = 0
    connections: int = 0
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                first, *lines = head.strip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.requests.append((first, headers, body))
                if callable(self.answer):
                    await self.answer(writer)
                else:
                    writer.write(self.answer)
                    await writer.drain()
                    if b"close" in self.answer or not self.answer.startswith(b"HTTP"):
                        break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()


@asynccontextmanager
async def listening(sink: Sink, context: ssl.SSLContext | None = None) -> AsyncIterator[Sink]:
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await sink.serve(reader, writer)
        tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def post(url: str, *, seconds: float = 5, allowed: bool = True, plain_http: bool = True) -> Receipt:
    networks = LOOPBACK if allowed else ()
    async with WebhookChannel(allowed=networks, plain_http=plain_http, seconds=seconds) as way:
        return await way.post(Endpoint(url, (SECRET, OLD_SECRET)), EVENT.id, BODY, NOW)


def test_an_event_is_cloudevents_json_with_instants_in_utc() -> None:
    assert json.loads(BODY) == {
        "specversion": "1.0",
        "id": "evt_1",
        "source": "https://notifier.example.jp",
        "type": "deadline.changed",
        "subject": "office/1270000001",
        "time": "2026-03-06T00:00:00Z",
        "datacontenttype": "application/json",
        "data": {"deadline": "platform-subsidy/apply", "office": "訪問介護B"},
    }
    assert "訪問介護B".encode() in BODY
    assert event_body(EVENT) == BODY


def test_a_national_event_has_no_subject() -> None:
    assert "subject" not in json.loads(event_body(Event("e", "s", "t", None, NOW, {})))


async def test_a_post_arrives_signed_by_both_secrets() -> None:
    async with listening(Sink()) as sink:
        receipt = await post(sink.url)
    assert receipt == Receipt(Verdict.ACCEPTED, 204, "No Content", Phase.DONE)
    [(first, headers, body)] = sink.requests
    assert first == "POST /hook HTTP/1.1"
    assert headers["content-type"] == CONTENT_TYPE
    assert body == BODY
    for secret in (SECRET, OLD_SECRET):
        signed = headers["webhook-id"], headers["webhook-timestamp"], headers["webhook-signature"]
        assert verify(secret, *signed, NOW, body)


async def test_connections_are_kept_alive() -> None:
    async with listening(Sink()) as sink, WebhookChannel(allowed=LOOPBACK, plain_http=True) as way:
        for _ in range(5):
            await way.post(Endpoint(sink.url, (SECRET,)), EVENT.id, BODY, NOW)
    assert len(sink.requests) == 5
    assert sink.connections == 1


@pytest.mark.parametrize(
    "answer, verdict, code",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Verdict.ACCEPTED, 200),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", Verdict.DEFERRED, 500),
        (b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", Verdict.DEFERRED, 400),
        (b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", Verdict.REFUSED, 410),
        (b"junk\r\n", Verdict.DEFERRED, None),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 1_000_000 + b"\r\n\r\n", Verdict.DEFERRED, None),
    ],
    ids=["200", "500", "400", "410", "junk", "huge-header"],
)
async def test_w1_w2_w5_the_answer_is_judged(answer: bytes, verdict: Verdict, code: int | None) -> None:
    async with listening(Sink(answer)) as sink:
        receipt = await post(sink.url)
    assert (receipt.verdict, receipt.code) == (verdict, code)
    assert receipt.disable is (code == 410)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_w3_a_redirect_is_a_failure_and_is_not_followed(status: int) -> None:
    async with listening(Sink()) as inside:
        answer = f"HTTP/1.1 {status} Go\r\nLocation: {inside.url}\r\nContent-Length: 0\r\n\r\n"
        async with listening(Sink(answer.encode())) as sink:
            receipt = await post(sink.url)
    assert (receipt.verdict, receipt.code) == (Verdict.DEFERRED, status)
    assert inside.requests == []


async def test_w4_the_wait_that_the_endpoint_asks_for_is_noted() -> None:
    answer = b"HTTP/1.1 429 Slow down\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"
    async with listening(Sink(answer)) as sink:
        receipt = await post(sink.url)
    assert receipt.retry_after == timedelta(seconds=120)


async def test_w5_an_endless_body_is_cut_off() -> None:
    sent = 0

    async def pour(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65536)
            sent += 65536
            await writer.drain()

    async with listening(Sink(pour)) as sink:
        receipt = await post(sink.url)
    assert receipt.verdict is Verdict.ACCEPTED
    assert sent < 50_000_000


async def test_w5_what_is_packed_stays_packed() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nbomb!"
    async with listening(Sink(answer)) as sink:
        receipt = await post(sink.url)
    assert receipt.verdict is Verdict.ACCEPTED
    assert sink.requests[0][1]["accept-encoding"] == "identity"


async def test_w1_silence_and_dripping_end_when_the_time_is_up() -> None:
    async def drip(writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await asyncio.sleep(0.05)

    async with listening(Sink(drip)) as sink:
        receipt = await post(sink.url, seconds=0.4)
    assert (receipt.verdict, receipt.code, receipt.phase) == (Verdict.DEFERRED, None, Phase.CONNECT)


async def test_w1_a_body_that_never_ends_its_2xx_is_still_accepted() -> None:
    async def stall(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
        await asyncio.Event().wait()

    async with listening(Sink(stall)) as sink:
        receipt = await post(sink.url, seconds=0.4)
    assert (receipt.verdict, receipt.code) == (Verdict.ACCEPTED, 200)


async def test_w1_a_refused_connection_is_deferred() -> None:
    async with listening(Sink()) as sink:
        pass
    assert (await post(sink.url)).verdict is Verdict.DEFERRED


async def test_w1_an_untrusted_certificate_is_deferred_and_gets_nothing() -> None:
    async with listening(Sink(), showing("right.pem")) as sink:
        receipt = await post(f"https://localhost:{sink.port}/hook")
    assert receipt.verdict is Verdict.DEFERRED
    assert "certificate" in receipt.text.lower()
    assert sink.requests == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:7f00:1]",
        "127.1",
        "0x7f.1",
        "0177.0.0.1",
        "2130706433",
        "１２７．０．０．１",
        "0",
    ],
)
async def test_f4_nothing_inside_is_ever_connected_to(host: str) -> None:
    async with listening(Sink()) as sink:
        receipt = await post(f"http://{host}:{sink.port}/hook", allowed=False)
    assert sink.connections == 0
    assert receipt.verdict in {Verdict.REFUSED, Verdict.DEFERRED}
    assert receipt.code is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:7f00:1]", "169.254.169.254", "10.0.0.1"])
async def test_i14_an_address_inside_is_refused_for_good(host: str) -> None:
    receipt = await post(f"https://{host}/hook", allowed=False, plain_http=False)
    assert (receipt.verdict, receipt.phase) == (Verdict.REFUSED, Phase.CONNECT)
    assert "not a public address" in receipt.text


@pytest.mark.parametrize(
    "url",
    [
        "http://example.jp/hook",
        "ftp://example.jp/hook",
        "https:///hook",
        "https://user:secret@127.0.0.1/hook",
        "hook",
        "",
        "https://[::1/hook",
        "https://example.jp:99999/hook",
        "file:///etc/passwd",
    ],
)
async def test_an_address_of_another_kind_is_refused_for_good(url: str) -> None:
    receipt = await post(url, plain_http=False)
    assert (receipt.verdict, receipt.code, receipt.phase) == (Verdict.REFUSED, None, Phase.CONNECT)
    assert "secret" not in receipt.text


async def test_a_proxy_from_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening(Sink()) as proxy, listening(Sink()) as sink:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        assert (await post(sink.url)).verdict is Verdict.ACCEPTED
    assert proxy.connections == 0


def test_secrets_are_not_printed() -> None:
    assert "secrets" not in repr(Endpoint("https://example.jp", (SECRET,)))
