"""Wrapping: lines of plain text for readers whose mail arrives without its HTML.

Width is counted in columns of a fixed-width display: a full-width sign takes two. Lines break between
Japanese signs, but not inside words, numbers and addresses, and follow the plainest rules of 禁則処理 (JIS X
4051).
"""

import re
import unicodedata
from functools import lru_cache

WIDTH = 76
"""Columns of a line: 38 full-width signs."""

_NOT_FIRST = frozenset(
    "、。，．・：；？！）］｝〕〉》」』】〙〗〟’”ー々ゝゞぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ…‥〜～,.:;?!)]}%％円年月日"
)
_NOT_LAST = frozenset("（［｛〔〈《「『【〘〖〝‘“([{￥¥$第約")
_PIECE = re.compile(r"[!-~]+| +|.", re.DOTALL)


def columns(text: str) -> int:
    """Return the width of `text`.

    Signs of ambiguous width count as full-width, as Japanese fonts draw them.
    """
    return sum(map(_width, text))


@lru_cache(maxsize=8192)
def _width(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WFA" else 1


@lru_cache(maxsize=4096)  # letters of one morning say the same in many combinations
def wrap(text: str, indent: str = "", first: str | None = None, width: int = WIDTH) -> str:
    """Return `text` in lines of at most `width` columns where a break is possible; its own line breaks stay.

    Every line begins with `indent`, the first with `first` if that is given.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines.extend(_lines(paragraph.strip(), width - columns(indent)))
    start = indent if first is None else first
    return "\n".join(f"{start if not number else indent}{line}".rstrip() for number, line in enumerate(lines))


def _lines(paragraph: str, width: int) -> list[str]:
    lines, line, used = [], "", 0
    for piece in _unbreakable(paragraph):
        taken = columns(piece)
        if line and used + taken > width:
            lines.append(line.rstrip(" "))
            line, used = "", 0
            piece = piece.lstrip(" ")  # noqa: PLW2901 -- a space at a break is not printed
            taken = columns(piece)
        line += piece
        used += taken
    return [*lines, line]


def _unbreakable(paragraph: str) -> list[str]:
    """Cut the paragraph into the pieces between which a line may break."""
    pieces: list[str] = []
    for piece in _PIECE.findall(paragraph):
        joined = pieces and (piece[0] in _NOT_FIRST or pieces[-1][-1] in _NOT_LAST)
        if joined:
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces
