"""The text of a Word document (.docx): paragraphs, and tables row by row; read piece by piece, with limits.

Text that tracked changes or a strike-through took out is left out, and said to be; readings (ルビ) are left out.
"""

import io
import zipfile
from typing import Final, Protocol
from xml.parsers import expat

from notifier.reading.extraction_lines import Extract, UnreadableError, row

BODY: Final = "word/document.xml"
PROPERTIES: Final = "docProps/core.xml"
MOST_UNPACKED: Final = 64 * 1024 * 1024
"""Bytes that the body may unpack to; what the file itself says of its size is not believed."""
MOST_PARTS: Final = 5000
DEEPEST: Final = 500
PIECE: Final = 1 << 16
STRUCK: Final = "取り消し線の文字は除きました。"
DELETED: Final = "変更履歴で削除された文字は除きました。"
_CELLS: Final = {"tr", "tc", "gridSpan"}
_SKIPPED: Final = {"rt", "Fallback", "delText", "instrText", "delInstrText"}


def text_of_word(content: bytes, most: int) -> Extract:
    """Return the lines of a document. Raises UnreadableError for what is none, is broken, or is too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if len(names) > MOST_PARTS:
                raise UnreadableError("too-large")
            if BODY not in names:
                raise UnreadableError("unknown", _other(names))
            found = Extract(most)
            if PROPERTIES in names:
                title = _Title()
                _parse(archive, PROPERTIES, title)
                found.title = title.text.strip()
            body = _Body(found)
            _parse(archive, BODY, body)
            body.finish()
            return found
    except (zipfile.BadZipFile, EOFError, OSError, expat.ExpatError) as fault:
        raise UnreadableError("broken") from fault
    except RuntimeError as fault:  # it asks for a password, or is packed in a way that nobody uses
        raise UnreadableError("locked" if "password" in str(fault) else "broken") from fault


def _other(names: list[str]) -> str:
    if any(each.startswith("xl/") for each in names):
        return "Excelのブックです。通知の本文（PDF・Word・HTML・テキスト）を使ってください。"
    if any(each.startswith("ppt/") for each in names):
        return "PowerPointのファイルです。PDFで保存し直してください。"
    return "圧縮ファイル（ZIP）です。中のファイルを取り出してから使ってください。"


class _Part(Protocol):
    """Takes the elements of one part of the archive, by their names without prefix."""

    def start(self, name: str, values: dict[str, str]) -> None:
        """An element begins."""
        ...

    def end(self, name: str) -> None:
        """An element ends."""
        ...

    def data(self, text: str) -> None:
        """Text stands here."""
        ...


def _parse(archive: zipfile.ZipFile, name: str, part: _Part) -> None:
    if archive.getinfo(name).file_size > MOST_UNPACKED:
        raise UnreadableError("too-large")
    depth = 0

    def start(tag: str, values: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise UnreadableError("broken")
        part.start(tag.rpartition(":")[2], values)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        part.end(tag.rpartition(":")[2])

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = part.data
    parser.StartDoctypeDeclHandler = _refuse_doctype
    read = 0
    with archive.open(name) as stream:
        while piece := stream.read(PIECE):
            read += len(piece)
            if read > MOST_UNPACKED:
                raise UnreadableError("too-large")
            parser.Parse(piece)
        parser.Parse(b"", True)  # noqa: FBT003 -- the library takes it by position only


def _refuse_doctype(*_: object) -> None:
    raise UnreadableError("broken", "許されない宣言（DOCTYPE）があります。Wordで開いて保存し直してください。")


def _value(values: dict[str, str], usual: str) -> str:
    return next((value for key, value in values.items() if key.rpartition(":")[2] == "val"), usual)


class _Title:
    """The title among the properties."""

    def __init__(self) -> None:
        self.text = ""
        self._element = ""

    def start(self, name: str, values: dict[str, str]) -> None:  # noqa: ARG002 -- only the name counts
        self._element = name

    def end(self, name: str) -> None:
        self._element = "" if name == self._element else self._element

    def data(self, text: str) -> None:
        if self._element == "title":
            self.text += text


class _Body:
    """The paragraphs and tables. What stands in a cell is one line, however many paragraphs it has."""

    def __init__(self, found: Extract) -> None:
        self._found = found
        self._text: list[str] = []
        self._cells: list[list[str]] = []
        """The cells of the open rows, innermost last; the texts of a table inside a cell join that cell."""
        self._cell: list[list[str]] = []
        self._skipping = 0
        self._in_text = False
        self._in_properties = False
        self._is_struck = False
        self._span = 1

    def start(self, name: str, values: dict[str, str]) -> None:
        """Open what an element opens."""
        if self._skipping or name in _SKIPPED:
            self._skipping += 1
            if name == "delText":
                self._found.warn(DELETED)
        elif name in _CELLS:
            self._open(name, values)
        else:
            self._write(name, values)

    def _open(self, name: str, values: dict[str, str]) -> None:
        match name:
            case "tr":
                self._cells.append([])
            case "tc":
                self._cell.append([])
                self._span = 1
            case _:
                said = _value(values, "1")
                self._span = min(int(said), 100) if said.isascii() and said.isdigit() and len(said) < 6 else 1

    def _write(self, name: str, values: dict[str, str]) -> None:
        match name:
            case "t":
                self._in_text = True
            case "rPr":
                self._in_properties = True
            case "strike" | "dstrike" if self._in_properties:
                self._is_struck = _value(values, "true") not in {"0", "false", "off"}
            case "r":
                self._is_struck = False
            case "tab" if not self._in_properties:
                self._text.append(" ")
            case "br" | "cr" | "txbxContent":
                self._break()

    def end(self, name: str) -> None:
        if self._skipping:
            self._skipping -= 1
            return
        match name:
            case "t":
                self._in_text = False
            case "rPr":
                self._in_properties = False
            case "p":
                self._break()
            case "tc" if self._cell and self._cells:
                self._cells[-1].append(" ".join(self._cell.pop()))
                self._cells[-1].extend([""] * (self._span - 1))
                self._span = 1
            case "tr" if self._cells:
                line = row(self._cells.pop())
                if self._cell:
                    self._cell[-1].append(line.replace("\t", " "))
                else:
                    self._found.add(line)

    def data(self, text: str) -> None:
        if self._in_text and not self._skipping:
            if self._is_struck:
                self._found.warn(STRUCK)
            else:
                self._text.append(text)

    def finish(self) -> None:
        """Add what was left open."""
        if self._text:
            self._break()

    def _break(self) -> None:
        line = "".join(self._text).replace("\n", " ")
        self._text = []
        if self._cell:
            if line.strip():
                self._cell[-1].append(line)
        else:
            self._found.add(line)
