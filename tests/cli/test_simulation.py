import json
from pathlib import Path

import pytest

from notifier.cli.output import Format
from notifier.cli.simulation import show
from tests.cli.conftest import TOP, Typed

SCENARIO = TOP / "tests" / "scenarios" / "office_a.yaml"
KEYS = [
    "on", "message", "to", "channel", "occasion", "deadline", "rung", "due", "sources", "subject",
]  # fmt: skip
REMINDER = {
    "on": "2026-03-06",
    "message": "01aaaaaaaaaaaaaaaaaaaaaaaa",
    "to": {"kind": "office", "id": "1270000001", "address": "a@example.jp"},
    "channel": "email",
    "occasion": "reminder",
    "deadline": "platform-subsidy/apply",
    "rung": "T-7",
    "due": {"earliest": "2026-03-13", "latest": "2026-03-13", "target": "2026-03-10", "tentative": True},
    "sources": [{"notice": "kaigo-saishin-joho-1460", "place": "本文"}],
    "subject": "【期限3/13(金)・予定】助成金申請｜<A>",
}
CLOSING = REMINDER | {
    "to": {"kind": "prefecture", "id": "120006", "address": None},
    "occasion": "closing",
    "rung": None,
    "due": {"earliest": "2026-04-01", "latest": "2027-03-31", "target": None, "tentative": False},
}


def test_lines_for_programs_keep_their_order_and_their_letters(capsys: pytest.CaptureFixture[str]) -> None:
    show([REMINDER, CLOSING], Format.JSONL, "x")
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [REMINDER, CLOSING]
    assert [list(json.loads(line)) for line in lines] == [KEYS, KEYS]
    assert "助成金申請" in lines[0]


def test_the_table_says_when_to_whom_and_about_which_day(capsys: pytest.CaptureFixture[str]) -> None:
    show([REMINDER, CLOSING], Format.TABLE, "x")
    out = capsys.readouterr().out
    row = next(line for line in out.splitlines() if "T-7" in line)
    assert row.split() == [
        "2026-03-06", "1270000001", "a@example.jp", "予告", "platform-subsidy/apply", "T-7",
        "2026-03-13（2026-03-10）", "予定", "【期限3/13(金)・予定】助成金申請｜<A>",
    ]  # fmt: skip
    assert "120006 （宛先なし）" in out
    assert "2026-04-01～2027-03-31" in out


def test_the_page_stands_alone_and_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    show([REMINDER, CLOSING], Format.HTML, "a&b.yaml")
    out = capsys.readouterr().out
    assert out.startswith("<!DOCTYPE html>")
    assert "助成金申請｜&lt;A&gt;" in out
    assert "<h1>通知の予行 a&amp;b.yaml</h1>" in out
    assert "通知 1通、2件" in out
    assert not [word for word in ("http:", "https:", "<script", "src=") if word in out]


def test_the_real_engine_speaks_only_within_the_days_asked_for(typed: Typed) -> None:
    done = typed("simulate", SCENARIO, "--from", "2025-02-05", "--to", "2025-02-10", "--format", "jsonl")
    assert (done.code, done.err) == (0, "")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert lines
    assert {line["on"] for line in lines} <= {f"2025-02-{day:02}" for day in range(5, 11)}
    assert [list(line) for line in lines] == [KEYS] * len(lines)


def test_a_malformed_scenario_is_one_line_that_names_the_place(typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    text = SCENARIO.read_text(encoding="utf-8")
    file.write_text(text.replace('services: ["43"]', 'services: ["99"]', 1), encoding="utf-8")
    done = typed("simulate", file)
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert "bad.yaml" in done.err
    assert "99" in done.err


def test_a_missing_scenario_is_named(typed: Typed) -> None:
    done = typed("simulate", "nowhere.yaml")
    assert (done.code, done.out) == (1, "")
    assert "nowhere.yaml" in done.err
