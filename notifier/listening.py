"""Listening: an application answers on an address until it is closed."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp.http import HttpProcessingError
from aiohttp.log import server_logger
from aiohttp.web import Application, AppRunner

from notifier.errors import SettingsError
from notifier.web.connections import GUARD, WICKET, Guard, GuardedSite

LINGERING: Final = 3.0
"""Seconds for which the rest of a body is still read after an early answer, so that it is not lost on the way."""


class Listener(logging.LoggerAdapter[logging.Logger]):
    """What aiohttp's server says; of requests that are no HTTP only that: anybody sends them, and they may hold secrets."""

    def exception(self, msg: object, *args: object, exc_info: Any = True, **more: Any) -> None:
        """Tell of a fault, and of one in what was sent without its words."""
        if isinstance(exc_info, HttpProcessingError):
            self.info("a request could not be read: %s", type(exc_info).__name__)
        else:
            super().exception(msg, *args, exc_info=exc_info, **more)


@asynccontextmanager
async def listening(application: Application, host: str, port: int, setting: str) -> AsyncIterator[str]:
    """Serve `application` on `host` and `port` (0: any that is free) and yield its address.

    Raises SettingsError, naming the setting NOTIFIER_`setting`_PORT, if it cannot be listened on.
    """
    said = Listener(server_logger)
    runner = AppRunner(application, access_log=None, lingering_time=LINGERING, logger=said)
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
