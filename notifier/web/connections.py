"""Connections: how many may be open, and how long one may stay silent.

aiohttp's server sets no limit to a connection that never finishes its header, and none to their number; a few
hundred silent ones would shut everybody else out.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from time import monotonic
from typing import cast

from aiohttp import web

from notifier.web.api import problems
from notifier.web.api.wicket import Wicket
from notifier.web.headers import HEADERS
from notifier.web.plain_calls import LARGEST, PlainCall, Unfinished, read

MOST_CONNECTIONS = 500
HEADER_SECONDS = 10.0
"""From the opening of a connection, or the end of an answer, to the end of the next header."""

LAST_SECONDS = 5.0
"""For what is under way at the wicket when the door closes."""

LOOKS = 10
"""How often in that span connections are looked at."""

PATIENCE = 12
"""How many times that span a reader may take to fetch an answer."""


class Guard:
    """Counts connections and cuts those from which no whole header comes in time.

    One timer looks at all of them, some times in that span: one for each header would cost more than reading it.
    """

    def __init__(self, most: int = MOST_CONNECTIONS, seconds: float = HEADER_SECONDS) -> None:
        """Allow `most` connections, each `seconds` of silence."""
        self._most = most
        self._seconds = seconds
        self._silent_since: dict[asyncio.BaseTransport, float | None] = {}
        self._looking: asyncio.TimerHandle | None = None
        self._rests: dict[asyncio.BaseTransport, Callable[[], None]] = {}
        self._overdue: dict[asyncio.BaseTransport, Callable[[], None]] = {}

    @property
    def count(self) -> int:
        """Return how many connections are open."""
        return len(self._silent_since)

    def opened(self, transport: asyncio.BaseTransport) -> bool:
        """Note a connection; False if there are too many and it must be cut."""
        if len(self._silent_since) >= self._most:
            return False
        self._silent_since[transport] = monotonic()
        if self._looking is None:
            self._look_later()
        return True

    def closed(self, transport: asyncio.BaseTransport) -> None:
        """Forget a connection."""
        self._silent_since.pop(transport, None)
        self._rests.pop(transport, None)
        self._overdue.pop(transport, None)
        if not self._silent_since and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    def await_header(self, transport: asyncio.BaseTransport | None) -> None:
        """Cut the connection unless a whole header comes in time."""
        if transport in self._silent_since:
            self._silent_since[transport] = monotonic()

    def header_came(self, transport: asyncio.BaseTransport | None) -> None:
        """Let the connection be: from now on the time limit of the handler counts."""
        if transport in self._silent_since:
            self._silent_since[transport] = None

    def await_rest(self, transport: asyncio.BaseTransport, give_up: Callable[[], None]) -> None:
        """Have `give_up` called after one look, and before the second one is over, unless the connection ends first."""
        self._rests[transport] = give_up

    def _look_later(self) -> None:
        self._looking = asyncio.get_running_loop().call_later(self._seconds / LOOKS, self._look)

    def _look(self) -> None:
        self._look_later()
        now = monotonic()
        silent = {each: now - since for each, since in self._silent_since.items() if since is not None}
        for transport, seconds in silent.items():
            if seconds >= self._seconds * (PATIENCE + 1 if _is_fetching(transport) else 1):
                _cut(transport)
        overdue, self._overdue, self._rests = self._overdue, self._rests, {}
        for give_up in overdue.values():
            give_up()


def _is_fetching(transport: asyncio.BaseTransport) -> bool:
    """Tell whether the other side still has to read what is on its way."""
    return isinstance(transport, asyncio.WriteTransport) and transport.get_write_buffer_size() > 0


GUARD = web.AppKey("guard", Guard)
WICKET = web.AppKey("wicket", Wicket)


def _cut(transport: asyncio.BaseTransport) -> None:
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()
    else:
        transport.close()


class _Watched(asyncio.Protocol):
    """aiohttp's protocol for one connection, with the guard told of its beginning and end."""

    def __init__(self, inner: asyncio.Protocol, guard: Guard) -> None:
        self._inner = inner
        self._guard = guard
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or cut it if there are too many."""
        if not self._guard.opened(transport):
            _cut(transport)
            return
        self._transport = cast("asyncio.Transport", transport)
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._transport is not None:
            self._guard.closed(self._transport)
            self._transport = None
            self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Hand on what came."""
        if self._transport is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Hand on that no more comes."""
        return self._inner.eof_received() if self._transport is not None else None

    def pause_writing(self) -> None:
        """Hand on that the other side reads slowly."""
        if self._transport is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Hand on that the other side reads again."""
        if self._transport is not None:
            self._inner.resume_writing()


class _Wicketed(_Watched):
    """A connection whose plain calls are taken in at the wicket; from the first other call on it is aiohttp's for good.

    One call is under way at a time, so that answers keep the order of calls; what comes meanwhile is held.
    """

    def __init__(self, inner: asyncio.Protocol, guard: Guard, wicket: Wicket) -> None:
        super().__init__(inner, guard)
        self._wicket: Wicket | None = wicket
        self._under_way = b""
        self._held = b""
        self._reads_slowly = False
        self._is_coming = False

    def data_received(self, data: bytes) -> None:
        """Take a plain call in, hold what comes before its time, hand on the rest."""
        if self._wicket is None:
            super().data_received(data)
        elif self._transport is not None:
            self._held = self._held + data if self._held else data
            if not self._under_way and not self._reads_slowly:
                self._come()
            elif len(self._held) > LARGEST and self._transport.is_reading():
                self._transport.pause_reading()

    def pause_writing(self) -> None:
        """Take nothing in while the other side does not fetch its answers."""
        self._reads_slowly = True
        super().pause_writing()

    def resume_writing(self) -> None:
        """Go on where it was left."""
        self._reads_slowly = False
        super().resume_writing()
        if self._held and not self._under_way:
            self._come()

    def _come(self) -> None:
        """Have what came looked at, some time soon."""
        if self._wicket is not None and not self._is_coming:
            self._is_coming = True
            self._wicket.come(self._look, self._answer)

    def _look(self) -> PlainCall | None:
        """Return the call that came, from now on under way; None if there is none for the wicket, or none yet."""
        self._is_coming = False
        if self._transport is None or self._wicket is None or self._reads_slowly:
            return None
        call = read(self._held)
        if isinstance(call, Unfinished):
            self._guard.await_rest(self._transport, self._give_up)
            return None
        self._under_way, self._held = self._held, b""
        if call is None:
            self._step_aside()
            return None
        self._guard.header_came(self._transport)
        return call

    def _give_up(self) -> None:
        """Leave a call whose rest does not come to aiohttp, which says so, or at once that it is nobody's."""
        if self._wicket is not None and self._held and not self._under_way:
            self._step_aside()

    def _answer(self, answer: bytes | None) -> None:
        if self._transport is None:
            return
        if answer is None:
            self._step_aside()
            return
        self._under_way = b""
        self._transport.write(answer)
        self._guard.await_header(self._transport)
        if self._held and not self._reads_slowly:
            self._come()
        self._read_on()

    def _step_aside(self) -> None:
        """Leave the connection to aiohttp, from the beginning of the call that was looked at."""
        self._wicket = None
        came = self._under_way + self._held
        self._under_way = self._held = b""
        self._read_on()
        super().data_received(came)

    def _read_on(self) -> None:
        if (
            self._transport is not None
            and not self._transport.is_reading()
            and not self._transport.is_closing()
        ):
            self._transport.resume_reading()


class GuardedSite(web.BaseSite):
    """A site whose connections are watched by the guard of its application."""

    def __init__(
        self, runner: web.AppRunner, guard: Guard, host: str, port: int, wicket: Wicket | None = None
    ) -> None:
        """Prepare to listen on `host` and `port` (0: any free one); plain calls go to the `wicket`, if there is one."""
        super().__init__(runner)
        self._guard = guard
        self._wicket = wicket
        self._host = host
        self._port = port

    @property
    def name(self) -> str:
        """Return the address it listens on, once started."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self.port}"

    @property
    def port(self) -> int:
        """Return the port it listens on, once started; before, the one it was asked for."""
        if isinstance(self._server, asyncio.Server) and self._server.sockets:
            return int(self._server.sockets[0].getsockname()[1])
        return self._port

    async def start(self) -> None:
        """Listen. Raises OSError if the address is taken or not ours."""
        await super().start()
        self._server = await asyncio.get_running_loop().create_server(
            self._protocol(_maker(self._runner)), self._host, self._port
        )

    async def stop(self) -> None:
        """Listen no more, and let what is under way at the wicket be answered."""
        await super().stop()
        if self._wicket is not None:
            await self._wicket.close(LAST_SECONDS)

    def _protocol(self, make: Callable[[], asyncio.Protocol]) -> Callable[[], asyncio.Protocol]:
        guard, wicket = self._guard, self._wicket
        if wicket is None:
            return lambda: _Watched(make(), guard)
        return lambda: _Wicketed(make(), guard, wicket)


class _Handler(web.RequestHandler):
    """aiohttp's protocol, which says what it cannot read without repeating it."""

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return what is answered to what is no HTTP, or went wrong beneath everything."""
        super().handle_error(request, status, exc, message)  # puts it into the log
        told = problems.answer("no-http" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "failed")
        told.headers.update(HEADERS)
        told.force_close()
        return told


def _maker(runner: web.BaseRunner) -> Callable[[], asyncio.Protocol]:
    server = runner.server
    if server is None:
        message = "the runner must be set up before its site starts"
        raise RuntimeError(message)
    return lambda: _Handler(server, loop=server._loop, **server._kwargs)  # noqa: SLF001 -- as the server makes its own
