"""What every way of extracting answers with: lines, their pages, a title and warnings, or a reason for none."""

import re
from dataclasses import dataclass, field
from typing import Final

CELL: Final = "\t"
"""Stands between the cells of a row, so that a row of a table is one line."""
_SPACES: Final = re.compile(r"[ \t\n\r\f\v\xa0]+")


class UnreadableError(Exception):
    """A file gives no text: `reason` as `extraction.Reason` names it, `message` for people, "" for the usual one."""

    def __init__(self, reason: str, message: str = "") -> None:
        """Keep both."""
        super().__init__(reason)
        self.reason = reason
        self.message = message


@dataclass
class Extract:
    """Lines as they are collected. Raises UnreadableError (`too-large`) beyond `most` characters."""

    most: int
    lines: list[str] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    title: str = ""
    warnings: list[str] = field(default_factory=list)
    characters: int = 0

    def add(self, line: str, page: int | None = None) -> None:
        """Add a line; `page` where the file knows pages."""
        self.characters += len(line) + 1
        if self.characters > self.most:
            raise UnreadableError("too-large")
        self.lines.append(line.rstrip())
        if page is not None:
            self.pages.append(page)

    def warn(self, warning: str) -> None:
        """Say once what may be missing."""
        if warning not in self.warnings:
            self.warnings.append(warning)


def squeezed(text: str) -> str:
    """Return `text` on one line, with one space for any blanks; full-width spaces stay."""
    return _SPACES.sub(" ", text).strip(" ")


def row(cells: list[str]) -> str:
    """Return the cells of a row as one line; an empty cell keeps its place, those at the end do not."""
    return CELL.join(squeezed(cell) for cell in cells).rstrip(CELL)
