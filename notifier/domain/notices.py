"""Notices: the papers in which regulators say what holds, and how far to trust each of their parts.

Source of the ranks: the project's register of the founding notices; a newer paper does not win by being
newer, the newest statement of the highest rank does.
"""

from dataclasses import dataclass
from datetime import date
from enum import IntEnum


class Rank(IntEnum):
    """How much weight a paper, or a part of it, carries when two disagree. Higher wins."""

    ADVERTISEMENT = 10
    EXPLANATION = 20
    LOCAL_MATERIAL = 25
    NOTICE = 30
    LAW = 40
    DECISION = 90

    @property
    def label(self) -> str:
        """Return the rank as it is named to a Japanese reader."""
        return _RANK_LABELS[self]


_RANK_LABELS = {
    Rank.ADVERTISEMENT: "案内・ちらし",
    Rank.EXPLANATION: "説明資料",
    Rank.LOCAL_MATERIAL: "自治体資料",
    Rank.NOTICE: "通知・事務連絡",
    Rank.LAW: "法令",
    Rank.DECISION: "運用担当者の判断",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One paper, or one separately dated part of a paper.

    `id` is the notice's id, for a part `<notice>/<part>`. `issued` is the civil date printed on it (None if
    it bears none), `known_from` the civil date from which the service may use it. `in_hand` is false for a
    paper that is only cited by another one.
    """

    id: str
    title: str
    issuer: str
    number: str
    issued: date | None
    known_from: date
    rank: Rank
    in_hand: bool = True

    @property
    def dated(self) -> date:
        """Return the civil date by which the paper is ordered: its issue date, or the day it became known."""
        return self.issued or self.known_from

    @property
    def paper(self) -> str:
        """Return the id of the whole paper: `kaigo-saishin-joho-1460` for a part of it."""
        return self.id.partition("/")[0]
