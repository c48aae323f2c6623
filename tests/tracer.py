"""Coverage's own tracer, less dear: at each call and each return it asks what Python has to answer.

It keeps a stack for each greenlet, and looks for it in a WeakKeyDictionary, which is written in Python; and each of
SQLAlchemy's greenlets, of which every statement needs one, gets a stack of its own that is never given back. Here the
same questions are answered by what is written in C, and the stacks are used again. What is traced is the same.

What is weak calls back, too: where two threads end at once, Python 3.11 lets a traced callback of the first wait for
the second for ever. Without it nothing is called.
"""

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import pytest

from tests.tracing import controller_of

FEW = 64
"""Greenlets that are remembered before the dead among them are forgotten."""
_swapping = Lock()


class Stacks(dict[Any, int]):
    """The number of the stack of each greenlet; the stacks of dead ones, which are empty, are given out again."""

    def __init__(self) -> None:
        super().__init__()
        self._free: list[int] = []

    def __missing__(self, key: Any) -> int:
        if not self._free and len(self) >= FEW:
            self._free = [self.pop(each) for each in [each for each in self if each.dead]]
        if not self._free:
            raise KeyError(key)  # the tracer makes another stack, and writes its number down here
        self[key] = self._free.pop()
        return self[key]


def trace_quickly(config: pytest.Config) -> None:
    """From here on this process is traced like that, if it is traced at all."""
    controller = controller_of(config)
    collector = controller and controller.cov and controller.cov._collector  # noqa: SLF001 - there is no public name
    if not collector or collector.core.tracer_class.__name__ != "CTracer":
        return

    class QuickTracer(collector.core.tracer_class):  # type: ignore[misc,name-defined]  # known only when it runs
        """The tracer written in C; it makes its dictionary at the first call that it sees."""

        def start(self) -> Any:
            if (lock := collector.data_lock) is not None:
                self.lock_data, self.unlock_data = lock.acquire, lock.release
            with _with_stacks():
                super().start()
                _first_call()
            return self

        def __call__(self, *event: Any) -> Any:
            """In a thread, the first call is handed in, and those that follow go straight to what is written in C."""
            with _with_stacks():
                return super().__call__(*event)

    collector.core.tracer_class = QuickTracer
    controller.pause()
    controller.resume()


@contextmanager
def _with_stacks() -> Iterator[None]:
    with _swapping:
        usual = weakref.WeakKeyDictionary
        weakref.WeakKeyDictionary = Stacks  # type: ignore[assignment,misc]  # for a moment
        try:
            yield
        finally:
            weakref.WeakKeyDictionary = usual  # type: ignore[misc]


def _first_call() -> None:
    pass
