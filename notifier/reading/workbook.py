"""The first sheet of an Excel workbook (.xlsx) as rows of text, read piece by piece with limits.

Only what a list needs is read: the texts and the values Excel last computed. Formulas are not evaluated, macros,
links and pictures are not opened, and a part that unpacks to more than a list can be is refused. Written here
because the libraries either keep whole sheets in memory or trust the file's own word on its size.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Final
from xml.parsers import expat

MOST_UNPACKED: Final = 192 * 1024 * 1024
"""Bytes that one part of a workbook may unpack to."""
MOST_TEXTS: Final = 2_000_000
MOST_COLUMNS: Final = 200
MOST_CHARACTERS: Final = 4000
"""Characters of one cell; Excel itself allows 32,767, a list needs none of these."""
PIECE: Final = 1 << 16
PLACE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
PLACE_OF_ROW: Final = re.compile(r"[0-9]{1,7}")
WHOLE: Final = re.compile(r"-?[0-9]+(\.0+)?")
RELATIONS: Final = "xl/_rels/workbook.xml.rels"


class WorkbookError(ValueError):
    """A workbook cannot be read; the message tells the clerk why, in Japanese."""


def rows_of_workbook(content: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of the first sheet that hold anything, each with its number from 1.

    Raises WorkbookError for what is no workbook, is protected by a password, or is too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            sheet = _first_sheet(book)
            texts = _Texts()
            if "xl/sharedStrings.xml" in book.namelist():
                for _ in _parse(book, "xl/sharedStrings.xml", texts.start, texts.end, texts.data):
                    pass
            rows = _Rows(texts.found)
            for _ in _parse(book, sheet, rows.start, rows.end, rows.data):
                yield from rows.taken()
    except (zipfile.BadZipFile, RuntimeError, EOFError, OSError) as fault:
        raise WorkbookError("Excelのブックとして読めません。Excelで開いて保存し直してください。") from fault
    except expat.ExpatError as fault:
        raise WorkbookError(
            f"Excelのブックの中身が壊れています（{fault}）。保存し直してください。"
        ) from fault


def _first_sheet(book: zipfile.ZipFile) -> str:
    """Return the part that holds the first sheet, in the order of the tabs."""
    identifiers: list[str] = []
    targets: dict[str, str] = {}

    def sheet(name: str, values: dict[str, str]) -> None:
        if _local(name) == "sheet" and values.get("state", "visible") == "visible":
            identifiers.extend(value for key, value in values.items() if _local(key) == "id")

    def relation(name: str, values: dict[str, str]) -> None:
        if _local(name) == "Relationship" and values.get("TargetMode") != "External":
            targets[values.get("Id", "")] = values.get("Target", "")

    names = book.namelist()
    if "xl/workbook.xml" not in names or RELATIONS not in names:
        raise WorkbookError("Excelのブック（.xlsx）ではありません。「Excelブック」かCSVで保存してください。")
    for part, take in (("xl/workbook.xml", sheet), (RELATIONS, relation)):
        for _ in _parse(book, part, take, lambda _: None, lambda _: None):
            pass
    target = targets.get(identifiers[0], "") if identifiers else ""
    path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    if path not in names:
        raise WorkbookError("ブックに表示されているシートがありません。")
    return path


def _parse(
    book: zipfile.ZipFile,
    part: str,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    data: Callable[[str], None],
) -> Iterator[None]:
    """Parse a part piece by piece, yielding after each. Raises WorkbookError if it declares entities or is too long."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = data
    parser.StartDoctypeDeclHandler = _refuse_doctype
    read = 0
    with book.open(part) as stream:
        while piece := stream.read(PIECE):
            read += len(piece)
            if read > MOST_UNPACKED:
                raise WorkbookError("ブックが大きすぎます。事業所の一覧だけのシートにしてください。")
            parser.Parse(piece)
            yield
        parser.Parse(b"", True)  # noqa: FBT003 -- the library takes it by position only
        yield


def _refuse_doctype(*_: object) -> None:
    raise WorkbookError("ブックに許されない宣言（DOCTYPE）があります。Excelで保存し直してください。")


def _local(name: str) -> str:
    return name.rpartition(":")[2]


class _Texts:
    """The shared texts of a workbook, without the readings (ふりがな) that Excel keeps beside them."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._parts: list[str] | None = None
        self._readings = 0
        self._in_text = False

    def start(self, name: str, _: dict[str, str]) -> None:
        local = _local(name)
        if local == "si":
            self._parts = []
        elif local == "rPh":
            self._readings += 1
        self._in_text = local == "t" and not self._readings

    def end(self, name: str) -> None:
        local = _local(name)
        self._in_text = False
        if local == "rPh":
            self._readings -= 1
        elif local == "si" and self._parts is not None:
            if len(self.found) >= MOST_TEXTS:
                raise WorkbookError("ブックの文字列が多すぎます。事業所の一覧だけにしてください。")
            self.found.append("".join(self._parts)[: MOST_CHARACTERS + 1])
            self._parts = None

    def data(self, text: str) -> None:
        if self._in_text and self._parts is not None:
            self._parts.append(text[: MOST_CHARACTERS + 1])


class _Rows:
    """The rows of a sheet, taken away as they are complete."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts
        self._done: list[tuple[int, list[str]]] = []
        self._number = 0
        self._cells: list[str] = []
        self._column = 0
        self._kind = ""
        self._value: list[str] = []
        self._readings = 0
        self._in_value = False

    def taken(self) -> list[tuple[int, list[str]]]:
        done, self._done = self._done, []
        return done

    def start(self, name: str, values: dict[str, str]) -> None:
        local = _local(name)
        if local == "row":
            number = values.get("r", "")
            self._number = int(number) if PLACE_OF_ROW.fullmatch(number) else self._number + 1
            self._cells = []
        elif local == "c":
            place = PLACE.fullmatch(values.get("r", ""))
            self._column = _column(place[1]) if place else len(self._cells)
            self._kind = values.get("t", "n")
            self._value = []
        elif local == "rPh":
            self._readings += 1
        self._in_value = local in ("v", "t") and not self._readings

    def end(self, name: str) -> None:
        local = _local(name)
        self._in_value = False
        if local == "rPh":
            self._readings -= 1
        elif local == "c" and self._value and self._column < MOST_COLUMNS:
            self._cells.extend([""] * (self._column + 1 - len(self._cells)))
            self._cells[self._column] = self._text()
        elif local == "row" and any(self._cells):
            self._done.append((self._number, self._cells))

    def data(self, text: str) -> None:
        if self._in_value:
            self._value.append(text[: MOST_CHARACTERS + 1])

    def _text(self) -> str:
        value = "".join(self._value)
        if self._kind == "s":
            place = int(value) if PLACE_OF_ROW.fullmatch(value) else len(self._texts)
            return self._texts[place] if place < len(self._texts) else ""
        if self._kind == "n":
            return _number(value)
        return value[: MOST_CHARACTERS + 1]


def _column(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    return place - 1


def _number(value: str) -> str:
    """Return a number as a person would have typed it: whole ones without a point or an exponent."""
    if WHOLE.fullmatch(value):
        return value.partition(".")[0]
    try:
        number = float(value)
    except ValueError:
        return value[:MOST_CHARACTERS]
    return str(int(number)) if number.is_integer() and abs(number) < 1e16 else value
