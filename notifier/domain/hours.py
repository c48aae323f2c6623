"""Hours: on which weekdays, and between which hours of the Japanese clock, the letters of a contact are to come."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from typing import Final, Self

from notifier.domain.calendar import Calendar
from notifier.errors import SubscriptionRefusedError

WEEKDAYS: Final = "月火水木金土日"
"""The weekdays in one character each, in the order of ISO 8601: Monday is 1."""
MIDNIGHT: Final = 24
"""The hour at which a day ends."""
MORNING: Final = 9
"""Where any hour will do, what was put off to a day leaves when letters leave: at nine."""
OLDEST: Final = timedelta(days=14)
"""So long after the day of which it speaks a letter may still be put off: whoever is always late is sent for at last."""
_JAPAN = timezone(timedelta(hours=9))  # its clocks never change
_DAY = timedelta(days=1)
_SATURDAY = 6
_RUN = 3
"""So many weekdays in a row are worded by the first and the last of them."""


@dataclass(frozen=True, slots=True)
class Hours:
    """`weekdays` are ISO weekdays (1 is Monday) in order, () for every day; full hours from `first` until before `last`."""

    weekdays: tuple[int, ...] = ()
    first: int = 0
    last: int = MIDNIGHT

    @classmethod
    def of(cls, weekdays: Iterable[int], hours: str) -> Self:
        """Return the hours that are meant by weekdays in any order and by "13-17" ("" for any hour).

        Raises SubscriptionRefusedError, in Japanese and about `weekdays` or `hours`, for what cannot be meant.
        """
        chosen = list(weekdays)
        if any(not 1 <= each <= len(WEEKDAYS) for each in chosen):
            message = "曜日は、月曜日を1、日曜日を7とする1から7までの数字で指定してください。"
            raise SubscriptionRefusedError(message, "weekdays")
        if len(set(chosen)) != len(chosen):
            raise SubscriptionRefusedError("同じ曜日が2回指定されています。", "weekdays")
        return cls(tuple(sorted(chosen)), *_ends(hours))

    @classmethod
    def read(cls, weekdays: str, hours: str) -> Self:
        """Return what was kept as `kept_weekdays` and `kept_hours`."""
        return cls.of(weekdays_kept_as(weekdays), hours)

    @property
    def kept_weekdays(self) -> str:
        """Return the weekdays as they are kept: their digits in order, "" for every day."""
        return "".join(map(str, self.weekdays))

    @property
    def kept_hours(self) -> str:
        """Return the hours as they are kept: 09-17, "" for any hour."""
        return "" if (self.first, self.last) == (0, MIDNIGHT) else f"{self.first:02}-{self.last:02}"

    @property
    def wording(self) -> str:
        """Return the hours in Japanese: 火・木の13時〜17時, "" where nothing is wished for."""
        days = _days_in_words(self.weekdays)
        hours = f"{self.first}時〜{self.last}時" if self.kept_hours else ""
        return "の".join(filter(None, (days, hours)))

    def openings(self, at: datetime) -> Iterator[datetime]:
        """Yield when letters may come in the eight days from `at` (aware), nearest first: `at` itself if it is inside.

        There is always one. Later ones are in UTC; where any hour will do, they are at nine in the morning.
        """
        now = at.astimezone(_JAPAN)
        if self._names(now.date()) and self.first <= now.hour < self.last:
            yield at
        hour = self.first if self.kept_hours else MORNING
        for days in range(len(WEEKDAYS) + 1):
            day = now.date() + days * _DAY
            opening = datetime(day.year, day.month, day.day, hour, tzinfo=_JAPAN)
            if self._names(day) and opening > now:
                yield opening.astimezone(UTC)

    def next_opening(self, at: datetime) -> datetime:
        """Return the nearest instant, `at` (aware) or later, that is inside; less than eight days later."""
        return next(self.openings(at))

    def opening(self, at: datetime, calendar: Calendar) -> datetime:
        """Return the nearest opening from `at` (aware) on that suits the authority, else the nearest at all.

        What is due today may leave today. Otherwise an opening suits on open days, and on a Saturday or Sunday that was
        chosen by name.
        """
        today = _day_of(at)
        found = list(self.openings(at))
        days = [(each, _day_of(each)) for each in found]
        suited = [
            each for each, day in days if day == today or calendar.is_open(day) or self._is_weekend(day)
        ]
        return (suited or found)[0]

    def _names(self, day: date) -> bool:
        return not self.weekdays or day.isoweekday() in self.weekdays

    def _is_weekend(self, day: date) -> bool:
        return day.isoweekday() >= _SATURDAY and day.isoweekday() in self.weekdays


@dataclass(frozen=True, slots=True)
class Wait:
    """A letter that is due now waits until `until` (aware), which falls on the civil date `opening`, or later `today`.

    It does not wait if it speaks of a day from `today` through `through`: the last of the days on which, once `opening` is
    over, nobody can be asked any more. Nor does it if it speaks as of a day before `oldest`.
    """

    until: datetime
    today: date
    opening: date
    through: date
    oldest: date

    @property
    def is_today(self) -> bool:
        """Tell whether the wait is over on the same day."""
        return self.opening == self.today


def wait(hours: Hours, at: datetime, calendar: Calendar) -> Wait | None:
    """Return how long a letter that is due `at` (aware) waits for `hours`; None if it need not."""
    until = hours.opening(at, calendar)
    if until == at:
        return None
    opening = _day_of(until)
    return Wait(until, _day_of(at), opening, calendar.next_open(opening + _DAY) - _DAY, opening - OLDEST)


def weekdays_kept_as(written: str) -> tuple[int, ...]:
    """Return the weekdays that were kept as `written`: digits in order."""
    return tuple(map(int, written))


def _ends(written: str) -> tuple[int, int]:
    """Read 13-17, the first hour inclusive, the last exclusive; all of the day if nothing is written."""
    if not written:
        return 0, MIDNIGHT
    parts = written.split("-")
    if len(parts) != 2 or not all(each.isascii() and each.isdigit() and len(each) <= 2 for each in parts):
        message = "時間帯は「13-17」のように、始まりと終わりの時を数字で指定してください。"
        raise SubscriptionRefusedError(message, "hours")
    first, last = map(int, parts)
    if last > MIDNIGHT:
        raise SubscriptionRefusedError("時間帯は0時から24時までの間で指定してください。", "hours")
    if first >= last:
        message = "時間帯の終わりは、始まりより後の時刻にしてください。"
        raise SubscriptionRefusedError(message, "hours")
    return first, last


def _days_in_words(weekdays: tuple[int, ...]) -> str:
    if len(weekdays) == len(WEEKDAYS):
        return "毎日"
    names = "・".join(WEEKDAYS[each - 1] for each in weekdays)
    in_a_row = len(weekdays) >= _RUN and all(after - each == 1 for each, after in pairwise(weekdays))
    return f"{names[0]}〜{names[-1]}" if in_a_row else names


def _day_of(instant: datetime) -> date:
    return instant.astimezone(_JAPAN).date()
