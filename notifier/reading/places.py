"""Where an expression stands: its sentence, its cell, its label, and the heading that governs it."""

import re
from bisect import bisect_right
from dataclasses import dataclass

_LONG_LINE = 25
_HEADING = 34
_REACH = 400
_LONGEST_KEY = 48
_LONGEST_ROW = 2_000
_LOOK_UP = 6
_BULLET = re.compile(
    r"[ ]*(?:[-*•・○●◇◆□■※▶→✓>#|]|\(?[0-9一二三四五六七八九十]{1,3}[).、.]|第[0-9一二三四五六七八九十]+|[0-9]{1,2}[ ]|"
    r"[アイウエオカキ][ )]|[【《〔〈]|記$|[QA][0-9. ])"
)
_KEY = re.compile(
    r"(?:[-*•・○●◇◆□■※▶|#(]|[0-9]{1,2}|\)|[ .])*([^。、\n]{1,24}?)[ ]*(?:[::]|[ ]{1,}|】|\)|…)?$"
)
_NEAREST_KEY = re.compile(r"(?<![^ 、。|])([^ 、。:|()はをが]{1,16})(?:[ ]?:|[ ])[ ]*$")
_IS_ANSWER = re.compile(r"[ ]*(?:A[0-9]{0,3}[.: ]|\(?答え?\)?[0-9]{0,3}[.: ]?)")
_IS_QUESTION = re.compile(r"(?:Q[0-9]{0,3}[.: ]|\(?問)")
_SAYS_WHEN = re.compile("(?:実施)?(?:期日|日程|日時|時期|予定日?|年月日|月日|日付|日|スケジュール|とき)等?")
"""The head of a column of days that says nothing of what the days are: the row does."""
_ENDS = "。:】」"
DATED = re.compile(
    r"年[0-9一二三四五六七八九十]{1,2}月|月[0-9一二三四五六七八九十]{1,3}日|[0-9]/[0-9]|[^:]:[^:]"
)


_COLUMN = re.compile("[^ ]+(?: [^ ]+)*")
_COLUMNS = 3
"""Columns that make a table of a row; two may be a key and what it names."""
_LONGEST_COLUMNS = 200
_LONGEST_TABLE = 60
_NAMES_DAYS = re.compile(r"月[0-9]{1,2}日|[0-9]月末|[上中下]旬|[0-9]/[0-9]{1,2} ?\(")
"""A cell that itself names a day heads no column."""


def _last_key(key: str) -> str:
    """Return the key itself where a title stands in front of it: 職員募集　試験日 is a 試験日."""
    title, _, last = key.strip().rpartition(" ")
    return (
        last
        if title and last.endswith(("日", "期限", "期日", "期間", "締切", "日時", "予定日"))
        else key.strip()
    )


@dataclass(frozen=True, slots=True)
class Place:
    """What surrounds an expression, in the normalised text."""

    before: str
    """From the beginning of the sentence, or of the cell."""
    after: str
    """To the end of the sentence, or of the cell."""
    label: str
    """The key in front on the line, or the head of the column and of the row."""
    heading: str
    """The short line above, if nothing else names what the date is."""
    is_alone: bool
    """Nothing else stands on the line."""


def _placed(head: str, row: str, before: str, after: str) -> Place:
    """Return the place in a cell, under the head of its column and in a row named by its first cell."""
    label = f"{head} {row}" if row else head
    if label != head and _SAYS_WHEN.fullmatch(head):
        label = row
    before, after = before[before.rfind("。") + 1 :], after.partition("。")[0]
    return Place(before, after, label.strip(), "", not (before.strip() or after.strip()) and not head)


class Page:
    """A normalised text with its lines, to look up where something stands."""

    def __init__(self, text: str) -> None:
        """Index the lines of `text`."""
        self.text = text
        self.lines = text.split("\n")
        self.starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._joined: dict[int, bool] = {}
        self._apart: dict[int, list[tuple[int, int]]] = {}

    def number(self, position: int) -> int:
        """Return the line, counted from 0, in which `position` lies."""
        return bisect_right(self.starts, position) - 1

    def line(self, number: int) -> str:
        """Return a line without its break; an empty one outside the text."""
        return self.lines[number] if 0 <= number < len(self.lines) else ""

    def place(self, start: int, end: int) -> Place:
        """Return the place of `text[start:end]`."""
        number = self.number(start)
        offset = self.starts[number]
        cell = self._cell(number, start, end) if end - offset < _LONGEST_ROW else None
        if cell is not None:
            return cell
        before, after = self._before(number, start), self._after(self.number(max(start, end - 1)), end)
        # No key is longer than this; looking further back would cost more the longer the line is.
        ahead = self.text[max(offset, start - _LONGEST_KEY) : start]
        key = _KEY.fullmatch(ahead) or _NEAREST_KEY.search(ahead)
        is_alone = not (ahead.strip(" #*-・()") or after.strip(" #*-・()。"))
        return Place(before, after, _last_key(key[1]) if key else "", self.heading(number), is_alone)

    def heading(self, number: int) -> str:
        """Return the nearest short line above that ends no sentence; "" if there is none within reach."""
        if _IS_ANSWER.match(self.line(number)):
            asked = (self.line(above).strip() for above in range(number - 1, max(-1, number - _LOOK_UP), -1))
            return next((line[-_HEADING:] for line in asked if _IS_QUESTION.match(line)), "")
        seen = 0
        for above in range(number - 1, max(-1, number - _LOOK_UP), -1):
            line = self.line(above).strip()
            if not line:
                continue
            seen += 1
            if "\t" in line or line.startswith("|"):
                return ""
            if len(line) <= _HEADING and not line.endswith("。") and DATED.search(line) is None:
                return line
            if seen == 2:
                break
        return ""

    # ---- sentences ----

    def _before(self, number: int, start: int) -> str:
        line_start = self.starts[number]
        while number > 0 and start - line_start < _REACH and self._continues(number):
            number -= 1
            line_start = self.starts[number]
        piece = self.text[max(line_start, start - _REACH) : start]
        return piece[piece.rfind("。") + 1 :].replace("\n", "")

    def _after(self, number: int, end: int) -> str:
        last = number
        while self._continues(last + 1) and self.starts[last + 1] - end < _REACH:
            last += 1
        stop = self.starts[last + 1] - 1 if last + 1 < len(self.starts) else len(self.text)
        piece = self.text[end : min(max(stop, end), end + _REACH)]
        cut = piece.find("。")
        return (piece if cut < 0 else piece[: cut + 1]).replace("\n", "")

    def _continues(self, number: int) -> bool:
        """Say whether the line goes on with the sentence of the line before it, as wrapped text does."""
        known = self._joined.get(number)
        if known is None:
            known = self._joined[number] = self._is_wrapped(number)
        return known

    def _is_wrapped(self, number: int) -> bool:
        if not 0 < number < len(self.starts):
            return False
        before, line = self.line(number - 1).rstrip(), self.line(number)
        around = (len(self.line(each).rstrip()) for each in range(number - 4, number + 4))
        return (
            len(before) >= _LONG_LINE
            and len(before) >= 0.88 * max(around)
            and before[-1] not in _ENDS
            and bool(line.strip())
            and _BULLET.match(line) is None
            and "\t" not in line
            and "\t" not in before
            and "  " not in before.strip()
        )

    # ---- tables ----

    def _cell(self, number: int, start: int, end: int) -> Place | None:
        line, offset = self.line(number), self.starts[number]
        mark = "\t" if "\t" in line else "|" if line.count("|") > 1 or " | " in line else ""
        if not mark:
            return self._aligned(number, start - offset, end - offset)
        column = line.count(mark, 0, start - offset)
        left = line.rfind(mark, 0, start - offset) + 1
        right = line.find(mark, min(end - offset, len(line)))
        right = len(line) if right < 0 else right
        head = self._head(number, mark, column)
        row = next((each.strip() for each in line.split(mark) if each.strip()), "")
        row = "" if row in line[left:right] else row
        before = line[left : start - offset]
        after = line[end - offset : right] if end - offset <= len(line) else ""
        return _placed(head, row, before, after)

    def _aligned(self, number: int, start: int, end: int) -> Place | None:
        """Return the place in a row whose columns are set apart by spaces; None if it is no such row."""
        cells = self._columns(number)
        beside = (self._columns(number - 1), self._columns(number + 1))
        if len(cells) < _COLUMNS or all(len(each) != len(cells) for each in beside):
            return None
        column = next((index for index, (left, right) in enumerate(cells) if left <= start < right), None)
        if column is None:
            return None
        top = number
        while number - top < _LONGEST_TABLE and len(self._columns(top - 1)) == len(cells):
            top -= 1
        left, right = self._columns(top)[column]
        head = self.line(top)[left:right] if top < number else ""
        line, (left, right) = self.line(number), cells[column]
        row = line[slice(*cells[0])] if column else ""
        return _placed(
            "" if _NAMES_DAYS.search(head) else head, row, line[left:start], line[end : max(end, right)]
        )

    def _columns(self, number: int) -> list[tuple[int, int]]:
        """Return where the columns of a line begin and end, if gaps of several spaces set them apart."""
        known = self._apart.get(number)
        if known is None:
            line = self.line(number)
            is_row = "  " in line.strip() and len(line) <= _LONGEST_COLUMNS and "。" not in line
            known = self._apart[number] = [found.span() for found in _COLUMN.finditer(line)] if is_row else []
        return known

    def _head(self, number: int, mark: str, column: int) -> str:
        """Return the head of a column: the cell in the first line of the table."""
        top = number
        while top > 0 and number - top < _LONGEST_TABLE and mark in self.line(top - 1):
            top -= 1
        cells = self.line(top).split(mark)
        head = cells[column].strip() if top < number and column < len(cells) else ""
        return "" if _NAMES_DAYS.search(head) else head
