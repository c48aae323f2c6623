"""Calls: each is declared once, with what it takes and answers; serving it and describing it follow from that."""

import json
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, partial
from itertools import takewhile
from typing import Any, Final, TypeAlias, TypeVar, get_args

import structlog
from aiohttp import web
from pydantic import BaseModel, ValidationError

from notifier.clock import civil_date
from notifier.domain.actors import Actor
from notifier.domain.callers import Caller, Tenant
from notifier.exchange import Exchange
from notifier.keyring import Keyring
from notifier.reception import Reception
from notifier.store.database import Connection
from notifier.tools import Tools
from notifier.web.api import conditions, repeats, signatures
from notifier.web.api.problems import RefusedError, Wrong, pointer
from notifier.web.api.rates import Guesses, Rates
from notifier.web.api.reading import LARGEST, body_of, check_accept, read_json
from notifier.web.api.turns import CrowdError, Turns
from notifier.web.origins import origin_of
from notifier.web.tracing import traceparent

_log = structlog.get_logger("notifier.web")
M = TypeVar("M", bound=BaseModel)
JSON: Final = "application/json"
MERGE: Final = "application/merge-patch+json"


@dataclass(frozen=True)
class Entrance:
    """What calls are handed: who takes events, who knows the keys, the clock, and how much each may ask for."""

    reception: Reception
    keyring: Keyring
    now: Callable[[], datetime]
    rates: Rates = field(default_factory=Rates)
    guesses: Guesses = field(default_factory=Guesses)
    turns: Turns = field(default_factory=Turns)
    exchange: Exchange | None = None

    @property
    def tools(self) -> Tools:
        """Return what steps use: the database, the clock, the law's vocabulary."""
        return self.reception.tools


ENTRANCE = web.AppKey("entrance", Entrance)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with more than a body: `location` is the address, from /v1 on, of what was created."""

    body: BaseModel
    status: int = 200
    location: str = ""


@dataclass
class Call:
    """One call under way. `caller` is None where no key is asked for."""

    request: web.Request
    entrance: Entrance
    route: "Route"
    caller: Caller | None
    _inside: BaseModel | None = None
    _asked: BaseModel | None = None
    _expected: frozenset[str] = frozenset()
    _body: bytes | None = None

    @property
    def who(self) -> Caller:
        """Return who calls. Refuses where nobody has shown a key."""
        if self.caller is None:
            raise RefusedError("unauthorized")
        return self.caller

    @property
    def tenant(self) -> Tenant:
        """Return whose eyes the store shall look through."""
        return self.who.tenant

    @property
    def actor(self) -> Actor:
        """Return who the audit shall say has called, from where, and on whose behalf."""
        return Actor(self.who.who, origin_of(self.request), self.who.authority, traceparent(self.request))

    @property
    def tools(self) -> Tools:
        """Return what steps use."""
        return self.entrance.tools

    def reading(self) -> AbstractAsyncContextManager[Connection]:
        """Return a connection that sees one state of what the tenant may see, and may not write."""
        return self.tools.database.reading(tenant=self.tenant)

    def overview(self) -> AbstractAsyncContextManager[Connection]:
        """Return a connection that sees everybody's rows: for sums, and for what the program counts for itself."""
        return self.tools.database.reading()

    def today(self) -> date:
        """Return the present civil date in Japan."""
        return civil_date(self.entrance.now())

    def inside(self, model: type[M]) -> M:
        """Return what stands inside the path; `model` is the one the route declares."""
        return _declared(self._inside, model)

    def query(self, model: type[M]) -> M:
        """Return what stands behind the question mark; `model` is the one the route declares."""
        return _declared(self._asked, model)

    async def raw(self) -> bytes:
        """Return the body as it came, read once."""
        if self._body is None:
            self._body = await body_of(self.request, self.route.largest)
        return self._body

    async def body(self, model: type[M]) -> M:
        """Return the body. Refuses another media type, what is no JSON, and what does not fit `model`."""
        is_utf8 = (self.request.charset or "utf-8").lower() in {"utf-8", "utf8"}
        if self.request.content_type not in self.route.takes or not is_utf8:
            accepted = {"Accept-Patch": ", ".join(self.route.takes)} if self.request.method == "PATCH" else {}
            raise RefusedError("unsupported-media-type", (), accepted)
        found = read_json(await self.raw())
        try:
            # As JSON, in which a day is text, and what was read has been checked and its numbers made plain.
            return model.model_validate_json(json.dumps(found))
        except ValidationError as fault:
            raise RefusedError("body-does-not-fit", _wrongs(fault, "body", model)) from None

    def check(self, current: BaseModel) -> None:
        """Refuse the change of what is `current` unless the caller has seen it as it is (If-Match).

        Ask inside the transaction that changes it; nothing may change it in between.
        """
        tag = conditions.tag_of(current.model_dump_json())
        if not {tag, conditions.ANY} & self._expected:
            raise RefusedError("changed-meanwhile")

    def spend(self, count: int) -> None:
        """Take `count` from what the key may send. Refuses, with Retry-After, if it has sent too much."""
        wait = self.entrance.rates.wait(self.who.key, count) if count > 0 else 0.0
        if wait:
            raise RefusedError("too-many", (), {"Retry-After": str(math.ceil(wait))})

    def prepare(self) -> None:
        """Read what stands in the address and in the conditions, as the route declares it."""
        route, request = self.route, self.request
        if route.inside is not None:
            try:
                self._inside = route.inside.model_validate(dict(request.match_info))
            except ValidationError:
                raise RefusedError("not-found") from None
        self._asked = _read_query(route.query, request)
        if route.guarded:
            self._expected = conditions.expected(request)


Answering: TypeAlias = Callable[[Call], Awaitable[web.Response | BaseModel | Reply]]


@dataclass(frozen=True)
class Route:
    """A call as it is declared.

    `takes` gives a model for each media type, `answers` one for each status, the usual one first; a model in a
    list stands for a list whose items are answered one by one. `inside` and `query` are the models of what stands
    in the address. `scope` is what the key must carry, "" takes any key, None asks for none; `roles`, if given, are
    who may call at all. `creates` keeps Idempotency-Key, `guarded` wants If-Match. `cost` is what a call takes of a
    key's allowance, `offers` the media types it answers with, `largest` the bytes it takes. `queues` tells that it
    waits for its turn among the tenants. `group` and `note` are for the reference.
    """

    method: str
    path: str
    summary: str
    answering: Answering
    scope: str | None
    takes: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[int, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    inside: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    roles: frozenset[str] | None = None
    creates: bool = False
    guarded: bool = False
    group: str = "そのほか"
    note: str = ""
    cost: int = 2
    offers: tuple[str, ...] = (JSON,)
    largest: int = LARGEST
    queues: bool = True
    signs: bool = False

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer a call: what it accepts, who calls and with which scope is seen to before anything is read."""
        check_accept(request, self.offers)
        entrance = request.app[ENTRANCE]
        signed = (
            self.signs and signatures.HEADER in request.headers and "Authorization" not in request.headers
        )
        body = await body_of(request, self.largest) if signed else None
        caller = await _caller(request, entrance, self, body) if self.scope is not None else None
        call = Call(request, entrance, self, caller, _body=body)
        if caller is not None:
            call.spend(self.cost)
        call.prepare()
        if caller is None or not self.queues:
            return await self._once(call)
        try:
            async with entrance.turns.turn(caller.authority):
                return await self._once(call)
        except CrowdError:
            raise RefusedError("too-many", (), {"Retry-After": "1"}) from None

    async def _once(self, call: Call) -> web.Response:
        if not self.creates:
            return await self._answer(call)
        body = await call.raw()
        return await repeats.once(call.request, body, call.who.who, call.tools, partial(self._answer, call))

    async def _answer(self, call: Call) -> web.Response:
        found = await self.answering(call)
        if isinstance(found, web.Response):
            return found
        if isinstance(found, BaseModel):
            found = Reply(found, next(iter(self.answers)))
        text = found.body.model_dump_json()
        headers = {"Location": found.location} if found.location else {}
        if self.method == "GET" or self.guarded:
            tag = conditions.tag_of(text)
            headers |= {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache"}
            if self.method == "GET" and conditions.is_known(call.request, tag):
                return web.Response(status=304, headers=headers)
        return web.json_response(text=text, status=found.status, headers=headers)


async def _caller(request: web.Request, entrance: Entrance, route: Route, signed: bytes | None) -> Caller:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if signed is not None:
        caller = await signatures.signer(request, signed, entrance.exchange, entrance.keyring, entrance.now())
    else:
        caller = await entrance.keyring.caller_of(token.strip()) if kind.lower() == "bearer" else None
    if caller is None:
        _hold_up(request, entrance, is_guess=bool(token) or signed is not None)
        raise RefusedError("unauthorized", (), {"WWW-Authenticate": 'Bearer realm="notifier"'})
    if route.scope and route.scope not in caller.scopes:
        raise RefusedError("scope-missing", more={"scope": route.scope})
    if route.scope and not caller.may_use(route.scope):
        raise RefusedError("scope-beyond-role")
    if route.roles is not None and caller.role not in route.roles:
        raise RefusedError("role-may-not")
    return caller


def _hold_up(request: web.Request, entrance: Entrance, *, is_guess: bool) -> None:
    """Refuse to say whether the key is wrong where too many wrong ones came from the same address lately."""
    origin = origin_of(request)
    wait = entrance.guesses.wait(origin) if is_guess else 0.0
    if wait:
        _log.warning("many wrong keys", origin=origin)
        raise RefusedError("too-many", (), {"Retry-After": str(math.ceil(wait))})


def _declared(found: BaseModel | None, model: type[M]) -> M:
    if not isinstance(found, model):
        message = f"the route does not declare {model.__name__}"
        raise TypeError(message)
    return found


def _read_query(model: type[BaseModel] | None, request: web.Request) -> BaseModel | None:
    query = request.query
    fields = model.model_fields if model is not None else {}
    wrongs = [Wrong("", "unknown", "query")] if set(query) - set(fields) else []
    found: dict[str, object] = {}
    for name in set(query) & set(fields):
        values = query.getall(name)
        found[name] = values[0]
        if len(values) > 1:
            wrongs.append(Wrong(name, "repeated", "query"))
    read = None
    if model is not None:
        try:
            read = model.model_validate(found)
        except ValidationError as fault:
            wrongs += _wrongs(fault, "query", model)
    if wrongs:
        raise RefusedError("wrong-parameters", wrongs)
    return read


def _wrongs(fault: ValidationError, inside: str, model: type[BaseModel]) -> list[Wrong]:
    """Return what is wrong and where: as far as the place has a name of ours, and never by a name that was sent."""
    said = fault.errors(include_url=False, include_input=False, include_context=False)
    found = []
    for each in said:
        place = _our_part(each["loc"], model)
        name = pointer(place) if inside == "body" else str(place[0])
        found.append(Wrong(name, each["type"], inside))
    return list(dict.fromkeys(found))


def _our_part(place: Sequence[int | str], model: type[BaseModel]) -> list[int | str]:
    known = _names(model)
    return list(takewhile(lambda step: isinstance(step, int) or step in known, place))


@cache
def _names(model: type[BaseModel]) -> frozenset[str]:
    """Return the names of the members of `model` and of the models inside it."""
    found = set(model.model_fields)
    inner = [each.annotation for each in model.model_fields.values()]
    while inner:
        annotation = inner.pop()
        inner += get_args(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            found |= _names(annotation)
    return frozenset(found)
