"""What stands between a batch and the dialogues that carry it: loads, and where they come from."""

from dataclasses import dataclass
from typing import Protocol

from notifier.channels.parcel import Parcel
from notifier.domain.receipts import Receipt


@dataclass(slots=True)
class Load:
    """A parcel on its way out: its commands and its content as they go on the wire.

    `content` ends with the final dot. `permitted` is when `before_dot` let it pass, by the loop's clock.
    """

    parcel: Parcel
    mail: bytes
    rcpt: bytes
    content: bytes
    permitted: float
    deadline: float = 0


class Carrier(Protocol):
    """What a supply may ask of a dialogue."""

    def begin(self) -> None:
        """Take the next load, if there is one."""

    def release(self) -> None:
        """Stop working for this supply; the session stays open."""

    def pour(self, load: Load) -> None:
        """Send the content, if the load is still under way here: the permission is fresh."""

    def withdraw(self, load: Load) -> bool:
        """Drop the load before its content, and tell whether it was still under way here."""


class Supply(Protocol):
    """Where a dialogue takes its loads from and leaves what became of them."""

    def take(self, *, size: bool) -> Load | None:
        """Return the next load, or None if there is none now."""

    def rest(self, dialogue: Carrier) -> None:
        """Note that the dialogue has nothing to do; it waits for `begin` or `release`."""

    def is_fresh(self, load: Load) -> bool:
        """Tell whether the permission is young enough for the content to start."""

    def renew(self, load: Load, dialogue: Carrier) -> None:
        """Ask for permission again; the dialogue hears by `pour` or `withdraw`."""

    def settle(self, load: Load, receipt: Receipt) -> None:
        """Note what became of a load."""

    def give_back(self, load: Load) -> None:
        """Take back a load that the session ended too early for; the relay has not seen its content."""
