"""Receive mail over LMTP (RFC 2033) or SMTP (RFC 5321): for our own addresses only, and answered once it is kept.

A mail server in front of us takes mail from the world, checks who sends it, and hands it on; so there is no TLS and no
log-in here, and the port belongs on loopback or a closed network. Whoever says LHLO gets an answer for each recipient
after the dot. Lines end in CRLF; nothing else ends a mail.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from notifier.errors import ChannelError

LARGEST: Final = 10_000_000
"""Bytes of a mail, attachments and all."""
MOST_CONNECTIONS: Final = 20
MOST_RECIPIENTS: Final = 20
MOST_ERRORS: Final = 10
MOST_MAILS: Final = 200
"""Mails on one connection."""
LONGEST_LINE: Final = 2_048
SILENCE: Final = 60.0
"""Seconds a sender may take for a command; for a mail five times as many."""

Takes = Callable[[str], bool]
"""Tells whether mail to an address is for us."""
Keep = Callable[[bytes, str, str, str], Awaitable[object]]
"""Keeps a mail: content, envelope sender ("" for the null sender), recipient, and the way it came. Raises if it cannot."""


class Receiver:
    """Listens until it is stopped. What it answers with 250 has been kept."""

    def __init__(
        self,
        takes: Takes,
        keep: Keep,
        *,
        largest: int = LARGEST,
        silence: float = SILENCE,
        name: str = "notifier",
    ) -> None:
        """Prepare; `start` listens. `name` is how it greets."""
        self.takes = takes
        self.keep = keep
        self.largest = largest
        self.silence = silence
        self.name = name
        self.log = structlog.get_logger("receiver")
        self._server: asyncio.Server | None = None
        self._dialogues: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port. Raises ChannelError if the address cannot be listened on."""
        try:
            self._server = await asyncio.start_server(self._welcome, host, port, limit=LONGEST_LINE)
        except OSError as fault:
            message = f"Mail cannot be taken on {host}:{port} ({fault.strerror}); set NOTIFIER_INTAKE_PORT to a free port."
            raise ChannelError(message) from fault
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Listen no more, and end what is under way; what was not answered is sent again by whoever sent it."""
        if self._server:
            self._server.close()
        for writer in self._dialogues.values():
            writer.close()
        if self._dialogues:
            await asyncio.wait(self._dialogues, timeout=self.silence)

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._dialogues[task] = writer
        dialogue = _Dialogue(self, reader, writer)
        try:
            if len(self._dialogues) > MOST_CONNECTIONS:
                await dialogue.answer("421 4.7.0 too many connections, try again in a moment")
                return
            await dialogue.run()
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the sender is gone, or was silent for too long; what had been kept was answered
        finally:
            if task is not None:
                del self._dialogues[task]
            writer.close()


@dataclass
class _Dialogue:
    """One connection: commands by the line, a mail up to its dot."""

    receiver: Receiver
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    is_lmtp: bool = False
    has_greeted: bool = False
    sender: str | None = None
    recipients: list[str] = field(default_factory=list)
    errors: int = 0
    mails: int = 0

    async def run(self) -> None:
        """Answer until one side has had enough."""
        await self.answer(f"220 {self.receiver.name} ESMTP LMTP")
        while self.errors < MOST_ERRORS and self.mails < MOST_MAILS:
            try:
                line = await asyncio.wait_for(self.reader.readuntil(b"\r\n"), self.receiver.silence)
            except asyncio.LimitOverrunError:
                await self.answer("500 5.5.2 line too long")
                return
            words = line[:-2].decode("utf-8", "replace")
            verb, _, rest = words.partition(" ")
            if verb.upper() == "QUIT":
                await self.answer("221 2.0.0 bye")
                return
            answer = await self._command(verb.upper(), rest.strip())
            self.errors += answer.startswith("5")
            if answer:
                await self.answer(answer)
        await self.answer("421 4.7.0 that is enough")

    async def answer(self, line: str) -> None:
        """Send an answer; several lines are joined with a newline."""
        self.writer.write("".join(f"{each}\r\n" for each in line.split("\n")).encode())
        await asyncio.wait_for(self.writer.drain(), self.receiver.silence)

    async def _command(self, verb: str, rest: str) -> str:  # noqa: PLR0911 -- one answer a command, read as a table
        match verb:
            case "LHLO" | "EHLO" | "HELO":
                return self._greet(verb, rest)
            case "NOOP":
                return "250 2.0.0 ok"
            case "RSET":
                self._reset()
                return "250 2.0.0 ok"
            case "VRFY":
                return "252 2.1.5 send and see"
            case "MAIL" if self.has_greeted:
                return self._mail(rest)
            case "RCPT" if self.sender is not None:
                return self._rcpt(rest)
            case "DATA" if self.recipients:
                return await self._data()
            case "MAIL" | "RCPT" | "DATA":
                return "503 5.5.1 one after the other: LHLO or EHLO, MAIL, RCPT, DATA"
        return "502 5.5.1 not known here"

    def _greet(self, verb: str, rest: str) -> str:
        if not rest:
            return f"501 5.5.4 {verb} needs a name"
        self._reset()
        self.has_greeted, self.is_lmtp = True, verb == "LHLO"
        name = self.receiver.name
        if verb == "HELO":
            return f"250 {name}"
        return f"250-{name}\n250-PIPELINING\n250-8BITMIME\n250-ENHANCEDSTATUSCODES\n250 SIZE {self.receiver.largest}"

    def _mail(self, rest: str) -> str:
        path = _path(rest, "FROM:")
        if self.sender is not None:
            return "503 5.5.1 nested MAIL"
        if path is None:
            return "501 5.5.4 MAIL FROM:<address>"
        for word in rest.rpartition(">")[2].upper().split():
            size = word.removeprefix("SIZE=")
            if size != word and size.isdigit() and int(size[:15]) > self.receiver.largest:
                return "552 5.3.4 too large"
        self.sender = path
        return "250 2.1.0 ok"

    def _rcpt(self, rest: str) -> str:
        path = _path(rest, "TO:")
        if not path:
            return "501 5.5.4 RCPT TO:<address>"
        if len(self.recipients) >= MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        if not self.receiver.takes(path):
            return "550 5.1.1 not taken here"
        self.recipients.append(path)
        return "250 2.1.5 ok"

    async def _data(self) -> str:
        await self.answer("354 go ahead, end with a dot")
        content = await asyncio.wait_for(self._content(), 5 * self.receiver.silence)
        self.mails += 1
        sender, recipients = self.sender or "", self.recipients
        self._reset()
        if content is None:
            refusal = "552 5.3.4 too large"
            return "\n".join([refusal] * (len(recipients) if self.is_lmtp else 1))
        answers = [await self._kept(content, sender, each) for each in recipients]
        if self.is_lmtp:
            return "\n".join(answers)
        # Without LMTP there is one answer for all: a repeat of those that were kept changes nothing.
        return next((each for each in answers if not each.startswith("2")), answers[0])

    async def _content(self) -> bytes | None:
        """Return a mail up to its dot, without the dots that were added; None if it is too large."""
        lines: list[bytes] = []
        size, begins = 0, True
        while True:
            try:
                line = await self.reader.readuntil(b"\r\n")
            except asyncio.LimitOverrunError as found:
                # A line longer than any should be: taken piece by piece.
                line = await self.reader.readexactly(max(1, min(found.consumed, LONGEST_LINE)))
                while line.endswith(b"\r"):
                    line += await self.reader.readexactly(1)
            if begins and line == b".\r\n":
                return b"".join(lines) if size <= self.receiver.largest else None
            size += len(line)
            if size <= self.receiver.largest:
                lines.append(line[1:] if begins and line.startswith(b".") else line)
            elif lines:
                lines = []
            begins = line.endswith(b"\r\n")

    async def _kept(self, content: bytes, sender: str, recipient: str) -> str:
        try:
            await self.receiver.keep(content, sender, recipient, "lmtp" if self.is_lmtp else "smtp")
        except Exception as fault:  # noqa: BLE001 -- whatever it was, the sender keeps the mail and tries again
            self.receiver.log.warning("a mail was not kept", problem=type(fault).__name__)
            return "451 4.3.0 cannot keep it now, try again later"
        return "250 2.0.0 kept"

    def _reset(self) -> None:
        self.sender, self.recipients = None, []


def _path(rest: str, word: str) -> str | None:
    """Return the address in `FROM:<…>` or `TO:<…>`, "" for the null sender; None if there is none."""
    if not rest.upper().startswith(word):
        return None
    opened, bracket, behind = rest[len(word) :].strip().partition("<")
    path, closed, _ = behind.partition(">")
    if opened or not bracket or not closed or len(path) > 320 or not path.isprintable() or " " in path:
        return None
    return path
