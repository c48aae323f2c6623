"""What is said of requests that nobody can read."""

import asyncio
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from notifier.listening import listening


async def sent(address: str, what: bytes) -> bytes:
    to = urlsplit(address)
    reader, writer = await asyncio.open_connection(to.hostname, to.port)
    writer.write(what)
    answered = await reader.read()
    writer.close()
    return answered


async def test_a_request_that_is_no_http_is_told_of_without_what_it_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(_: web.Request) -> web.Response:
        raise LookupError

    application = web.Application()
    application.router.add_get("/", fail)
    caplog.set_level("INFO", "aiohttp.server")
    async with listening(application, "127.0.0.1", 0, "HTTP") as address:
        assert b" 400 " in await sent(
            address, b"GET / HTTP/1.1\r\nHost: x\r\nCookie: session=hush\x01\r\n\r\n"
        )
        assert b" 500 " in await sent(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    unread, failed = caplog.records
    assert (unread.getMessage(), unread.exc_info) == ("a request could not be read: BadHttpMessage", None)
    assert failed.exc_info is not None
    assert "hush" not in caplog.text
