"""The wicket: the small door for the plainest calls of all, a signed event that is new, in order, and by itself.

Most of what taking an event in used to cost went into the rooms it passed through: router, layers around pages, a task
and a time limit of its own. Here it goes straight from its bytes to the group in which it is kept, by the same rules, which
are called and not repeated. Only "taken" is ever answered here; whatever else there is to say, the usual door says,
which is handed the same bytes as if nothing had happened: an event counts once, however often it is looked at.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Final, TypeVar

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

Look = Callable[[], PlainCall | None]
"""Returns the call that has come over a connection, None if there is none to be taken in now."""
Done = Callable[[bytes | None], None]
"""Is told the answer as it goes over the wire, or None where the usual door is to answer."""

T = TypeVar("T")
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
        self._dress = f"HTTP/1.1 202 Accepted\r\n{fields}{tracing.HEADER}: "
        self._secret_of = lru_cache(4096)(self._derived)
        self._came: list[tuple[Look, Done]] = []
        self._taken: list[tuple[Inbound, Done]] = []
        self._under_way = 0
        self._closing: asyncio.Future[None] | None = None
        self._first: set[asyncio.Task[None]] = set()

    def come(self, look: Look, done: Done) -> None:
        """Take in what has come over a connection, once `look` is called: at once where nobody else is served, else soon.

        Where `look` returns a call, `done` is called once, soon or later.
        """
        if not self._under_way and not self._came:
            self._round([(look, done)])
            return
        self._came.append((look, done))
        if len(self._came) == 1:
            asyncio.get_running_loop().call_soon(self._next_round)

    def _next_round(self) -> None:
        came, self._came = self._came, []
        self._round(came)

    def _round(self, came: Sequence[tuple[Look, Done]]) -> None:
        """Take in what came together: each thing is done for all before the next, so that it is at hand in the processor.

        One call after the other costs a fifth more.
        """
        calls = [(call, done) for look, done in came if (call := _apart(look)) is not None]
        try:
            met = self._met_among([call for call, _ in calls])
        except Exception:  # noqa: BLE001 -- the usual door meets what it was, and tells it
            _log.exception("calls could not be looked at together", calls=len(calls))
            met = [(None, None)] * len(calls)
        for (call, done), (caller, event) in zip(calls, met, strict=True):
            _apart(partial(self._go, call, caller, event, done))

    def _go(self, call: PlainCall, caller: Caller | None, event: Inbound | None, done: Done) -> None:
        if caller is None or event is None:
            is_begun = _apart(partial(self._look_first, call, done))
        else:
            is_begun = _apart(partial(self._begin, caller, event, done))
        if not is_begun:
            done(None)

    def _met_among(self, calls: Sequence[PlainCall]) -> list[tuple[Caller | None, Inbound | None]]:
        """Return, of each call, who calls and with which event; None for what is to be seen at the usual door."""
        names = [self._name_in(each) for each in calls]
        at_hand = self._entrance.keyring.at_hand
        callers = [
            caller if (caller := at_hand(name)) is not None and self._may_come(name, caller, call) else None
            for name, call in zip(names, calls, strict=True)
        ]
        now = self._entrance.now()
        events = [
            None if caller is None else _read(call, now) for caller, call in zip(callers, calls, strict=True)
        ]
        return list(zip(callers, events, strict=True))

    def _look_first(self, call: PlainCall, done: Done) -> bool:
        """Have the key with which a call comes looked at, if it is not at hand, and go on then; False if it is."""
        name = self._name_in(call)
        keyring = self._entrance.keyring
        if not name or self._closing is not None or keyring.at_hand(name) is not None:
            return False
        return self._after(_look(keyring, name), partial(self._go_on, call, done), done)

    def _go_on(self, call: PlainCall, done: Done) -> bool:
        ((caller, event),) = self._met_among([call])
        return caller is not None and event is not None and self._begin(caller, event, done)

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

    def _may_come(self, name: str, caller: Caller, call: PlainCall) -> bool:
        entrance = self._entrance
        may = self._closing is None and events.SCOPE in caller.scopes and caller.may_use(events.SCOPE)
        return may and self._is_theirs(name, call) and not entrance.rates.wait(caller.key, events.COST)

    def _begin(self, caller: Caller, event: Inbound, done: Done) -> bool:
        reception = self._entrance.reception
        if reception.is_unmet(caller, event):
            met = reception.meet(caller, event)
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
        if not self._entrance.reception.is_taken(became):
            self._ended(1)
            done(None)
            return
        self._taken.append((event, done))
        if self._under_way == 1:
            self._answer_all()
        elif len(self._taken) == 1:
            asyncio.get_running_loop().call_soon(self._answer_all)

    def _answer_all(self) -> None:
        """Answer what has been taken in: all answers are made before the first is sent."""
        taken, self._taken = self._taken, []
        if _levels.isEnabledFor(logging.INFO):
            for event, _ in taken:
                trace = {"trace": trace_of(event.traceparent)} if event.traceparent else {}
                _log.info("events came in", request=event.request, taken=1, refused=[], **trace)
        answers = [self._answer(event) for event, _ in taken]
        for (_, done), answer in zip(taken, answers, strict=True):
            _apart(partial(done, answer))
        self._ended(len(taken))

    def _ended(self, count: int) -> None:
        self._under_way -= count
        if self._closing is not None and not self._under_way and not self._closing.done():
            self._closing.set_result(None)

    def _answer(self, event: Inbound) -> bytes:
        body = events.said_of(event).encode()
        own = f"{event.request}\r\nContent-Length: {len(body)}\r\nDate: {rfc822_formatted_time()}"
        return f"{self._dress}{own}\r\n\r\n".encode("ascii") + body


def _apart(act: Callable[[], T]) -> T | None:
    """Return what `act` returns; what it raises concerns one sender, and none of those who came together with it."""
    try:
        return act()
    except Exception:  # noqa: BLE001 -- whatever it is, the others go on
        _log.exception("a call could not be dealt with")
        return None


def _read(call: PlainCall, now: datetime) -> Inbound | None:
    """Return the event that a call brings, None if the usual door has to say what is wrong with it."""
    request = tracing.name_of(call.fields.get("x-request-id", ""))
    parent = accepted(call.fields.get("traceparent", "")) or begun(request)
    try:
        return cloudevents.read_structured(call.body, now, cloudevents.Traced(request, parent)).event
    except RefusedError:
        return None


async def _look(keyring: Keyring, name: str) -> None:
    """Have a key at hand, if there is one: the first look of a day notes that it is used, and asks for a second."""
    for _ in range(2):
        if await keyring.caller_named(name) is None or keyring.at_hand(name) is not None:
            return
