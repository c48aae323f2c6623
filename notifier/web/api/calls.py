"""Calls: each is declared once, with what it takes and answers; serving it and describing it follow from that."""

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from notifier.domain.callers import Caller
from notifier.keyring import Keyring
from notifier.reception import Reception
from notifier.web.api.problems import RefusedError
from notifier.web.api.rates import Rates
from notifier.web.api.reading import check_accept


@dataclass(frozen=True)
class Entrance:
    """What calls are handed: who takes events, who knows the keys, the clock, and how much one key may send."""

    reception: Reception
    keyring: Keyring
    now: Callable[[], datetime]
    rates: Rates = field(default_factory=Rates)


ENTRANCE = web.AppKey("entrance", Entrance)


@dataclass(frozen=True)
class Call:
    """One call under way. `caller` is None where no key is asked for."""

    request: web.Request
    entrance: Entrance
    caller: Caller | None

    @property
    def who(self) -> Caller:
        """Return who calls. Refuses where nobody has shown a key."""
        if self.caller is None:
            raise RefusedError("unauthorized")
        return self.caller

    def spend(self, count: int) -> None:
        """Take `count` from what the key may send. Refuses, with Retry-After, if it has sent too much."""
        wait = self.entrance.rates.wait(self.who.key, count) if count > 0 else 0.0
        if wait:
            raise RefusedError("too-many", (), {"Retry-After": str(math.ceil(wait))})


Answering = Callable[[Call], Awaitable[web.Response]]


@dataclass(frozen=True)
class Route:
    """A call as it is declared. `takes` gives a model for each media type, `answers` one for each status.

    A model in a list stands for a list of it. `scope` is what the key must carry; None asks for no key.
    """

    method: str
    path: str
    summary: str
    answering: Answering
    scope: str | None
    takes: Mapping[str, Any]
    answers: Mapping[int, type[BaseModel] | None]
    problems: tuple[str, ...] = ()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a call: what it accepts, who calls and with which scope is seen to before anything is read."""
        check_accept(request)
        entrance = request.app[ENTRANCE]
        caller = await _caller(request, entrance, self.scope) if self.scope else None
        return await self.answering(Call(request, entrance, caller))


async def _caller(request: web.Request, entrance: Entrance, scope: str) -> Caller:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    caller = await entrance.keyring.caller_of(token.strip()) if kind.lower() == "bearer" else None
    if caller is None:
        raise RefusedError("unauthorized", (), {"WWW-Authenticate": 'Bearer realm="notifier"'})
    if scope not in caller.scopes:
        raise RefusedError("scope-missing")
    return caller
