"""Extracting: from the file of a notice to its text, line by line, or a clear word on why there is none.

Plain text is decoded here. Whatever takes a parser (PDF, HTML, Word) is opened in a child process that has no
environment, little memory and little time: files come from strangers, and parsers written in C have faults.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from notifier.errors import NotifierError
from notifier.reading.extraction_text import decoded, looks_like_html, looks_like_text

PACKAGES: Final = str(Path(__file__).resolve().parents[2])
CHILD: Final = "notifier.reading.extraction_child"


class Kind(StrEnum):
    """What a file turned out to be."""

    TEXT = "text"
    HTML = "html"
    PDF = "pdf"
    WORD = "word"


class Reason(StrEnum):
    """Why there is no text."""

    EMPTY = "empty"
    SCAN = "scan"
    LOCKED = "locked"
    BROKEN = "broken"
    UNKNOWN = "unknown"
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"


MESSAGES: Final = {
    Reason.EMPTY: "文字が1つもありません。ファイルの中身を確かめてください。",
    Reason.SCAN: "紙を読み取った画像などで、文字の情報がないPDFです。"
    "OCRをかけたPDFか、発行元のテキスト・HTMLを使ってください。",
    Reason.LOCKED: "パスワードで保護されています。保護を外したファイルを使ってください。",
    Reason.BROKEN: "壊れているか、途中までしかありません。もう一度取得してください。",
    Reason.UNKNOWN: "読める形式ではありません。PDF・HTML・Word（.docx）・テキスト・Markdownのいずれかを使ってください。",
    Reason.TOO_LARGE: "大きすぎます。必要な部分だけのファイルにしてください。",
    Reason.TOO_SLOW: "決めた時間や記憶域の中では読み切れませんでした。"
    "ページを分けるか、テキストで保存したものを使ってください。",
}


class ExtractionError(NotifierError):
    """A file gives no text; the message names it and says why and what to do, in Japanese."""

    def __init__(self, name: str, reason: Reason, message: str = "") -> None:
        """Say why `name` cannot be read; `message` takes the place of the usual words."""
        super().__init__(f"{name}: {message or MESSAGES[reason]}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Document:
    """The text of a notice. Places (line, column) count in it.

    `pages` holds the page of each line, from 1; empty where the file knows no pages. `warnings` say in Japanese what
    may be missing.
    """

    text: str
    kind: Kind
    title: str = ""
    pages: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()

    def page_of(self, line: int) -> int | None:
        """Return the page on which the line (from 1) stands, or None."""
        return self.pages[line - 1] if 0 < line <= len(self.pages) else None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may cost: its own bytes, seconds in all, bytes of memory, characters of text."""

    size: int = 50 * 1024 * 1024
    seconds: float = 30
    memory: int = 1024 * 1024 * 1024
    characters: int = 5_000_000


LIMITS: Final = Limits()
_SIGNATURES: Final = {
    b"\xd0\xcf\x11\xe0": "古い形式のWord・Excel（.doc、.xls）か、パスワードの付いたファイルです。"
    "「Word文書（.docx）」かPDFで保存し直してください。",
    b"{\\rtf": "リッチテキスト（.rtf）です。「Word文書（.docx）」かPDFで保存し直してください。",
    b"\x89PNG": "画像です。文字の情報があるPDFかテキストを使ってください。",
    b"\xff\xd8\xff": "画像です。文字の情報があるPDFかテキストを使ってください。",
    b"GIF8": "画像です。文字の情報があるPDFかテキストを使ってください。",
    b"II*\0": "画像です。文字の情報があるPDFかテキストを使ってください。",
    b"MM\0*": "画像です。文字の情報があるPDFかテキストを使ってください。",
}
_PDF_WITHIN: Final = 1024
"""Bytes within which a PDF says what it is: some begin with something else."""


async def extract(content: bytes, name: str, limits: Limits = LIMITS) -> Document:
    """Return the text of a file; `name` is how it is called, and its ending counts where the content leaves doubt.

    Raises ExtractionError if it is empty, a scan, locked, broken, unknown, too large or takes too long.
    """
    if len(content) > limits.size:
        most = limits.size // 1024 // 1024
        raise ExtractionError(name, Reason.TOO_LARGE, f"大きすぎます（上限は{most}MB）。")
    if not content.strip():
        raise ExtractionError(name, Reason.EMPTY)
    kind = kind_of(content, name)
    if kind is Kind.TEXT:
        return _plain(content, name, limits)
    found = await ask_child([kind.value], content, name, limits)
    lines, pages = [str(each) for each in found["lines"]], [int(each) for each in found["pages"]]
    text = "".join(f"{line}\n" for line in lines)
    if not text.strip():
        raise ExtractionError(name, Reason.EMPTY)
    return Document(text, kind, str(found["title"]), tuple(pages), tuple(map(str, found["warnings"])))


def kind_of(content: bytes, name: str) -> Kind:
    """Return what a file is, by its content, or by its name where that leaves doubt. Raises ExtractionError."""
    for beginning, message in _SIGNATURES.items():
        if content.startswith(beginning):
            raise ExtractionError(name, Reason.UNKNOWN, message)
    if b"%PDF-" in content[:_PDF_WITHIN]:
        return Kind.PDF
    if content.startswith(b"PK\x03\x04"):
        return Kind.WORD
    if not looks_like_text(content):
        raise ExtractionError(name, Reason.UNKNOWN)
    return Kind.HTML if looks_like_html(content, name) else Kind.TEXT


def _plain(content: bytes, name: str, limits: Limits) -> Document:
    text = decoded(content)
    if text is None:
        raise ExtractionError(
            name, Reason.UNKNOWN, "文字コードを判別できません。UTF-8のテキストで保存し直してください。"
        )
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > limits.characters:
        raise ExtractionError(name, Reason.TOO_LARGE)
    if not text.strip():
        raise ExtractionError(name, Reason.EMPTY)
    pages: list[int] = []
    if "\f" in text:
        page = 1
        for line in text.split("\n"):
            page += line.count("\f")
            pages.append(page)
    return Document(text, Kind.TEXT, "", tuple(pages))


# ---- the child --------------------------------------------------------------------------------------------


async def ask_child(
    arguments: Sequence[str], content: bytes, name: str, limits: Limits = LIMITS
) -> Mapping[str, Any]:
    """Return what the child process answers about `content`. Raises ExtractionError with the reason it gives."""
    command = [sys.executable, "-P", "-B", "-m", CHILD, str(limits.memory), str(int(limits.seconds) + 1)]
    child = await asyncio.create_subprocess_exec(
        *command,
        str(limits.characters),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": PACKAGES, "PYTHONUTF8": "1"},
        limit=1 << 20,
    )
    try:
        async with asyncio.timeout(limits.seconds):
            answer = await _conversation(child, content, 8 * limits.characters)
    except TimeoutError:
        raise ExtractionError(name, Reason.TOO_SLOW) from None
    finally:
        if child.returncode is None:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    try:
        found: Mapping[str, Any] = json.loads(answer)
    except ValueError:  # it was killed by its limits, or by what it read
        raise ExtractionError(name, Reason.TOO_SLOW) from None
    if "reason" in found:
        raise ExtractionError(name, Reason(found["reason"]), str(found.get("message", "")))
    return found


async def _conversation(child: asyncio.subprocess.Process, content: bytes, most: int) -> bytes:
    """Hand the content over and return the answer; what is longer than `most` bytes is cut off."""
    if child.stdin is None or child.stdout is None:
        raise RuntimeError("the child was started without pipes")
    giving = asyncio.create_task(_give(child.stdin, content))
    answer = bytearray()
    try:
        while len(answer) <= most and (piece := await child.stdout.read(1 << 16)):
            answer += piece
        if len(answer) <= most:
            await child.wait()
    finally:
        giving.cancel()
        with suppress(asyncio.CancelledError):
            await giving
    return bytes(answer)


async def _give(pipe: asyncio.StreamWriter, content: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        pipe.write(content)
        await pipe.drain()
        pipe.close()
        await pipe.wait_closed()
