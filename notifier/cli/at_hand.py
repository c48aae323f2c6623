"""What a command of administration has at hand: the tools of the service, and who types."""

import os
import pwd
from typing import TYPE_CHECKING, TypeVar

from notifier.domain.actors import Actor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notifier.service import Service
    from notifier.tools import Tools

T = TypeVar("T")


def who_types() -> Actor:
    """Return the user of this machine who runs the command, as the system knows them: no variable can claim another."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = str(number)
    return Actor(name, "command line")


async def at_hand(work: "Callable[[Tools], Awaitable[T]]") -> T:
    """Return what `work` returns with the tools of a service that is opened for it, on a schema that is up to date."""

    async def do(service: "Service") -> T:
        return await work(await service.ready_tools())

    return await with_service(do)


async def with_service(work: "Callable[[Service], Awaitable[T]]") -> T:
    """Return what `work` returns with a service that is opened for it."""
    from notifier.clock import SystemClock
    from notifier.service import Service
    from notifier.settings import load_settings

    async with Service.open(load_settings(), clock=SystemClock()) as service:
        return await work(service)
