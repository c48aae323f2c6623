"""A mail relay that misbehaves as it is told: raw asyncio, one scripted answer for each step."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

ANSWERS = {
    "CONNECT": b"220 relay.example ESMTP\r\n",
    "STARTTLS": b"220 go ahead\r\n",
    "AUTH": b"235 2.7.0 ok\r\n",
    "MAIL": b"250 2.1.0 ok\r\n",
    "RCPT": b"250 2.1.5 ok\r\n",
    "DATA": b"354 go ahead\r\n",
    "DOT": b"250 2.0.0 queued\r\n",
    "RSET": b"250 2.0.0 ok\r\n",
    "NOOP": b"250 2.0.0 ok\r\n",
    "QUIT": b"221 2.0.0 bye\r\n",
}

DROP = b""
"""Say nothing and close."""


async def silence(writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.Event().wait()


class Thinking(bytes):
    """An answer that takes its time, in seconds."""

    seconds: float

    def __new__(cls, seconds: float, answer: bytes) -> Self:
        made = super().__new__(cls, answer)
        made.seconds = seconds
        return made


Act = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]] | None


@dataclass(frozen=True)
class Moment:
    """Where the dialogue is: the connection and the letter on it count from 1."""

    connection: int
    letter: int
    step: str
    line: str

    @property
    def place(self) -> tuple[int, int, str]:
        return self.connection, self.letter, self.step


@dataclass(frozen=True)
class Letter:
    connection: int
    recipients: tuple[str, ...]
    content: bytes


@dataclass
class FakeRelay:
    """`plan` gives the answer for a moment, or None for the ordinary one. A 4-2-1 or DROP closes after it."""

    plan: Callable[[Moment], Act] = lambda _moment: None
    extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME")
    context: ssl.SSLContext | None = None
    immediate_tls: bool = False
    port: int = 0
    connections: int = 0
    heard: list[str] = field(default_factory=list)
    whole: list[Letter] = field(default_factory=list)
    taken: list[Letter] = field(default_factory=list)
    open: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def keys(self) -> list[str]:
        """The recipients of the letters taken, which the tests name after the keys."""
        return sorted(letter.recipients[0].partition("@")[0] for letter in self.taken)

    def note(self, letter: Letter) -> None:
        """A letter's content has arrived in full."""
        self.whole.append(letter)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.open.add(task)
        self.connections += 1
        try:
            await _Conversation(self, self.connections, reader, writer).run()
        except (OSError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            pass
        finally:
            self.open.discard(task)
            writer.transport.abort()


class _Conversation:
    def __init__(
        self, relay: FakeRelay, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.relay, self.number, self.reader, self.writer = relay, number, reader, writer
        self.letter = 0
        self.recipients: list[str] = []

    async def run(self) -> None:
        if not await self.answer("CONNECT"):
            return
        while line := (await self.reader.readuntil(b"\r\n")).decode().rstrip("\r\n"):
            verb = line[:4].upper() if line[:8].upper() != "STARTTLS" else "STARTTLS"
            self.relay.heard.append(line)
            if verb == "MAIL":
                self.letter += 1
                self.recipients = []
            if not await self.answer(verb, line):
                return
            if verb == "STARTTLS":
                assert self.relay.context is not None
                await self.writer.start_tls(self.relay.context)

    async def answer(self, step: str, line: str = "") -> bool:
        return await self.act(step, line, self.relay.plan(Moment(self.number, self.letter, step, line)))

    async def act(self, step: str, line: str, act: Act) -> bool:
        if callable(act):
            await act(self.writer)
            return False
        if act is None:
            act = self.ordinary(step)
        if isinstance(act, Thinking):
            await asyncio.sleep(act.seconds)
        self.writer.write(act)
        await self.writer.drain()
        if act == DROP or act.startswith(b"421") or step == "QUIT" or not act.endswith(b"\r\n"):
            self.writer.write_eof() if self.writer.can_write_eof() else None
            return False
        if step == "RCPT" and act.startswith(b"2"):
            self.recipients.append(line.partition("<")[2].rpartition(">")[0])
        if step == "DATA" and act.startswith(b"354"):
            return await self.content()
        return True

    def ordinary(self, step: str) -> bytes:
        if step == "EHLO":
            return b"\r\n".join(
                [
                    b"250-relay.example",
                    *(f"250-{word}".encode() for word in self.relay.extensions),
                    b"250 HELP\r\n",
                ]
            )
        if step == "DATA" and not self.recipients:
            return b"554 5.5.1 no valid recipients\r\n"
        return ANSWERS.get(step, b"502 5.5.2 not known\r\n")

    async def content(self) -> bool:
        lines = []
        while (line := await self.reader.readuntil(b"\r\n")) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        letter = Letter(self.number, tuple(self.recipients), b"".join(lines))
        self.relay.note(letter)
        act = self.relay.plan(Moment(self.number, self.letter, "DOT", ""))
        if act is None or (isinstance(act, bytes) and act.startswith(b"2") and act.endswith(b"\r\n")):
            self.relay.taken.append(letter)
        return await self.act("DOT", "", act)


@asynccontextmanager
async def running(relay: FakeRelay) -> AsyncIterator[FakeRelay]:
    """Serve on a free port of loopback."""
    server = await asyncio.start_server(
        relay.serve, "127.0.0.1", 0, ssl=relay.context if relay.immediate_tls else None
    )
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        for task in list(relay.open):
            task.cancel()
        await asyncio.gather(*relay.open, return_exceptions=True)
        await server.wait_closed()
