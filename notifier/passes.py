"""Passes: signed tokens in addresses, each good for one purpose and nothing else; and codes that are typed instead."""

import hmac
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import Final

from itsdangerous import BadSignature, URLSafeSerializer

SIGNS: Final = "23456789ACDEFGHJKMNPQRSTVWXYZ"
"""Signs of a code that is typed: the same as those of short codes (`notifier.domain.codes`)."""
CODE_LENGTH: Final = 8


class Purpose(StrEnum):
    """What a token is good for.

    One-click unsubscribing (RFC 8058), the page on which a contact is confirmed, an office's own page, a form on it.
    """

    UNSUBSCRIBE = "unsubscribe"
    CONFIRM = "confirm"
    OFFICE = "office page"
    FORM = "office form"


@dataclass(frozen=True, slots=True)
class Doorway:
    """How an office gets to its own page: an absolute address, and a code to type where links do not arrive."""

    url: str = field(repr=False)
    code: str = field(repr=False)


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

    def code(self, what: str) -> str:
        """Return the code of eight signs (`ABCD-EFGH`) that stands for `what`; nobody without the secret can tell it."""
        digest = hmac.digest(self._code_key, what.encode(), sha256)
        number, signs = int.from_bytes(digest, "big"), []
        for _ in range(CODE_LENGTH):
            number, index = divmod(number, len(SIGNS))
            signs.append(SIGNS[index])
        return f"{''.join(signs[:4])}-{''.join(signs[4:])}"

    @cached_property
    def _code_key(self) -> bytes:
        return hmac.digest(self.secret.encode(), b"code of an office's page", sha256)

    def _signer(self, purpose: Purpose) -> URLSafeSerializer:
        # SHA-1, the library's default, may be refused by an auditor where SHA-256 is not.
        return URLSafeSerializer(self.secret, salt=purpose.value, signer_kwargs={"digest_method": sha256})
