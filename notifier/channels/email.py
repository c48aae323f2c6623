"""Send letters by e-mail through one relay, each to one recipient, each with a receipt that is true."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Self

from notifier.channels.mime import Frames, Sender
from notifier.channels.parcel import BeforeDot, Parcel
from notifier.channels.pool import Pool
from notifier.channels.relay import Relay, RelayUnreachableError
from notifier.channels.run import Run
from notifier.domain.receipts import Receipt

BARREN = 2
"""After so many sessions in a row that brought no letter to an end, a lane gives up."""


class EmailChannel:
    """The way out over SMTP. Sending may overlap; all of it shares the same few connections."""

    def __init__(self, relay: Relay, sender: Sender, *, connections: int = 4) -> None:
        """Compile the sender's frames; connect when something is to be sent."""
        self._frames = Frames(sender)
        self._pool = Pool(relay, connections)
        self._connections = connections

    async def __aenter__(self) -> Self:
        """Use the channel for a while."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take leave of the relay."""
        self.close()

    async def send(
        self, parcels: Sequence[Parcel], before_dot: BeforeDot
    ) -> AsyncIterator[tuple[str, Receipt]]:
        """Send the parcels that `before_dot` lets pass; yield each key with its receipt, in any order.

        `before_dot` is called for groups a little ahead of the wire (see `notifier.channels.run`), again
        for a parcel whose permission has grown old or whose session broke before its content was sent. It
        is always called, and heard, before the content of a letter starts. A withheld key yields nothing.
        What `before_dot` raises is raised here, after the receipts of what was on the wire by then.

        If the caller stops early (closes the iterator, is cancelled), sessions in the middle of a letter
        are cut: what had been permitted and has no receipt is then unknown to the caller too.
        """
        if not parcels:
            return
        lanes = min(self._connections, len(parcels))
        run = Run(parcels, before_dot, self._frames, lanes)
        working = {asyncio.create_task(self._lane(run)) for _ in range(lanes)}
        admitting = asyncio.create_task(run.admit())
        admitting.add_done_callback(lambda task: None if task.cancelled() else _report(run, task))
        last_words = _LastWords(run, working)
        for task in working:
            task.add_done_callback(last_words)
        try:
            while run.outstanding or run.results:
                if not run.results:
                    await run.progress.wait()
                    run.progress.clear()
                results, run.results = run.results, []
                for result in results:
                    yield result
            if run.fault:
                raise run.fault
        finally:
            tasks = [*working, admitting]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        """Take leave on the idle connections."""
        self._pool.close()

    async def _lane(self, run: Run) -> Receipt | None:
        """Work with one session after the other; return why none could be had, or None when all is done."""
        barren = 0
        while run.has_work:
            try:
                dialogue = await self._pool.borrow()
            except RelayUnreachableError as fault:
                return fault.receipt
            settled = dialogue.settled
            try:
                await dialogue.work(run)
            finally:
                self._pool.give_back(dialogue)
            if dialogue.ending is not None:
                barren = 0 if dialogue.settled > settled else barren + 1
                if barren >= BARREN:
                    return dialogue.ending
        return None


def _report(run: Run, task: asyncio.Task[Receipt | None] | asyncio.Task[None]) -> bool:
    """Hand the fault of a task to the run, so that it reaches the caller; tell whether there was one."""
    fault = task.exception()
    if fault:
        run.fail(fault)
    return fault is not None


class _LastWords:
    """Notices that the last lane has ended and what it said; then nobody is left to send the rest."""

    def __init__(self, run: Run, working: set[asyncio.Task[Receipt | None]]) -> None:
        self._run = run
        self._left = len(working)
        self._failure: Receipt | None = None

    def __call__(self, task: asyncio.Task[Receipt | None]) -> None:
        self._left -= 1
        if task.cancelled():
            return
        if not _report(self._run, task):
            self._failure = task.result() or self._failure
        if self._left == 0 and self._failure:
            self._run.give_up(self._failure)
