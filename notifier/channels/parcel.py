"""What a way out for e-mail is given, and the shape that each of them has."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from notifier.domain.receipts import Receipt
from notifier.errors import NotifierError

BeforeDot = Callable[[Sequence[str]], Awaitable[set[str]]]
"""Called with the keys of letters that are about to leave; answers which of them may.

It commits that these letters may from now on have been taken by the relay, and checks in the same
transaction that each is still wanted. It may be called more than once for a key (a permission grows
old while a slow relay thinks) and must then simply answer again. A key that it leaves out is not
sent and gets no receipt: whoever withheld it knows why.
"""


class UnsendableError(NotifierError):
    """A letter cannot be put on the wire as it is: names the field and the fault."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One letter to one recipient by e-mail.

    `key` is the permanent id of the letter: its Message-ID and its MIME boundary follow from it, so
    that sending the same parcel again sends the same bytes. `recipient` is one address. `text` is
    complete plain text; `html` says the same or is None. `date` is an aware instant, fixed when the
    letter is first claimed. `unsubscribe` is an absolute http
    or https address for `List-Unsubscribe` with one click, or None. `return_path` is the envelope sender, to which
    what cannot be delivered comes back; None for the sender's own address.
    """

    key: str
    recipient: str
    subject: str
    text: str
    html: str | None
    date: datetime
    unsubscribe: str | None
    return_path: str | None = None


class MailChannel(Protocol):
    """A way out for e-mail: the relay, or the recorder that stands in for it."""

    def send(self, parcels: Sequence[Parcel], before_dot: BeforeDot) -> AsyncIterator[tuple[str, Receipt]]:
        """Send every parcel that `before_dot` lets pass; yield each key with its receipt, in any order."""
        ...
