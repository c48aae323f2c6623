"""The only reader of the clock.

Everything else is handed the time: `now` is an aware UTC instant, `today` the civil date in Japan.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")


class Clock(Protocol):
    """Tells the time; one real implementation and one that is turned by hand."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)


class TurnedClock:
    """A clock that stands still until it is turned; for the simulation, the demonstration and tests."""

    def __init__(self, start: datetime) -> None:
        """Start at `start` (aware; kept in UTC)."""
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant the clock was last turned to, in UTC."""
        return self._now

    def turn_to(self, instant: datetime) -> None:
        """Turn the clock forward to `instant` (aware). Raises ValueError if that lies in the past."""
        if instant < self._now:
            message = f"the clock stands at {self._now.isoformat()} and cannot be turned back to {instant}"
            raise ValueError(message)
        self._now = instant.astimezone(UTC)


class ShiftedClock:
    """A clock that goes, but shows another time; it can be held, turned forward and let go. For the demonstration."""

    def __init__(self, real: Clock, start: datetime) -> None:
        """Hold still at `start` (aware) until `let_go`; afterwards go as `real` goes."""
        self._real = real
        self._offset = timedelta()
        self._held: datetime | None = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant shown, aware, in UTC."""
        return self._held if self._held is not None else self._real.now() + self._offset

    def turn_to(self, instant: datetime) -> None:
        """Hold, and turn forward to `instant` (aware). Raises ValueError if that lies in the past."""
        if instant < self.now():
            message = f"the clock shows {self.now().isoformat()} and cannot be turned back to {instant}"
            raise ValueError(message)
        self._held = instant.astimezone(UTC)

    def let_go(self) -> None:
        """Go on from the instant shown."""
        self._offset = self.now() - self._real.now()
        self._held = None


def civil_date(instant: datetime) -> date:
    """Return the civil date in Japan on which `instant` (aware) falls."""
    return instant.astimezone(JAPAN).date()


def japan_time(day: date, hour: int, minute: int = 0) -> datetime:
    """Return the instant (aware, UTC) at which the clocks of Japan show `hour:minute` on `day`."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=JAPAN).astimezone(UTC)
