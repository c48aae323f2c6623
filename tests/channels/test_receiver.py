"""Mail comes in over LMTP and SMTP: from real clients of the standard library, and from hostile ones."""

import asyncio
import smtplib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest
import pytest_asyncio

from notifier.channels.receiver import (
    LONGEST_LINE,
    MOST_CONNECTIONS,
    MOST_ERRORS,
    MOST_MAILS,
    MOST_RECIPIENTS,
    Receiver,
)
from notifier.errors import ChannelError

US = "henshin@kigen.example.jp"
MAIL = b"From: a@example.jp\r\nSubject: x\r\n\r\nK7MP-4XQT3\r\n.\r\n..two\r\n"


@dataclass
class Door:
    """A receiver on loopback, and what it kept."""

    port: int = 0
    kept: list[tuple[bytes, str, str, str]] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)

    async def keep(self, content: bytes, sender: str, recipient: str, way: str) -> None:
        if recipient in self.failing:
            raise OSError(recipient)
        self.kept.append((content, sender, recipient, way))

    async def say(self, *lines: bytes) -> bytes:
        """Send raw bytes and return what was answered until the connection or half a second ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"".join(lines))
        said = b""
        try:
            while piece := await asyncio.wait_for(reader.read(65_536), 0.5):
                said += piece
        except (TimeoutError, ConnectionError):
            pass
        writer.close()
        return said


@pytest_asyncio.fixture
async def door() -> AsyncIterator[Door]:
    found = Door()
    receiver = Receiver(lambda to: to.lower().startswith("henshin"), found.keep, largest=100_000, silence=1)
    found.port = await receiver.start("127.0.0.1", 0)
    yield found
    await receiver.stop()


def over(client: type[smtplib.SMTP], port: int, work: Callable[[smtplib.SMTP], object]) -> object:
    with client("127.0.0.1", port) as session:
        return work(session)


@pytest.mark.parametrize("client", [smtplib.LMTP, smtplib.SMTP])
async def test_a_real_client_hands_in_a_mail_byte_for_byte(door: Door, client: type[smtplib.SMTP]) -> None:
    def send(session: smtplib.SMTP) -> object:
        return session.sendmail("a@example.jp", [US], MAIL)

    assert await asyncio.to_thread(over, client, door.port, send) == {}
    way = "lmtp" if client is smtplib.LMTP else "smtp"
    assert door.kept == [(MAIL, "a@example.jp", US, way)]


async def test_the_null_sender_is_heard(door: Door) -> None:
    await asyncio.to_thread(over, smtplib.SMTP, door.port, lambda each: each.sendmail("", [US], MAIL))
    assert door.kept[0][1] == ""


async def test_mail_for_others_is_refused(door: Door) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        await asyncio.to_thread(
            over, smtplib.SMTP, door.port, lambda each: each.sendmail("a@b.jp", ["x@b.jp"], MAIL)
        )
    assert refused.value.recipients["x@b.jp"][0] == 550
    assert door.kept == []


HELLO = b"LHLO x\r\nMAIL FROM:<a@b.jp>\r\n"


async def test_over_lmtp_each_recipient_has_an_answer_of_its_own(door: Door) -> None:
    door.failing.add("henshin+2@x.jp")
    both = b"RCPT TO:<henshin+1@x.jp>\r\nRCPT TO:<henshin+2@x.jp>\r\nRCPT TO:<other@x.jp>\r\n"
    said = await door.say(HELLO, both, b"DATA\r\n", b"x\r\n", b".\r\nQUIT\r\n")
    assert said.split(b"\r\n")[-5:-1] == [
        b"354 go ahead, end with a dot",
        b"250 2.0.0 kept",
        b"451 4.3.0 cannot keep it now, try again later",
        b"221 2.0.0 bye",
    ]
    assert [each[2] for each in door.kept] == ["henshin+1@x.jp"]


async def test_e7_over_smtp_what_could_not_be_kept_for_everybody_is_sent_again(door: Door) -> None:
    door.failing.add("henshin+2@x.jp")
    both = b"RCPT TO:<henshin+1@x.jp>\r\nRCPT TO:<henshin+2@x.jp>\r\n"
    said = await door.say(b"EHLO x\r\nMAIL FROM:<>\r\n", both, b"DATA\r\n", b"x\r\n", b".\r\n")
    assert said.endswith(b"451 4.3.0 cannot keep it now, try again later\r\n")


async def test_a_mail_that_is_too_large_is_refused_before_it_comes_and_after(door: Door) -> None:
    assert b"552" in await door.say(b"EHLO x\r\nMAIL FROM:<a@b.jp> SIZE=100001\r\n")
    large = b"x" * 50_000 + b"\r\n"
    said = await door.say(HELLO, b"RCPT TO:<henshin@x.jp>\r\nDATA\r\n", large * 3, b".\r\nNOOP\r\n")
    assert b"552 5.3.4 too large\r\n250 2.0.0 ok\r\n" in said
    assert door.kept == []


async def test_lines_longer_than_any_are_kept_whole(door: Door) -> None:
    for length in (
        LONGEST_LINE - 2,
        LONGEST_LINE - 1,
        LONGEST_LINE,
        LONGEST_LINE + 1,
        3 * LONGEST_LINE,
        30_001,
    ):
        body = b"x" * length + b"\r\n" + b"y" * 5 + b"\r\n"
        await door.say(HELLO, b"RCPT TO:<henshin@x.jp>\r\nDATA\r\n", body, b".\r\n")
        assert door.kept[-1][0] == body


@pytest.mark.parametrize("dot", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\x00.\r\n"])
async def test_f11_nothing_but_the_real_dot_ends_a_mail(door: Door, dot: bytes) -> None:
    smuggled = b"MAIL FROM:<evil@x.jp>\r\nRCPT TO:<henshin@x.jp>\r\nDATA\r\nevil\r\n"
    await door.say(HELLO, b"RCPT TO:<henshin@x.jp>\r\nDATA\r\n", b"one", dot, smuggled, b".\r\n")
    assert len(door.kept) == 1
    assert b"evil@x.jp" in door.kept[0][0]


@pytest.mark.parametrize(
    "lines,answer",
    [
        (b"MAIL FROM:<a@b.jp>\r\n", b"503"),
        (b"EHLO x\r\nRCPT TO:<henshin@x.jp>\r\n", b"503"),
        (HELLO + b"DATA\r\n", b"503"),
        (HELLO + b"MAIL FROM:<a@b.jp>\r\n", b"503 5.5.1 nested"),
        (b"EHLO\r\n", b"501"),
        (b"HELO x\r\n", b"250 notifier\r\n"),
        (b"EHLO x\r\nMAIL TO:<a@b.jp>\r\n", b"501"),
        (b"EHLO x\r\nMAIL FROM:a@b.jp\r\n", b"501"),
        (b"EHLO x\r\nMAIL FROM:<a b@b.jp>\r\n", b"501"),
        (b"EHLO x\r\nMAIL FROM:<" + b"a" * 400 + b">\r\n", b"501"),
        (HELLO + b"RCPT TO:<>\r\n", b"501"),
        (HELLO + b"RSET\r\nMAIL FROM:<c@b.jp> BODY=8BITMIME SIZE=5\r\n", b"250 2.1.0 ok\r\n"),
        (b"VRFY x\r\n", b"252"),
        (b"STARTTLS\r\n", b"502"),
        (b"GET / HTTP/1.1\r\n", b"502"),
        (b"x" * (2 * LONGEST_LINE) + b"\r\n", b"500 5.5.2 line too long"),
        (b"NOOP\r\n" + b"WHAT\r\n" * (MOST_ERRORS + 1), b"421 4.7.0 that is enough"),
        (HELLO + b"RCPT TO:<henshin@x.jp>\r\n" * (MOST_RECIPIENTS + 1), b"452 4.5.3"),
    ],
)
async def test_what_is_out_of_order_is_told_so(door: Door, lines: bytes, answer: bytes) -> None:
    assert answer in await door.say(lines)
    assert door.kept == []


async def test_e8_whoever_is_silent_or_gone_keeps_nothing_open(door: Door) -> None:
    start = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    assert await reader.readline() != b""
    assert await reader.read() == b""
    assert time.perf_counter() - start < 3
    writer.close()
    await door.say(HELLO, b"RCPT TO:<henshin@x.jp>\r\nDATA\r\nhalf a mail")
    assert door.kept == []


async def test_only_so_many_may_be_connected_at_once(door: Door) -> None:
    first = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(MOST_CONNECTIONS)]
    for reader, _ in first:
        assert (await reader.readline()).startswith(b"220")
    assert (await door.say()).startswith(b"421 4.7.0 too many connections")
    for _, writer in first:
        writer.close()


async def test_a_connection_hands_in_so_many_mails_and_no_more(door: Door) -> None:
    one = b"MAIL FROM:<a@b.jp>\r\nRCPT TO:<henshin@x.jp>\r\nDATA\r\nx\r\n.\r\n"
    said = await door.say(b"LHLO x\r\n", one * (MOST_MAILS + 1))
    assert len(door.kept) == MOST_MAILS
    assert said.endswith(b"421 4.7.0 that is enough\r\n")


async def test_a_port_that_is_taken_is_said_to_be(door: Door) -> None:
    with pytest.raises(ChannelError, match="NOTIFIER_INTAKE_PORT"):
        await Receiver(lambda _: True, door.keep).start("127.0.0.1", door.port)
    await Receiver(lambda _: True, door.keep).stop()
