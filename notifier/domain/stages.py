"""The way of a notice: received, read, reviewed, approved, or turned away; and which moves there are.

Nothing it says has any effect before the end of that way: whoever reviews it is one person, whoever approves it
another.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """Where a notice stands."""

    RECEIVED = "received"
    READ = "read"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    REJECTED = "rejected"
    NOT_RELEVANT = "not-relevant"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """Return the stage as it is named to a Japanese reader."""
        return _LABELS[self]


_LABELS: Final = {
    Stage.RECEIVED: "受付",
    Stage.READ: "読み取り済み",
    Stage.REVIEWED: "確認済み",
    Stage.APPROVED: "承認済み",
    Stage.REJECTED: "却下",
    Stage.NOT_RELEVANT: "対象外",
    Stage.WITHDRAWN: "取り下げ",
}
_BEFORE: Final = {
    Stage.RECEIVED: "（先に、読み取りが要ります）",
    Stage.READ: "（先に、確認を終えてください）",
    Stage.APPROVED: "（取り消すには、取下げを始めてください）",
    Stage.REJECTED: "（先に、もう一度取り上げてください）",
    Stage.NOT_RELEVANT: "（先に、もう一度取り上げてください）",
    Stage.WITHDRAWN: "（もう一度効かせるには、取下げの文書を取り下げてください）",
}
"""What has to be done first, or instead, where a move is refused."""
_TURNED_AWAY: Final = frozenset({Stage.REJECTED, Stage.NOT_RELEVANT})
MOVES: Final[Mapping[Stage, frozenset[Stage]]] = {
    Stage.RECEIVED: _TURNED_AWAY | {Stage.READ},
    Stage.READ: _TURNED_AWAY | {Stage.REVIEWED},
    Stage.REVIEWED: _TURNED_AWAY | {Stage.READ, Stage.APPROVED},
    Stage.APPROVED: frozenset({Stage.WITHDRAWN}),
    Stage.REJECTED: frozenset({Stage.READ}),
    Stage.NOT_RELEVANT: frozenset({Stage.READ}),
    Stage.WITHDRAWN: frozenset(),
}


def why_not(stage: Stage, to: Stage, last: str, who: str, reason: str) -> str:
    """Return why `who` may not move a notice from `stage`, where `last` has put it, to `to`; "" if that may be."""
    if stage is to:
        return f"すでに「{to.label}」です"
    if to not in MOVES[stage]:
        return f"「{stage.label}」の文書は「{to.label}」にできません{_first(stage, to)}"
    if to in _TURNED_AWAY | {Stage.WITHDRAWN} and not reason.strip():
        return f"「{to.label}」にするには理由が要ります"
    if to is Stage.APPROVED and last == who:
        return "確認した人とは別の人の承認が要ります"
    return ""


def _first(stage: Stage, to: Stage) -> str:
    """Return in brackets what has to be done before, or instead."""
    if to is Stage.WITHDRAWN:
        return "（承認する前の文書は、却下か対象外にしてください）"
    return _BEFORE.get(stage, "")
