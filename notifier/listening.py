"""Listening: an application answers on an address until it is closed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp.web import Application, AppRunner

from notifier.errors import SettingsError
from notifier.web.connections import GUARD, WICKET, Guard, GuardedSite

LINGERING: Final = 3.0
"""Seconds for which the rest of a body is still read after an early answer, so that it is not lost on the way."""


@asynccontextmanager
async def listening(application: Application, host: str, port: int, setting: str) -> AsyncIterator[str]:
    """Serve `application` on `host` and `port` (0: any that is free) and yield its address.

    Raises SettingsError, naming the setting NOTIFIER_`setting`_PORT, if it cannot be listened on.
    """
    runner = AppRunner(application, access_log=None, lingering_time=LINGERING)
    await runner.setup()
    try:
        guard = application[GUARD] if GUARD in application else Guard()
        wicket = application.get(WICKET)
        site = GuardedSite(runner, guard, host, port, wicket)
        try:
            await site.start()
        except OSError as fault:
            raise SettingsError(
                f"{host}:{port} cannot be listened on ({fault.strerror}); set NOTIFIER_{setting}_PORT to a free port"
            ) from fault
        yield site.name
    finally:
        await runner.cleanup()
