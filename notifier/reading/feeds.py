"""Feeds: RSS 2.0, RSS 1.0 (RDF) and Atom as lists of items, read with limits and without trust.

Feeds of public offices are not always well-formed: bare ampersands, control characters and names of HTML are mended,
and a date that cannot be read is none. Written here because the library of that trade repairs much more than it says.
"""

import re
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from html import entities, unescape
from typing import Final
from urllib.parse import urljoin
from xml.parsers import expat

from notifier.clock import JAPAN
from notifier.domain.watching import Item
from notifier.reading.extraction_text import declared_encoding, decoded

MOST_BYTES: Final = 8 * 1024 * 1024
MOST_ITEMS: Final = 2000
_MOST_TEXT: Final = 4000
_DEEPEST: Final = 100
_ITEMS: Final = {"item", "entry"}
_ROOTS: Final = {"rss", "RDF", "feed"}
_TEXTS: Final = {
    "title": "title",
    "link": "link",
    "description": "summary",
    "summary": "summary",
    "content": "summary",
    "pubDate": "dated",
    "date": "dated",
    "updated": "updated",
    "published": "dated",
    "guid": "guid",
    "id": "guid",
}
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_AMPERSAND: Final = re.compile(r"&(?!(?:#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos);)")
_NAMED: Final = re.compile(r"&([A-Za-z]{2,8});")
_DECLARATION: Final = re.compile(r"^\s*<\?xml[^>]*\?>")
_TAGS: Final = re.compile(r"<[^<>]{0,1000}>")
_SPACES: Final = re.compile(r"\s+")
_DAY: Final = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")


class FeedError(ValueError):
    """A document is no feed that can be read; the message says why, in Japanese."""


def read_feed(content: bytes, address: str) -> list[Item]:
    """Return the items of a feed in its order, their links made whole against `address`.

    Raises FeedError for what is no feed, is too large, or declares entities.
    """
    if len(content) > MOST_BYTES:
        raise FeedError("フィードが大きすぎます。")
    text = decoded(content, declared_encoding(content))
    if text is None:
        raise FeedError("フィードの文字コードが分かりません。")
    text = _DECLARATION.sub("", text.lstrip("\ufeff"), count=1)
    try:
        entries = _parsed(text)
    except expat.ExpatError:
        try:
            entries = _parsed(_mended(text))
        except expat.ExpatError as fault:
            raise FeedError(f"フィードのXMLが壊れています（{fault}）。") from fault
    return [item for each in entries if (item := _item(each, address)) is not None]


def day_of(written: str) -> date | None:
    """Return the civil date in Japan that a feed's date means: RFC 822, or W3C, also in odd spellings; else None."""
    text = written.strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            found = _DAY.search(text)
            try:
                return date(*map(int, found.groups())) if found else None
            except ValueError:
                return None
    return moment.date() if moment.tzinfo is None else moment.astimezone(JAPAN).date()


def _parsed(text: str) -> list[dict[str, str]]:
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    parser.EntityDeclHandler = _refuse
    parser.Parse(text.encode("utf-8", "replace"), True)  # noqa: FBT003 -- the library takes it by position only
    return reader.found


def _refuse(*_: object) -> None:
    raise FeedError("フィードに許されない宣言（ENTITY）があります。")


def _mended(text: str) -> str:
    plain = _NAMED.sub(
        lambda found: (
            found[0]
            if found[1] in {"amp", "lt", "gt", "quot", "apos"} or f"{found[1]};" not in entities.html5
            else unescape(found[0])
        ),
        _CONTROLS.sub("", text),
    )
    return _AMPERSAND.sub("&amp;", plain)


class _Reader:
    """Collects the texts of each item."""

    def __init__(self) -> None:
        self.found: list[dict[str, str]] = []
        self._entry: dict[str, str] | None = None
        self._path: list[str] = []
        self._text: list[str] = []
        self._length = 0

    def start(self, name: str, values: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if not self._path and local not in _ROOTS:
            raise FeedError(f"RSS・RDF・Atomのフィードではありません（<{local[:40]}>で始まります）。")
        if len(self._path) >= _DEEPEST:
            raise FeedError("フィードの入れ子が深すぎます。")
        self._path.append(local)
        self._text, self._length = [], 0
        if local in _ITEMS:
            if len(self.found) >= MOST_ITEMS:
                raise FeedError(f"フィードの項目が多すぎます（上限は{MOST_ITEMS}件）。")
            about = next((value for key, value in values.items() if key.endswith(":about")), "")
            self._entry = {"about": about}
        elif self._entry is not None and local == "link" and values.get("href"):
            known = "link" if values.get("rel", "alternate") == "alternate" else "other"
            self._entry.setdefault(known, values["href"])

    def end(self, _: str) -> None:
        local = self._path.pop()
        if self._entry is None:
            return
        if local in _ITEMS:
            self.found.append(self._entry)
            self._entry = None
        elif self._path[-1] in _ITEMS and local in _TEXTS and (said := "".join(self._text).strip()):
            self._entry.setdefault(_TEXTS[local], said)

    def data(self, text: str) -> None:
        if self._entry is not None and self._length < _MOST_TEXT:
            self._text.append(text[:_MOST_TEXT])
            self._length += len(text)


def _item(entry: dict[str, str], address: str) -> Item | None:
    """Return an item; None without a link that can be followed."""
    guid = entry.get("guid", "")
    link = entry.get("link") or (guid if guid.startswith(("http://", "https://")) else entry["about"])
    if not link.strip():
        return None
    try:
        whole = urljoin(address, link.strip())
    except ValueError:
        return None
    if not whole.startswith(("http://", "https://")):
        return None
    title = _plain(entry.get("title", "")) or whole
    written = entry.get("dated") or entry.get("updated") or ""
    return Item(whole, title[:500], day_of(written), _plain(entry.get("summary", ""))[:1000])


def _plain(text: str) -> str:
    return _SPACES.sub(" ", unescape(_TAGS.sub(" ", text))).strip()
