"""What a reading hands back: the expressions as CONTRACTS 3 prints them, in the order of the text."""

from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression, quoted as it stands. Days are civil dates in Japan, both included, None where open or not fixed.

    `line` counts from 1 and `column` from 0, in signs; `offset` is the place of `text` in the whole.
    """

    line: int
    column: int
    text: str
    kind: str
    start: date | None
    end: date | None
    tentative: bool
    is_deadline: bool
    flags: tuple[str, ...]
    offset: int
    reasons: tuple[str, ...]
    """Why it is a deadline or not, and why tentative: for people, in Japanese."""
    sentence: str
    """The sentence or the cell around it, normalised, with the label in front."""
    weighed: float | None = None
    """How much speaks for (+) or against (-) a deadline; None where that is ruled out."""

    def as_json(self) -> dict[str, Any]:
        """Return the object that `notifier read` prints, its keys in the promised order."""
        return {
            "line": self.line,
            "column": self.column,
            "text": self.text,
            "kind": self.kind,
            "start": self.start and self.start.isoformat(),
            "end": self.end and self.end.isoformat(),
            "tentative": self.tentative,
            "is_deadline": self.is_deadline,
            "flags": list(self.flags),
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: the expressions in the order of the text, and the issue date they were related to."""

    text: str
    issued: date | None
    expressions: tuple[Expression, ...]
