"""The demonstration's mailbox, spoken to by our channel, by a library of others and by raw sockets."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiosmtplib
import pytest

from notifier.channels.email import EmailChannel
from notifier.channels.mailbox import FULL, LARGEST, Mailbox, Received
from notifier.channels.relay import Relay
from notifier.clock import TurnedClock
from notifier.domain.receipts import Verdict
from notifier.errors import ChannelError
from tests.channels.letters import QUICK, SENDER, Gate, parcels, send

pytestmark = pytest.mark.timeout(30)
NOON = datetime(2026, 3, 6, 3, 0, tzinfo=UTC)


class Shelf:
    """Where the tests' mailbox puts what it gets."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.batches = 0
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, messages: Sequence[Received]) -> None:
        await self.open.wait()
        self.batches += 1
        self.received.extend(messages)


@asynccontextmanager
async def mailbox() -> AsyncIterator[tuple[Shelf, int]]:
    """A mailbox that has handed on everything when the block is left."""
    shelf = Shelf()
    box = Mailbox(shelf, TurnedClock(NOON).now)
    port = await box.start()
    try:
        yield shelf, port
    finally:
        shelf.open.set()
        await box.stop()


def way(port: int) -> EmailChannel:
    return EmailChannel(Relay("127.0.0.1", port, "none", timeouts=QUICK), SENDER)


async def test_letters_arrive_as_they_were_sent_in_batches() -> None:
    async with mailbox() as (shelf, port):
        receipts = await send(way(port), parcels(200))
    assert {receipt.verdict for receipt in receipts.values()} == {Verdict.ACCEPTED}
    assert sorted(letter.recipient for letter in shelf.received) == sorted(
        letter.recipient for letter in parcels(200)
    )
    assert {letter.received_at for letter in shelf.received} == {NOON}
    assert all(letter.content.startswith(b"From: ") for letter in shelf.received)
    assert shelf.batches < 200


async def test_the_library_of_others_can_deliver_too() -> None:
    content = b"Subject: x\r\n\r\n.\r\n..two\r\nlast without end"
    async with (
        mailbox() as (shelf, port),
        aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client,
    ):
        await client.noop()
        await client.sendmail("a@example.jp", ["b@example.jp", "c@example.jp"], content)
        await client.rset()
    assert [letter.recipient for letter in shelf.received] == ["b@example.jp", "c@example.jp"]
    assert shelf.received[0].content == content + b"\r\n"


async def talk(port: int, *chunks: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for chunk in chunks:
        writer.write(chunk)
        await writer.drain()
        await asyncio.sleep(0.02)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_dialogue_in_one_write_or_octet_by_octet_is_the_same() -> None:
    whole = (
        b"EHLO me\r\nMAIL FROM:<a@example.jp>\r\nRCPT TO:<b@example.jp>\r\nDATA\r\n"
        b"Subject: x\r\n\r\n..dot\r\n.\r\n"
        b"MAIL FROM:<a@example.jp>\r\nRCPT TO:<c@example.jp>\r\nDATA\r\n.\r\nQUIT\r\n"
    )
    async with mailbox() as (shelf, port):
        at_once = await talk(port, whole)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for place in range(len(whole)):
            writer.write(whole[place : place + 1])
            await writer.drain()
        octet_by_octet = await reader.read()
        writer.close()
    assert at_once == octet_by_octet
    assert [(letter.recipient, letter.content) for letter in shelf.received] == [
        ("b@example.jp", b"Subject: x\r\n\r\n.dot\r\n"),
        ("c@example.jp", b""),
    ] * 2


@pytest.mark.parametrize(
    "spoken, answered",
    [
        (b"RCPT TO:<b@example.jp>\r\n", b"503"),
        (b"MAIL FROM:<a>\r\nRCPT TO:b\r\n", b"503"),
        (b"MAIL FROM:<a>\r\nMAIL FROM:<a>\r\n", b"503"),
        (b"MAIL FROM:<a>\r\nDATA\r\n", b"503"),
        (b"VRFY x\r\n", b"502"),
        (b"HELO me\r\n", b"250"),
        (b"NOOP\r\n", b"250"),
        (b"x" * 5000, b"421"),
        (b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n" + b"x" * (LARGEST + 1), b"421"),
    ],
)
async def test_what_makes_no_sense_is_answered_and_kept_from_the_shelf(
    spoken: bytes, answered: bytes
) -> None:
    async with mailbox() as (shelf, port):
        answer = await talk(port, spoken)
    assert answer.splitlines()[-1].startswith(answered)
    assert shelf.received == []


async def test_a_full_mailbox_reads_on_when_its_shelf_has_room() -> None:
    async with mailbox() as (shelf, port):
        shelf.open.clear()
        sending = asyncio.create_task(send(way(port), parcels(FULL + 600)))
        done, _ = await asyncio.wait([sending], timeout=2)
        assert not done
        shelf.open.set()
        receipts = await sending
    assert len(receipts) == len(shelf.received) == FULL + 600


async def test_a_mailbox_listens_on_loopback_only() -> None:
    box = Mailbox(Shelf(), TurnedClock(NOON).now)
    with pytest.raises(ChannelError, match="loopback"):
        await box.start("0.0.0.0")
    await box.stop()


async def test_a_port_that_is_taken_is_named() -> None:
    async with mailbox() as (_, port):
        box = Mailbox(Shelf(), TurnedClock(NOON).now)
        with pytest.raises(ChannelError, match=str(port)):
            await box.start(port=port)


async def test_the_gate_is_asked_for_what_the_mailbox_gets() -> None:
    gate = Gate(lambda key, _: key == "k1")
    async with mailbox() as (shelf, port):
        await send(way(port), parcels(2), gate)
    assert [letter.recipient for letter in shelf.received] == ["k2@office.example.jp"]
