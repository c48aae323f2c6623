"""The headers that differ from letter to letter, written by hand.

The standard library takes milliseconds for each; a property test holds ours equal to what its parser reads.

Limits: an encoded word has at most 75 characters and its line at most 76 (RFC 2047, 2); no line has
more than 998 (RFC 5322, 2.1.1).
"""

import re
from base64 import b64encode
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from functools import lru_cache
from hashlib import sha256

from notifier.channels.parcel import UnsendableError

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""What no header may hold: controls, the line breaks of Unicode, and halves of surrogate pairs."""

PLAIN = re.compile(r"(?!.*(?:=\?|  ))[!-~](?:[ -~]*[!-~])?")
"""ASCII that every reader takes literally: no encoded word in it, no spaces that a reader might drop."""

ADDRESS_SAFE = re.compile(r"[A-Za-z0-9_=+-]+(?:\.[A-Za-z0-9_=+-]+)*")
LINK = re.compile(r"https?://[!-;=?-~]+")

JAPAN = timezone(timedelta(hours=9))

FIRST_WORD = 39
"""Bytes of UTF-8 that fit beside `Subject: ` in a line of 76: 9 + 12 of frame + 52 of base64."""

NEXT_WORD = 45
"""Bytes of UTF-8 in each further encoded word: 12 of frame + 60 of base64, and the leading space."""


def subject(text: str) -> str:
    """Return the Subject header, folded, with its CRLF. Raises UnsendableError on a control character."""
    refuse_controls("subject", text)
    if len(text) <= 67 and PLAIN.fullmatch(text):
        return f"Subject: {text}\r\n"
    return f"Subject: {encoded_words(text)}\r\n"


def encoded_words(text: str) -> str:
    """Return text as folded encoded words (UTF-8, base64), cut between characters, never inside one."""
    octets = text.encode()
    words = []
    start, size, end = 0, FIRST_WORD, len(octets)
    while start < end:
        stop = start + size
        if stop < end:
            while octets[stop] & 0xC0 == 0x80:  # a continuation byte belongs to the character before it
                stop -= 1
        words.append(f"=?utf-8?b?{b64encode(octets[start:stop]).decode('ascii')}?=")
        start, size = stop, NEXT_WORD
    return "\r\n ".join(words)


@lru_cache(maxsize=64)
def date(moment: datetime) -> str:
    """Return the Date header of an aware instant, to the second, always as clocks in Japan show it.

    A database gives an instant back in another zone than it was given; the bytes must not differ for that.
    """
    if moment.tzinfo is None:
        message = "The date of a letter has no zone; hand in an aware datetime."
        raise UnsendableError(message)
    return f"Date: {format_datetime(moment.astimezone(JAPAN))}\r\n"


def message_id(key: str, domain: str) -> str:
    """Return the Message-ID of a letter, without brackets: the same for ever for the same key.

    A key with signs that an id may not hold, or a very long one, is replaced by its SHA-256.
    """
    if len(key) > 128 or not ADDRESS_SAFE.fullmatch(key):
        key = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{key}@{domain}"


def unsubscribe(link: str) -> str:
    """Return List-Unsubscribe and List-Unsubscribe-Post (RFC 8058). Raises UnsendableError on a bad link."""
    if len(link) > 900 or not LINK.fullmatch(link):
        message = f"The link to unsubscribe {link[:80]!a} is not a plain http or https address."
        raise UnsendableError(message)
    return f"List-Unsubscribe: <{link}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


def refuse_controls(field: str, text: str) -> None:
    """Raise UnsendableError when a header's text holds a control character or a line break."""
    found = CONTROL.search(text)
    if found:
        message = f"The {field} holds the control character U+{ord(found[0]):04X} at place {found.start()}."
        raise UnsendableError(message)
