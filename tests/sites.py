"""A site of a public office as they are met: feeds, list pages and files on loopback that a test lets misbehave."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import unused_port


@dataclass
class Page:
    """What stands under a path. `etag` makes the server honour If-None-Match."""

    content: bytes
    type: str = "application/octet-stream"
    status: int = 200
    etag: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False


@dataclass
class Site:
    """The site: what it serves by path, and how often each was asked for."""

    port: int
    pages: dict[str, Page] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    not_modified: int = 0
    agents: set[str] = field(default_factory=set)
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, path: str = "/feed") -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def put(self, path: str, content: str | bytes, type: str = "text/plain", **more: object) -> None:  # noqa: A002
        """Put something under a path."""
        written = content.encode() if isinstance(content, str) else content
        self.pages[path] = Page(written, type, **more)  # type: ignore[arg-type] # passed on as it comes

    def announce(self, *items: tuple[str, str, str], path: str = "/feed") -> None:
        """Announce items (path, title, date) in an RSS feed."""
        self.put(
            path, rss([(self.url(link), title, day) for link, title, day in items]), "application/rss+xml"
        )

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Answer, as the page says."""
        self.asked[request.path] += 1
        self.agents.add(request.headers.get("User-Agent", ""))
        page = self.pages.get(request.path)
        if page is None:
            return web.Response(status=404)
        if page.hangs:
            await self.closing.wait()
        if page.etag and request.headers.get("If-None-Match") == page.etag:
            self.not_modified += 1
            return web.Response(status=304)
        headers = {"Content-Type": page.type, **page.headers} | ({"ETag": page.etag} if page.etag else {})
        return web.Response(body=page.content, status=page.status, headers=headers)


def rss(items: Sequence[tuple[str, str, str]]) -> str:
    """An RSS 2.0 feed of items (link, title, date as written)."""
    written = "".join(
        f"<item><title>{title}</title><link>{link}</link>{f'<pubDate>{day}</pubDate>' if day else ''}</item>"
        for link, title, day in items
    )
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>例</title>{written}</channel></rss>'


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    """A running site."""
    found = Site(unused_port())
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", found.serve)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", found.port).start()
    try:
        yield found
    finally:
        found.closing.set()
        await runner.cleanup()
