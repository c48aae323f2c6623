"""Frames: a letter with holes, compiled once and filled for each recipient.

A mark is the digest of all that is rendered, so nothing rendered can contain it; values are never searched for marks.
"""

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from notifier.domain.letters import Content
from notifier.rendering.views import Composed

KEPT_FRAMES: Final = 256
"""Frames kept at most; the frame of a long letter takes about a hundred kilobytes."""


@dataclass(frozen=True, slots=True)
class Part:
    """A text with holes: its pieces in order, and for each hole its position and the number of its value."""

    pieces: tuple[str, ...]
    holes: tuple[tuple[int, int], ...]

    def fill(self, values: Sequence[str]) -> str:
        """Return the text with these values."""
        pieces = list(self.pieces)
        for position, number in self.holes:
            pieces[position] = values[number]
        return "".join(pieces)


@dataclass(frozen=True, slots=True)
class Frame:
    """A letter with holes, and the contents it was rendered from.

    `parts` is None where a template asks for each letter to be rendered as a whole.
    """

    contents: tuple[Content, ...]
    parts: tuple[Part, Part, Part] | None

    def fill(self, values: Sequence[str]) -> Composed | None:
        """Return the letter with these values, or None if it has to be rendered as a whole."""
        if self.parts is None:
            return None
        subject, text, html = self.parts
        return Composed(
            subject.fill(values), text.fill(values), html.fill([escape(value) for value in values])
        )


class Shelf:
    """Frames by what they depend on, the latest used kept."""

    def __init__(self, kept: int = KEPT_FRAMES) -> None:
        """Keep at most `kept` frames."""
        self._frames: OrderedDict[Any, Frame] = OrderedDict()
        self._kept = kept

    def find(self, key: object, contents: tuple[Content, ...]) -> Frame | None:
        """Return the frame for these contents, or None."""
        frame = self._frames.get(key)
        if frame is None or frame.contents != contents:
            return None
        self._frames.move_to_end(key)
        return frame

    def keep(self, key: object, frame: Frame) -> None:
        """Keep a frame; the one that was not used for longest goes."""
        self._frames[key] = frame
        self._frames.move_to_end(key)
        if len(self._frames) > self._kept:
            self._frames.popitem(last=False)

    def __len__(self) -> int:
        """Return how many frames are kept."""
        return len(self._frames)


def cut(marked: str, mark: str) -> Part:
    """Cut a rendered text at its marks."""
    pieces = re.split(f"{mark}n([0-9]+)z", marked)
    holes = tuple((position, int(pieces[position])) for position in range(1, len(pieces), 2))
    return Part(tuple(pieces), holes)
