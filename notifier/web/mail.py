"""A mail as a person reads it, taken apart from the bytes that came over the wire."""

from collections.abc import Iterable
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

SHOWN = (
    ("From", "差出人"),
    ("To", "宛先"),
    ("Subject", "件名"),
    ("Date", "日付"),
    ("Message-ID", "メッセージID"),
    ("Auto-Submitted", "自動送信"),
    ("List-Unsubscribe", "配信停止"),
    ("List-Unsubscribe-Post", "配信停止の方法"),
)


@dataclass(frozen=True, slots=True)
class ReadMail:
    """The headers worth showing, with their Japanese names, and both forms of the body; "" where missing."""

    headers: tuple[tuple[str, str, str], ...]
    text: str
    html: str


def read(raw: bytes) -> ReadMail:
    """Take a mail apart. What cannot be decoded is shown with replacement signs; nothing is raised."""
    message = BytesParser(policy=policy.default).parsebytes(raw)
    headers = tuple((name, label, str(value)) for name, label in SHOWN for value in _values(message, name))
    return ReadMail(headers, _body(message, "plain"), _body(message, "html"))


def _values(message: EmailMessage, name: str) -> Iterable[object]:
    return message.get_all(name) or ()


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if not isinstance(part, EmailMessage):
        return ""
    octets = part.get_payload(decode=True)
    if not isinstance(octets, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    try:
        return octets.decode(charset, "replace").replace("\r\n", "\n")
    except LookupError:
        return octets.decode("utf-8", "replace").replace("\r\n", "\n")
