"""Fetch pages and files that others publish: politely, within limits, and from public addresses only.

An address in a feed is somebody else's word, so what holds for webhooks holds here: every connection is checked where
it is opened, redirects included; nothing is remembered, little is unpacked, much is cut off. A host is asked one thing
at a time with a pause between, and what its robots.txt forbids is not fetched (RFC 9309).
"""

import asyncio
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import aiohttp

from notifier.channels.addresses import Network, blocked, guarded_sockets

NAME: Final = "notifier"
MOST_REDIRECTS: Final = 5
MOST_ROBOTS: Final = 512 * 1024
PIECE: Final = 1 << 16
LONGEST_PAUSE: Final = 30.0


class FetchError(Exception):
    """Something could not be fetched; the message says why, in Japanese. `retry_after` is what the server asked for."""

    def __init__(self, message: str, status: int | None = None, retry_after: timedelta | None = None) -> None:
        """Keep what was answered, if anything was."""
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: `content` is None where nothing has changed (304). `url` is where it was found in the end."""

    url: str
    status: int
    content: bytes | None = field(repr=False)
    type: str = ""
    etag: str = ""
    modified: str = ""


class Fetcher:
    """Fetches, keeping its manners. `contact` is an address where those who are asked find out who asks."""

    def __init__(
        self,
        contact: str,
        *,
        allowed: Iterable[Network] = (),
        pause: float = 2.0,
        seconds: float = 30.0,
    ) -> None:
        """`allowed` are networks that need not be public; `pause` are seconds between two questions to one host."""
        self._agent = f"{NAME} (+{contact})" if contact else NAME
        self._sockets = guarded_sockets(allowed)
        self._pause = pause
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._session: aiohttp.ClientSession | None = None
        self._turns: dict[str, asyncio.Lock] = {}
        self._asked: dict[str, float] = {}
        self._robots: dict[str, RobotFileParser] = {}

    async def __aenter__(self) -> Self:
        """Use it for a while."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        if self._session:
            await self._session.close()
            self._session = None

    def begin(self) -> None:
        """Forget what hosts allow: they are asked once in each round."""
        self._robots.clear()

    async def get(self, url: str, most: int, etag: str = "", modified: str = "") -> Fetched:
        """Fetch `url`, at most `most` bytes of it, unless it is unchanged since `etag` or `modified`.

        Raises FetchError for anything that keeps it from being seen.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise FetchError(f"取得できないアドレスです: {url[:200]}")
        host = f"{parts.scheme}://{parts.netloc}"
        async with self._turns.setdefault(host, asyncio.Lock()):
            robots = await self._robots_of(host)
            if not robots.can_fetch(NAME, url):
                raise FetchError("サイトのrobots.txtが自動での取得を断っています。")
            wanted = {"If-None-Match": etag} if etag else {}
            if modified:
                wanted["If-Modified-Since"] = modified
            await self._wait(host, robots)
            return await self._ask(url, most, wanted)

    async def _robots_of(self, host: str) -> RobotFileParser:
        if host in self._robots:
            return self._robots[host]
        rules = RobotFileParser()
        await self._wait(host, None)
        try:
            found = await self._ask(f"{host}/robots.txt", MOST_ROBOTS, {})
            rules.parse((found.content or b"").decode("utf-8", "replace").splitlines())
        except FetchError as fault:
            if fault.status is None or fault.status >= 500:
                raise
            rules.parse([])  # there are none: everything is allowed
        self._robots[host] = rules
        self._asked.pop(host, None)  # asking for the rules belongs to the question itself
        return rules

    async def _wait(self, host: str, robots: RobotFileParser | None) -> None:
        """Wait until the host may be asked again."""
        delay = robots.crawl_delay(NAME) if robots is not None else None
        pause = min(max(self._pause, float(delay or 0)), LONGEST_PAUSE)
        loop = asyncio.get_running_loop()
        left = self._asked.get(host, -LONGEST_PAUSE) + pause - loop.time()
        if left > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), left)
        self._asked[host] = loop.time()

    async def _ask(self, url: str, most: int, wanted: Mapping[str, str]) -> Fetched:
        refused: list[str] = []
        mark = blocked.set(refused)
        try:
            async with self._client().get(url, headers=wanted, max_redirects=MOST_REDIRECTS) as answer:
                if answer.status == 304:
                    return Fetched(str(answer.url), 304, None)
                if answer.status != 200:
                    after = _seconds(answer.headers.get("Retry-After", ""))
                    raise FetchError(f"サーバーが {answer.status} を返しました。", answer.status, after)
                content = await _body(answer, most)
                named = answer.headers
                return Fetched(
                    str(answer.url),
                    200,
                    content,
                    answer.content_type,
                    named.get("ETag", "")[:500],
                    named.get("Last-Modified", "")[:100],
                )
        except TimeoutError as fault:
            raise FetchError("時間内に応答がありませんでした。") from fault
        except (aiohttp.ClientError, OSError, ValueError) as fault:
            if refused:
                raise FetchError(f"{'、'.join(refused)} は公開のアドレスではありません。") from fault
            raise FetchError(f"接続できません（{type(fault).__name__}: {str(fault)[:200]}）。") from fault
        finally:
            blocked.reset(mark)

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=10, use_dns_cache=False, socket_factory=self._sockets),
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                headers={"User-Agent": self._agent, "Accept-Encoding": "gzip", "Accept-Language": "ja"},
            )
        return self._session


async def _body(answer: aiohttp.ClientResponse, most: int) -> bytes:
    """Read a body of at most `most` bytes, unpacked. Raises FetchError beyond, and if it is cut off."""
    packing = answer.headers.get("Content-Encoding", "identity").lower()
    if packing not in {"identity", "gzip", "deflate", ""}:
        raise FetchError(f"知らない圧縮方式です（{packing[:40]}）。", 200)
    if (answer.content_length or 0) > most:
        raise FetchError(f"大きすぎます（上限は{most // 1024 // 1024}MB）。", 200)
    unpacker = zlib.decompressobj(wbits=47) if packing in {"gzip", "deflate"} else None
    found = bytearray()
    try:
        async for piece in answer.content.iter_chunked(PIECE):
            found += piece if unpacker is None else unpacker.decompress(piece, most + 1 - len(found))
            if len(found) > most:
                raise FetchError(f"大きすぎます（上限は{most // 1024 // 1024}MB）。", 200)
    except zlib.error as fault:
        raise FetchError("圧縮が壊れています。", 200) from fault
    if unpacker is not None and not unpacker.eof:
        raise FetchError("途中で切れています。", 200)
    return bytes(found)


def _seconds(written: str) -> timedelta | None:
    text = written.strip()
    return timedelta(seconds=int(text)) if text.isascii() and text.isdigit() and len(text) < 8 else None
