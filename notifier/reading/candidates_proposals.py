"""Proposals: candidates held against the law as known the day before, and what in them cannot be right."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

from notifier.domain.calendar import Calendar
from notifier.domain.changes import ChangeKind
from notifier.domain.dates import day_label_with_western
from notifier.domain.expressions import Expression, Fixed
from notifier.reading.candidates import Candidate
from notifier.reading.candidates_identity import Identity
from notifier.reading.candidates_matching import Match

LONG_SHIFT: Final = 180
"""Days by which a date seldom moves."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """What a candidate would do to one known deadline: `old` and `new` are the wordings of its date.

    `change` is None if nobody would notice: the same is said again, or something is added without a date.
    `due` is what the candidate says of this deadline. `contradicts` are statements of the same rank that say
    otherwise and which the notice does not say it moves; `outranked_by` is the paper of a higher rank, or the decision
    of the rule editor, that keeps another date in force. The days are the last ones, inclusive.
    """

    match: Match
    due: Expression | None
    tentative: bool
    old: str
    new: str
    change: ChangeKind | None
    old_day: date | None = None
    new_day: date | None = None
    contradicts: tuple[str, ...] = ()
    outranked_by: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """One candidate, numbered from 1, with what it would do. Without amendments it is a draft of a new duty."""

    number: int
    candidate: Candidate
    amendments: tuple[Amendment, ...]

    @property
    def is_new(self) -> bool:
        """Tell whether no known deadline matches."""
        return not self.amendments


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something that cannot be right or needs a look, in Japanese. `proposals` are the numbers concerned."""

    kind: str
    message: str
    line: int
    proposals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Proposals:
    """Everything a notice proposes; `day` is the civil date by which it is ordered, None if it bears none."""

    identity: Identity
    notice: str
    day: date | None
    anomalies: tuple[Anomaly, ...]
    proposals: tuple[Proposal, ...]


def anomalies_of(proposals: Iterable[Proposal], calendar: Calendar, issued: date | None) -> list[Anomaly]:
    """Return what cannot be right, by line."""
    every = list(proposals)
    found = [anomaly for each in every for anomaly in _of_one(each, calendar, issued)]
    merged: dict[tuple[str, str], Anomaly] = {}
    for each in [*found, *_two_dates(every)]:
        first = merged.get((each.kind, each.message))
        numbers = (
            tuple(dict.fromkeys([*first.proposals, *each.proposals])) if first is not None else each.proposals
        )
        merged[each.kind, each.message] = Anomaly(
            each.kind, each.message, first.line if first else each.line, numbers
        )
    return sorted(merged.values(), key=lambda each: (each.line, each.kind, each.proposals))


def _of_one(proposal: Proposal, calendar: Calendar, issued: date | None) -> Iterator[Anomaly]:
    candidate = proposal.candidate
    surface = " ".join(candidate.surface.split())

    def anomaly(kind: str, message: str) -> Anomaly:
        return Anomaly(kind, message, candidate.line, (proposal.number,))

    if "not-understood" in candidate.flags:
        yield anomaly("not-understood", f"「{surface}」は日付らしい表現ですが、意味を読み取れませんでした。")
    end = candidate.found.end if candidate.found is not None else None
    if end is not None and issued is not None and end < issued and "past-at-issue" in candidate.flags:
        yield anomaly(
            "due-before-issue",
            f"「{surface}」は{day_label_with_western(end)}までとなり、発出日（{issued}）より前に終わっています。",
        )
    if "weekday-mismatch" in candidate.flags:
        yield anomaly("weekday-mismatch", f"「{surface}」の曜日が暦と合いません。")
    if (
        isinstance(candidate.due, Fixed)
        and candidate.due.by is not None
        and not calendar.is_open(candidate.due.by)
    ):
        label = day_label_with_western(candidate.due.by)
        yield anomaly(
            "closed-day", f"「{surface}」の{label}は閉庁日です。前の開庁日までとするか、確かめてください。"
        )
    for each in proposal.amendments:
        yield from _of_amendment(each, anomaly)


def _of_amendment(each: Amendment, anomaly: Callable[[str, str], Anomaly]) -> Iterator[Anomaly]:
    title = each.match.duty.title
    if each.contradicts:
        others = "、".join(each.contradicts)
        message = (
            f"「{title}」について、同じ格の記載（{others}）と期日が違います"
            f"（{each.old} → {each.new}）。変更とは書かれていません。"
        )
        yield anomaly("contradiction", message)
    if each.outranked_by:
        message = (
            f"「{title}」は、より重い「{each.outranked_by}」の期日（{each.old}）が残ります。"
            "動かすには、文書の格を見直すか、運用担当者の判断が要ります。"
        )
        yield anomaly("outranked", message)
    if each.old_day is not None and each.new_day is not None:
        shift = (each.new_day - each.old_day).days
        if abs(shift) > LONG_SHIFT:
            direction = "後" if shift > 0 else "前"
            message = (
                f"「{title}」の期日が{abs(shift)}日{direction}に動きます（{each.old_day} → {each.new_day}）。"
            )
            yield anomaly("long-shift", message)


def _two_dates(proposals: list[Proposal]) -> Iterator[Anomaly]:
    """Yield an anomaly wherever one document gives another last day for a deadline than it did before."""
    dated: dict[str, list[tuple[Proposal, Amendment]]] = {}
    for proposal in proposals:
        for each in proposal.amendments[:1]:
            if (
                each.new_day is not None
                and isinstance(each.due, Fixed)
                and proposal.candidate.move != "moved"
            ):
                dated.setdefault(each.match.duty.id, []).append((proposal, each))
    for row in dated.values():
        firsts = {
            each.due.by: (proposal, each) for proposal, each in reversed(row) if isinstance(each.due, Fixed)
        }
        for (one, (first, _)), (other, (second, each)) in pairwise(sorted(firsts.items(), key=_in_text)):
            message = (
                f"「{each.match.duty.title}」に、この文書の中で2つの期日があります"
                f"（{first.candidate.line}行: {one}、{second.candidate.line}行: {other}）。"
            )
            yield Anomaly("two-dates", message, second.candidate.line, (first.number, second.number))


def _in_text(found: tuple[date | None, tuple[Proposal, Amendment]]) -> int:
    return found[1][0].number
