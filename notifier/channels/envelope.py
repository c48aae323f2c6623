"""The form of an address that SMTP and the To header accept.

Japanese carriers once gave out addresses that break the grammar of RFC 5321 (`a..b@`, `.a@`, `a.@`).
They still exist; they are carried by quoting the local part, for these carriers alone.
"""

import re
from functools import lru_cache

import email_validator

from notifier.channels.parcel import UnsendableError

CARRIERS = frozenset(
    {
        "au.com",
        "disney.ne.jp",
        "docomo.ne.jp",
        "ezweb.ne.jp",
        "i.softbank.jp",
        "softbank.ne.jp",
        *(f"{letter}.vodafone.ne.jp" for letter in "dhtcrknsq"),
    }
)
"""Domains of carriers whose subscribers may hold such addresses."""

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ORDINARY = re.compile(rf"({ATOM}(?:\.{ATOM})*)@({LABEL}(?:\.{LABEL})+)")
NONCONFORMING = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
LONGEST_LOCAL = 64
LONGEST = 254


@lru_cache(maxsize=65536)
def envelope_address(address: str) -> str:
    """Return the ASCII form of an address for MAIL, RCPT and the To header.

    Ordinary addresses come back unchanged; names of domains in Japanese become their `xn--` form; old
    carrier addresses are quoted: `a..b@docomo.ne.jp` becomes `"a..b"@docomo.ne.jp` (as does the quoted
    form itself). Raises UnsendableError for anything else.
    """
    found = ORDINARY.fullmatch(address)
    if found and len(found[1]) <= LONGEST_LOCAL and len(address) <= LONGEST:
        return address
    local, _, domain = address.rpartition("@")
    if domain.lower() in CARRIERS:
        bare = local[1:-1] if len(local) > 2 and local[0] == local[-1] == '"' else local
        if NONCONFORMING.fullmatch(bare) and len(bare) <= LONGEST_LOCAL - 2:
            return f'"{bare}"@{domain}'
    return _checked(address)


def is_sendable(address: str) -> bool:
    """Tell whether mail can be sent to an address, as `envelope_address` sees it."""
    try:
        envelope_address(address)
    except UnsendableError:
        return False
    return True


def _checked(address: str) -> str:
    try:
        checked = email_validator.validate_email(address, check_deliverability=False, test_environment=True)
    except email_validator.EmailNotValidError as fault:
        message = f"The address {address!a} cannot receive mail: {fault}"
        raise UnsendableError(message) from None
    if checked.ascii_email is None:
        message = (
            f"The address {address!a} has letters outside ASCII before the @; "
            "relays need SMTPUTF8 for it, which this service does not use. Ask for another address."
        )
        raise UnsendableError(message)
    if len(checked.ascii_email.rpartition("@")[0]) > LONGEST_LOCAL:
        message = f"The address {address!a} has more than {LONGEST_LOCAL} characters before the @."
        raise UnsendableError(message)
    return checked.ascii_email
