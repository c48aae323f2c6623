"""Wishes: on which days an office may ask to be reminded, beside the rungs of a duty's ladder."""

from datetime import date, timedelta

from notifier.domain.dates import Interval
from notifier.domain.deadlines import Due

FARTHEST = timedelta(days=365)
"""A wish further ahead is a slip of the pen; the ladder reminds long before."""


def last_safe_day(due: Due) -> date | None:
    """Return the last civil date on which doing it is surely in time, or None where there is no end."""
    if due.target is not None or due.ladder_day is not None:
        return due.target or due.ladder_day
    return due.latest if due.ends else None


def days_to_wish(due: Due, today: date) -> Interval | None:
    """Return the civil dates, both ends inclusive, on which a reminder may be asked for on `today`; None if none is left.

    From tomorrow to the last safe day: later, the reminder would come too late to act on.
    """
    first, last = today + timedelta(days=1), today + FARTHEST
    safe = last_safe_day(due)
    if safe is not None:
        last = min(last, safe)
    return Interval(first, last) if first <= last else None
