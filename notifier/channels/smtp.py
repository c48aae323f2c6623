"""The dialogue about letters on one open session, one recipient each.

Where the relay offers PIPELINING (RFC 2920) the body of one letter, its final dot and MAIL, RCPT and DATA
of the next go out in one write: one round trip a letter. Elsewhere each command waits for its answer; the
same machine drives both, only the script is played in one go or step by step.

Every answer is taken for the oldest command that has none yet. As soon as that order can be in doubt (an
answer nobody waits for, a line that is no answer, a deadline missed) the session ends, and what was under
way is judged by how far it came: after the final dot UNKNOWN, before it not sent.
"""

import asyncio
from collections import deque
from enum import Enum

from notifier.channels.relay import Session, Timeouts
from notifier.channels.supply import Load, Supply
from notifier.domain.receipts import Phase, Receipt, judge_smtp

AFTER_CODE = frozenset({b" ", b"-", b"\r", b""})
LOST = "connection lost"
LONGEST_LINE = 8192
LONGEST_ANSWER = 128
"""Lines of one answer, and bytes of one line, after which a relay is cut off."""


class Step(Enum):
    """What was asked of the relay."""

    RSET = "rset"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"
    NOTHING = "nothing"  # the lone dot that ends a DATA without recipient


PHASES = {Step.MAIL: Phase.MAIL, Step.RCPT: Phase.RCPT, Step.DATA: Phase.DATA, Step.DOT: Phase.DOT}
WANTED = {Step.MAIL: 2, Step.RCPT: 2, Step.DATA: 3}
"""The first digit of the answer that lets the dialogue go on."""


class Dialogue(asyncio.Protocol):
    """Drives one session. Not for several supplies at a time; `settled` counts what it brought to an end."""

    def __init__(self, session: Session, timeouts: Timeouts) -> None:
        """Take the session over from the library that opened it."""
        self.settled = 0
        self.ending: Receipt | None = None
        self._session = session
        self._timeouts = timeouts
        self._loop = asyncio.get_running_loop()
        self._released: asyncio.Future[None] | None = None
        self._supply: Supply | None = None
        self._current: Load | None = None
        self._dotted: Load | None = None
        self._refusal: Receipt | None = None
        self._recipient_taken = False
        self._unclean = False
        self._expected: deque[Step] = deque()
        self._script: deque[tuple[Step, bytes]] = deque()
        self._rest_of_line = b""
        self._lines: list[bytes] = []
        self._heard = 0.0
        self._watch: asyncio.TimerHandle | None = None
        session.transport.set_protocol(self)
        if session.transport.is_closing():
            self._end(LOST)

    @property
    def has_ended(self) -> bool:
        """Whether the session is over."""
        return self.ending is not None

    async def work(self, supply: Supply) -> None:
        """Send what the supply has, until it releases the dialogue or the session ends."""
        if self.has_ended:
            return
        self._supply = supply
        self._released = self._loop.create_future()
        try:
            self.begin()
            await self._released
        except asyncio.CancelledError:
            if self._current or self._dotted:
                self._end("stopped while a letter was under way")
            raise
        finally:
            self._supply = self._released = None

    def begin(self, prefix: bytes = b"") -> None:
        """Start on the next load, if there is one; `prefix` goes out before it in the same write."""
        if self.ending is not None:
            return
        if self._session.transport.is_closing():
            self._end(LOST)
            return
        load = self._supply.take(size=self._session.size) if self._supply else None
        if load is None:
            if prefix:
                self._write(prefix)
            if not self._expected and self._supply:
                self._supply.rest(self)
            return
        self._current, self._refusal, self._recipient_taken = load, None, False
        load.deadline = self._loop.time() + self._timeouts.attempt - self._timeouts.command
        if self._session.pipelining:
            if self._unclean:
                prefix += b"RSET\r\n"
                self._expected.append(Step.RSET)
                self._unclean = False
            self._expected.extend((Step.MAIL, Step.RCPT, Step.DATA))
            self._write(b"".join((prefix, load.mail, load.rcpt, b"DATA\r\n")))
            return
        if self._unclean:
            self._script.append((Step.RSET, b"RSET\r\n"))
            self._unclean = False
        self._script.extend(((Step.MAIL, load.mail), (Step.RCPT, load.rcpt), (Step.DATA, b"DATA\r\n")))
        self._next_step()

    def release(self) -> None:
        """Let `work` return; the session stays open."""
        if self._released and not self._released.done():
            self._released.set_result(None)

    def quit(self) -> None:
        """Take leave of the relay without waiting for its answer."""
        if not self.has_ended:
            self._session.transport.write(b"QUIT\r\n")
            self._end("closed by us", abort=False)

    # --- what the transport tells us ---------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Cut what arrived into answers; one is whole when its last line is."""
        *lines, self._rest_of_line = (self._rest_of_line + data).split(b"\n")
        for line in lines:
            if self.ending is not None:
                return
            if not line[:3].isdigit() or line[3:4] not in AFTER_CODE or len(line) > LONGEST_LINE:
                self._end(f"no SMTP answer: {line[:80]!r}")
            elif line[3:4] != b"-":
                self._answered(int(line[:3]), line)
            elif len(self._lines) < LONGEST_ANSWER:
                self._lines.append(line)
            else:
                self._end("an answer without end")
        if len(self._rest_of_line) > LONGEST_LINE:
            self._end("a line without end")

    def connection_lost(self, exc: Exception | None) -> None:
        """Judge what was under way."""
        self._end(f"{LOST}: {exc}" if exc else LOST)

    # --- the machine -------------------------------------------------------------------------------------

    def _answered(self, code: int, line: bytes) -> None:
        self._heard = self._loop.time()
        lines, self._lines = [*self._lines, line], []
        if not self._expected:
            self._end(f"an answer to nothing: {_words(lines)}", code)
            return
        step = self._expected.popleft()
        if step is Step.DOT:
            self._dot_answered(code, _words(lines))
        elif step in WANTED:
            self._command_answered(step, code, lines)
        if code == 421:
            self._end(_words(lines), code, phase=PHASES.get(step))
        elif step is Step.DOT and code // 100 not in {2, 4, 5}:
            self._end("an answer that fits no final dot", code)
        elif not self._expected and not self.has_ended and step in {Step.RSET, Step.NOTHING}:
            self._next_step()

    def _command_answered(self, step: Step, code: int, lines: list[bytes]) -> None:
        if code // 100 == WANTED[step]:
            if step is Step.RCPT:
                self._recipient_taken = True
        elif self._refusal is None and code != 421:
            self._refusal = judge_smtp(PHASES[step], code, _words(lines))
        if code == 421:
            return
        if step is Step.DATA:
            self._data_answered(code)
        elif self._expected:
            return
        elif self._refusal is None:
            self._next_step()
        else:
            self._refused(self._refusal)

    def _data_answered(self, code: int) -> None:
        load = self._current
        if load is None or self._supply is None:
            return
        if self._refusal is None:
            if self._supply.is_fresh(load):
                self.pour(load)
            else:
                self._supply.renew(load, self)
        elif code // 100 != WANTED[Step.DATA]:
            self._refused(self._refusal)
        elif self._recipient_taken:
            # MAIL refused, yet RCPT and DATA taken: a lone dot might deliver an empty letter.
            self._settle(self._refusal)
            self._end("the relay takes content for a letter it refused")
        else:
            self._settle(self._refusal)
            self._expected.append(Step.NOTHING)
            self._unclean = True
            self._write(b".\r\n") if not self._session.pipelining else self.begin(b".\r\n")

    def _refused(self, refusal: Receipt) -> None:
        self._settle(refusal)
        self._script.clear()
        self._unclean = True
        self.begin()

    def _settle(self, receipt: Receipt) -> None:
        load, self._current = self._current, None
        if load and self._supply:
            self.settled += 1
            self._supply.settle(load, receipt)

    def pour(self, load: Load) -> None:
        """Send the content, if the load is still under way here: the permission is fresh."""
        if self._current is not load:
            return
        if self._session.transport.is_closing():
            self._end(LOST)
            return
        self._current, self._dotted = None, load
        self._expected.append(Step.DOT)
        if self._session.pipelining:
            self.begin(load.content)
        else:
            self._write(load.content)

    def withdraw(self, load: Load) -> bool:
        """Drop the load before its content, and tell whether it was still under way here.

        There is no way back out of DATA but to hang up; the relay must then forget the letter.
        """
        if self._current is not load:
            return False
        self._current = None
        self.settled += 1
        self._end("a letter was withdrawn at the last moment")
        return True

    def _dot_answered(self, code: int, words: str) -> None:
        load, self._dotted = self._dotted, None
        if load and self._supply:
            self.settled += 1
            self._supply.settle(load, judge_smtp(Phase.DOT, code, words))
        if not self._expected and self._current is None and code != 421:
            self.begin()

    def _next_step(self) -> None:
        if self._script:
            step, command = self._script.popleft()
            self._expected.append(step)
            self._write(command)
        elif self._current is None:
            self.begin()

    def _write(self, data: bytes) -> None:
        if self._session.transport.is_closing():
            self._end(LOST)
            return
        self._heard = self._loop.time()
        self._session.transport.write(data)
        if self._watch is None:
            self._watch = self._loop.call_later(self._timeouts.command, self._look)

    # --- the end -----------------------------------------------------------------------------------------

    def _look(self) -> None:
        """End the session when an answer is overdue; otherwise look again when it would be."""
        self._watch = None
        load = self._dotted or self._current
        if load is None and not self._expected:
            return
        due = self._heard + self._timeouts.command
        if load is not None:
            waits_for_dot = bool(self._expected) and self._expected[0] is Step.DOT
            due = load.deadline if waits_for_dot else min(due, load.deadline)
        wait = due - self._loop.time()
        if wait <= 0:
            self._end("no answer in time")
        else:
            self._watch = self._loop.call_later(wait, self._look)

    def _end(
        self, why: str, code: int | None = None, *, phase: Phase | None = None, abort: bool = True
    ) -> None:
        """End the session, once; `phase` is the step that an answer with `code` ended."""
        if self.ending is not None:
            return
        if phase is None:
            awaited = next((PHASES[step] for step in self._expected if step in WANTED), None)
            phase = awaited or (Phase.DATA if self._current else Phase.CONNECT)
        self.ending = judge_smtp(Phase.CONNECT if phase is Phase.DOT else phase, code, why)
        dotted, current, self._dotted, self._current = self._dotted, self._current, None, None
        if self._supply and dotted:
            self._supply.settle(dotted, judge_smtp(Phase.DOT, None, why))
        if self._supply and current:
            if self.settled or dotted:
                self._supply.give_back(current)
            else:
                self._supply.settle(current, self.ending)
        if self._watch:
            self._watch.cancel()
        (self._session.transport.abort if abort else self._session.transport.close)()
        self._session.client.close()
        self.release()


def _words(lines: list[bytes]) -> str:
    """Return the text of an answer: what follows the code, the lines joined by spaces."""
    return " ".join(line[4:].decode("utf-8", "replace").strip() for line in lines)
