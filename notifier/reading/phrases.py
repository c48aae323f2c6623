"""Phrases of time: the expressions of a text, before their days are known."""

from dataclasses import dataclass
from enum import StrEnum

from notifier.reading.moments import Moment


class Shape(StrEnum):
    """What a phrase is made of."""

    MOMENT = "moment"
    RANGE = "range"
    FROM_LENGTH = "from-length"
    LENGTH = "length"
    ANCHORED = "anchored"
    RECURRING = "recurring"
    WORD = "word"
    PROMPT = "prompt"
    OPEN = "open"
    EVENT = "event"
    CLOCK = "clock"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One expression: its place in the normalised text, and what it is made of.

    A range has `moment` and `last`; either may be missing if that end is an event. `word` is the piece's own text.
    """

    shape: Shape
    start: int
    end: int
    moment: Moment | None = None
    last: Moment | None = None
    word: str = ""
    suffix: str = ""
    is_slash: bool = False
    is_listed: bool = False
    """Its month was taken over from the expression before it in the same list."""
