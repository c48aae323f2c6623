"""The columns of lists of offices: by which headings each is known, and the two layouts a list may have."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("事業所番号", "介護保険事業所番号", "番号", "number"),
    "name": ("事業所名", "事業所名称", "事業所の名称", "名称", "name"),
    "services": (
        "サービス種類",
        "サービス",
        "サービス種類コード",
        "サービスコード",
        "サービスの種類",
        "services",
    ),
    "municipality": (
        "市町村コード",
        "市区町村コード",
        "団体コード",
        "全国地方公共団体コード",
        "都道府県コード又は市町村コード",
        "市町村",
        "municipality",
    ),
    "addresses": (
        "メールアドレス",
        "電子メールアドレス",
        "電子メール",
        "メール",
        "email",
        "e-mail",
        "mail",
        "addresses",
    ),
    "manager": ("メールアドレス(管理者)", "管理者メールアドレス", "管理者のメールアドレス"),
    "clerk": ("メールアドレス(事務)", "事務メールアドレス", "事務のメールアドレス"),
    "headquarters": ("メールアドレス(法人本部)", "法人本部メールアドレス", "法人本部のメールアドレス"),
    "staff": ("職員数", "従業者数", "staff"),
    "kana": ("事業所名カナ", "フリガナ", "カナ", "kana"),
    "corporation": ("法人名", "法人の名称", "法人", "corporation"),
    "corporate_number": ("法人番号", "corporate_number"),
    "location": ("住所", "所在地", "location"),
    "building": ("方書(ビル名等)", "方書", "building"),
    "telephone": ("電話番号", "電話", "tel", "telephone"),
    "fax": ("fax番号", "ファックス", "fax"),
}
"""Which headings mean which column, after NFKC, without spaces, in lower case. The first is what we write."""
ROLES: Final = ("manager", "clerk", "headquarters")
"""Columns of addresses of people with a role (管理者, 事務, 法人本部)."""
NEEDED: Final = ("number", "name", "services")
NATIONAL: Final = ("都道府県コード又は市町村コード", "サービスの種類", "事業所番号", "事業所名")
"""Headings that only the national register (介護サービス情報公表システム, オープンデータ) has together."""


class Layout(StrEnum):
    """Whose layout a list has: a municipality's own, or that of the national register."""

    OWN = "own"
    NATIONAL = "national"


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each known column stands, what it is called in this file, and the layout.

    `unread` are headings of a municipality's own list that mean nothing to us: a slip of the pen hides a whole column.
    """

    positions: Mapping[str, int]
    written: Mapping[str, str]
    layout: Layout
    unread: tuple[str, ...] = ()

    def label(self, column: str) -> str:
        """Return what a column is called in this file, or what we would call it."""
        return self.written.get(column) or HEADINGS[column][0]


@dataclass(frozen=True, slots=True)
class HeadingFault:
    """What is wrong with a heading: the column as it is called, and the reason in Japanese."""

    column: str
    reason: str


def plain(text: str) -> str:
    """Return `text` as headings and names of services are compared: NFKC, without spaces, in lower case."""
    if text.isascii():
        return "".join(text.split()).lower()
    return "".join(unicodedata.normalize("NFKC", text).split()).lower()


REMARK: Final = "備考"
REASON: Final = "取り込めない理由"
PASSED_OVER: Final = dict.fromkeys((REMARK, REASON), "")
"""Columns that are there for people."""
_KNOWN: Final = {word: column for column, words in HEADINGS.items() for word in words}


def find_columns(headings: Sequence[str]) -> tuple[Columns, list[HeadingFault]]:
    """Return the columns that are known, and what is wrong with the headings."""
    positions: dict[str, int] = {}
    written: dict[str, str] = {}
    faults = []
    for position, heading in enumerate(headings):
        column = _KNOWN.get(plain(heading))
        if column in positions:
            faults.append(HeadingFault(heading.strip(), "同じ意味の列が2つあります。1つにしてください。"))
        elif column is not None:
            positions[column] = position
            written[column] = heading.strip()
    faults.extend(
        HeadingFault(HEADINGS[column][0], "この列が必要です。見出しの行を確かめてください。")
        for column in NEEDED
        if column not in positions
    )
    if set(NATIONAL) <= {plain(heading) for heading in headings}:
        return Columns(positions, written, Layout.NATIONAL), faults
    unread = (heading.strip() for heading in headings if plain(heading) not in _KNOWN | PASSED_OVER)
    return Columns(positions, written, Layout.OWN, tuple(filter(None, unread))), faults
