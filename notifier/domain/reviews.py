"""Reviews: what a reviewer makes of the candidates that were read in a notice, and what stands in the way of approval."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Verdict(StrEnum):
    """What the reviewer has decided on one candidate. `added` is one that the machine had missed."""

    OPEN = "open"
    KEPT = "kept"
    CHANGED = "changed"
    ADDED = "added"
    DROPPED = "dropped"

    @property
    def label(self) -> str:
        """Return the verdict as it is named to a Japanese reader."""
        return _LABELS[self]

    @property
    def speaks(self) -> bool:
        """Tell whether the candidate becomes a statement once the notice is approved."""
        return self in {Verdict.KEPT, Verdict.CHANGED, Verdict.ADDED}


_LABELS: Final = {
    Verdict.OPEN: "未判断",
    Verdict.KEPT: "採用",
    Verdict.CHANGED: "修正して採用",
    Verdict.ADDED: "追加",
    Verdict.DROPPED: "除外",
}


@dataclass(frozen=True, slots=True)
class Objection:
    """Something that is wrong or doubtful in a review, in Japanese: where, what, and how to mend it.

    `number` is the candidate's, None for the notice itself. An error stands in the way of approval.
    """

    place: str
    message: str
    mend: str
    number: int | None = None
    is_error: bool = True

    def __str__(self) -> str:
        """Return it in one line."""
        return f"{self.place}: {self.message}{self.mend}"


def as_kept(said: Mapping[str, Any], proposed: Mapping[str, Any] | None) -> Verdict:
    """Return the verdict on a candidate that is kept: `proposed` is what the machine read, None if it read nothing."""
    if proposed is None:
        return Verdict.ADDED
    return Verdict.KEPT if said == proposed else Verdict.CHANGED
