"""Open days of an authority, and the roll of a date that falls on a free day.

Every date is a civil date in Japan. Free are Saturdays, Sundays, national holidays and 29 December to
3 January: for the state by 行政機関の休日に関する法律 1条1項, for prefectures and municipalities by their
ordinances under 地方自治法4条の2. An authority's own closed days come on top.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from notifier.domain.dates import Interval

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5
_NEW_YEAR_CLOSING = frozenset({(12, 29), (12, 30), (12, 31), (1, 1), (1, 2), (1, 3)})


class Roll(StrEnum):
    """What becomes of a due date on a free day: it stays, or moves back or on to an open day."""

    NONE = "none"
    PREVIOUS = "previous"
    NEXT = "next"


@dataclass(frozen=True, slots=True)
class Calendar:
    """The free days of one authority.

    `holidays` are the national ones; `known` the days for which they have been proclaimed, outside which
    an answer is an estimate; `closed` the authority's own closed days.
    """

    holidays: frozenset[date]
    known: Interval
    closed: frozenset[date] = frozenset()

    def is_open(self, day: date) -> bool:
        """Say whether the authority works on `day`."""
        return not (
            day.weekday() >= _SATURDAY
            or (day.month, day.day) in _NEW_YEAR_CLOSING
            or day in self.holidays
            or day in self.closed
        )

    def previous_open(self, day: date) -> date:
        """Return `day` itself if it is open, else the nearest open day before it."""
        return self._nearest_open(day, -_ONE_DAY)

    def next_open(self, day: date) -> date:
        """Return `day` itself if it is open, else the nearest open day after it."""
        return self._nearest_open(day, _ONE_DAY)

    def _nearest_open(self, day: date, step: timedelta) -> date:
        while not self.is_open(day):
            day += step
        return day

    def roll(self, day: date, roll: Roll) -> date:
        """Return the day to which a due date on `day` is moved by the rule `roll`."""
        if roll is Roll.PREVIOUS:
            return self.previous_open(day)
        if roll is Roll.NEXT:
            return self.next_open(day)
        return day

    def is_estimate(self, day: date) -> bool:
        """Say whether the national holidays around `day` have not been proclaimed yet."""
        return day not in self.known

    def with_closed(self, days: Iterable[date]) -> "Calendar":
        """Return this calendar with `days` closed as well."""
        return replace(self, closed=self.closed.union(days))

    def open_days(self, first: date, last: date) -> list[date]:
        """Return the open days from `first` to `last`, both included, in order; none if last < first."""
        days = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
        return [day for day in days if self.is_open(day)]
