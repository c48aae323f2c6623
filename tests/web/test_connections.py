import asyncio
import json
from collections.abc import AsyncIterator
from time import monotonic
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession
from structlog.testing import capture_logs

from notifier.web.connections import Guard
from tests.web.town import Town, town

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(scope="module")
async def strict(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with town(tmp_path_factory.mktemp("strict"), offices=(), guard=Guard(most=5, seconds=0.5)) as found:
        yield found


async def connect(strict: Town) -> Streams:
    address = urlsplit(strict.address)
    return await asyncio.open_connection(address.hostname, address.port)


async def end_of(streams: Streams) -> float:
    """Wait until the other side ends the connection; return after how many seconds."""
    begun = monotonic()
    try:
        async with asyncio.timeout(5):
            await streams[0].read()
    except ConnectionResetError:
        pass
    streams[1].close()
    return monotonic() - begun


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_a_connection_that_never_finishes_its_header_is_cut(strict: Town, said: bytes) -> None:
    streams = await connect(strict)
    streams[1].write(said)
    assert 0.3 < await end_of(streams) < 2


async def test_somebody_who_goes_away_in_the_middle_of_a_form_is_no_fault(
    strict: Town, visitor: ClientSession
) -> None:
    with capture_logs() as told:
        _, writer = await connect(strict)
        head = "POST /clock HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n"
        kind = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n"
        writer.write(f"{head}{kind}to=2026".encode())
        await writer.drain()
        async with visitor.get(f"{strict.address}/healthz") as answer:
            assert answer.status == 200
        writer.close()
        await writer.wait_closed()
        while strict.guard.count > 1:
            async with visitor.get(f"{strict.address}/healthz") as answer:
                assert answer.status == 200
    assert [each for each in told if each["log_level"] == "error"] == []


async def test_a_connection_that_drips_is_cut_all_the_same(strict: Town) -> None:
    reader, writer = await connect(strict)
    writer.write(b"GET / HTTP/1.1\r\n")
    begun = monotonic()
    while monotonic() - begun < 5:
        writer.write(b"X: y\r\n")
        try:
            async with asyncio.timeout(0.1):
                if not await reader.read():
                    break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    writer.close()
    assert 0.3 < monotonic() - begun < 2


async def test_more_connections_than_allowed_are_cut_and_leave_room_again(
    strict: Town, visitor: ClientSession
) -> None:
    held = [await connect(strict) for _ in range(5)]
    surplus = await connect(strict)
    assert await end_of(surplus) < 0.4
    for streams in held:
        await end_of(streams)
    async with visitor.get(f"{strict.address}/healthz") as answer:
        assert answer.status == 200
    assert strict.guard.count <= 1


async def test_a_connection_may_ask_again_and_is_cut_when_it_stays_silent(strict: Town) -> None:
    reader, writer = await connect(strict)
    for _ in range(2):
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"ok\n")).startswith(b"HTTP/1.1 200")
    assert 0.3 < await end_of((reader, writer)) < 2


async def test_the_name_of_the_site_leads_to_it(strict: Town) -> None:
    assert strict.address.startswith("http://127.0.0.1:")
    assert urlsplit(strict.address).port


async def test_what_is_no_http_is_told_so_and_not_repeated(strict: Town) -> None:
    reader, writer = await connect(strict)
    writer.write(b"GET /secret-word\x01 NONSENSE\r\n\r\n")
    said = await reader.read()
    writer.close()
    head, _, body = said.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
    assert b"application/problem+json" in head
    assert b"Server: notifier" in head
    assert b"secret-word" not in said
    assert json.loads(body)["code"] == "no-http"
