"""The postman: posts what waits for endpoints, beside the worker, so that a slow endpoint keeps no letter waiting.

What is due stands in the tables. It looks each second, or when it is woken; where nothing waits, a look is one query.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import structlog

Round = Callable[[asyncio.Event], Awaitable[object]]
"""Posts until nothing is due any more, or until the event is set."""

POLL: Final = timedelta(seconds=1)
AFTER_FAULT: Final = timedelta(seconds=10)


class Postman:
    """Goes round until told to stop; what is on the wire then is waited for and recorded."""

    def __init__(
        self,
        go_round: Round,
        poll: timedelta = POLL,
        after_fault: timedelta = AFTER_FAULT,
        name: str = "postman",
    ) -> None:
        """Go each round by `go_round`, `poll` after the last one, or `after_fault` after one that failed.

        `name` is what the log calls it: whoever watches the sources goes round, too.
        """
        self._go_round = go_round
        self._poll = poll
        self._after_fault = after_fault
        self._stopping = asyncio.Event()
        self._news = asyncio.Event()
        self._log = structlog.get_logger(name)

    def wake(self) -> None:
        """Go round now: something was left."""
        self._news.set()

    def stop(self) -> None:
        """Begin nothing more; `work` returns when what is on the wire has ended. A signal may call it."""
        self._stopping.set()
        self._news.set()

    async def work(self) -> None:
        """Go round until stopped. A round that fails is told in the log and gone again later."""
        while not self._stopping.is_set():
            self._news.clear()
            pause = self._poll
            try:
                await self._go_round(self._stopping)
            except Exception:  # noqa: BLE001 -- whatever it was, the rows stand, and the next round finds them
                self._log.exception("a round failed")
                pause = self._after_fault
            try:
                await asyncio.wait_for(self._news.wait(), pause.total_seconds())
            except TimeoutError:
                continue
