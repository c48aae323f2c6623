"""Returns: the addresses at which mail comes back to us, and which of them prove what they are about.

Answers go to one plain address, printed in letters. What a relay sends back goes to an address of each letter's own
(`henshin+l42-k2c9…@example.jp`), with a keyed digest in it: nobody who has not had that letter can say that it
did not arrive.
"""

import re
from base64 import b32encode
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from hmac import compare_digest
from typing import Final

from notifier.domain.mails import Ourselves

LONGEST_LOCAL: Final = 32
"""Characters before the @ of the plain address: with a token behind it 64 must be enough (RFC 5321, 4.5.3.1.1)."""
_PROOF: Final = 10
_TOKEN: Final = re.compile(r"([lm])(\d{1,19})-([a-z2-7]{10})")


class Sent(StrEnum):
    """What was sent from an address of its own: a letter, or a memo."""

    LETTER = "l"
    MEMO = "m"


@dataclass(frozen=True, slots=True)
class Returns:
    """Where mail comes back: `address` is the plain one, in lower case. The first of `keys` writes, all of them read."""

    address: str
    keys: tuple[bytes, ...] = field(repr=False)
    ourselves: Ourselves

    def path(self, sent: Sent, number: int) -> str:
        """Return the envelope sender of a letter or memo with this id."""
        local, _, domain = self.address.rpartition("@")
        return f"{local}+{sent.value}{number}-{_proof(self.keys[0], sent, number)}@{domain}"

    def read(self, recipient: str) -> tuple[Sent, int] | None:
        """Return what came back to `recipient`; None for the plain address, and for what we never wrote."""
        token = self._token(recipient)
        match = _TOKEN.fullmatch(token) if token else None
        if match is None:
            return None
        sent, number = Sent(match[1]), int(match[2])
        proven = any(compare_digest(_proof(key, sent, number), match[3]) for key in self.keys)
        return (sent, number) if proven else None

    def takes(self, recipient: str) -> bool:
        """Tell whether mail to `recipient` is for us."""
        return self._token(recipient) is not None

    def _token(self, recipient: str) -> str | None:
        """Return what stands behind the + of one of our addresses, "" for the plain one, None for any other."""
        local, _, domain = recipient.strip().lower().rpartition("@")
        own, _, own_domain = self.address.rpartition("@")
        name, _, token = local.partition("+")
        return token if (name, domain) == (own, own_domain) else None


def returns_to(address: str, senders: frozenset[str], domain: str, *secrets: str) -> Returns:
    """Return where mail comes back for an installation that writes from `senders` and signs its ids with `domain`.

    The first of `secrets` is the present one.
    """
    plain = address.strip().lower()
    keys = (blake2b(each.encode(), digest_size=32, person=b"return paths").digest() for each in secrets)
    return Returns(plain, tuple(keys), Ourselves(senders | {plain}, domain))


def _proof(key: bytes, sent: Sent, number: int) -> str:
    digest = blake2b(f"{sent.value}{number}".encode(), key=key, digest_size=8).digest()
    return b32encode(digest).decode("ascii").lower()[:_PROOF]
