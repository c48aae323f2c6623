"""Several processes of one kind: started together, stopped together."""

import asyncio
import signal
from collections.abc import Sequence
from typing import Final

import structlog

PATIENCE: Final = 30.0
"""Seconds until a process that was asked to stop is killed: longer than a worker's own patience."""


async def run_many(commands: Sequence[Sequence[str]]) -> int:
    """Run `commands` at once and return the exit code of the whole.

    SIGTERM and SIGINT are handed on, and the result is 0 if all then end well. If one process ends by itself,
    the others are stopped and its code is returned, or 1 if it has none: who started us decides what then.
    """
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    started = [await asyncio.create_subprocess_exec(*command) for command in commands]
    ends = [asyncio.create_task(process.wait()) for process in started]
    asked = asyncio.create_task(stopping.wait())
    await asyncio.wait([*ends, asked], return_when=asyncio.FIRST_COMPLETED)
    early = [end.result() for end in ends if end.done()]
    if not stopping.is_set():
        structlog.get_logger("processes").error("a process ended by itself", exit_code=early[0])
    asked.cancel()
    for process in started:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
    _, late = await asyncio.wait(ends, timeout=PATIENCE)
    for process in started:
        if late and process.returncode is None:
            process.kill()
    codes = await asyncio.gather(*ends)
    if stopping.is_set():
        return 0 if not any(codes) else 1
    return early[0] if early[0] > 0 else 1
