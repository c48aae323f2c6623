"""Revisions: which version of a calendar entry leaves, so that its number grows exactly when the entry changes.

What a calendar shows follows from the law, the facts, the authorities and the program itself; no counter of one of
them tells whether the entry a reader holds has changed. So what was last handed out is kept, and compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, Self

from notifier.domain.agenda import Agenda, Entry
from notifier.domain.ical import Event, Status

SHOWN_CANCELLED: Final = timedelta(days=90)
"""How long a cancelled event stays in the calendar: programs that look rarely, too, shall take it down."""
PAST: Final = "past"
"""The end of an event whose day is over: nothing is taken back, it is just not handed out for ever."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was last handed out under one UID: its version, when that came up (aware), and what is needed to cancel it.

    `ended` is "" while it stands, PAST, or why it was cancelled. It is kept for ever, so that no number falls.
    """

    sequence: int
    modified: datetime
    digest: str
    first: date
    last: date
    title: str
    ended: str = ""

    def as_data(self) -> list[Any]:
        """Return it as JSON values."""
        days = [self.first.isoformat(), self.last.isoformat()]
        return [self.sequence, self.modified.isoformat(), self.digest, *days, self.title, self.ended]

    @classmethod
    def from_data(cls, written: Sequence[Any]) -> Self:
        """Read what `as_data` wrote."""
        sequence, modified, digest, first, last, title, ended = written
        days = date.fromisoformat(first), date.fromisoformat(last)
        return cls(sequence, datetime.fromisoformat(modified), digest, *days, title, ended)


@dataclass(frozen=True, slots=True)
class Revised:
    """Events as they leave, the nearest first, and what must be kept before they do."""

    events: tuple[Event, ...]
    kept: Mapping[str, Kept]


def revise(kept: Mapping[str, Kept], agenda: Agenda, now: datetime, today: date) -> Revised:
    """Give each entry its version at the aware instant `now`, on the civil date `today` in Japan.

    What was handed out and stands no more is cancelled, with the reason; what was never handed out is not.
    """
    found = dict(kept)
    second = now.replace(microsecond=0)  # the finest that the format knows
    events = []
    for entry in agenda.entries:
        version = found[entry.uid] = _version(found.get(entry.uid), entry, second)
        status = Status.TENTATIVE if entry.tentative else Status.CONFIRMED
        events.append(_event(entry, version, status))
    standing = {entry.uid for entry in agenda.entries}
    for uid, old in kept.items():
        if uid in standing:
            continue
        version = found[uid] = _ended(old, agenda, uid, second, today)
        if version.ended != PAST and second - version.modified <= SHOWN_CANCELLED:
            events.append(_cancelled(uid, version))
    return Revised(tuple(sorted(events, key=lambda each: (each.first, each.uid))), found)


def _version(old: Kept | None, entry: Entry, now: datetime) -> Kept:
    digest = _digest(entry)
    if old is not None and old.digest == digest and not old.ended:
        return old
    sequence = 0 if old is None else old.sequence + 1
    return Kept(sequence, _after(old, now), digest, entry.first, entry.last, entry.title)


def _ended(old: Kept, agenda: Agenda, uid: str, now: datetime, today: date) -> Kept:
    reason = agenda.over.get(uid)
    if old.ended and old.ended != PAST:
        return old
    if reason is None and (old.ended or old.last < today):
        return replace(old, ended=PAST)
    ended = reason or agenda.otherwise
    return replace(old, sequence=old.sequence + 1, modified=_after(old, now), ended=ended)


def _after(old: Kept | None, now: datetime) -> datetime:
    """Return `now`, or a second after the last version: a clock that was set back does not make it older."""
    return now if old is None else max(now, old.modified + timedelta(seconds=1))


def _digest(entry: Entry) -> str:
    return blake2b(repr(entry).encode(), digest_size=12).hexdigest()


def _event(entry: Entry, version: Kept, status: Status) -> Event:
    return Event(
        entry.uid,
        version.sequence,
        version.modified,
        entry.first,
        entry.last,
        entry.summary,
        entry.description,
        status,
        entry.alarms,
        entry.url,
        entry.contact,
    )


def _cancelled(uid: str, version: Kept) -> Event:
    summary = f"【{version.ended}】{version.title}"
    told = f"この予定は終わりました（{version.ended}）。カレンダーから消してかまいません。"
    days = version.first, version.last
    return Event(uid, version.sequence, version.modified, *days, summary, told, Status.CANCELLED)
