"""One row of a list of offices: what its cells mean, what is wrong with them, what is doubtful.

Texts are kept as written. Numbers and codes are read as they were meant: full-width digits, spaces, hyphens, and the
leading zeros that Excel takes away.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

from notifier.domain.offices import (
    city_of,
    is_authority_code,
    is_corporate_number,
    is_plausible_number,
    prefecture_code,
    with_check_digit,
)
from notifier.reading.office_columns import ROLES, Columns, Layout, plain

NUMBER: Final = re.compile(r"[0-9]{2}[0-9A-Z][0-9]{7}")
ADDRESS: Final = re.compile(r"[^@\s<>(),;:\"\\]+@[^@\s<>(),;:\"\\]+(\.[^@\s<>(),;:\"\\]+)+")
SEVERAL: Final = re.compile(r"[,;、，；\s]+")
NEUTRALISED: Final = re.compile(r"'[=+\-@\t\r]")
EXAMPLES: Final = ("例", "(例)", "記入例")
"""A row whose number begins so is the explained example of our template."""
MOST_STAFF: Final = 100_000
TEXTS: Final = ("kana", "corporation", "corporate_number", "location", "telephone", "fax")


class AddressForm(StrEnum):
    """Whether mail can be sent to an address: as to any, only because its carrier is known for such, not at all."""

    ORDINARY = "ordinary"
    CARRIER = "carrier"
    UNSENDABLE = "unsendable"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a list may say: `codes` gives the service for each way of writing it, "" for one without duties.

    `judge` tells whether mail can be sent to an address.
    """

    codes: Mapping[str, str]
    judge: Callable[[str], AddressForm]

    @classmethod
    def of(
        cls,
        services: Mapping[str, Iterable[str]],
        register: Mapping[str, tuple[str, Iterable[str]]],
        judge: Callable[[str], AddressForm],
    ) -> Self:
        """Return the vocabulary of `services` (names by code) and of the national `register` (service, names by code)."""
        codes = {
            plain(each): service for code, (service, names) in register.items() for each in (code, *names)
        }
        codes |= {plain(each): code for code, names in services.items() for each in (code, *names)}
        return cls(codes, judge)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about one cell: its column by key of HEADINGS, the value as written, the reason in Japanese."""

    column: str
    value: str
    reason: str


@dataclass(slots=True)
class WrittenRow:
    """What one row says. `types` are the services it speaks of, those without duties left out."""

    number: str = ""
    name: str = ""
    services: tuple[str, ...] = ()
    municipality: str = ""
    addresses: dict[str, str] = field(default_factory=dict)
    staff: int | None = None
    texts: dict[str, str] = field(default_factory=dict)
    faults: list[Problem] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)
    is_example: bool = False


class RowReader:
    """Reads rows of one list."""

    def __init__(self, columns: Columns, vocabulary: Vocabulary, municipality: str | None) -> None:
        """Take the columns of the list, and the six-digit 団体コード its rows must be of, None if any."""
        self._columns = columns
        self._vocabulary = vocabulary
        self._municipality = municipality

    def read(self, cells: Sequence[str]) -> WrittenRow | None:
        """Return what a row says; None if the national register tells of an office elsewhere."""
        written = {
            column: _shown(cells[position]) if position < len(cells) else ""
            for column, position in self._columns.positions.items()
        }
        row = WrittenRow()
        if wide(written["number"]).startswith(EXAMPLES):
            row.is_example = True
            return row
        if not self._read_municipality(row, written.get("municipality", "")):
            return None
        self._read_number(row, written["number"])
        row.name = written["name"]
        if not row.name:
            row.faults.append(Problem("name", "", "事業所名がありません。"))
        self._read_services(row, written["services"])
        for column in ("addresses", *ROLES):
            self._read_addresses(row, column, written.get(column, ""))
        self._read_staff(row, written.get("staff", ""))
        self._read_texts(row, written)
        return row

    def _read_number(self, row: WrittenRow, written: str) -> None:
        number = folded(written)
        padded = f"0{number}"
        if len(number) == 9 and number.isdecimal() and is_plausible_number(padded):
            row.doubts.append(Problem("number", written, f"先頭の0を補い、{padded}として読みました。"))
            number = padded
        if reason := _number_fault(number):
            row.faults.append(Problem("number", written, reason))
            return
        row.number = number
        if not is_plausible_number(number):
            reason = "検査数字（10桁目）が合いません。番号を確かめてください（このままでも取り込めます）。"
            row.doubts.append(Problem("number", written, reason))

    def _read_services(self, row: WrittenRow, written: str) -> None:
        whole = self._vocabulary.codes.get(plain(written))
        found: dict[str, None] = {}
        for each in [written] if whole is not None else several(written):
            code = self._vocabulary.codes.get(plain(each))
            if code is None:
                reason = f"「{each}」というサービス種類コードはありません。"
                row.faults.append(Problem("services", written, reason))
            elif code:
                found[code] = None
        row.services = tuple(found)
        if not written:
            row.faults.append(Problem("services", "", "サービス種類がありません。"))

    def _read_municipality(self, row: WrittenRow, written: str) -> bool:
        """Return False if the row is about an office elsewhere that the national register tells of, too."""
        wanted = self._municipality
        code = folded(written)
        if not code and wanted is not None:
            row.municipality = wanted
            return True
        candidates = [city_of(each) for each in _codes(code)]
        if not candidates:
            reason = (
                "団体コードではありません。検査数字（6桁目）まで確かめてください。例: 千葉市は121002です。"
            )
            row.faults.append(Problem("municipality", written, reason))
        elif wanted is None or wanted in candidates:
            row.municipality = wanted or candidates[0]
            if row.municipality == prefecture_code(row.municipality):
                reason = "都道府県のコードです。市町村のコードを書いてください。"
                row.faults.append(Problem("municipality", written, reason))
        elif self._columns.layout is Layout.NATIONAL:
            return False
        else:
            reason = f"指定された市町村（{wanted}）と違います。"
            row.faults.append(Problem("municipality", written, reason))
        return True

    def _read_addresses(self, row: WrittenRow, column: str, written: str) -> None:
        for each in several(wide(written)):
            form = self._vocabulary.judge(each) if ADDRESS.fullmatch(each) else AddressForm.UNSENDABLE
            if form is AddressForm.UNSENDABLE:
                reason = f"「{each}」はメールアドレスの形ではありません。"
                row.faults.append(Problem(column, written, reason))
                continue
            if form is AddressForm.CARRIER:
                reason = f"「{each}」は規格に合わない携帯電話会社のアドレスです。届かないことがあります。"
                row.doubts.append(Problem(column, written, reason))
            row.addresses[each] = column if column in ROLES else row.addresses.get(each, "")

    def _read_staff(self, row: WrittenRow, written: str) -> None:
        staff = wide(written)
        if not staff:
            return
        if staff.isascii() and staff.isdigit() and len(staff) < 10 and int(staff) <= MOST_STAFF:
            row.staff = int(staff)
        else:
            row.faults.append(Problem("staff", written, "職員数は0以上の整数で書いてください。"))

    def _read_texts(self, row: WrittenRow, written: Mapping[str, str]) -> None:
        row.texts = {column: written[column] for column in TEXTS if written.get(column)}
        if building := written.get("building"):
            row.texts["location"] = f"{row.texts.get('location', '')} {building}".strip()
        corporate = folded(written.get("corporate_number", ""))
        if corporate:
            row.texts["corporate_number"] = corporate
            if not is_corporate_number(corporate):
                reason = (
                    "法人番号の桁数か検査数字が合いません。確かめてください（このままでも取り込めます）。"
                )
                row.doubts.append(Problem("corporate_number", written["corporate_number"], reason))


def _shown(cell: str) -> str:
    """Return a cell as written, without the sign that keeps spreadsheets from taking it for a formula."""
    return (cell[1:] if NEUTRALISED.match(cell) else cell).strip()


def _codes(code: str) -> list[str]:
    """Return the 団体コード that may be meant: with a lost leading zero, or without its check digit."""
    possible = [code, f"0{code}", with_check_digit(code)] if len(code) == 5 and code.isdecimal() else [code]
    return [each for each in possible if is_authority_code(each)]


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


def wide(text: str) -> str:
    """Return `text` with full-width letters and digits as ASCII."""
    return text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()


def folded(text: str) -> str:
    """Return a number or code as it is compared: half-width, upper case, without spaces and hyphens."""
    return "".join(wide(text).split()).upper().replace("-", "").removeprefix("'")


def several(text: str) -> list[str]:
    """Return the entries of a cell that may hold several."""
    return [each for each in SEVERAL.split(text) if each]
