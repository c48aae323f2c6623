"""Put letters together: a frame compiled once, filled for each recipient in microseconds.

The standard library needs milliseconds for a message, most of it spent on folding and parsing headers
that never change. So it builds one specimen with marks in the places that differ; the specimen is cut at
the marks, and each letter is the pieces joined with its own values. Same parcel, same bytes.
"""

import binascii
from collections.abc import Callable
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from functools import lru_cache
from hashlib import blake2b
from struct import Struct

from notifier.channels import headers
from notifier.channels.envelope import envelope_address
from notifier.channels.parcel import Parcel, UnsendableError

LINE = 76
"""Characters of base64 in a line (RFC 2045, 6.8)."""

CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r")) + b"\x7f"
"""What no body may hold. In UTF-8 these octets stand for nothing else, so octets can be searched."""

MARK = "mark0of0the0"
"""Begins each mark in the specimen; plain ASCII without spaces, so that nothing folds or encodes it."""

HEAD = f"X-Mark: {MARK}head\r\n"
BOUNDARY = f"=_{MARK}boundary".ljust(34, "0")  # as long as a real one, so that its line folds as it must
TEXT, HTML = f"{MARK}text", f"{MARK}html"


class MailPolicy(EmailPolicy):
    """The standard library's SMTP policy, but identifiers and links stay whole.

    `email.policy.SMTP` turns a long List-Unsubscribe address into encoded words, which no reader of that
    header understands; a longer line limit would make encoded words longer than the 75 that RFC 2047 allows.
    """

    RAW = frozenset({"list-unsubscribe", "list-unsubscribe-post", "message-id", "feedback-id"})

    def _fold(self, name: str, value: str, refold_binary: bool = False) -> str:  # noqa: FBT001, FBT002 - overrides
        if name.lower() in self.RAW:
            text = str(value)
            if not text.isascii() or "\r" in text or "\n" in text:
                raise ValueError(name)
            return f"{name}: {text}{self.linesep}"
        folded: str = super()._fold(name, value, refold_binary)  # type: ignore[misc]  # private in the stubs
        return folded


POLICY = MailPolicy(linesep="\r\n", max_line_length=LINE)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the letters come from: a name to show (Japanese is fine) and one address.

    The envelope sender is the same address or one of the same domain, so that SPF aligns with the From header.
    `reply_to` is where answers go, "" for the address itself.
    """

    name: str
    address: str
    reply_to: str = ""

    @property
    def domain(self) -> str:
        """The domain of the address, in ASCII; Message-IDs end in it."""
        return envelope_address(self.address).rpartition("@")[2]


class Frames:
    """The two frames of a sender, compiled: with an HTML alternative and without."""

    def __init__(self, sender: Sender) -> None:
        """Compile the frames. Raises UnsendableError when the sender cannot stand in a From header."""
        headers.refuse_controls("sender's name", sender.name)
        self.sender = envelope_address(sender.address)
        self._domain = sender.domain
        self._plain = _pieces(_specimen(sender, alternative=False), HEAD, TEXT)
        self._both = _pieces(
            _specimen(sender, alternative=True), HEAD, BOUNDARY, BOUNDARY, TEXT, BOUNDARY, HTML, BOUNDARY
        )

    def assemble(self, parcel: Parcel) -> bytes:
        """Return the letter as it goes on the wire: CRLF, ASCII, no line above 998.

        Raises UnsendableError naming the field that cannot be sent.
        """
        recipient = envelope_address(parcel.recipient)
        link = "" if parcel.unsubscribe is None else headers.unsubscribe(parcel.unsubscribe)
        head = (
            f"To: {recipient}\r\n{headers.subject(parcel.subject)}{headers.date(parcel.date)}"
            f"Message-ID: <{headers.message_id(parcel.key, self._domain)}>\r\n{link}"
        ).encode("ascii")
        text = _encoded("text", parcel.text)
        if parcel.html is None:
            first, second, last = self._plain
            return b"".join((first, head, second, text, last))
        html = _encoded("html", parcel.html)
        key = parcel.key.encode("utf-8", "surrogatepass")
        boundary = f"=_{blake2b(key, digest_size=16).hexdigest()}".encode("ascii")
        start, opening, first, plain, second, rich, closing, end = self._both
        before_text = (start, head, opening, boundary, first, boundary, plain)
        return b"".join((*before_text, text, second, boundary, rich, html, closing, boundary, end))


def _specimen(sender: Sender, *, alternative: bool) -> str:
    """Return one message with marks, as the standard library writes it under our policy."""
    message = EmailMessage(policy=POLICY)
    message["From"] = Address(display_name=sender.name, addr_spec=envelope_address(sender.address))
    if sender.reply_to:
        message["Reply-To"] = Address(addr_spec=envelope_address(sender.reply_to))
    message["Auto-Submitted"] = "auto-generated"
    message["X-Mark"] = f"{MARK}head"
    message.set_content("。", cte="base64")
    if alternative:
        message.add_alternative("。", subtype="html", cte="base64")
        message.set_boundary(BOUNDARY)
        for part, mark in zip(message.iter_parts(), (TEXT, HTML), strict=True):
            part.set_payload(f"{mark}\r\n")
    else:
        message.set_payload(f"{TEXT}\r\n")
    message["Content-Language"] = "ja"  # last, because setting the content clears it
    return message.as_bytes().decode("ascii")


def _pieces(specimen: str, *marks: str) -> list[bytes]:
    """Return the specimen cut at the marks, in their order."""
    pieces = []
    for mark in marks:
        piece, _, specimen = specimen.partition(mark)
        pieces.append(piece.encode("ascii"))
    pieces.append(specimen.encode("ascii"))
    return pieces


def _encoded(field: str, text: str) -> bytes:
    """Return a body as base64 in lines of 76, without the last CRLF. Line ends become CRLF (RFC 2046, 4.1.1).

    Lone carriage returns and NUL are what SMTP smuggling lives on; base64 hides them, a relay may not.
    """
    canonical = text.replace("\r\n", "\n") if "\r" in text else text
    if "\r" in canonical:
        message = f"The {field} of the letter holds a carriage return that ends no line."
        raise UnsendableError(message)
    try:
        octets = canonical.replace("\n", "\r\n").encode()
    except UnicodeEncodeError as fault:
        message = f"The {field} of the letter holds half a surrogate pair at place {fault.start}."
        raise UnsendableError(message) from None
    if len(octets.translate(None, CONTROLS)) != len(octets):
        message = f"The {field} of the letter holds a control character (NUL, escape or the like)."
        raise UnsendableError(message)
    one_line = binascii.b2a_base64(octets, newline=False)
    whole = len(one_line) // LINE
    lines = _cutter(whole)(one_line)
    return b"\r\n".join((*lines, one_line[whole * LINE :])) if len(one_line) % LINE else b"\r\n".join(lines)


@lru_cache(maxsize=1024)
def _cutter(lines: int) -> Callable[[bytes], tuple[bytes, ...]]:
    """Return a function that cuts off so many full lines; in C, a quarter of the time of slicing."""
    return Struct("76s" * lines).unpack_from
