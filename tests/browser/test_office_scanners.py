"""Scanners of mail that follow every link, with and without a script engine, change nothing (L1, L2)."""

import re
from collections.abc import AsyncIterator
from datetime import date
from hashlib import sha256
from urllib.parse import urlsplit

import aiohttp
import pytest
from playwright.async_api import Browser
from sqlalchemy import select

from notifier.domain.callers import Tenant
from notifier.steps.vouch import Entry, enter
from notifier.store.tables import Table
from tests.web.town import CARE_PLANS, CITY, Town, contents, town

pytestmark = pytest.mark.browser

LINK = re.compile(r"http://127\.0\.0\.1:8080(/\S+)")
HREF = re.compile(r'(?:href|action|src)="(/[^"]*)"')
MOST = 200


@pytest.fixture(scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """A town whose mails hold every kind of link: pages, unsubscribing, confirming."""
    async with town(tmp_path_factory.mktemp("scanned"), until=date(2026, 2, 19)) as found:
        entry = Entry("new@one.example", "clerk", by_office=True)
        await enter(found.tools, Tenant(CITY), CARE_PLANS, entry, "a clerk")
        await found.turn(date(2026, 2, 20))
        yield found


async def state(place: Town) -> str:
    """A digest of every row of every table."""
    digest = sha256()
    async with place.tools.database.reading() as conn:
        for each in Table.metadata.sorted_tables:
            rows = await conn.execute(select(each).order_by(*each.primary_key))
            digest.update(f"{each.name} {[tuple(row) for row in rows]}".encode())
    return digest.hexdigest()


async def mailed(place: Town) -> list[str]:
    """Every link in every mail, once."""
    found = [link for mail in await contents(place) for link in LINK.findall(mail)]
    return list(dict.fromkeys(found))


def kind_of(path: str) -> tuple[str, str, int, bool]:
    """What is alike about pages of one template: the room, the deed, how much it names, whether it is asked."""
    parts = urlsplit(path)
    room, _, deed, *rest = (*parts.path.strip("/").split("/"), "", "")
    last = next((each for each in reversed(rest) if each.isalpha()), "") if deed == "contacts" else ""
    return room, f"{deed}/{last}", len(rest), bool(parts.query)


@pytest.fixture(scope="module")
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture(scope="module")
async def paths(place: Town, session: aiohttp.ClientSession) -> list[str]:
    """Every link in every mail, and every link and form on the pages behind, as far as they lead to this room."""
    queue = await mailed(place)
    seen: list[str] = []
    while queue and len(seen) < MOST:
        path = queue.pop(0)
        if path in seen:
            continue
        seen.append(path)
        async with session.get(place.address + path) as answer:
            body = await answer.text()
        own = [
            link
            for link in HREF.findall(body)
            if link.startswith(("/o/", "/confirm/", "/unsubscribe/", "/code"))
        ]
        queue += [link.replace("&amp;", "&") for link in own if link not in seen]
    return seen


async def test_a_scanner_that_follows_every_link_changes_nothing(
    place: Town, session: aiohttp.ClientSession, paths: list[str]
) -> None:
    before = await state(place)
    assert {urlsplit(path).path.split("/")[1] for path in paths} >= {"o", "unsubscribe", "confirm", "code"}
    assert len(paths) > 40
    for path in paths:
        for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PROPFIND"):
            async with session.request(method, place.address + path, allow_redirects=False) as answer:
                await answer.read()
    assert await state(place) == before


async def test_a_scanner_that_sends_empty_forms_changes_nothing(
    place: Town, session: aiohttp.ClientSession, paths: list[str]
) -> None:
    before = await state(place)
    for path in [each for each in paths if each.startswith(("/o/", "/code", "/unsubscribe/"))]:
        for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-origin"}):
            sent = session.post(
                place.address + path, headers=headers, data={"step": "do"}, allow_redirects=False
            )
            async with sent as answer:
                assert answer.status in {200, 303, 403, 404, 405, 422}, path
    assert await state(place) == before


async def test_a_scanner_that_runs_scripts_changes_nothing(
    place: Town, browser: Browser, paths: list[str]
) -> None:
    before = await state(place)
    context = await browser.new_context()
    page = await context.new_page()
    kinds = {kind_of(path): path for path in reversed(paths)}
    assert len(kinds) > 15
    for path in kinds.values():
        await page.goto(place.address + path)
        await page.evaluate("window.dispatchEvent(new Event('focus')); window.scrollTo(0, 1e6)")
    await context.close()
    assert await state(place) == before
