"""Sheets: the rows of a file as a clerk has it: CSV in UTF-8 or CP932, Excel's Unicode text, or a workbook.

Rows come one after the other; what is too large is refused before it fills the memory.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from notifier.reading.workbook import MOST_CHARACTERS, MOST_COLUMNS, WorkbookError, rows_of_workbook

MOST_BYTES: Final = 64 * 1024 * 1024
MOST_ROWS: Final = 500_000
OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"
WORKBOOK: Final = b"PK\x03\x04"
Row = tuple[int, list[str]]
"""A row that holds anything: its number in the file, from 1, and its cells as written."""


class SheetError(ValueError):
    """A file cannot be read as a sheet; the message tells the clerk why, in Japanese."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that is about to be read. `length` is about how many rows it has; 0 if that is not known."""

    content: bytes | str
    length: int

    def rows(self) -> Iterator[Row]:
        """Yield the rows that hold anything. Raises SheetError where the file cannot be read on."""
        found = rows_of_workbook(self.content) if isinstance(self.content, bytes) else _lines(self.content)
        try:
            for count, (number, cells) in enumerate(found):
                if count >= MOST_ROWS:
                    raise SheetError(f"{MOST_ROWS:,}行を超えています。分けて取り込んでください。")
                if len(cells) > MOST_COLUMNS or any(len(cell) > MOST_CHARACTERS for cell in cells):
                    raise SheetError(f"{number}行目に、一覧としては長すぎるセルか多すぎる列があります。")
                yield number, cells
        except WorkbookError as fault:
            raise SheetError(str(fault)) from fault


def open_sheet(content: bytes) -> Sheet:
    """Return the sheet in a file. Raises SheetError, in words for the clerk, if it is none."""
    if len(content) > MOST_BYTES:
        raise SheetError(f"ファイルが大きすぎます（上限は{MOST_BYTES // 1024 // 1024}MB）。")
    if content.startswith(OLD_WORKBOOK):
        raise SheetError(
            "古い形式のExcelブックか、パスワードの付いたブックです。"
            "「Excelブック（.xlsx）」か「CSV UTF-8」で保存してください。"
        )
    if content.startswith(WORKBOOK):
        return Sheet(content, 0)
    text = _text(content)
    return Sheet(text, text.count("\n"))


def _text(content: bytes) -> str:
    encodings = ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp932")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise SheetError("文字コードを判別できません。UTF-8またはShift_JIS（CP932）で保存し直してください。")


def _lines(text: str) -> Iterator[Row]:
    first = text.partition("\n")[0]
    delimiter = "\t" if first.count("\t") > first.count(",") else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, row in enumerate(rows, 1):
            if any(cell.strip() for cell in row):
                yield number, row
    except csv.Error as fault:
        message = f'{rows.line_num}行目の引用符（"）が閉じていないなど、CSVとして読めません（{fault}）。'
        raise SheetError(message) from fault
