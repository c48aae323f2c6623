"""The breaker of an endpoint: after failures in a row it is left in peace for a while, then tried with one message.

A breaker that is *open* keeps messages back; one that was open and whose time is over lets one through (*half open*);
the first success closes it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

FAILURES: Final = 5
"""So many in a row open the breaker."""
SHORTEST: Final = timedelta(seconds=30)
LONGEST: Final = timedelta(hours=1)
DEAD_AFTER: Final = timedelta(days=8)
"""An endpoint that answered nothing well for so long is disabled; what waits for it is kept."""


class Turn(StrEnum):
    """What an attempt changed about an endpoint, so that its owner is told."""

    FAILING = "failing"
    RECOVERED = "recovered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Breaker:
    """How an endpoint stands: failures in a row, since when, and until when nothing is sent (aware, that one excluded)."""

    failures: int = 0
    failing_since: datetime | None = None
    open_until: datetime | None = None

    @property
    def is_tripped(self) -> bool:
        """Tell whether only one message at a time may try."""
        return self.failures >= FAILURES


def after_success(breaker: Breaker) -> tuple[Breaker, Turn | None]:
    """Return how the endpoint stands after it took a message."""
    return Breaker(), Turn.RECOVERED if breaker.is_tripped else None


def after_failure(
    breaker: Breaker, now: datetime, spread: float, asked_for: timedelta | None = None
) -> tuple[Breaker, Turn | None]:
    """Return how the endpoint stands after it failed at `now`.

    `asked_for` is the wait it asked for itself (Retry-After); it counts at once, for all that waits. `spread` from 0
    to 1 is chance: waits are drawn from their last fifth. They grow with each probe that fails, however many messages
    were on their way when the breaker opened.
    """
    if breaker.is_tripped and breaker.open_until is not None and now < breaker.open_until:
        # It was on its way beside those that opened the breaker: only a probe tells more than they have.
        return replace(breaker, open_until=max(breaker.open_until, now + (asked_for or timedelta()))), None
    failures = breaker.failures + 1
    since = breaker.failing_since or now
    wait = timedelta()
    if failures >= FAILURES:
        grown: timedelta = min(SHORTEST * 2 ** min(failures - FAILURES, 12), LONGEST)
        wait = grown * (0.8 + 0.2 * spread)
    wait = max(wait, asked_for or timedelta())
    until = now + wait if wait else None
    if breaker.open_until is not None and (until is None or breaker.open_until > until):
        until = breaker.open_until
    fresh = replace(breaker, failures=failures, failing_since=since, open_until=until)
    if failures >= FAILURES and now - since >= DEAD_AFTER:
        return fresh, Turn.DEAD
    return fresh, Turn.FAILING if failures == FAILURES else None
