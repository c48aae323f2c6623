"""The text of a calendar: what RFC 5545 asks of every line."""

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.domain.ical import Event, Sheet, Status, escaped, fold, write

MODIFIED = datetime(2026, 4, 1, 3, 4, 5, tzinfo=UTC)


def event(**more: object) -> Event:
    values: dict[str, object] = {
        "uid": "9970000001/example/annual-report/0@notifier",
        "sequence": 2,
        "modified": MODIFIED,
        "first": date(2026, 7, 31),
        "last": date(2026, 7, 31),
        "summary": "【期限】年次報告書の提出",
        "description": "すること：提出\nいつまで：7月31日",
        "status": Status.CONFIRMED,
        **more,
    }
    return Event(**values)  # type: ignore[arg-type] # values by name


def lines_of(*events: Event, name: str = "期限", description: str = "説明") -> list[str]:
    text = write(Sheet(name, description, events))
    return re.sub(r"\r\n ", "", text).split("\r\n")


def test_an_event_of_one_day_ends_before_the_next() -> None:
    lines = lines_of(event())
    assert lines[lines.index("BEGIN:VEVENT") : lines.index("END:VEVENT")] == [
        "BEGIN:VEVENT",
        "UID:9970000001/example/annual-report/0@notifier",
        "DTSTAMP:20260401T030405Z",
        "LAST-MODIFIED:20260401T030405Z",
        "SEQUENCE:2",
        "DTSTART;VALUE=DATE:20260731",
        "DTEND;VALUE=DATE:20260801",
        "SUMMARY:【期限】年次報告書の提出",
        "DESCRIPTION:すること：提出\\nいつまで：7月31日",
        "STATUS:CONFIRMED",
        "TRANSP:TRANSPARENT",
    ]


def test_a_reader_may_be_reminded_at_nine_on_each_rung() -> None:
    lines = lines_of(event(alarms=(30, 1, 0), url="https://n.example/offices/1", contact="担当,内線 1"))
    assert [line for line in lines if line.startswith("TRIGGER")] == [
        "TRIGGER:-P29DT15H",
        "TRIGGER:-PT15H",
        "TRIGGER:PT9H",
    ]
    assert "URL:https://n.example/offices/1" in lines
    assert "CONTACT:担当\\,内線 1" in lines


def test_a_calendar_without_events_still_has_the_component_that_the_format_asks_for() -> None:
    lines = lines_of()
    assert "BEGIN:VTIMEZONE" in lines
    assert not any(line.startswith("LAST-MODIFIED") for line in lines)


def test_a_calendar_says_when_it_changed_last_and_how_often_to_look() -> None:
    lines = lines_of(event(), event(uid="b", modified=MODIFIED.replace(hour=9)))
    assert lines[:3] == ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//notifier//deadlines 1.0//JA"]
    assert {"LAST-MODIFIED:20260401T090405Z", "REFRESH-INTERVAL;VALUE=DURATION:PT6H"} <= set(lines)
    assert {"NAME:期限", "X-WR-CALNAME:期限", "X-WR-CALDESC:説明"} <= set(lines)


@pytest.mark.parametrize(
    "written, meant",
    [
        ("a;b,c\\d", "a\\;b\\,c\\\\d"),
        ("一行\r\n二行\r三行\n", "一行\\n二行\\n三行\\n"),
        ("a\x00\x07b\x7f", "a b "),
        ("\ud83d", " "),
        ("tab\tstays", "tab\tstays"),
    ],
)
def test_what_separates_and_what_cannot_be_written_does_not_reach_the_reader_as_it_is(
    written: str, meant: str
) -> None:
    assert escaped(written) == meant


def test_nothing_said_can_begin_a_line_of_its_own() -> None:
    lines = lines_of(event(summary="x\r\nSTATUS:CANCELLED", url="https://n.example/\r\nSTATUS:CANCELLED"))
    assert [line for line in lines if line.startswith("STATUS")] == ["STATUS:CONFIRMED"]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=300))
def test_folding_keeps_every_line_short_and_every_character_whole(text: str) -> None:
    folded = fold(f"SUMMARY:{text}")
    assert all(len(line.encode()) <= 75 for line in folded.split("\r\n"))
    assert folded.replace("\r\n ", "") == f"SUMMARY:{text}"


def test_a_long_line_is_cut_between_characters() -> None:
    assert fold("SUMMARY:" + "期" * 30) == "SUMMARY:" + "期" * 22 + "\r\n " + "期" * 8
