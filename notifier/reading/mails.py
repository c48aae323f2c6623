"""Mails that come in, taken apart from their bytes: bounded in every direction, and nothing is raised.

Mail is written by anybody. So nothing here recurses without a bound or looks at anything twice: the standard
library's parser does both, and a header of a megabyte keeps it busy for minutes.
"""

import re
from base64 import b64decode
from binascii import Error as BinasciiError
from binascii import a2b_qp
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from notifier.domain.mails import Mail, Report
from notifier.reading.mail_html import text_of_html
from notifier.reading.mail_text import characters, untransferred

MOST_READ: Final = 2_000_000
"""Bytes of a mail that are looked at; attachments behind them are kept, and not read."""
LONGEST_HEAD: Final = 131_072
LONGEST_VALUE: Final = 4_000
MOST_HEADERS: Final = 300
MOST_PARTS: Final = 50
DEEPEST: Final = 8
LONGEST_PART: Final = 600_000
"""Bytes of one part that are read as text."""
LONGEST_TEXT: Final = 100_000
MOST_REPORTS: Final = 20

_MBOX: Final = re.compile(rb"\A>?From [^\n]{0,1000}\n")
"""The line that some mail servers put before a mail when they hand it to a program."""
_DELIVERED: Final = ("delivered-to", "x-original-to", "x-delivered-to", "envelope-to")
_LINE_END: Final = re.compile(rb"\r?\n")
_BLANK: Final = re.compile(rb"\r?\n\r?\n")
_FOLD: Final = re.compile(rb"\r?\n[ \t]+")
_NAME: Final = re.compile(rb"([!-9;-~]{1,80})[ \t]*:[ \t]*(.*)", re.DOTALL)
_TYPE: Final = re.compile(r"\s*([\w.+-]{1,60}/[\w.+-]{1,100})")
_PARAMETER: Final = re.compile(
    r""";\s*([\w-]{1,30})(?:\*\d?\*?)?\s*=\s*(?:"([^"]{0,200})"|([^\s;"]{0,200}))"""
)
_WORD: Final = re.compile(r"=\?([\w.:+-]{1,40})(?:\*[\w-]{0,20})?\?([bBqQ])\?([^?\s]{0,1000})\?=")
_ID: Final = re.compile(r"<([^<>\s]{1,250})>")
_ADDRESS: Final = re.compile(
    r"[^\s<>()@,;:\"]{1,64}@[^\s<>()@,;:\"]{1,255}|\"[^\"<>]{1,64}\"@[^\s<>()@,;:\"]{1,255}"
)
_ANGLED: Final = re.compile(r"<\s*([^<>]{3,320}?)\s*>\s*(?:\([^()]{0,100}\)\s*)?$")


def read_head(content: bytes) -> Mail:
    """Return what the head of a mail says: who wrote it, under which id and subject."""
    part = _part(_MBOX.sub(b"", content[:LONGEST_HEAD].lstrip(b"\r\n"), count=1))
    return _mail(part, _Found())


def envelope_of(content: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the envelope that a mail server wrote into a mail: its sender ("" for the null sender), its recipients."""
    start = content[:LONGEST_HEAD].lstrip(b"\r\n")
    part = _part(_MBOX.sub(b"", start, count=1))
    mbox = _MBOX.match(start)
    said = part.headers.get("return-path", [mbox[0].decode("utf-8", "replace").split()[1] if mbox else ""])[0]
    taken = [each for name in _DELIVERED for each in part.headers.get(name, ())]
    addresses = tuple(each.strip().strip("<>").lower() for each in taken)
    sender = said.strip().strip("<>").lower()
    return ("" if sender == "mailer-daemon" else sender), addresses


def read_mail(content: bytes) -> Mail:
    """Return what a mail says; what cannot be read is missing, and `faults` tells so."""
    part = _part(_MBOX.sub(b"", content[:MOST_READ].lstrip(b"\r\n"), count=1))
    found = _Found()
    found.take(part, 0)
    if len(content) > MOST_READ:
        found.faults.append("too large to be read whole")
    return _mail(part, found)


def _mail(part: "_Part", found: "_Found") -> Mail:
    headers = {name: values[0] for name, values in part.headers.items()}
    ids = _ID.findall(headers.get("message-id", ""))
    answered = [*_ID.findall(headers.get("in-reply-to", "")), *_ID.findall(headers.get("references", ""))]
    return Mail(
        message_id=ids[0] if ids else "",
        author=_address(headers.get("from", "")),
        subject=" ".join(decoded_words(headers.get("subject", "")).split()),
        text=found.text(),
        mentioned=tuple(dict.fromkeys([*answered, *found.mentioned]))[:50],
        headers=headers,
        hops=len(part.headers.get("received", ())),
        report_type=part.parameters.get("report-type", "").lower() if part.kind == "multipart/report" else "",
        reports=tuple(found.reports),
        faults=tuple(dict.fromkeys(found.faults)),
    )


def decoded_words(value: str) -> str:
    """Return a header's value with its encoded words (RFC 2047) read; those that follow each other belong together."""
    pieces: list[str] = []
    waiting: list[tuple[str, bytes]] = []
    place = 0
    for match in _WORD.finditer(value):
        between = value[place : match.start()]
        if between.strip() or not waiting:
            pieces += [_joined(waiting), between]
            waiting = []
        waiting.append((match[1], _word(match[2], match[3])))
        place = match.end()
    pieces += [_joined(waiting), value[place:]]
    return "".join(pieces)


def _word(way: str, written: str) -> bytes:
    if way in "qQ":
        return a2b_qp(written, header=True)
    try:
        return b64decode(written + "=" * (-len(written) % 4))
    except BinasciiError:
        return b""


def _joined(words: list[tuple[str, bytes]]) -> str:
    """Return the text of adjacent words; many programs cut them in the middle of a character."""
    text, place = "", 0
    while place < len(words):
        charset = words[place][0]
        octets = b""
        while place < len(words) and words[place][0].lower() == charset.lower():
            octets += words[place][1]
            place += 1
        text += characters(octets, charset)
    return text


@dataclass(frozen=True, slots=True)
class _Part:
    """A part with its headers by name (lower case), all values of each; `parameters` are those of Content-Type."""

    headers: Mapping[str, list[str]]
    kind: str
    parameters: Mapping[str, str]
    body: bytes

    @property
    def is_attached(self) -> bool:
        said = self.headers.get("content-disposition", [""])[0].strip().lower()
        return said.startswith("attachment") or "name" in self.parameters

    @property
    def octets(self) -> bytes:
        return untransferred(self.body, self.headers.get("content-transfer-encoding", [""])[0])

    @property
    def characters(self) -> str:
        return characters(self.octets[:LONGEST_PART], self.parameters.get("charset", ""))


def _part(content: bytes) -> _Part:
    bare = _LINE_END.match(content)
    blank = _BLANK.search(content, 0, LONGEST_HEAD)
    if bare is not None:
        head, body = b"", content[bare.end() :]
    elif blank is None:
        head, body = content[:LONGEST_HEAD], b""
    else:
        head, body = content[: blank.start()], content[blank.end() :]
    headers = _headers(head)
    written = headers.get("content-type", ["text/plain"])[0]
    kind = _TYPE.match(written)
    parameters = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(written)}
    return _Part(headers, kind[1].lower() if kind else "text/plain", parameters, body)


def _headers(head: bytes) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    lines = _FOLD.sub(b" ", head).split(b"\n")[:MOST_HEADERS]
    for line in lines:
        match = _NAME.match(line.rstrip(b"\r"))
        if match:
            value = match[2][:LONGEST_VALUE]
            text = (
                value.decode("ascii") if value.isascii() and b"\x1b" not in value else characters(value, "")
            )
            found.setdefault(match[1].decode("ascii").lower(), []).append(text)
    return found


def _address(written: str) -> str:
    """Return the one address of a From header in lower case; "" if it cannot be told for sure."""
    angled = _ANGLED.search(written)
    bare = angled[1] if angled else written.strip()
    return bare.lower() if _ADDRESS.fullmatch(bare) else ""


@dataclass
class _Found:
    """What was met on the way through the parts."""

    plain: list[str] = field(default_factory=list)
    html: list[str] = field(default_factory=list)
    mentioned: list[str] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    parts: int = 0

    def text(self) -> str:
        """Return the plain text; where there is none that says anything, that of the HTML."""
        plain = "\n".join(self.plain)
        if not plain.strip() and self.html:
            plain = text_of_html("\n".join(self.html))
        if len(plain) > LONGEST_TEXT:
            self.faults.append("text too long")
        return plain[:LONGEST_TEXT]

    def take(self, part: _Part, depth: int) -> None:
        """Take what a part says, and the parts inside it."""
        self.parts += 1
        if self.parts > MOST_PARTS or depth > DEEPEST:
            self.faults.append("too many parts")
        elif part.kind.startswith("multipart/"):
            self._inside(part, depth)
        elif part.kind == "message/delivery-status":
            self.reports += _reports(part.octets)
        elif part.kind in {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers"}:
            returned = _part(part.octets[:LONGEST_HEAD] + b"\n\n")
            self.mentioned += _ID.findall(returned.headers.get("message-id", [""])[0])
        elif part.kind == "text/html" and not part.is_attached:
            self.html.append(part.characters)
        elif part.kind == "text/plain" and not part.is_attached:
            self.plain.append(part.characters)
        elif part.kind in {"application/pkcs7-mime", "application/x-pkcs7-mime"}:
            self.faults.append("encrypted")

    def _inside(self, part: _Part, depth: int) -> None:
        boundary = part.parameters.get("boundary", "")
        if not boundary:
            self.faults.append("no boundary")
            self.plain.append(characters(part.body, ""))
            return
        for inner in _split(part.body, boundary.encode("utf-8", "replace")):
            if self.parts > MOST_PARTS:
                break
            self.take(_part(inner), depth + 1)


def _split(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """Yield the parts between lines that begin with the boundary; the last may lack its end."""
    mark = b"\n--" + boundary
    text = b"\n" + body
    start = text.find(mark)
    while start >= 0:
        behind = start + len(mark)
        if text.startswith(b"--", behind):
            return
        line = text.find(b"\n", behind)
        if line < 0:
            return
        end = text.find(mark, line)
        yield text[line + 1 : end if end >= 0 else None]
        start = end


def _reports(octets: bytes) -> list[Report]:
    """Return what a delivery-status part says of each recipient (RFC 3464, 2.3)."""
    found = []
    for block in _BLANK.split(octets[:LONGEST_HEAD], MOST_REPORTS):
        said = {name: values[0] for name, values in _headers(block.strip(b"\r\n")).items()}
        if "action" in said or "status" in said:
            recipient = said.get("original-recipient") or said.get("final-recipient", "")
            status = re.search(r"\d\.\d{1,3}\.\d{1,3}", said.get("status", ""))
            action = said.get("action", "failed").split(";")[0].split("(")[0].strip().lower()
            address = recipient.rpartition(";")[2].strip().strip("<>").lower()
            found.append(
                Report(address, action, status[0] if status else "", said.get("diagnostic-code", ""))
            )
    return found
