"""iCalendar: all-day events as the text that calendar programs read (RFC 5545, with names of RFC 7986).

Written by hand, as one office's calendar is a few kilobytes of fixed shape that thousands of programs fetch again and
again: the library takes seven times as long. The library, and three others, read it in the tests.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final

LINE_OCTETS: Final = 75
"""Octets of a line at most, its end not counted (RFC 5545 section 3.1)."""
REFRESH_HOURS: Final = 6
ALARM_HOUR: Final = 9
"""Reminders ring at the hour at which letters leave, by the reader's own clock."""

_ONE_DAY = timedelta(days=1)
_SPECIAL = re.compile(r"[\\;,]")
# RFC 5545 allows no control but the tab; halves of a surrogate pair cannot be written at all.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]+")
# An object needs a component (section 3.6) also while there is no event, and Japan's clocks never change.
_JAPAN = (
    "BEGIN:VTIMEZONE",
    "TZID:Asia/Tokyo",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0900",
    "TZOFFSETTO:+0900",
    "TZNAME:JST",
    "END:STANDARD",
    "END:VTIMEZONE",
)


class Status(StrEnum):
    """How sure it is that an event takes place."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class Event:
    """An event of whole days, `first` to `last` inclusive (civil dates); `modified` is an aware instant.

    `sequence` counts its versions from 0. `alarms` are days before `first` on which a reminder rings. `url` leads to
    more, `contact` says whom to ask; both may be empty.
    """

    uid: str
    sequence: int
    modified: datetime
    first: date
    last: date
    summary: str
    description: str
    status: Status
    alarms: tuple[int, ...] = ()
    url: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A calendar as it is handed out: its name and what it says of itself, and its events in order."""

    name: str
    description: str
    events: tuple[Event, ...]


def write(sheet: Sheet) -> str:
    """Return the sheet as iCalendar: lines end in CRLF and are folded, none of their characters cut.

    The same sheet gives the same text: its stamps are those of its events.
    """
    return "".join(f"{fold(line)}\r\n" for line in _lines(sheet))


def _lines(sheet: Sheet) -> Iterator[str]:
    name, description = escaped(sheet.name), escaped(sheet.description)
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield "PRODID:-//notifier//deadlines 1.0//JA"
    yield "CALSCALE:GREGORIAN"
    # Each name twice: as RFC 7986 has it, and as programs had it before.
    yield f"NAME:{name}"
    yield f"X-WR-CALNAME:{name}"
    yield f"DESCRIPTION:{description}"
    yield f"X-WR-CALDESC:{description}"
    yield "X-WR-TIMEZONE:Asia/Tokyo"
    yield f"REFRESH-INTERVAL;VALUE=DURATION:PT{REFRESH_HOURS}H"
    yield f"X-PUBLISHED-TTL:PT{REFRESH_HOURS}H"
    if sheet.events:
        yield f"LAST-MODIFIED:{_instant(max(each.modified for each in sheet.events))}"
    yield from _JAPAN
    for event in sheet.events:
        yield from _event(event)
    yield "END:VCALENDAR"


def _event(event: Event) -> Iterator[str]:
    modified = _instant(event.modified)
    yield "BEGIN:VEVENT"
    yield f"UID:{escaped(event.uid)}"
    # Without a METHOD the stamp is that of the last revision (section 3.8.7.2).
    yield f"DTSTAMP:{modified}"
    yield f"LAST-MODIFIED:{modified}"
    yield f"SEQUENCE:{event.sequence}"
    yield f"DTSTART;VALUE=DATE:{_day(event.first)}"
    yield f"DTEND;VALUE=DATE:{_day(event.last + _ONE_DAY)}"
    yield f"SUMMARY:{escaped(event.summary)}"
    yield f"DESCRIPTION:{escaped(event.description)}"
    yield f"STATUS:{event.status}"
    yield "TRANSP:TRANSPARENT"
    if event.url:
        yield f"URL:{_CONTROLS.sub('', event.url)}"
    if event.contact:
        yield f"CONTACT:{escaped(event.contact)}"
    for days in event.alarms:
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"DESCRIPTION:{escaped(event.summary)}"
        yield f"TRIGGER:{_trigger(days)}"
        yield "END:VALARM"
    yield "END:VEVENT"


def _trigger(days: int) -> str:
    """Return the way from the first midnight of the event to the hour of the alarm, `days` before it."""
    if days == 0:
        return f"PT{ALARM_HOUR}H"
    whole = f"{days - 1}D" if days > 1 else ""
    return f"-P{whole}T{24 - ALARM_HOUR}H"


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def escaped(text: str) -> str:
    """Return `text` as a TEXT value (section 3.3.11): separators escaped, line breaks as written signs."""
    plain = _CONTROLS.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _SPECIAL.sub(r"\\\g<0>", plain).replace("\n", "\\n")


def fold(line: str) -> str:
    """Return `line` in pieces of at most 75 octets, each after the first led by a space, cut between characters."""
    octets = line.encode()
    if len(octets) <= LINE_OCTETS:
        return line
    return "\r\n ".join(_pieces(octets))


def _pieces(octets: bytes) -> Sequence[str]:
    pieces, start, room = [], 0, LINE_OCTETS
    while start < len(octets):
        end = min(start + room, len(octets))
        while end < len(octets) and octets[end] & 0xC0 == 0x80:  # the middle of a character
            end -= 1
        pieces.append(octets[start:end].decode())
        start, room = end, LINE_OCTETS - 1
    return pieces
