"""How much one key may send in a while: a token bucket for each key, in this process."""

import time
from collections.abc import Callable
from typing import Final

PER_SECOND: Final = 1000.0
BURST: Final = 5000.0


class Rates:
    """One bucket for each key: full at first, refilled `per_second`, never above `burst`."""

    def __init__(
        self,
        per_second: float = PER_SECOND,
        burst: float = BURST,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """Allow each key `per_second` events a second and `burst` at once; `seconds` only ever grows."""
        self._per_second = per_second
        self._burst = burst
        self._seconds = seconds
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, key: str, count: int) -> float:
        """Take `count` from the bucket of `key` and return 0; or take nothing and return the seconds until it can."""
        now = self._seconds()
        level, since = self._buckets.get(key, (self._burst, now))
        level = min(self._burst, level + (now - since) * self._per_second)
        if level >= count:
            self._buckets[key] = (level - count, now)
            return 0.0
        self._buckets[key] = (level, now)
        return (count - level) / self._per_second
