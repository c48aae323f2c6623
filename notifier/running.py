"""Running: which step a message of the outbox means, and how a due message is dealt with."""

import gc
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from notifier.arrears import catch_up
from notifier.errors import NotifierError
from notifier.steps.deliver import deliver
from notifier.steps.derive import derive
from notifier.steps.dispatch import dispatch
from notifier.steps.enlist import enlist_waiting
from notifier.steps.file import file
from notifier.steps.forget import forget
from notifier.steps.hear import hear
from notifier.steps.herald import herald
from notifier.steps.inform import inform
from notifier.steps.lapse import lapse
from notifier.steps.remind import remind
from notifier.steps.ripen import ripen
from notifier.steps.settle import settle
from notifier.steps.sweep import sweep
from notifier.steps.vouch import ask_again
from notifier.store import outbox
from notifier.tools import Tools

YOUNG: Final = (10_000, 20, 20)
"""After how many new objects the interpreter looks for cycles among them, and how often among older ones."""


@contextmanager
def settled() -> Iterator[None]:
    """Let the interpreter leave alone, inside, what was there before: law, tables and code stay as long as the program.

    Else it looks at all of them again and again for cycles, which costs a busy door a sixth of its time.
    """
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*YOUNG)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


STEPS: Mapping[str, Callable[[Tools], Awaitable[None]]] = {
    "derive": derive,
    "sweep": sweep,
    "dispatch": dispatch,
    "deliver": deliver,
    "settle": settle,
    "herald": herald,
    "hear": hear,
    "inform": inform,
    "forget": forget,
    "ripen": ripen,
    "lapse": lapse,
    "arrears": catch_up,
    "enlist": enlist_waiting,
    "vouch": ask_again,
    "file": file,
    "remind": remind,
}
LEASE = timedelta(minutes=10)


async def run_due(tools: Tools) -> int:
    """Deal with every message that is due now, one after the other, and with what they leave; returns how many."""
    count = 0
    message = None
    while message := await outbox.exchange(tools.database, message, tools.now(), tools.worker, LEASE):
        await run_step(tools, message.step)
        count += 1
    return count


async def run_step(tools: Tools, step: str) -> None:
    """Run the step that a message names. Raises NotifierError if there is none of that name."""
    found = STEPS.get(step)
    if found is None:
        raise NotifierError(f"outbox: there is no step {step!r}; the message was left by another version")
    await found(tools)
