"""From the signs of a page and their places to its lines, in the order in which people read them.

Pure: places are in points, x to the right and y upwards, the page as it is seen. Signs on one height are one line;
what ruled lines enclose side by side is a row of a table, its cells kept apart; vertical text goes down its columns.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from notifier.reading.extraction_lines import CELL


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign, and the box it takes up."""

    text: str
    left: float
    bottom: float
    right: float
    top: float

    @property
    def size(self) -> float:
        """Return about the size of the type: boxes are higher than that, and Latin letters narrower."""
        width, height = self.right - self.left, self.top - self.bottom
        return max(0.7 * height if self.text.isascii() else min(width, height), 0.5 * max(width, height), 0.1)


@dataclass(frozen=True, slots=True)
class Rule:
    """A ruled line: `at` is its x (standing) or y (lying), from `low` to `high` the other way."""

    at: float
    low: float
    high: float


_GAP: Final = 0.5
"""A gap of so many sizes of type is a space, ..."""
_WIDE: Final = 2.2
"""... and of so many the space between two cells."""
_LATIN_GAP: Final = 0.18
_TOUCH: Final = 1.5
"""Points by which what touches a rule may be off."""
_MOST_RULES: Final = 1500
_LONGEST_CELL: Final = 12
"""Lines of a cell; what has more is a frame around text, or a column."""
_LEAST_COLUMN: Final = 8


@dataclass
class _Run:
    """Signs in a row, as they were set: on one height without a wide gap, and no rule between them."""

    signs: list[Sign]

    def __post_init__(self) -> None:
        self.left = min(each.left for each in self.signs)
        self.right = max(each.right for each in self.signs)
        self.bottom = median(each.bottom for each in self.signs)
        self.top = median(each.top for each in self.signs)
        self.size = median(each.size for each in self.signs)
        self.middle = (self.top + self.bottom) / 2
        self.text = _joined(self.signs)


_Line = list[_Run]


def lines_of(signs: Sequence[Sign], standing: Sequence[Rule] = (), lying: Sequence[Rule] = ()) -> list[str]:
    """Return the lines of a page from its signs in the order of the file, and its ruled lines."""
    seen = [each for each in signs if each.text.strip()]
    if not seen:
        return []
    if _is_vertical(seen):
        return list(_columns(seen))
    if len(standing) + len(lying) > _MOST_RULES:
        standing, lying = (), ()
    runs = [_Run(each) for each in _runs(signs, sorted(standing, key=lambda rule: rule.at))]
    loose, placed = _table_rows(runs, standing, lying)
    for line in _in_columns(_lines(loose)):
        placed.append((line[0].middle if isinstance(line, list) else line.y, _written(line)))
    placed.sort(key=lambda each: -each[0])
    return [text for _, texts in placed for text in texts if text.strip()]


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that belong together below the height `y`: the columns of a text."""

    y: float
    lines: tuple[str, ...]


def _written(line: "_Line | _Block") -> list[str]:
    return [_text_of(line)] if isinstance(line, list) else list(line.lines)


# ---- runs and lines ---------------------------------------------------------------------------------------


def _runs(signs: Sequence[Sign], standing: Sequence[Rule]) -> Iterator[list[Sign]]:
    places = [rule.at for rule in standing]
    run: list[Sign] = []
    for sign in signs:
        if not sign.text.strip() and not run:
            continue
        if run and not _follows(run[-1], sign, standing, places):
            yield from _trimmed(run)
            run = []
        if run or sign.text.strip():
            run.append(sign)
    yield from _trimmed(run)


def _trimmed(run: list[Sign]) -> Iterator[list[Sign]]:
    while run and not run[-1].text.strip():
        run.pop()
    if run:
        yield run


def _follows(before: Sign, sign: Sign, standing: Sequence[Rule], places: Sequence[float]) -> bool:
    """Tell whether a sign goes on where the one before it ends."""
    size = max(before.size, sign.size)
    middle = (sign.top + sign.bottom) / 2
    if abs(middle - (before.top + before.bottom) / 2) > 0.5 * size:
        return False
    if not -0.7 * size <= sign.left - before.right <= _WIDE * size:
        return False
    first = bisect_left(places, before.right - _TOUCH)
    for rule in standing[first:]:
        if rule.at > sign.left + _TOUCH:
            return True
        if rule.low <= middle <= rule.high and (before.left + before.right) / 2 < rule.at:
            return False
    return True


def _joined(signs: Sequence[Sign]) -> str:
    text = signs[0].text
    for before, sign in pairwise(signs):
        gap = sign.left - before.right
        size = min(before.size, sign.size)
        are_latin = before.text.isascii() and sign.text.isascii()
        if gap > (_LATIN_GAP if are_latin else _GAP) * size and before.text.strip() and sign.text.strip():
            text += " "
        text += sign.text
    return text


def _lines(runs: Sequence[_Run]) -> list[_Line]:
    """Return the runs by height, from above, those of one height from left to right."""
    lines: list[_Line] = []
    for run in sorted(runs, key=lambda each: (-each.middle, each.left)):
        last = lines[-1] if lines else None
        if last is not None and _same_height(last[0], run):
            last.append(run)
        else:
            lines.append([run])
    for line in lines:
        line.sort(key=lambda run: run.left)
    return lines


def _same_height(first: _Run, run: _Run) -> bool:
    shared = min(first.top, run.top) - max(first.bottom, run.bottom)
    return shared > 0.5 * min(first.top - first.bottom, run.top - run.bottom)


def _text_of(line: _Line) -> str:
    text = line[0].text
    for before, run in pairwise(line):
        gap = run.left - before.right
        size = min(before.size, run.size)
        text += (CELL if gap > _WIDE * size else " " if gap > _GAP * size else "") + run.text
    return text


def _in_columns(lines: list[_Line]) -> Iterator["_Line | _Block"]:
    """Put the columns of a text one after the other, where a gutter parts enough lines that fill their column."""
    gutter = _gutter(lines)
    start = 0
    while start < len(lines):
        end = start
        while gutter is not None and end < len(lines) and not _crosses(lines[end], gutter):
            end += 1
        if gutter is not None and end > start and _fills(lines[start:end], gutter):
            parted = [_parted(line, gutter) for line in lines[start:end]]
            sides = [[part[side] for part in parted if part[side]] for side in (0, 1)]
            inner = [text for side in sides for each in _in_columns(side) for text in _written(each)]
            yield _Block(lines[start][0].middle, tuple(inner))
            start = end
        else:
            end = max(end, start + 1)
            yield from lines[start:end]
            start = end


def _gutter(lines: list[_Line]) -> float | None:
    """Return the x before which many runs end and from which many begin, and which the fewest cross; None if none."""
    runs = [run for line in lines for run in line]
    starts: dict[int, list[float]] = {}
    for run in runs:
        starts.setdefault(int(run.left // 12), []).append(run.left)
    left = min((run.left for run in runs), default=0.0)
    size = runs[0].size if runs else 0.0
    found = [
        min(each) - 0.3 * size
        for each in starts.values()
        if len(each) >= _LEAST_COLUMN and min(each) > left + 8 * size
    ]
    return min(found, key=lambda x: sum(run.left < x < run.right for run in runs), default=None)


def _crosses(line: _Line, gutter: float) -> bool:
    return any(run.left < gutter < run.right for run in line)


def _parted(line: _Line, gutter: float) -> tuple[_Line, _Line]:
    return [run for run in line if run.left < gutter], [run for run in line if run.left >= gutter]


def _fills(lines: list[_Line], gutter: float) -> bool:
    """Tell running text from a table: most of its lines reach the end of their column, on both sides."""
    parts = [_parted(line, gutter) for line in lines]
    for side in (0, 1):
        ends = [part[side][-1].right for part in parts if part[side]]
        starts = [part[side][0].left for part in parts if part[side]]
        if len(ends) < _LEAST_COLUMN:
            return False
        size = lines[0][0].size
        full = sum(end > max(ends) - 3 * size for end in ends)
        if full < 0.6 * len(ends) or max(ends) - min(starts) < 10 * size:
            return False
    return True


# ---- tables -----------------------------------------------------------------------------------------------


def _table_rows(
    runs: list[_Run], standing: Sequence[Rule], lying: Sequence[Rule]
) -> tuple[list[_Run], list[tuple[float, list[str]]]]:
    """Return the runs outside tables, and the rows of tables with their heights."""
    cells: dict[tuple[int, int, int, int], list[_Run]] = {}
    loose: list[_Run] = []
    for run in runs:
        cell = _cell_around(run, standing, lying)
        if cell is None:
            loose.append(run)
        else:
            cells.setdefault(cell, []).append(run)
    rows: dict[int, list[tuple[int, int, int, int]]] = {}
    for cell in cells:
        top = next((each for each in rows if abs(each - cell[3]) <= 2 * _TOUCH), cell[3])
        rows.setdefault(top, []).append(cell)
    placed: list[tuple[float, list[str]]] = []
    for top, members in rows.items():
        texts = [(_lines(cells[cell]), cell) for cell in sorted(members)]
        if len(members) == 1 or any(len(lines) > _LONGEST_CELL for lines, _ in texts):
            for lines, cell in texts:
                if len(members) == 1:
                    loose += cells[cell]
                else:
                    placed.append((top - 0.001 * cell[0], [_text_of(line) for line in lines]))
        else:
            placed.append((top, [CELL.join(_of_cell(lines, cell[2]) for lines, cell in texts)]))
    return loose, placed


def _cell_around(
    run: _Run, standing: Sequence[Rule], lying: Sequence[Rule]
) -> tuple[int, int, int, int] | None:
    """Return left, bottom, right and top of what encloses a run, rounded; None if it is not enclosed."""
    x, y = (run.left + min(run.right, run.left + run.size)) / 2, run.middle
    sides = [rule.at for rule in standing if rule.low - _TOUCH <= y <= rule.high + _TOUCH]
    heights = [rule.at for rule in lying if rule.low - _TOUCH <= x <= rule.high + _TOUCH]
    left = max((each for each in sides if each <= x), default=None)
    right = min((each for each in sides if each > x), default=None)
    bottom = max((each for each in heights if each <= y), default=None)
    top = min((each for each in heights if each > y), default=None)
    if left is None or right is None or bottom is None or top is None:
        return None
    return round(left), round(bottom), round(right), round(top)


def _of_cell(lines: list[_Line], right: float) -> str:
    """Return the text of a cell on one line: a line that reaches the edge goes on in the next."""
    text = ""
    for line in lines:
        text += _text_of(line).replace(CELL, " ")
        if line is not lines[-1] and line[-1].right < right - 1.6 * line[-1].size:
            text += " "
    return text


# ---- vertical text ----------------------------------------------------------------------------------------


def _is_down(before: Sign, sign: Sign) -> bool:
    size = max(before.size, sign.size)
    across = abs((before.left + before.right) - (sign.left + sign.right)) / 2
    down = (before.top + before.bottom) / 2 - (sign.top + sign.bottom) / 2
    return across < 0.45 * size and 0.4 * size < down < 2.5 * size


def _is_vertical(signs: Sequence[Sign]) -> bool:
    down = sum(_is_down(*each) for each in pairwise(signs))
    return len(signs) > 3 and down > 0.5 * (len(signs) - 1)


def _columns(signs: Sequence[Sign]) -> Iterator[str]:
    """Yield the columns in the order of the file, which for vertical text is that of reading."""
    size = median(each.size for each in signs)
    text, last = signs[0].text, signs[0]
    for sign in signs[1:]:
        down = (last.top + last.bottom - sign.top - sign.bottom) / 2
        across = (sign.left + sign.right - last.left - last.right) / 2
        is_beside = (
            abs(down) < 0.3 * size and 0 < across < 1.2 * size
        )  # figures set side by side in the column
        if is_beside or (abs(across) < 0.8 * size and 0 < down < (1 + _WIDE) * size):
            text += (" " if down > 1.7 * size else "") + sign.text
        else:
            yield text
            text = sign.text
        last = sign
    yield text
