"""Small builders for tests: invented content in the shape of the real thing.

Everything has a sensible value of its own; a test names only what it is about.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from notifier.domain.applicability import EVERYBODY, Condition
from notifier.domain.calendar import Calendar, Roll
from notifier.domain.dates import Interval
from notifier.domain.deadlines import Due, Shape
from notifier.domain.expressions import Anchor, Expression, Fixed, SetByAuthority
from notifier.domain.facts import Fact, FactPattern, Value
from notifier.domain.ladders import Ladder
from notifier.domain.law import (
    Authority,
    AuthorityKind,
    Deadline,
    Law,
    Modality,
    Setting,
    Settlement,
)
from notifier.domain.notices import Notice, Rank
from notifier.domain.obligations import CohortKey
from notifier.domain.offices import Office
from notifier.domain.statements import Statement

REPORT = "example/annual-report"
"""The deadline that is meant where a test names none."""

CITY, PREFECTURE = "999016", "999008"
"""Codes of an invented city and its prefecture."""

ISSUED = date(2026, 4, 1)
"""The day of a paper where a test names none: a Wednesday."""

CALENDAR = Calendar(
    holidays=frozenset(
        {
            date(2026, 4, 29),
            date(2026, 5, 3),
            date(2026, 5, 4),
            date(2026, 5, 5),
            date(2026, 5, 6),
            date(2026, 7, 20),
            date(2027, 1, 1),
        }
    ),
    known=Interval(date(2025, 1, 1), date(2027, 12, 31)),
)
"""A calendar with the holidays of the months in which most cases lie."""

LADDERS = {
    each.id: each
    for each in (
        Ladder("fixed", (60, 30, 14, 7, 3, 1, 0)),
        Ladder("fiscal-year", (180, 90, 60, 30, 14, 7, 1, 0)),
        Ladder("until-event", (30, 7, 1, 0), before_window=30, checks=True),
        Ladder("recurring", (30, 7, 0), year_opening=True),
        Ladder("short", (7, 0)),
        Ladder("none", opening=False, closing=False),
    )
}


def notice(issued: date | None = ISSUED, rank: Rank = Rank.NOTICE, **more: Any) -> Notice:
    """A paper, known from the day it was issued."""
    known_from = more.pop("known_from", issued or ISSUED)
    identity = more.pop("id", f"example-{issued or known_from}-{rank.name.lower()}")
    titles = {"title": "年次報告について（例）", "issuer": "例の省", "number": "例発第1号"}
    return Notice(identity, **{**titles, **more}, issued=issued, known_from=known_from, rank=rank)


def said(
    due: Expression | None = None, issued: date = ISSUED, rank: Rank = Rank.NOTICE, **more: Any
) -> Statement:
    """What a paper says about a deadline (REPORT), known from the day the paper was issued."""
    paper = more.pop("notice", None) or notice(issued, rank)
    deadline = more.pop("deadline", REPORT)
    marks = "-".join(f"{name}-{value}" for name, value in sorted(more.items()) if name != "remark")
    values = {
        "id": f"{deadline}#{paper.id}-{due}-{marks}",
        "place": "1(1)",
        "remark": "例です。",
        "known_from": paper.known_from,
        **more,
    }
    return Statement(deadline=deadline, notice=paper, due=due, **values)


def deadline(identity: str = REPORT, **more: Any) -> Deadline:
    """A duty of every office, with the ladder of a fixed day."""
    values: dict[str, Any] = {
        "title": "年次報告書の提出（例）",
        "short": "年次報告",
        "modality": Modality.REQUIRED,
        "action": "様式1を提出してください。",
        "where": "都道府県に提出します。",
        "silence": "提出しないと、確認の連絡があります。",
        "money": "",
        "ladder": "fixed",
        "concerns": EVERYBODY,
        **more,
    }
    return Deadline(identity, **values)


def law(
    *statements: Statement,
    deadlines: Iterable[Deadline] = (),
    authorities: Iterable[Authority] = (),
    settings: Iterable[Setting] = (),
    ladders: Mapping[str, Ladder] = LADDERS,
    calendar: Calendar = CALENDAR,
) -> Law:
    """The law that consists of `statements`, about `deadlines` or, if none is given, about REPORT."""
    entries = {each.id: each for each in deadlines} or {REPORT: deadline()}
    spoken = {name: tuple(each for each in statements if each.deadline == name) for name in entries}
    places = {each.code: each for each in authorities}
    return Law(entries, spoken, ladders, calendar, places, tuple(settings))


def city(code: str = CITY, **more: Any) -> Authority:
    """A municipality of the invented prefecture."""
    return Authority(code, "例の市", AuthorityKind.MUNICIPALITY, PREFECTURE, **more)


def prefecture(code: str = PREFECTURE, **more: Any) -> Authority:
    """The invented prefecture."""
    return Authority(code, "例の県", AuthorityKind.PREFECTURE, **more)


def fact(kind: str, on: date, recorded: datetime | None = None, **values: Value) -> Fact:
    """A fact with its values."""
    return Fact(kind, on, values, recorded)


def setting(
    kind: str, on: date, authority: str = PREFECTURE, recorded: datetime | None = None, **values: Value
) -> Setting:
    """What the prefecture (or another authority, or with "" the nation) has set."""
    return Setting(authority, Fact(kind, on, values, recorded))


def office(*facts: Fact, services: Iterable[str] = ("11",), **more: Any) -> Office:
    """An office in the invented city."""
    values = {"municipality": CITY, "prefecture": PREFECTURE, **more}
    return Office("9970000001", "訪問介護 例", frozenset(services), **values, facts=facts)


def key(anchor: date | None = None, *, occurrence: int = 0, taken_up: bool = True, **more: str) -> CohortKey:
    """The cohort of the offices in the invented city that share `anchor`."""
    where = {"deadline": REPORT, "municipality": CITY, "prefecture": PREFECTURE, **more}
    return CohortKey(occurrence=occurrence, taken_up=taken_up, anchor=anchor, **where)


def pattern(*kinds: str, **more: Any) -> FactPattern:
    """The facts of these types."""
    return FactPattern(kinds, **more)


def anchor(*kinds: str, **more: Any) -> Anchor:
    """The office's own day: the newest fact of these types."""
    return Anchor(FactPattern(kinds), **more)


def settlement(*kinds: str, **more: Any) -> Settlement:
    """What facts of these types discharge."""
    return Settlement(FactPattern(kinds), **more)


def by(day: date) -> Fixed:
    """A day, inclusive."""
    return Fixed(day)


def set_by_prefecture(event: str = "example.due.set") -> SetByAuthority:
    """A day that the prefecture sets."""
    return SetByAuthority("prefecture", event)


def day_due(day: date, opens: date | None = None) -> Due:
    """A due day, or with `opens` a window."""
    shape = Shape.DAY if opens is None else Shape.WINDOW
    return Due(shape, "例の日まで", day, day, opens, ladder_day=day, target=day)


def rolled(roll: Roll) -> Deadline:
    """REPORT with a rule for closed days."""
    return deadline(roll=roll)


def concerned(condition: Condition, **more: Any) -> Deadline:
    """REPORT for the offices that `condition` means."""
    return deadline(concerns=condition, **more)
