"""`notifier endpoint`: added, shown, stopped and removed from the command line."""

from pathlib import Path

import pytest

from tests.cli.conftest import Typed

NOWHERE = "http://127.0.0.1:9/hook"


@pytest.fixture
def ready(typed: Typed, tables: None, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Commands on a database that is up to date, which may post to this host."""
    monkeypatch.setenv("NOTIFIER_WEBHOOK_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("NOTIFIER_WEBHOOK_PLAIN_HTTP", "true")
    return typed


def test_an_endpoint_is_added_with_a_secret_of_its_own_and_waits_until_it_answers(ready: Typed) -> None:
    made = ready("endpoint", "add", NOWHERE, "--description", "試験", "--owner", "o@example.jp")
    assert made.code == 0
    assert made.out.startswith("whsec_")
    assert "did not answer its challenge" in made.err
    listed = ready("endpoint", "list").out
    assert all(each in listed for each in (NOWHERE, "確認待ち", "試験"))
    assert made.out.strip() not in listed
    shown = ready("endpoint", "show", "1").out
    assert all(each in shown for each in ("送信待ち: 0 件", "deferred", "o@example.jp"))


def test_a_vendor_serves_the_offices_of_a_file(ready: Typed, tmp_path: Path) -> None:
    file = tmp_path / "offices.txt"
    file.write_text("1270000001\n1270000002\n", encoding="utf-8")
    assert ready("endpoint", "add", NOWHERE, "--vendor", "業者", "--offices-from", file).code == 0
    assert "事業所: 2 件" in ready("endpoint", "show", "1").out


def test_an_endpoint_is_disabled_given_a_new_secret_replayed_and_removed(ready: Typed) -> None:
    first = ready("endpoint", "add", NOWHERE).out
    assert ready("endpoint", "disable", "1", "--reason", "点検").code == 0
    assert "停止（点検）" in ready("endpoint", "list").out
    assert ready("endpoint", "rotate", "1", "--overlap", "0").out != first
    assert ready("endpoint", "replay", "1", "--since", "2026-01-01", "--yes").out.startswith("0 messages")
    assert ready("endpoint", "ping", "1").code == 1
    assert ready("endpoint", "enable", "1").code == 1
    assert ready("endpoint", "remove", "1", "--yes").code == 0
    assert NOWHERE not in ready("endpoint", "list").out


def test_what_makes_no_sense_is_refused_in_one_line(ready: Typed) -> None:
    for arguments in (("ftp://example.jp/",), (NOWHERE, "--type", "no.such"), (NOWHERE, "--office", "1")):
        refused = ready("endpoint", "add", *arguments)
        assert (refused.code, len(refused.err.splitlines())) == (1, 1)
