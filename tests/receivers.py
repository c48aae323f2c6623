"""Receivers of webhooks as other systems would write them: real HTTP on loopback, checked by a library of others."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiohttp import web
from aiohttp.test_utils import unused_port

from notifier.channels.addresses import read_networks
from notifier.channels.webhook import WebhookChannel
from notifier.exchange import Exchange
from notifier.steps.attach import Fresh
from notifier.store.endpoints import Endpoint, Wanted
from notifier.switchboard import Switchboard
from notifier.tools import Tools

LOOPBACK = read_networks(["127.0.0.0/8", "::1/128"])
KEY = "a key of the installation, long enough to be one"
SOURCE = "https://notifier.example.jp"

Answer = Callable[["Receiver", dict[str, Any]], Awaitable[web.StreamResponse]]


async def accept(_: "Receiver", __: dict[str, Any]) -> web.StreamResponse:
    """Take what comes."""
    return web.Response(status=204)


@dataclass
class Receiver:
    """An endpoint of another system: answers challenges and takes events, or does as `answer` says."""

    answer: Answer = accept
    port: int = 0
    proves: bool = True
    reflects: bool = False
    origin: str = ""
    status: int = 200
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def types(self) -> list[str]:
        return [each["type"] for each in self.events]

    @property
    def brief(self) -> list[tuple[str, str | None]]:
        """What came: the type, and about whom."""
        return [(each["type"], each.get("subject")) for each in self.events]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if request.method == "OPTIONS" and self.origin:
            return web.Response(headers={"WebHook-Allowed-Origin": self.origin})
        if request.method != "POST":
            return web.Response(status=405)
        body = await request.read()
        if self.reflects:
            return web.Response(body=body)
        self.posts.append((dict(request.headers), body))
        event = json.loads(body)
        if event["type"] == "endpoint.challenge":
            word = event["data"]["challenge"] if self.proves else "?"
            return web.json_response({"challenge": word}, status=self.status)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            answered = await self.answer(self, event)
        finally:
            self.at_once -= 1
        if answered.status < 300:
            self.events.append(event)
        return answered


@asynccontextmanager
async def receiving(*receivers: Receiver) -> AsyncIterator[None]:
    """Let receivers listen, each on a port of its own; one that has had a port gets the same again."""
    runners = []
    for each in receivers:
        application = web.Application(client_max_size=1 << 24)
        application.router.add_route("*", "/{tail:.*}", each.serve)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        each.port = each.port or unused_port()
        await web.TCPSite(runner, "127.0.0.1", each.port).start()
        runners.append(runner)
    try:
        yield
    finally:
        await asyncio.gather(*(runner.cleanup() for runner in runners))


def fails_with(status: int, times: int = 1_000_000, **headers: str) -> Answer:
    """Answer with a status so many times, then take what comes."""
    left = times

    async def answer(_: Receiver, __: dict[str, Any]) -> web.StreamResponse:
        nonlocal left
        left -= 1
        if left < 0:
            return web.Response(status=204)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, headers=fields, text="something is wrong here")

    return answer


@asynccontextmanager
async def exchange(seconds: float = 5) -> AsyncIterator[Exchange]:
    """The way to endpoints on loopback."""
    async with WebhookChannel(allowed=LOOPBACK, plain_http=True, seconds=seconds) as way:
        yield Exchange(way, KEY, SOURCE)


_NUMBERS = count(1)


def chance(size: int) -> bytes:
    """Bytes that differ from call to call."""
    return next(_NUMBERS).to_bytes(size, "big")


def switchboard(tools: Tools, way: Exchange, authority: str | None = None) -> Switchboard:
    """Deal with endpoints as a clerk."""
    return Switchboard(tools, way, chance, "a clerk", authority)


def wanted(
    receiver: Receiver,
    authority: str,
    *,
    vendor: str = "",
    in_flight: int = 4,
    owner: str = "",
    **chosen: Any,
) -> Fresh:
    """An endpoint to be added for a receiver."""
    return Fresh(authority, receiver.url, Wanted(**chosen), "a test", owner, in_flight, vendor)


async def attached(
    tools: Tools, way: Exchange, receiver: Receiver, authority: str, **chosen: Any
) -> tuple[Endpoint, str]:
    """Add an endpoint and let it answer its challenge; returns it with its secret."""
    board = switchboard(tools, way)
    endpoint, secret = await board.add(wanted(receiver, authority, **chosen))
    enabled, _ = await board.enable(endpoint.id)
    return enabled, secret
