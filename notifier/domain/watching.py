"""Watching the places where regulators announce: what is new there, what was replaced, and when it could not be seen.

Dates and links of announcements are not believed: links are announced again, files are replaced under the same link,
items are dated wrongly or posted late. So nothing is told by a cursor: an item is known by its link and its words, a
document by its content. Seen in the public feeds: items posted a week after their date, the same link announced
again and again, pages whose parser finds nothing and calls it well.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

ALARM_AFTER: Final = 3
"""Looks in a row that fail before the editor is told."""
TRIES: Final = 5
"""How often a document is asked for before it is left to the editor."""
PATIENCE: Final = (timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=12))
"""How long to wait before the second, third … question for a file that was told of by its address."""
RECHECKED_FOR: Final = timedelta(days=60)
"""So long after its announcement a document is looked at again, once a day: files are replaced under the same link."""
RECHECKED_EVERY: Final = timedelta(hours=24)


class Form(StrEnum):
    """How a source announces: a feed (RSS, RDF, Atom), or a page with a list of links."""

    FEED = "feed"
    PAGE = "page"


class Outcome(StrEnum):
    """What came of a look. That it failed is not the same as that there was nothing."""

    NEWS = "news"
    NOTHING_NEW = "nothing-new"
    COULD_NOT_LOOK = "could-not-look"


class Standing(StrEnum):
    """Where an item stands. `before`: it was there when the watch began; `passed-over`: it is about something else."""

    BEFORE = "before"
    PASSED_OVER = "passed-over"
    WAITING = "waiting"
    TAKEN = "taken"
    REPEATED = "repeated"
    GIVEN_UP = "given-up"


@dataclass(frozen=True, slots=True)
class Item:
    """One announcement: where it leads, its words, and the civil date it bears, if it bears one that can be read."""

    link: str
    title: str
    dated: date | None = None
    summary: str = ""

    @property
    def words(self) -> str:
        """Return a short digest of what it says: the same link with other words is another announcement."""
        said = "\n".join((self.title, self.dated.isoformat() if self.dated else "", self.summary))
        return sha256(said.encode()).hexdigest()[:16]

    @property
    def key(self) -> tuple[str, str]:
        """Return what makes it the same announcement: link and words."""
        return self.link, self.words

    def issued(self, today: date) -> date | None:
        """Return its date as an issue date: none that lies ahead of `today`."""
        return self.dated if self.dated is not None and self.dated <= today else None


def sorted_out(
    items: Iterable[Item], known: Collection[tuple[str, str]], words: Sequence[str], *, is_first: bool
) -> list[tuple[Item, Standing]]:
    """Return the items that are not `known`, each with its standing; on the first look all were there before.

    With `words`, an item that holds none of them in title or summary is passed over.
    """
    found: dict[tuple[str, str], tuple[Item, Standing]] = {}
    for item in items:
        if item.key in known or item.key in found:
            continue
        said = item.title + item.summary
        if is_first:
            standing = Standing.BEFORE
        elif words and not any(word in said for word in words):
            standing = Standing.PASSED_OVER
        else:
            standing = Standing.WAITING
        found[item.key] = (item, standing)
    return list(found.values())


def why_unbelievable(form: Form, count: int, before: int) -> str:
    """Return why a look that found `count` items, after `before` on the last one, has not seen anything; "" if it has."""
    if count == 0 and form is Form.PAGE:
        return "一覧のリンクが1件も見つかりません。ページの作りが変わったおそれがあります（セレクタを確かめてください）。"
    if count == 0 and before > 0:
        return f"前回は{before}件あった項目が0件になりました。フィードの形が変わったおそれがあります。"
    return ""


def is_alarming(failures: int, *, is_told: bool) -> bool:
    """Tell whether so many failed looks in a row are to be told now; once is enough."""
    return failures >= ALARM_AFTER and not is_told


def next_look(now: datetime, every: timedelta, asked_for: timedelta | None, *, has_more: bool) -> datetime:
    """Return when to look again: after `every`, not before the source asks for, soon if documents are left to fetch."""
    wait = min(every, timedelta(minutes=5)) if has_more else every
    return now + max(wait, min(asked_for or timedelta(), timedelta(days=1)))


def next_try(now: datetime, attempts: int, asked_for: timedelta | None) -> datetime | None:
    """Return when to ask again for a file that was asked for `attempts` times (1 or more) in vain; None: never again."""
    if attempts >= TRIES:
        return None
    return now + max(PATIENCE[attempts - 1], min(asked_for or timedelta(), timedelta(days=1)))


def is_to_be_rechecked(first_seen: datetime, checked: datetime | None, now: datetime) -> bool:
    """Tell whether a document that was taken is to be looked at again."""
    return now - first_seen <= RECHECKED_FOR and (checked is None or now - checked >= RECHECKED_EVERY)


def notice_id(source: str, day: date, digest: str) -> str:
    """Return the id of the notice that a document becomes: source, day on which it was found, and its content."""
    return f"{source}-{day:%Y%m%d}-{digest[:8]}"
