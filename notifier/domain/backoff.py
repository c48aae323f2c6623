"""How long to wait before the next attempt to deliver, and when to give up.

The waits grow to a longest one and then stay there. Each is drawn from its last fifth by a spread that
the caller hands in, so that what failed together is not tried again together.
"""

from datetime import timedelta
from typing import Final

_SHORTEST_SHARE = 0.8


def _waits(first: timedelta, factor: int, longest: timedelta, horizon: timedelta) -> tuple[timedelta, ...]:
    """Return growing waits, none beyond `longest`, that together stay within `horizon`."""
    waits: list[timedelta] = []
    wait = first
    while sum(waits, wait) <= horizon:
        waits.append(wait)
        wait = min(wait * factor, longest)
    return tuple(waits)


MAIL_WAITS: Final = _waits(timedelta(minutes=1), 2, timedelta(hours=4), timedelta(hours=72))
"""25 attempts within 72 hours: the time for which GOV.UK Notify's providers try, too."""

WEBHOOK_WAITS: Final = _waits(timedelta(seconds=10), 3, timedelta(hours=12), timedelta(days=8))
"""24 attempts within 8 days: an endpoint that is down over a long weekend misses nothing."""


def mail_retry(attempt: int, spread: float) -> timedelta | None:
    """Return the wait after the `attempt`-th failed attempt (1 is the first) to mail; None: give up.

    `spread` from 0 to 1 is chance, handed in: 1 gives the full wait, 0 four fifths of it.
    Raises ValueError if either is out of range.
    """
    return _wait_after(MAIL_WAITS, attempt, spread)


def webhook_retry(attempt: int, spread: float) -> timedelta | None:
    """Return the wait after the `attempt`-th failed call of an endpoint; None: give up. See `mail_retry`."""
    return _wait_after(WEBHOOK_WAITS, attempt, spread)


def _wait_after(waits: tuple[timedelta, ...], attempt: int, spread: float) -> timedelta | None:
    if attempt < 1 or not 0 <= spread <= 1:
        message = f"attempt {attempt} must be 1 or more, and spread {spread} lie from 0 to 1"
        raise ValueError(message)
    if attempt > len(waits):
        return None
    return waits[attempt - 1] * (_SHORTEST_SHARE + (1 - _SHORTEST_SHARE) * spread)
