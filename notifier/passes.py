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
    """Writes and reads the tokens of one installation, whose `secret` signs them.

    What one of the `former` secrets (newest first) signed is read, too.
    """

    secret: str = field(repr=False)
    former: tuple[str, ...] = field(default=(), repr=False)

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
        return _code(self._code_keys[0], what)

    def is_code(self, typed: str, what: str) -> bool:
        """Tell whether `typed`, in the form in which codes are printed, stands for `what` under any of the secrets."""
        return any(typed == _code(key, what) for key in self._code_keys)

    @cached_property
    def _code_keys(self) -> tuple[bytes, ...]:
        secrets = (self.secret, *self.former)
        return tuple(hmac.digest(each.encode(), b"code of an office's page", sha256) for each in secrets)

    @cached_property
    def _signers(self) -> dict[Purpose, URLSafeSerializer]:
        # The library signs with the last of the secrets. SHA-1, its default, may be refused by an auditor.
        secrets = [*reversed(self.former), self.secret]
        kind = {"digest_method": sha256}
        return {each: URLSafeSerializer(secrets, salt=each.value, signer_kwargs=kind) for each in Purpose}

    def _signer(self, purpose: Purpose) -> URLSafeSerializer:
        return self._signers[purpose]


def _code(key: bytes, what: str) -> str:
    number, signs = int.from_bytes(hmac.digest(key, what.encode(), sha256), "big"), ""
    for _ in range(CODE_LENGTH):
        number, index = divmod(number, len(SIGNS))
        signs += SIGNS[index]
    return f"{signs[:4]}-{signs[4:]}"
