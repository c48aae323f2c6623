"""The local mailbox of the demonstration: mails as they came in over SMTP, in a SQLite file of their own.

It is a cache of what was shown, not a record: losing it loses nothing that the service has to answer for.
"""

import asyncio
import re
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TypeAlias, TypeVar

from notifier.errors import StoreError
from notifier.store.packing import pack, unpack

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    dated TEXT NOT NULL,
    received_at TEXT NOT NULL,
    size INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_mail_key ON mail (key);
CREATE INDEX IF NOT EXISTS ix_mail_recipient ON mail (recipient);
CREATE TABLE IF NOT EXISTS mail_source (id INTEGER PRIMARY KEY, model INTEGER, packed BLOB NOT NULL);
"""
_COLUMNS = "id, key, recipient, subject, dated, received_at, size"
Models: TypeAlias = OrderedDict[str, tuple[int, bytes]]
"""By the beginning of a subject: number and bytes of the mail against which others like it are packed."""
MOST_MODELS = 64
_HEADER = re.compile(rb"^(subject|message-id|date)[ \t]*:[ \t]*(.*)$", re.IGNORECASE | re.MULTILINE)
_FOLD = re.compile(rb"\r?\n[ \t]+")


@dataclass(frozen=True, slots=True)
class Mail:
    """What a list shows of a mail. `key` is the left half of its Message-ID, instants are aware and in UTC.

    `dated` is the Date header, None if it cannot be read; `size` is in bytes as received.
    """

    id: int
    key: str
    recipient: str
    subject: str
    dated: datetime | None
    received_at: datetime
    size: int


class MailboxStore:
    """The mails in one SQLite file. All work is done on one thread of its own; StoreError if it cannot be."""

    def __init__(self, path: Path | None = None) -> None:
        """Keep the mails at `path`, whose folder must exist; None keeps them in memory."""
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mailbox")
        self._connection: sqlite3.Connection | None = None
        self._models: Models = OrderedDict()

    async def add_many(self, mails: Sequence[tuple[str, bytes, datetime]]) -> None:
        """Keep (recipient, bytes as received, aware instant of receiving), in this order."""
        await self._run(lambda connection: _add(connection, self._models, mails))

    async def search(self, words: str = "", *, limit: int = 50, skip: int = 0) -> tuple[int, list[Mail]]:
        """Return how many mails carry `words` in recipient or subject, and `limit` of them, newest first."""
        return await self._run(lambda connection: _search(connection, words, limit, skip))

    async def get(self, number: int) -> tuple[Mail, bytes] | None:
        """Return a mail with its bytes as received, or None."""
        return await self._run(lambda connection: _get(connection, number))

    async def find(self, keys: Sequence[str]) -> dict[str, int]:
        """Return the number of the newest mail for each of `keys` that came in."""
        return await self._run(lambda connection: _find(connection, keys))

    async def count(self) -> int:
        """Return how many mails have come in."""
        return (await self.search(limit=0))[0]

    async def close(self) -> None:
        """Close the file once everything begun is done."""
        if self._connection is not None:
            await self._run(lambda connection: connection.close())
            self._connection = None
        self._thread.shutdown()

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = _open(self._path)
            return work(self._connection)
        except sqlite3.Error as fault:
            message = (
                f"the local mailbox {self._path or 'in memory'} cannot be used: {fault}; delete the file"
            )
            raise StoreError(message) from fault


def _open(path: Path | None) -> sqlite3.Connection:
    connection = sqlite3.connect(str(path) if path else ":memory:")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")
    connection.executescript(_SCHEMA)
    return connection


def _add(
    connection: sqlite3.Connection, models: Models, mails: Sequence[tuple[str, bytes, datetime]]
) -> None:
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM mail").fetchone()
    rows, sources = [], []
    for number, (recipient, raw, received_at) in enumerate(mails, last + 1):
        key, subject, dated = _headers(raw)
        rows.append((number, key, recipient, subject, dated, _written(received_at), len(raw)))
        sources.append((number, *_packed(models, number, subject, raw)))
    try:
        with connection:
            connection.executemany(
                f"INSERT INTO mail ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 -- names of our own
                rows,
            )
            connection.executemany("INSERT INTO mail_source (id, model, packed) VALUES (?, ?, ?)", sources)
    except sqlite3.Error:
        models.clear()  # those just chosen were not kept
        raise


def _packed(models: Models, number: int, subject: str, raw: bytes) -> tuple[int | None, bytes]:
    """Pack a mail as what it differs in from one that says the same to another office."""
    said = subject.partition("｜")[0]
    if said in models:
        models.move_to_end(said)
        model, kept = models[said]
        return model, pack(raw, kept)
    models[said] = number, raw
    if len(models) > MOST_MODELS:
        models.popitem(last=False)
    return None, pack(raw)


def _search(connection: sqlite3.Connection, words: str, limit: int, skip: int) -> tuple[int, list[Mail]]:
    wanted = [f"%{_escaped(word)}%" for word in words.split()]
    where = (
        " AND ".join(["(recipient LIKE ? ESCAPE '\\' OR subject LIKE ? ESCAPE '\\')"] * len(wanted)) or "1"
    )
    values = [each for word in wanted for each in (word, word)]
    (count,) = connection.execute(f"SELECT count(*) FROM mail WHERE {where}", values).fetchone()  # noqa: S608 -- built of placeholders
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM mail WHERE {where} ORDER BY id DESC LIMIT ? OFFSET ?",  # noqa: S608 -- built of placeholders
        [*values, limit, skip],
    )
    return count, [_mail(row) for row in found]


def _get(connection: sqlite3.Connection, number: int) -> tuple[Mail, bytes] | None:
    row = connection.execute(f"SELECT {_COLUMNS} FROM mail WHERE id = ?", [number]).fetchone()  # noqa: S608 -- names of our own
    if row is None:
        return None
    return _mail(row), _source(connection, number)


def _source(connection: sqlite3.Connection, number: int) -> bytes:
    model, packed = connection.execute(
        "SELECT model, packed FROM mail_source WHERE id = ?", [number]
    ).fetchone()
    return unpack(packed, _source(connection, model) if model is not None else b"")


def _find(connection: sqlite3.Connection, keys: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for key in keys:
        (number,) = connection.execute("SELECT max(id) FROM mail WHERE key = ?", [key]).fetchone()
        if number is not None:
            found[key] = number
    return found


def _escaped(word: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", word)


def _mail(row: tuple[int, str, str, str, str, str, int]) -> Mail:
    number, key, recipient, subject, dated, received_at, size = row
    sent = datetime.fromisoformat(dated) if dated else None
    return Mail(number, key, recipient, subject, sent, datetime.fromisoformat(received_at), size)


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


def _headers(raw: bytes) -> tuple[str, str, str]:
    """Return key, subject and date of a mail; what cannot be read is empty, so that a list still shows it."""
    top = _FOLD.sub(b" ", raw.partition(b"\r\n\r\n")[0])
    named = {name.lower(): value.strip() for name, value in _HEADER.findall(top)}
    key = named.get(b"message-id", b"").strip(b"<>").partition(b"@")[0].decode("ascii", "replace")
    return key, _decoded(named.get(b"subject", b"")), _dated(named.get(b"date", b""))


def _decoded(subject: bytes) -> str:
    written = subject.decode("utf-8", "replace")
    try:
        return str(make_header(decode_header(written)))
    except (HeaderParseError, LookupError, ValueError):
        return written


def _dated(date: bytes) -> str:
    try:
        sent = parsedate_to_datetime(date.decode("ascii", "replace"))
    except ValueError:
        return ""
    return _written(sent) if sent.tzinfo else ""
