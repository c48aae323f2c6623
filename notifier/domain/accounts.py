"""Accounts: which passwords are good enough, how long somebody waits after wrong ones, how long a session lasts."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from notifier.domain.roles import Role

SHORTEST, LONGEST = 12, 256
"""Signs of a password, as NIST SP 800-63B-4 (3.1.1.2) and OWASP ASVS 5.0 (V6.2) ask: long, of any kind, never cut."""
FREE: Final = 5
"""Wrong passwords in a row after which the next one has to wait."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
FORGOTTEN: Final = timedelta(hours=24)
"""After this long without a wrong password the earlier ones count no more."""
IDLE, ABSOLUTE = timedelta(minutes=30), timedelta(hours=12)
"""How long a session lasts without being used, and at all."""

LONGEST_ADDRESS: Final = 254
"""Signs of a mail address (RFC 5321, 4.5.3.1.3)."""


@dataclass(frozen=True, slots=True)
class User:
    """Who uses the pages: in which role, for which `authority` (団体コード; "" for the nation); `label` is for people."""

    name: str
    role: Role
    authority: str
    label: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a provider of identities (認証基盤) has shown: its `subject`, unique for ever under the `issuer`.

    `email` is "" unless the provider vouches that it is theirs. `has_factors` tells that it asked for more than a password.
    """

    issuer: str
    subject: str
    email: str = ""
    has_factors: bool = False

    @property
    def key(self) -> str:
        """Return what an account keeps to know them again."""
        return f"{self.issuer} {self.subject}"


def read_address(written: str) -> str:
    """Return a mail address as accounts keep it, in small letters; "" for what is none in plain ASCII.

    Other signs are refused before they are made small: the Kelvin sign would become a k.
    """
    plain = written.strip()
    name, _, host = plain.rpartition("@")
    is_plain = plain.isascii() and plain.isprintable() and not set(plain) & set(' ,;<>()"')
    return plain.lower() if name and host and is_plain and len(plain) <= LONGEST_ADDRESS else ""


def folded(password: str) -> str:
    """Return a password as it is hashed: a keyboard's full-width and composed signs are those they mean (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def objection(password: str, name: str) -> str:
    """Return in Japanese why a password for the account `name` is not good enough, or ""."""
    plain = folded(password)
    if len(plain) < SHORTEST:
        return f"パスワードは{SHORTEST}文字以上にしてください。"
    if len(plain) > LONGEST:
        return f"パスワードは{LONGEST}文字以下にしてください。"
    if name.lower() in plain.lower():
        return "パスワードに利用者名を含めないでください。"
    if len(set(plain)) < 5:
        return "同じ文字のくり返しではないパスワードにしてください。"
    return ""


def waits_until(failures: int, last: datetime) -> datetime:
    """Return the instant before which no further try is looked at, after `failures` in a row, the last at `last`."""
    if failures < FREE:
        return last
    factor: int = 2 ** min(failures - FREE, 20)
    return last + min(FIRST_WAIT * factor, LONGEST_WAIT)


def counts_still(last: datetime, now: datetime) -> bool:
    """Tell whether wrong passwords of which the last was at `last` still count at `now`."""
    return now - last < FORGOTTEN


def is_over(begun: datetime, used: datetime, now: datetime) -> bool:
    """Tell whether a session is over that began at `begun` and was last used at `used`."""
    return now - begun >= ABSOLUTE or now - used >= IDLE
