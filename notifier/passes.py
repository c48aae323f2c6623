"""Passes: signed tokens in addresses, each good for one purpose and nothing else."""

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from itsdangerous import BadSignature, URLSafeSerializer


class Purpose(StrEnum):
    """What a token is good for: one-click unsubscribing (RFC 8058), or the page on which a contact is confirmed."""

    UNSUBSCRIBE = "unsubscribe"
    CONFIRM = "confirm"


@dataclass(frozen=True)
class Passes:
    """Writes and reads the tokens of one installation, whose `secret` signs them."""

    secret: str = field(repr=False)

    def written(self, purpose: Purpose, what: str) -> str:
        """Return the token that carries `what` for `purpose`; the same each time."""
        return str(self._signer(purpose).dumps(what))

    def read(self, purpose: Purpose, token: str) -> str | None:
        """Return what the token carries; None if it was not signed here for this purpose."""
        try:
            return str(self._signer(purpose).loads(token))
        except BadSignature:
            return None

    def _signer(self, purpose: Purpose) -> URLSafeSerializer:
        # SHA-1, the library's default, may be refused by an auditor where SHA-256 is not.
        return URLSafeSerializer(self.secret, salt=purpose.value, signer_kwargs={"digest_method": sha256})
