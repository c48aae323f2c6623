"""How much one key may send in a while, and how many keys one address may guess: token buckets, in this process."""

import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final

PER_SECOND: Final = 1000.0
BURST: Final = 5000.0
GUESSES_PER_SECOND: Final = 1 / 6
GUESSES: Final = 30.0
"""Wrong keys from one address that are answered as such at once; then it is one in six seconds."""
MOST_ADDRESSES: Final = 10_000


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


class Guesses:
    """Counts the keys that were refused, for each address.

    Only wrong keys are ever held up: whoever shows a good one from the same address is not concerned.
    """

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        """Begin with no guesses; `seconds` only ever grows."""
        self._seconds = seconds
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, address: str) -> float:
        """Count a wrong key from `address`; returns 0, or the seconds until the next is answered as such."""
        network, now = _network(address), self._seconds()
        level, since = self._buckets.pop(network, (GUESSES, now))
        level = min(GUESSES, level + (now - since) * GUESSES_PER_SECOND)
        is_answered = level >= 1
        self._buckets[network] = (level - 1 if is_answered else level, now)
        if len(self._buckets) > MOST_ADDRESSES:
            del self._buckets[next(iter(self._buckets))]  # the one that has been quiet for longest
        return 0.0 if is_answered else (1 - level) / GUESSES_PER_SECOND


def _network(address: str) -> str:
    """Return what one guesser may have at once: an IPv4 address, or the 64 bits that are an IPv6 network of one house."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return str(IPv6Address(int(found) >> 64 << 64)) if isinstance(found, IPv6Address) else str(found)
