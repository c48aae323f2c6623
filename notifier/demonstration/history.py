"""What happened in the demonstration city from 2025-02-06 to 2026-11-20, in the shape of inbound events.

Real are the notices, and how many designations use CPDL on 2026-03-17 by service (document 002, table 3-1).
Everything else is invented and the same every time: the days that the prefecture sets, who applied for
what, who was late. It is made so that every state an obligation can have is to be seen.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from notifier.clock import japan_time
from notifier.demonstration.city import MUNICIPALITY, PREFECTURE, CityOffice, city, lot
from notifier.intake import Inbound

SOURCE, HOUR = "デモの記録", 8
FIRST, LAST = date(2025, 2, 6), date(2026, 11, 20)
COUNTED = date(2026, 3, 17)
"""The day on which the users of CPDL were counted."""

USERS = {
    "43": 40, "46": 8, "11": 9, "12": 4, "13": 8, "14": 5, "15": 20,
    "16": 8, "21": 13, "22": 4, "17": 13, "76": 0, "72": 2, "78": 7,
}  # fmt: skip
"""Designations that use CPDL on 2026-03-17, by service (document 002, table 3-1): 141 of 1,988."""

ROUTE_A = frozenset({"11", "12", "15", "16", "72", "76", "78"})
"""Services whose wage supplement asks for CPDL."""

WITHOUT_SUPPLEMENT = frozenset({"13", "14", "17", "43", "46"})
GRANTEES = frozenset({"43", "11", "12", "15", "16", "17", "21"})


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as another system would post it: `data` is JSON, its dates ISO texts.

    `on` is the civil date in Japan on which it comes in. `subject` is `office/<number>`,
    `authority/<code>` or "".
    """

    on: date
    type: str
    subject: str
    data: Mapping[str, str | int | bool]

    @property
    def id(self) -> str:
        """Return what makes the event unique within its source, for ever."""
        values = ",".join(f"{name}={value}" for name, value in sorted(self.data.items()))
        return f"{self.on.isoformat()}:{self.type}:{self.subject}:{values}"

    def inbound(self) -> Inbound:
        """Return the event as the intake takes it: at 08:00 in Japan, before that day's letters."""
        kind, _, name = self.subject.partition("/")
        return Inbound(
            SOURCE,
            self.id,
            self.type,
            japan_time(self.on, HOUR),
            name if kind == "office" else None,
            name if kind == "authority" else None,
            self.data,
        )


@dataclass(frozen=True, slots=True)
class Career:
    """How an office came to CPDL: `applied` None if it has not; paid for before 2025-06-01."""

    office: CityOffice
    applied: date | None

    @property
    def joined(self) -> date | None:
        """Return the day of joining, some days after the application."""
        return self.applied and self.applied + timedelta(days=3 + self.lot("joined") % 6)

    @property
    def paid(self) -> bool:
        """Tell whether the office paid for its first year."""
        return self.applied is not None and self.applied < date(2025, 6, 1)

    def lot(self, word: str) -> int:
        """Return this office's own number for `word`."""
        return lot(word, self.office.number)

    def event(self, on: date, kind: str, **data: str | int | bool) -> Happening:
        """Return an event of this office."""
        return Happening(on, kind, f"office/{self.office.number}", data)


@cache
def happenings() -> tuple[Happening, ...]:
    """Return everything that happened, by day."""
    found = list(_of_authorities())
    for career in careers():
        for story in (_cpdl, _tech_grant_r7, _subsidy, _wages, _tech_grant_r8, _additions, _web_service):
            found.extend(story(career))
    inside = {each.id: each for each in found if FIRST <= each.on <= LAST}
    return tuple(sorted(inside.values(), key=lambda each: (each.on, each.id)))


@cache
def careers() -> tuple[Career, ...]:
    """Return how every office came to CPDL, so that on 2026-03-17 exactly `USERS` designations use it."""
    remaining = dict(USERS)
    found = []
    offices = city()
    rarity = {service: sum(service in office.services for office in offices) for service in USERS}
    for office in sorted(
        offices, key=lambda each: (min(rarity[code] for code in each.services), lot("early", each.number))
    ):
        early = all(remaining[code] > 0 for code in office.services)
        if early:
            for code in office.services:
                remaining[code] -= 1
        found.append(Career(office, _applied_early(office) if early else _applied_late(office)))
    return tuple(sorted(found, key=lambda career: career.office.number))


def _applied_early(office: CityOffice) -> date:
    drawn = lot("applied", office.number)
    if drawn % 100 < 14:
        return date(2025, 4, 3) + timedelta(days=drawn % 55)
    return date(2025, 6, 2) + timedelta(days=drawn % 275)


def _applied_late(office: CityOffice) -> date | None:
    drawn = lot("late", office.number)
    hurried = bool(ROUTE_A & set(office.services)) and drawn % 100 < 46
    if hurried or drawn % 100 < 12:
        return date(2026, 3, 24) + timedelta(days=drawn % 120)
    return None


def _of_authorities() -> Iterator[Happening]:
    prefecture, city_ = f"authority/{PREFECTURE}", f"authority/{MUNICIPALITY}"
    window, due = "application-window.set", "report-due.set"
    yield Happening(
        date(2026, 2, 2),
        f"wage-support.{window}",
        prefecture,
        {"opens": "2026-02-09", "closes": "2026-03-31"},
    )
    yield Happening(
        date(2026, 4, 21),
        f"tech-grant-r8.{window}",
        prefecture,
        {"opens": "2026-05-11", "closes": "2026-06-12"},
    )
    yield Happening(date(2026, 6, 1), f"wage-support.{due}", prefecture, {"due": "2026-07-31"})
    yield Happening(
        date(2026, 9, 1), "tech-grant-r8.improvement-plan-due.set", prefecture, {"due": "2026-12-18"}
    )
    yield Happening(date(2026, 10, 1), f"treatment-addition-r8.{due}", city_, {"due": "2027-07-30"})


def _year_after(day: date) -> str:
    """Return the last day of a licence of one year from `day`."""
    return (day.replace(year=day.year + 1, day=min(day.day, 28)) - timedelta(days=1)).isoformat()


def _cpdl(career: Career) -> Iterator[Happening]:
    if career.applied is None or career.joined is None:
        return
    licence = _year_after(career.applied)
    yield career.event(career.applied, "cpdl.applied", paid=career.paid, licence_until=licence)
    yield career.event(career.joined, "cpdl.joined", licence_until=licence)
    started = career.joined + timedelta(days=5 + career.lot("started") % 20)
    if career.lot("uses") % 100 < 92:
        yield career.event(started, "cpdl.started", system="cpdl")
        if "43" in career.office.services and career.lot("caseload") % 3 == 0:
            yield career.event(started + timedelta(days=20), "caseload-relaxation.claimed")
    if career.paid and career.lot("renews") % 100 < 75:
        renewed = career.applied.replace(year=2026, day=min(career.applied.day, 28)) - timedelta(days=12)
        yield career.event(renewed, "cpdl.renewed", licence_until=_year_after(renewed + timedelta(days=12)))


def _links(career: Career, since: date, until: date, count: int) -> Iterator[Happening]:
    """Link `count` different partners, evenly from `since` to `until`; the first of them reports twice."""
    others = city()
    for turn in range(count):
        partner = others[lot("partner", career.office.number, turn) % len(others)].number
        day = since + (until - since) * (turn + 1) / (count + 1)
        yield career.event(day, "cpdl.linked", partner=partner)
        if turn == 0:
            yield career.event(day + timedelta(days=9), "cpdl.linked", partner=partner)


def _tech_grant_r7(career: Career) -> Iterator[Happening]:
    joined = career.joined
    if joined is None or joined > date(2025, 9, 1) or not GRANTEES & set(career.office.services):
        return
    drawn = career.lot("grant r7") % 100
    if drawn < 60:
        addition = drawn < 40
        granted = date(2025, 9, 8) + timedelta(days=drawn % 20)
        yield career.event(granted, "tech-grant-r7.granted", addition=addition)
        if addition:
            yield from _links(career, date(2025, 9, 20), date(2026, 3, 25), 5 if drawn < 28 else 3)


def _subsidy(career: Career) -> Iterator[Happening]:
    drawn = career.lot("subsidy") % 100
    day = date(2026, 1, 19) + timedelta(days=career.lot("subsidy day") % 53)
    if drawn < 58:
        yield career.event(day, "platform-subsidy.accepted")
    elif drawn < 66:
        yield career.event(day, "platform-subsidy.declined")


def _wages(career: Career) -> Iterator[Happening]:
    drawn = career.lot("wages") % 100
    if drawn >= 74:
        return
    services = set(career.office.services)
    supplement = not services <= WITHOUT_SUPPLEMENT and drawn < 62
    late = career.joined is None or career.joined > COUNTED
    pledged = supplement and bool(services & ROUTE_A) and late
    applied = date(2026, 2, 10) + timedelta(days=career.lot("wages day") % 48)
    yield career.event(applied, "wage-support.applied", supplement=supplement, pledged=pledged)
    if pledged and career.joined is None and drawn < 54:
        rushed = date(2026, 5, 7) + timedelta(days=career.lot("rush") % 60)
        yield career.event(rushed, "cpdl.applied", paid=False, licence_until=_year_after(rushed))
        joined = rushed + timedelta(days=6)
        yield career.event(joined, "cpdl.joined", licence_until=_year_after(rushed))
    if drawn < 70:
        filed = date(2026, 6, 15) + timedelta(days=career.lot("filed") % 46)
        yield career.event(filed, "wage-support.report.filed")


def _tech_grant_r8(career: Career) -> Iterator[Happening]:
    drawn = career.lot("grant r8") % 100
    if drawn >= 30:
        return
    day = date(2026, 5, 11) + timedelta(days=career.lot("grant r8 day") % 32)
    if drawn >= 9:
        yield career.event(day, "tech-grant-r8.declined")
        return
    yield career.event(day, "tech-grant-r8.applied")
    if drawn >= 7:
        return
    granted = date(2026, 8, 3) + timedelta(days=career.lot("granted r8") % 45)
    addition = drawn < 4
    yield career.event(granted, "tech-grant-r8.granted", software=drawn < 5, addition=addition)
    if addition:
        yield from _links(career, granted + timedelta(days=5), date(2027, 2, 20), 3 + career.lot("links") % 5)
    steps = ("security-action.declared", "committee.set-up", "improvement-support.received")
    for place, step in enumerate(steps):
        if career.lot(step) % 100 < 70 - 15 * place:
            yield career.event(granted + timedelta(days=18 + 20 * place), f"tech-grant-r8.{step}")
    if career.lot("plan") % 100 < 35:
        yield career.event(granted + timedelta(days=50), "tech-grant-r8.improvement-plan.filed")


def _additions(career: Career) -> Iterator[Happening]:
    if set(career.office.services) <= WITHOUT_SUPPLEMENT or career.lot("addition") % 100 >= 82:
        return
    tier = ("Ⅰ", "Ⅱ", "Ⅲ")[career.lot("tier") % 3]
    yield career.event(date(2025, 4, 1), "treatment-addition.held", tier=tier)
    if set(career.office.services) & ROUTE_A and career.lot("special") % 100 < 20:
        claimed = date(2026, 4, 8) + timedelta(days=career.lot("claimed") % 30)
        yield career.event(claimed, "treatment-addition-r8.special.claimed")


def _web_service(career: Career) -> Iterator[Happening]:
    if career.joined is not None and career.lot("web") % 100 < 35:
        ready = date(2026, 6, 1) + timedelta(days=career.lot("ready") % 160)
        yield career.event(ready, "web-service.ready", certificate_until=_year_after(ready))


@cache
def to_come() -> tuple[Happening, ...]:
    """Return what is still to come, invented: a visitor who turns the clock sees the day of the integration announced."""
    return (
        Happening(date(2026, 12, 8), "platform.integration.announced", "", {"date": "2027-03-01"}),
        Happening(date(2027, 3, 1), "platform.integration.happened", "", {"date": "2027-03-01"}),
    )
