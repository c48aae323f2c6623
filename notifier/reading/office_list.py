"""A list of offices as municipalities keep it: CSV in UTF-8 or CP932, or what Excel saves as Unicode text.

Columns are found by their headings, in any order. Lists often hold one row for each service of an office:
rows of one office number are one office. Every fault is told with its row, column, value and reason.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("事業所番号", "介護保険事業所番号", "番号", "number"),
    "name": ("事業所名", "事業所名称", "事業所の名称", "名称", "name"),
    "services": (
        "サービス",
        "サービス種類",
        "サービス種類コード",
        "サービスコード",
        "サービスの種類",
        "services",
    ),
    "municipality": ("市町村コード", "団体コード", "全国地方公共団体コード", "市町村", "municipality"),
    "addresses": (
        "メールアドレス",
        "電子メールアドレス",
        "電子メール",
        "メール",
        "email",
        "e-mail",
        "mail",
        "addresses",
    ),
    "staff": ("職員数", "従業者数", "staff"),
    "kana": ("事業所名カナ", "フリガナ", "カナ", "kana"),
    "corporation": ("法人名", "法人の名称", "法人", "corporation"),
    "telephone": ("電話番号", "電話", "tel", "telephone"),
    "fax": ("fax番号", "ファックス", "fax"),
}
"""Which headings mean which column, after NFKC, without spaces, in lower case."""
NEEDED: Final = ("number", "name", "services")
NUMBER: Final = re.compile(r"[0-9]{2}[0-9A-Z][0-9]{7}")
ADDRESS: Final = re.compile(r"[^@\s<>(),;:\"\\]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
SEVERAL: Final = re.compile(r"[,;、，；\s]+")
MOST_STAFF: Final = 100_000
ROWS_A_TIME: Final = 500
"""After so many rows it is told how far the reading has come."""


def _silently(_: float) -> None:
    pass


@dataclass(frozen=True, slots=True)
class ListedOffice:
    """An office as listed. `row` is the first row that names it (1 is the heading); texts are trimmed.

    `services` are two-character 介護サービス種類コード in order of appearance, `staff` a head count or None.
    """

    row: int
    number: str
    name: str
    services: tuple[str, ...]
    addresses: tuple[str, ...] = ()
    staff: int | None = None
    kana: str = ""
    corporation: str = ""
    telephone: str = ""
    fax: str = ""


@dataclass(frozen=True, slots=True)
class RowFault:
    """What cannot be taken over, in Japanese. `row` counts from 1, the heading; 0 is the file as a whole."""

    row: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        """Return the fault in one line."""
        place = f"{self.row}行目" if self.row else "ファイル全体"
        column = f"「{self.column}」" if self.column else ""
        value = f"の値「{self.value}」" if self.value else ""
        return f"{place}{column}{value}: {self.reason}"


@dataclass(frozen=True, slots=True)
class OfficeList:
    """What a file holds: the offices in order, all that is wrong, the columns it has by keys of HEADINGS."""

    offices: tuple[ListedOffice, ...]
    faults: tuple[RowFault, ...]
    columns: frozenset[str] = frozenset()


def read_office_list(
    content: bytes,
    services: Mapping[str, Sequence[str]],
    municipality: str,
    advance: Callable[[float], None] = _silently,
) -> OfficeList:
    """Read a list of offices of `municipality` (six-digit 団体コード).

    `services` maps each known service code to the names it may be written by. Nothing is raised: what cannot
    be read at all is a fault of the file. `advance` is told the share that is read, from 0 to 1.
    """
    try:
        table = _table(content)
    except (ValueError, csv.Error) as fault:
        return OfficeList((), (RowFault(0, "", "", str(fault)),))
    if len(table) < 2:
        return OfficeList(
            (), (RowFault(0, "", "", "行がありません。見出しの行と事業所の行を入れてください。"),)
        )
    columns, faults = _columns(table[0][1])
    if faults:
        return OfficeList((), tuple(faults))
    reader = _Reader(columns, _names(services), municipality)
    for done, (row, cells) in enumerate(table[1:]):
        if done % ROWS_A_TIME == 0:
            advance(done / len(table))
        reader.take(row, cells)
    advance(1.0)
    return OfficeList(tuple(reader.offices.values()), tuple(reader.faults), frozenset(columns))


def _table(content: bytes) -> list[tuple[int, list[str]]]:
    """Return the rows that hold anything, each with its number. Raises ValueError in words for the clerk."""
    text = _text(content)
    first = text.partition("\n")[0]
    delimiter = "\t" if first.count("\t") > first.count(",") else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return [(number, row) for number, row in enumerate(rows, 1) if any(cell.strip() for cell in row)]
    except csv.Error as fault:
        message = f'{rows.line_num}行目の引用符（"）が閉じていないなど、CSVとして読めません（{fault}）。'
        raise ValueError(message) from fault


def _text(content: bytes) -> str:
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise ValueError("Excelのブックのままです。「CSV UTF-8」の形式で保存してから読み込んでください。")
    encodings = ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp932")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ValueError("文字コードを判別できません。UTF-8またはShift_JIS（CP932）で保存し直してください。")


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).lower()


def _columns(headings: Sequence[str]) -> tuple[dict[str, int], list[RowFault]]:
    """Return the position of each column that is known, and what is wrong with the heading."""
    found: dict[str, int] = {}
    faults = []
    for position, heading in enumerate(headings):
        known = next((name for name, words in HEADINGS.items() if _plain(heading) in words), None)
        if known in found:
            faults.append(RowFault(1, heading.strip(), "", "同じ意味の列が2つあります。1つにしてください。"))
        elif known is not None:
            found[known] = position
    faults.extend(
        RowFault(1, HEADINGS[name][0], "", "この列が必要です。見出しの行を確かめてください。")
        for name in NEEDED
        if name not in found
    )
    return found, faults


def _names(services: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the code for each way of writing a service."""
    return {_plain(name): code for code, names in services.items() for name in (code, *names)}


class _Reader:
    """Takes row by row: gathers offices and faults."""

    def __init__(self, columns: Mapping[str, int], names: Mapping[str, str], municipality: str) -> None:
        self.columns = columns
        self.names = names
        self.municipality = municipality
        self.offices: dict[str, ListedOffice] = {}
        self.faults: list[RowFault] = []

    def take(self, row: int, cells: Sequence[str]) -> None:
        written = {
            name: cells[position].strip() if position < len(cells) else ""
            for name, position in self.columns.items()
        }
        faults = [
            RowFault(row, HEADINGS[name][0], written.get(name, ""), reason)
            for name, reason in self._reasons(written)
        ]
        self.faults.extend(faults)
        if faults:
            return
        office = ListedOffice(
            row,
            _folded(written["number"]),
            written["name"],
            tuple(dict.fromkeys(self.names[_plain(each)] for each in _several(written["services"]))),
            tuple(dict.fromkeys(_several(_wide(written.get("addresses", ""))))),
            int(_wide(written["staff"])) if written.get("staff") else None,
            *(written.get(name, "") for name in ("kana", "corporation", "telephone", "fax")),
        )
        known = self.offices.get(office.number)
        self.offices[office.number] = _joined(known, office) if known else office

    def _reasons(self, written: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        if reason := _number_fault(_folded(written["number"])):
            yield "number", reason
        if not written["name"]:
            yield "name", "事業所名がありません。"
        if not _several(written["services"]):
            yield "services", "サービス種類がありません。"
        for each in _several(written["services"]):
            if _plain(each) not in self.names:
                yield "services", f"「{each}」というサービス種類コードはありません。"
        code = _wide(written.get("municipality", ""))
        if code and code != self.municipality:
            yield "municipality", f"指定された市町村（{self.municipality}）と違います。"
        for each in _several(_wide(written.get("addresses", ""))):
            if not ADDRESS.fullmatch(each):
                yield "addresses", f"「{each}」はメールアドレスの形ではありません。"
        staff = _wide(written.get("staff", ""))
        if staff and not (staff.isascii() and staff.isdigit() and int(staff) <= MOST_STAFF):
            yield "staff", "職員数は0以上の整数で書いてください。"


def _number_fault(number: str) -> str:
    if NUMBER.fullmatch(number):
        return ""
    if not number:
        return "事業所番号がありません。"
    if "E+" in number:
        return "Excelが指数の形に変えています。列を文字列にして、元の番号を入れ直してください。"
    if number.isdigit() and len(number) == 9:
        return "9桁です。先頭の0が消えていないか確かめてください。事業所番号は10桁です。"
    return "事業所番号は10桁です（3桁目だけは英字のことがあります）。"


def _wide(text: str) -> str:
    """Return `text` with full-width letters and digits as ASCII."""
    return unicodedata.normalize("NFKC", text).strip()


def _folded(text: str) -> str:
    return "".join(_wide(text).split()).upper().replace("-", "").removeprefix("'")


def _several(text: str) -> list[str]:
    return [each for each in SEVERAL.split(text) if each]


def _joined(first: ListedOffice, further: ListedOffice) -> ListedOffice:
    """Return one office of two rows: the first row's texts, the services and addresses of both."""
    return replace(
        first,
        services=_both(first.services, further.services),
        addresses=_both(first.addresses, further.addresses),
        staff=first.staff if first.staff is not None else further.staff,
    )


def _both(first: Iterable[str], further: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*first, *further]))
