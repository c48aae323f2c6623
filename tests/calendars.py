"""Four readers of iCalendar that know nothing of each other or of us: what each of them sees in a calendar."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import icalendar
import vobject
from ical.calendar_stream import IcsCalendarStream

TOP = Path(__file__).resolve().parents[1]
SCRIPT = """
const ICAL = require(process.argv[1]);
let text = "";
process.stdin.on("data", (part) => (text += part)).on("end", () => {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const events = calendar.getAllSubcomponents("vevent").map((each) => {
    const event = new ICAL.Event(each);
    return [event.uid, event.startDate.toString(), event.endDate.toString(), event.summary, event.description,
      each.getFirstPropertyValue("status"), event.sequence, each.getAllSubcomponents("valarm").length];
  });
  console.log(JSON.stringify(events));
});
"""


@dataclass(frozen=True, order=True)
class Seen:
    """An event as a reader sees it; `end` is exclusive, as the format has it."""

    uid: str
    start: date
    end: date
    summary: str
    description: str
    status: str
    sequence: int
    alarms: int


def by_icalendar(text: str) -> list[Seen]:
    """As icalendar (BSD) sees it."""
    found: list[Any] = list(icalendar.Calendar.from_ical(text).walk("VEVENT"))
    return sorted(
        Seen(
            str(each["UID"]),
            _day(each["DTSTART"].dt),
            _day(each["DTEND"].dt),
            str(each["SUMMARY"]),
            str(each["DESCRIPTION"]),
            str(each["STATUS"]),
            int(each["SEQUENCE"]),
            len(each.walk("VALARM")),
        )
        for each in found
    )


def by_ical(text: str) -> list[Seen]:
    """As ical (Apache-2.0) sees it: the strictest of the four."""
    return sorted(
        Seen(
            each.uid,
            _day(each.dtstart),
            _day(each.end),
            each.summary or "",
            each.description or "",
            str(each.status.value if each.status else ""),
            each.sequence or 0,
            len(each.alarm),
        )
        for each in IcsCalendarStream.calendar_from_ics(text).events
    )


def by_vobject(text: str) -> list[Seen]:
    """As vobject (Apache-2.0) sees it."""
    found = vobject.readOne(text).contents.get("vevent", [])
    return sorted(
        Seen(
            each.uid.value,
            each.dtstart.value,
            each.dtend.value,
            each.summary.value,
            each.description.value,
            each.status.value,
            int(each.sequence.value),
            len(each.contents.get("valarm", [])),
        )
        for each in found
    )


def by_ical_js(text: str) -> list[Seen]:
    """As ical.js (Mozilla) sees it, in the node that the browser's environment brings."""
    library = TOP / ".cache" / "npm" / "node_modules" / "ical.js" / "dist" / "ical.es5.cjs"
    node = Path(sys.executable).with_name("node")
    done = subprocess.run(
        [node, "-e", SCRIPT, library],
        input=text,
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    return sorted(
        Seen(uid, date.fromisoformat(start), date.fromisoformat(end), *rest)
        for uid, start, end, *rest in json.loads(done.stdout)
    )


def _day(found: object) -> date:
    assert type(found) is date, found
    return found


READERS: dict[str, Callable[[str], list[Seen]]] = {
    "icalendar": by_icalendar,
    "ical": by_ical,
    "vobject": by_vobject,
    "ical.js": by_ical_js,
}
