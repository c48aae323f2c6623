"""What a second program needs at our doors: our programs as an operator starts them, an endpoint, and a client."""

import asyncio
import signal
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, web
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

PATIENCE = 240


@dataclass
class Program:
    """Our programs, started as an operator does."""

    folder: Path
    surroundings: dict[str, str]
    port: int
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def says(self, *arguments: str) -> str:
        """Run a command to its end and return what it prints."""
        process = await self._start(*arguments, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
        assert process.returncode == 0, arguments
        return out.decode().strip()

    async def start(self, command: str) -> None:
        """Let `serve` or `work` run."""
        self.running[command] = await self._start(command, stdout=asyncio.subprocess.DEVNULL)

    async def kill(self, command: str) -> None:
        """End one as a power cut does, and start another."""
        self.running[command].send_signal(signal.SIGKILL)
        await self.running[command].wait()
        await self.start(command)

    async def stop(self) -> None:
        """Ask all to end, and see that they do."""
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        codes = [await process.wait() for process in self.running.values()]
        assert codes == [0] * len(codes)

    async def _start(self, *arguments: str, stdout: int) -> asyncio.subprocess.Process:
        log = (self.folder / "log").open("ab")
        try:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "notifier",
                *arguments,
                cwd=self.folder,
                env=self.surroundings,
                stdout=stdout,
                stderr=log,
            )
        finally:
            log.close()


@dataclass
class Hook:
    """The endpoint of the second program: verifies what comes, and keeps it by its id."""

    secret: str = ""
    seen: dict[str, Any] = field(default_factory=dict)
    tries: int = 0

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        event: Any = from_http_event(HTTPMessage(headers, body))
        if event.get_type() == "endpoint.challenge":
            return web.json_response({"challenge": event.get_data()["challenge"]})
        Webhook(self.secret).verify(body, headers)
        assert headers["webhook-id"] == event.get_id()
        self.tries += 1
        self.seen[event.get_id()] = event
        return web.Response(status=204)


@asynccontextmanager
async def receiving(hook: Hook) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_post("/hook", hook.take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


async def until(true: Callable[[], Awaitable[bool]], what: str) -> None:
    """Wait for something that comes true by itself."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while asyncio.get_running_loop().time() < deadline:
        if await true():
            return
        try:
            await asyncio.wait_for(asyncio.Event().wait(), 0.3)
        except TimeoutError:
            continue
    raise AssertionError(what)


@dataclass
class Client:
    """The second program at our doors."""

    session: ClientSession
    address: str
    key: str
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def name(self) -> str:
        """The name of the key."""
        return self.key.partition(".")[0]

    @property
    def public(self) -> str:
        """The public key to what it signs with, as Standard Webhooks writes it."""
        return "whpk_" + b64encode(self.private.public_key().public_bytes_raw()).decode()

    def signed(self, identity: str, body: bytes) -> dict[str, str]:
        """Headers that say who sent a body, instead of the key (Standard Webhooks, v1a)."""
        at = str(int(datetime.now(UTC).timestamp()))
        signature = b64encode(self.private.sign(f"{identity}.{at}.".encode() + body)).decode()
        named = {"webhook-id": identity, "webhook-timestamp": at, "webhook-signature": f"v1a,{signature}"}
        return {"Authorization": "", **named}

    async def ask(self, method: str, path: str, status: int = 200, **more: Any) -> Any:
        """Call, again if nobody answers: the program may be starting anew."""
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        headers = {name: value for name, value in headers.items() if value}
        answered: list[Any] = []

        async def call() -> bool:
            try:
                async with self.session.request(
                    method, f"{self.address}/v1{path}", headers=headers, **more
                ) as answer:
                    if answer.status in {429, 503}:
                        return False
                    assert answer.status == status, (path, answer.status, await answer.text())
                    answered.append(await answer.json())
            except ClientError:
                return False
            return True

        await until(call, f"{method} {path}")
        return answered[0]

    async def all(self, path: str, **query: str) -> list[Any]:
        """Read a list to its end."""
        found: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.ask("GET", path, params={**query, **cursor, "limit": "200"})
            found += page["items"]
            if page["next"] is None:
                return found
            cursor = {"cursor": page["next"]}

    async def feed(self) -> dict[str, Any]:
        """Read the feed from its beginning, by id."""
        found: dict[str, Any] = {}
        after = ""
        while True:
            page = await self.ask("GET", "/feed", params={"after": after, "limit": "500"})
            if not page["items"]:
                return found
            found |= {each["id"]: each for each in page["items"]}
            after = page["next"]
