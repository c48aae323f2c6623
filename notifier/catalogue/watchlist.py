"""The watchlist: public feeds and pages where regulators announce, as shipped; each is switched on by the operator.

Addresses and forms were seen in the public feeds themselves in 2026; `terms` says what is known of each site's terms of
use, which the operator reads before switching a source on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from notifier.catalogue.entries import index, read_each
from notifier.catalogue.tables import Table, Written
from notifier.domain.watching import Form

FILE: Final = Path(__file__).with_name("watchlist.toml")
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,59}")
LEAST_MINUTES: Final = 15


@dataclass(frozen=True, slots=True)
class Watched:
    """A place to be watched; `selector` (CSS) finds the links of a page, `words` are what an item must hold one of."""

    id: str
    title: str
    issuer: str
    url: str
    form: Form
    selector: str
    words: tuple[str, ...]
    terms: str
    every: timedelta


def load_watchlist(file: Path = FILE) -> Mapping[str, Watched]:
    """Return the shipped places by id. Raises CatalogueError that names file, entry and mend."""
    return index(file.name, read_each(file, "source", read_watched), lambda each: each.id)


def read_watched(written: Written) -> Watched:
    """Read one place. Raises ValueError that says what is wrong with it."""
    table = Table(written)
    found = Watched(
        table.text("id"),
        table.text("title"),
        table.text("issuer"),
        table.text("url"),
        table.choice("form", Form),
        table.text("selector", ""),
        table.texts("words"),
        table.text("terms"),
        timedelta(minutes=table.number("minutes", 60)),
    )
    table.finish()
    refuse_unfit(found)
    return found


def refuse_unfit(watched: Watched) -> None:
    """Raise ValueError, in Japanese, for a place that cannot be watched."""
    if NAME.fullmatch(watched.id) is None:
        raise ValueError(f"id「{watched.id}」は、半角の英小文字・数字・ハイフンで2〜60字にしてください")
    if re.fullmatch(r"https?://[^\s/?#@]+(/\S*)?", watched.url) is None:
        raise ValueError(f"アドレス「{watched.url}」は、http:// か https:// で始まるものにしてください")
    if (watched.form is Form.PAGE) != bool(watched.selector):
        raise ValueError("一覧ページにはセレクタが要り、フィードには要りません")
    if watched.every < timedelta(minutes=LEAST_MINUTES):
        raise ValueError(f"確認の間隔は{LEAST_MINUTES}分以上にしてください")
