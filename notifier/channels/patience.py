"""Patience: how long the other side may take, watched by one timer for all who wait.

A timer for each, as the client library sets them, costs a tenth of a whole post.
"""

import asyncio
from types import TracebackType
from typing import Final, Self

LOOKS: Final = 10
"""How often in the time that is allowed those who wait are looked at: so exact is it kept."""


class Patience:
    """Raises TimeoutError out of a `with` block in which a task spends more than `seconds`, up to a tenth later.

    A task may be in one block at a time.
    """

    def __init__(self, seconds: float) -> None:
        """Allow `seconds`."""
        self._seconds = seconds
        self._since: dict[asyncio.Task[object], tuple[float, int]] = {}
        self._cut: set[asyncio.Task[object]] = set()
        self._looking: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        """Begin to wait."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("patience is for tasks of the event loop")
        loop = task.get_loop()
        self._since[task] = loop.time(), task.cancelling()
        if self._looking is None:
            self._looking = loop.call_later(self._seconds / LOOKS, self._look, loop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End waiting. Raises TimeoutError if it was ended."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("patience is for tasks of the event loop")
        _, before = self._since.pop(task)
        if task in self._cut:
            self._cut.discard(task)
            if task.uncancel() <= before and kind is asyncio.CancelledError:
                raise TimeoutError from fault

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        late = [task for task, (since, _) in self._since.items() if now - since >= self._seconds]
        for task in late:
            if task not in self._cut:
                self._cut.add(task)
                task.cancel()
        self._looking = loop.call_later(self._seconds / LOOKS, self._look, loop) if self._since else None
