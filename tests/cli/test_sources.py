import asyncio
import json
import threading
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Typed
from tests.sites import Site, site


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site in a thread of its own: the commands run in this one."""
    ready, stopping = threading.Event(), asyncio.Event()
    found: list[Site] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def run() -> None:
        async with site() as opened:
            found.append(opened)
            loops.append(asyncio.get_running_loop())
            ready.set()
            await stopping.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    ready.wait(10)
    monkeypatch.setenv("NOTIFIER_WEBHOOK_NETWORKS", "127.0.0.0/8")
    found[0].put("/one.txt", "報告は令和８年５月11日までに提出すること（例）。")
    found[0].announce(("/old.txt", "以前の介護通知", ""), ("/road.txt", "道路の工事", ""))
    yield found[0]
    loops[0].call_soon_threadsafe(stopping.set)
    thread.join(10)


@pytest.fixture
def ready(tables: None) -> None:
    """A database that is up to date."""


def add(typed: Typed, town: Site, *more: str) -> None:
    about = ("--title", "例の局", "--issuer", "例の局", "--terms", "出典を書く", "--word", "介護")
    assert typed("source", "add", "office", town.url(), *about, *more).code == 0


def test_a_source_is_added_tried_enabled_and_checked(typed: Typed, town: Site, ready: None) -> None:
    add(typed, town)
    trial = typed("source", "check", "office")
    assert (trial.code, "項目 2件、うち対象 1件（日付なし 1件）" in trial.out) == (0, True)
    assert "以前の介護通知" in trial.out
    assert "利用規約: 出典を書く" in typed("source", "enable", "office").out
    assert "すでに有効" in typed("source", "enable", "office").out
    assert "新しい文書はありません" in typed("source", "check", "office").out
    assert typed("source", "tasks").out == "残っている作業はありません。\n"
    town.announce(("/one.txt", "介護の通知（例）", ""))
    assert "新しい文書 1件" in typed("source", "check", "office").out
    assert "介護の通知（例）" in typed("source", "tasks").out
    rows = [json.loads(line) for line in typed("source", "list", "--format", "jsonl").out.splitlines()]
    (office,) = [each for each in rows if each["id"] == "office"]
    assert (office["enabled"], office["items"], office["failures"]) == (True, 1, 0)
    assert "有効 1件、確認できない 0件" in typed("source", "list").out
    assert "止めました" in typed("source", "disable", "office").out
    assert "有効ではありません" in typed("source", "disable", "office").out


def test_a_source_that_cannot_be_seen_is_said_to_be_so(typed: Typed, town: Site, ready: None) -> None:
    add(typed, town, "--selector", "a")
    town.put("/feed", "<html><body>工事中</body></html>", "text/html")
    done = typed("source", "check", "office")
    assert (done.code, "確認できませんでした" in done.err) == (1, True)
    typed("source", "enable", "office")
    assert "リンクが1件も見つかりません" in typed("source", "check", "office").err
    assert "確認できない（1回）" in typed("source", "list").out


def test_a_shipped_source_is_off_until_it_is_enabled_with_its_terms_shown(typed: Typed, ready: None) -> None:
    assert "有効ではありません" in typed("source", "disable", "wam-net").out
    assert "規約を確かめること" in typed("source", "enable", "wam-net").out
    assert "止めました" in typed("source", "disable", "wam-net").out


def test_what_makes_no_sense_is_refused_in_one_line(typed: Typed, town: Site, ready: None) -> None:
    add(typed, town)
    about = ("--title", "x", "--issuer", "x", "--terms", "x")
    for name, url in (
        ("office", town.url()),
        ("wam-net", town.url()),
        ("Bad!", town.url()),
        ("x", "ftp://x/"),
    ):
        done = typed("source", "add", name, url, *about)
        assert (done.code, done.err.count("\n")) == (1, 1)
    for command in ("check", "enable"):
        assert "source list" in typed("source", command, "nobody").err
