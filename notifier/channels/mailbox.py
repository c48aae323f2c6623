"""A small mailbox on this host that takes whatever is sent to it, for the demonstration and for measuring.

It speaks enough SMTP for one sender that it trusts: PIPELINING, 8BITMIME and SIZE, no TLS, no log-in, and
it listens on loopback only. It says 250 when it holds a message in memory; the callback gets messages in
batches soon after, so a crash of the demonstration may lose the last of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import cast

from notifier.errors import ChannelError

LARGEST = 1_000_000
"""Bytes of a message; announced as SIZE, and the connection ends beyond it."""

LONGEST_COMMAND = 4096
FULL = 5_000
"""Messages in memory at which reading pauses until the callback has caught up."""

GREETING = (
    b"250-mailbox\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE " + str(LARGEST).encode("ascii") + b"\r\n"
)
SIMPLE = {b"HELO": b"250 mailbox\r\n", b"NOOP": b"250 2.0.0 ok\r\n", b"QUIT": b"221 2.0.0 bye\r\n"}
"""Commands that change nothing."""


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it came: the envelope's recipient, the bytes without dot-stuffing, and when."""

    recipient: str
    content: bytes
    received_at: datetime


Deliver = Callable[[Sequence[Received]], Awaitable[None]]


class Mailbox:
    """Listens on loopback and hands on what it gets. `clock` gives aware instants."""

    def __init__(self, deliver: Deliver, clock: Callable[[], datetime]) -> None:
        """Prepare; `start` listens."""
        self.clock = clock
        self._deliver = deliver
        self._messages: list[Received] = []
        self._arrived = asyncio.Event()
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._handing_on: asyncio.Task[None] | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen, and return the port. Raises ChannelError if the address is not loopback or is taken."""
        if not ip_address(host).is_loopback:
            message = f"The demonstration's mailbox listens on loopback only, not on {host}."
            raise ChannelError(message)
        try:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: _Connection(self), host, port
            )
        except OSError as fault:
            message = f"The demonstration's mailbox cannot listen on {host}:{port}: {fault.strerror}"
            raise ChannelError(message) from fault
        self._handing_on = asyncio.create_task(self._hand_on())
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening, end the connections and hand on what is still held."""
        if self._server:
            self._server.close()
        for connection in list(self._connections):
            connection.end()
        if self._handing_on:
            self._handing_on.cancel()
            await asyncio.gather(self._handing_on, return_exceptions=True)
        messages, self._messages = self._messages, []
        if messages:
            await self._deliver(messages)

    def keep(self, received: Received) -> None:
        """Hold a message for the callback."""
        self._messages.append(received)
        self._arrived.set()
        if len(self._messages) == FULL:
            for connection in self._connections:
                connection.pause()

    def join(self, connection: "_Connection") -> None:
        """Note an open connection."""
        self._connections.add(connection)

    def leave(self, connection: "_Connection") -> None:
        """Forget a connection that has ended."""
        self._connections.discard(connection)

    async def _hand_on(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            messages, self._messages = self._messages, []
            for connection in self._connections:
                connection.resume()
            if messages:
                await asyncio.shield(asyncio.ensure_future(self._deliver(messages)))


class _Connection(asyncio.Protocol):
    """One sender's connection: commands by the line, content up to the dot."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._recipients: list[str] = []
        self._has_sender = False
        self._in_content = False
        self._searched = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._mailbox.join(self)
        self._transport.write(b"220 mailbox ESMTP\r\n")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - how it ended changes nothing
        self._transport = None
        self._mailbox.leave(self)

    def end(self) -> None:
        """Close the connection."""
        if self._transport:
            self._transport.close()

    def pause(self) -> None:
        """Read no more for now."""
        if self._transport and self._transport.is_reading():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if self._transport and not self._transport.is_reading():
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Answer everything that is whole, in one write."""
        self._buffer = self._buffer + data if self._buffer else data
        answers: list[bytes] = []
        while self._content(answers) if self._in_content else self._command(answers):
            pass
        if self._transport:
            if answers:
                self._transport.write(b"".join(answers))
            if answers and answers[-1].startswith((b"221", b"421")):
                self._transport.close()

    def _content(self, answers: list[bytes]) -> bool:
        """Take content up to its dot; False if the dot has not come."""
        if self._buffer.startswith(b".\r\n"):
            end, content, self._buffer = 0, b"", self._buffer[3:]
        else:
            end = self._buffer.find(b"\r\n.\r\n", self._searched)
            if end < 0:
                self._searched = max(0, len(self._buffer) - 4)
                if len(self._buffer) > LARGEST:
                    self._buffer = b""
                    answers.append(b"421 4.3.4 message too large\r\n")
                return False
            content, self._buffer = self._buffer[: end + 2], self._buffer[end + 5 :]
        if content.startswith(b".") or b"\r\n." in content:
            content = content.removeprefix(b".").replace(b"\r\n..", b"\r\n.")
        received_at = self._mailbox.clock()
        for recipient in self._recipients:
            self._mailbox.keep(Received(recipient, content, received_at))
        self._reset()
        answers.append(b"250 2.0.0 kept\r\n")
        return True

    def _command(self, answers: list[bytes]) -> bool:
        """Take one command; False if no whole line is there."""
        line, found, rest = self._buffer.partition(b"\r\n")
        if not found:
            if len(line) > LONGEST_COMMAND:
                self._buffer = b""
                answers.append(b"421 4.5.2 line too long\r\n")
            return False
        self._buffer = rest
        answer = self._answer(line[:4].upper(), line)
        answers.append(answer)
        return not answer.startswith(b"221")

    def _answer(self, verb: bytes, line: bytes) -> bytes:  # noqa: PLR0911 - one answer a command
        match verb:
            case b"MAIL":
                if self._has_sender:
                    return b"503 5.5.1 nested MAIL\r\n"
                self._has_sender = True
                return b"250 2.1.0 ok\r\n"
            case b"RCPT":
                path = line.partition(b"<")[2].rpartition(b">")[0]
                if not self._has_sender or not path:
                    return b"503 5.5.1 MAIL first, then RCPT TO:<address>\r\n"
                self._recipients.append(path.decode("utf-8", "replace"))
                return b"250 2.1.5 ok\r\n"
            case b"DATA":
                if not self._recipients:
                    return b"503 5.5.1 RCPT first\r\n"
                self._in_content = True
                return b"354 go ahead\r\n"
            case b"EHLO":
                self._reset()
                return GREETING
            case b"RSET":
                self._reset()
                return b"250 2.0.0 ok\r\n"
        return SIMPLE.get(verb, b"502 5.5.2 not known here\r\n")

    def _reset(self) -> None:
        self._recipients = []
        self._has_sender = self._in_content = False
        self._searched = 0
