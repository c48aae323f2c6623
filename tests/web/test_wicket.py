"""The wicket answers as the usual door does, in the order of the calls, and steps aside for whatever is not plain."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from notifier.channels.signing import headers
from notifier.keyring import Keyring
from notifier.reception import Reception
from notifier.web.api.calls import Entrance
from notifier.web.api.wicket import Done, Wicket
from notifier.web.plain_calls import PlainCall, read
from tests.web.country import PLANS, Country, country

Answer = tuple[int, dict[str, str], Any]


@pytest.fixture
async def land(migrated_url: str) -> AsyncIterator[Country]:
    async with country(migrated_url) as found:
        yield found


def call(land: Country, number: str, *fields: str, **more: Any) -> bytes:
    """Return a signed call as it goes over the wire; with another field than the wicket knows it is no plain one."""
    name = land.keys["office"].partition(".")[0]
    event = {
        "specversion": "1.0",
        "id": number,
        "source": "urn:example:wicket",
        "type": more.get("type", "cpdl.linked"),
        "subject": f"office/{PLANS}",
        "time": "2026-01-21T10:00:00+09:00",
        "data": {"partner": more.get("partner", "1290000009")},
    }
    body = json.dumps(event, ensure_ascii=False).encode()
    secret = more.get("secret", land.service.exchange.secret_of(f"inbound {name}"))
    signed = [
        f"{key}: {value}"
        for key, value in headers((secret,), f"msg_{number}", land.tools.now(), body).items()
    ]
    first = ("Host: 127.0.0.1", "Content-Type: application/cloudevents+json", f"Content-Length: {len(body)}")
    head = "\r\n".join((f"POST /v1/events?sender={name} HTTP/1.1", *first, *signed, *fields, "", ""))
    return head.encode() + body


async def connect(land: Country) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    address = urlsplit(land.address)
    return await asyncio.open_connection(address.hostname, address.port)


async def answer(reader: asyncio.StreamReader) -> Answer:
    """Return the next answer: its status, its fields but for the date, what it says."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    fields = {name: value for name, _, value in (line.partition(": ") for line in lines) if name != "Date"}
    body = await reader.readexactly(int(fields["Content-Length"]))
    return int(first.split()[1]), fields, json.loads(body)


async def test_an_event_is_answered_alike_at_the_wicket_and_at_the_usual_door(land: Country) -> None:
    answers = []
    for odd in ((), ("X-Odd: 1",)):
        reader, writer = await connect(land)
        for number in ("é", "b", "b"):
            writer.write(call(land, number, "X-Request-Id: 12345678", *odd))
            answers.append(await answer(reader))
        writer.close()
    assert answers[:3] == answers[3:]
    assert [(status, said) for status, _, said in answers[:2]] == [
        (202, {"source": "urn:example:wicket", "id": "é"}),
        (202, {"source": "urn:example:wicket", "id": "b"}),
    ]
    kept = (await land.get("/events", "office")).items
    assert sorted(each["event_id"] for each in kept if each["source"] == "urn:example:wicket") == ["b", "é"]


async def test_what_is_refused_is_refused_by_the_usual_door_and_the_connection_goes_on(land: Country) -> None:
    reader, writer = await connect(land)
    statuses = []
    for sent in (
        call(land, "a"),
        call(land, "a", partner="1290000010"),
        call(land, "c"),
        call(land, "d", secret=b"another"),
        call(land, "e", type="no.such"),
        call(land, "f", partner=7),
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ):
        writer.write(sent)
        if b"healthz" in sent:
            statuses.append(int((await reader.read()).split()[1]))
        else:
            statuses.append((await answer(reader))[0])
    assert statuses == [202, 409, 202, 401, 422, 422, 200]
    writer.close()


async def test_calls_that_come_at_once_or_in_pieces_are_answered_in_their_order(land: Country) -> None:
    reader, writer = await connect(land)
    whole = call(land, "p1")
    for piece in (whole[:-20], whole[-20:-5], whole[-5:] + call(land, "p2"), call(land, "p3")):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)
    found = [await answer(reader) for _ in range(3)]
    assert [(status, said["id"]) for status, _, said in found] == [(202, "p1"), (202, "p2"), (202, "p3")]
    writer.close()


async def test_many_senders_at_once_are_each_answered(land: Country) -> None:
    async def send(number: int) -> list[int]:
        reader, writer = await connect(land)
        found = []
        for turn in range(5):
            writer.write(call(land, f"{number}-{turn}"))
            found.append((await answer(reader))[0])
        writer.close()
        return found

    assert await asyncio.gather(*map(send, range(20))) == [[202] * 5] * 20


async def test_a_call_whose_rest_does_not_come_is_answered_by_the_usual_door(land: Country) -> None:
    """Nobody's needs no body to be told so; else that would only be cut."""
    reader, writer = await connect(land)
    kind = "Content-Type: application/cloudevents+json"
    writer.write(f"POST /v1/events HTTP/1.1\r\nHost: x\r\n{kind}\r\nContent-Length: 100\r\n\r\nhalf".encode())
    status, _, said = await answer(reader)
    writer.close()
    assert (status, said["code"]) == (401, "unauthorized")


async def test_whose_connection_breaks_keeps_nobody_waiting_who_came_with_it(land: Country) -> None:
    entrance = Entrance(
        Reception(land.tools), Keyring(land.tools), land.tools.now, exchange=land.service.exchange
    )
    wicket = Wicket(entrance, {})
    taken: asyncio.Queue[bytes | None] = asyncio.Queue()

    def broken(_: object = None) -> Any:
        raise ConnectionResetError

    def come(number: str, done: Done = taken.put_nowait) -> None:
        found = read(call(land, number))
        assert isinstance(found, PlainCall)
        wicket.come(lambda: found, done)

    come("first")  # its key and its source are met
    assert await taken.get() is not None
    come("second")
    wicket.come(broken, taken.put_nowait)
    come("third", broken)
    come("fourth")
    answers = [await taken.get() for _ in range(2)]
    assert all(each is not None and each.startswith(b"HTTP/1.1 202") for each in answers)
    await wicket.close(1)
    assert taken.empty()
