"""The wicket: the small door for the plainest calls of all, a signed event that is new, in order, and by itself.

Most of what taking an event in used to cost went into the rooms it passed through: router, layers around pages, a task
and a time limit of its own. Here it goes straight from its bytes to the group in which it is kept, by the same rules, which
are called and not repeated. Only "taken" is ever answered here; whatever else there is to say, the usual door says,
which is handed the same bytes as if nothing had happened: an event counts once, however often it is looked at.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine, Mapping
from functools import lru_cache, partial
from typing import Any, Final

import structlog
from aiohttp.helpers import rfc822_formatted_time

from notifier.domain.callers import Caller
from notifier.domain.traces import accepted, begun, trace_of
from notifier.intake import Inbound
from notifier.keyring import Keyring
from notifier.store.facts import Intake
from notifier.web import tracing
from notifier.web.api import cloudevents, events, signatures
from notifier.web.api.calls import Entrance
from notifier.web.api.problems import RefusedError
from notifier.web.plain_calls import PlainCall

Done = Callable[[bytes | None], None]
"""Is told the answer as it goes over the wire, or None where the usual door is to answer."""

_TOKEN: Final = re.compile(r"[Bb]earer +(\S+)")
_log = structlog.get_logger("notifier.web")
_levels = logging.getLogger("notifier.web")


class Wicket:
    """Takes plain calls in as `events.post` does, side by side, and answers those that are taken."""

    def __init__(self, entrance: Entrance, dress: Mapping[str, str]) -> None:
        """Take calls in with what all calls are handed; `dress` are the fields that every answer carries."""
        self._entrance = entrance
        own = {**dress, "Content-Type": "application/json; charset=utf-8"}
        fields = "".join(f"{name}: {value}\r\n" for name, value in own.items())
        self._dress = f"HTTP/1.1 202 Accepted\r\n{fields}"
        self._secret_of = lru_cache(4096)(self._derived)
        self._under_way = 0
        self._closing: asyncio.Future[None] | None = None
        self._first: set[asyncio.Task[None]] = set()

    def take(self, call: PlainCall, done: Done) -> bool:
        """Take a call in: `done` is called once, later. False, and it never is, if it is one for the usual door."""
        name = self._name_in(call)
        if not name or self._closing is not None:
            return False
        caller = self._entrance.keyring.at_hand(name)
        if caller is not None:
            return self._begin(name, caller, call, done)
        return self._after(_look(self._entrance.keyring, name), partial(self._met, name, call, done), done)

    async def close(self, seconds: float) -> None:
        """Take nothing more in, and wait, at most `seconds`, until what is under way has been answered."""
        self._closing = asyncio.get_running_loop().create_future()
        if self._under_way:
            await asyncio.wait([self._closing], timeout=seconds)

    def _name_in(self, call: PlainCall) -> str:
        """Return the name of the key with which a call comes, or by which it says that it is signed; "" for none."""
        if "authorization" not in call.fields:
            return call.sender if signatures.HEADER in call.fields else ""
        shown = _TOKEN.fullmatch(call.fields["authorization"])
        return shown[1].partition(".")[0] if shown else ""

    def _met(self, name: str, call: PlainCall, done: Done) -> bool:
        caller = self._entrance.keyring.at_hand(name)
        return caller is not None and self._begin(name, caller, call, done)

    def _begin(self, name: str, caller: Caller, call: PlainCall, done: Done) -> bool:
        entrance = self._entrance
        if not (events.SCOPE in caller.scopes and caller.may_use(events.SCOPE)) or not self._is_theirs(
            name, call
        ):
            return False
        if entrance.rates.wait(caller.key, events.COST):
            return False
        request = tracing.name_of(call.fields.get("x-request-id", ""))
        parent = accepted(call.fields.get("traceparent", "")) or begun(request)
        try:
            event = cloudevents.read_structured(
                call.body, entrance.now(), cloudevents.Traced(request, parent)
            ).event
        except RefusedError:
            return False
        if event is None:
            return False
        if entrance.reception.is_unmet(caller, event):
            met = entrance.reception.meet(caller, event)
            return self._after(met, partial(self._keep, caller, event, done), done)
        return self._keep(caller, event, done)

    def _keep(self, caller: Caller, event: Inbound, done: Done) -> bool:
        if not self._entrance.reception.begin(caller, event, partial(self._end, event, done)):
            return False
        self._under_way += 1
        return True

    def _after(self, first: Coroutine[Any, Any, None], then: Callable[[], bool], done: Done) -> bool:
        """Do something that waits before going on; what it raises, the usual door will meet and tell."""
        under_way = asyncio.ensure_future(first)
        self._first.add(under_way)

        def go_on(ended: asyncio.Task[None]) -> None:
            self._first.discard(ended)
            if ended.cancelled() or ended.exception() is not None or not then():
                done(None)

        under_way.add_done_callback(go_on)
        return True

    def _is_theirs(self, name: str, call: PlainCall) -> bool:
        """Tell whether whoever calls shows the key of this name, or has signed as its holder does."""
        fields = call.fields
        token = fields.get("authorization", "")
        if token:
            return self._entrance.keyring.opens(token.partition(" ")[2].strip())
        message, timestamp = fields.get("webhook-id", ""), fields.get("webhook-timestamp", "")
        return signatures.is_theirs(
            self._secret_of(name),
            message,
            timestamp,
            fields[signatures.HEADER],
            self._entrance.now(),
            call.body,
        )

    def _derived(self, name: str) -> bytes | None:
        exchange = self._entrance.exchange
        return None if exchange is None else signatures.secret_of(exchange, name)

    def _end(self, event: Inbound, done: Done, became: Intake | Exception) -> None:
        self._under_way -= 1
        if self._closing is not None and not self._under_way and not self._closing.done():
            self._closing.set_result(None)
        if not self._entrance.reception.is_taken(became):
            done(None)
            return
        if _levels.isEnabledFor(logging.INFO):
            trace = {"trace": trace_of(event.traceparent)} if event.traceparent else {}
            _log.info("events came in", request=event.request, taken=1, refused=[], **trace)
        done(self._answer(event))

    def _answer(self, event: Inbound) -> bytes:
        body = events.said_of(event).encode()
        own = f"{tracing.HEADER}: {event.request}\r\nContent-Length: {len(body)}\r\nDate: {rfc822_formatted_time()}"
        return f"{self._dress}{own}\r\n\r\n".encode("ascii") + body


async def _look(keyring: Keyring, name: str) -> None:
    """Have a key at hand, if there is one: the first look of a day notes that it is used, and asks for a second."""
    for _ in range(2):
        if await keyring.caller_named(name) is None or keyring.at_hand(name) is not None:
            return
