"""A list of offices as municipalities keep it, or as the national register publishes it.

Columns are found by their headings, in any order. Lists often hold one row for each service of an office: rows of one
office number are one office. Every fault and every doubt is told with its row, column, value and reason.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from notifier.reading.office_cells import Problem, RowReader, Vocabulary, WrittenRow
from notifier.reading.office_columns import HEADINGS, Columns, HeadingFault, Layout, find_columns
from notifier.reading.sheets import Row, SheetError, open_sheet

NO_MUNICIPALITY: Final = HeadingFault(
    HEADINGS["municipality"][0], "この列がない一覧では、市町村のコードを指定してください（--municipality）。"
)
UNREAD: Final = "この列は読みません。見出しの書き方は、ひな形で確かめてください（このままでも取り込めます）。"
ROWS_A_TIME: Final = 500
"""After so many rows it is told how far the reading has come."""


@dataclass(slots=True)
class ListedOffice:
    """An office as listed. `row` is the first row that names it (1 is the heading); texts are trimmed.

    `services` are two-character 介護サービス種類コード in order of appearance, each with the name the office goes by for
    it, "" where that is `name`; `roles` tells of addresses whose they are; `staff` is a head count or None.
    """

    row: int
    number: str
    name: str
    services: dict[str, str]
    municipality: str
    addresses: dict[str, str] = field(default_factory=dict)
    staff: int | None = None
    texts: dict[str, str] = field(default_factory=dict)

    def text(self, column: str) -> str:
        """Return what is written in a column of text, "" if there is none."""
        return self.texts.get(column, "")


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong or doubtful, in Japanese. `row` counts from 1, the heading; 0 is the file as a whole."""

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
    """What a file holds: the offices in order, all that is wrong, all that is doubtful.

    `columns` are those it has by keys of HEADINGS. `refused` are the rows of offices with a fault in any of their rows,
    which are not among `offices`; `withheld` are their numbers. `elsewhere` counts rows of other municipalities,
    `without_duties` rows of services that no duty concerns; both are passed over. `types` are the services that the
    file speaks of.
    """

    offices: tuple[ListedOffice, ...]
    faults: tuple[RowFault, ...]
    warnings: tuple[RowFault, ...] = ()
    columns: frozenset[str] = frozenset()
    layout: Layout = Layout.OWN
    refused: frozenset[int] = frozenset()
    withheld: frozenset[str] = frozenset()
    elsewhere: int = 0
    without_duties: int = 0
    types: frozenset[str] = frozenset()


def _silently(_: float) -> None:
    pass


def read_office_list(
    content: bytes,
    vocabulary: Vocabulary,
    municipality: str | None,
    advance: Callable[[float], None] = _silently,
) -> OfficeList:
    """Read a list of offices of `municipality` (six-digit 団体コード), or of those that its rows name if it is None.

    Nothing is raised: what cannot be read at all is a fault of the file. `advance` is told the share that is read,
    from 0 to 1.
    """
    try:
        sheet = open_sheet(content)
        rows = iter(sheet.rows())
        heading = next(rows, None)
        if heading is None:
            return _empty()
        columns, faults = find_columns(heading[1])
        if municipality is None and "municipality" not in columns.positions:
            faults = [*faults, NO_MUNICIPALITY]
        if faults:
            return OfficeList(
                (), tuple(RowFault(heading[0], each.column, "", each.reason) for each in faults)
            )
        reader = _Reader(columns, vocabulary, municipality)
        reader.warnings += [RowFault(heading[0], each, "", UNREAD) for each in columns.unread]
        for count, row in enumerate(rows):
            if count % ROWS_A_TIME == 0:
                advance(min(count / sheet.length, 1.0) if sheet.length else 0.0)
            reader.take(*row)
    except SheetError as fault:
        return OfficeList((), (RowFault(0, "", "", str(fault)),))
    advance(1.0)
    return reader.result() if reader.rows_of or reader.elsewhere else _empty()


def refused_rows(content: bytes, listed: OfficeList) -> Iterator[Row]:
    """Yield the heading of the file and the rows of offices that were refused, as they stand in it."""
    if not listed.refused:
        return
    for count, row in enumerate(open_sheet(content).rows()):
        if count == 0 or row[0] in listed.refused:
            yield row


def _empty() -> OfficeList:
    return OfficeList((), (RowFault(0, "", "", "行がありません。見出しの行と事業所の行を入れてください。"),))


class _Reader:
    """Takes row by row: gathers offices, faults and warnings."""

    def __init__(self, columns: Columns, vocabulary: Vocabulary, municipality: str | None) -> None:
        self.columns = columns
        self.reader = RowReader(columns, vocabulary, municipality)
        self.offices: dict[str, ListedOffice] = {}
        self.rows_of: dict[str, list[int]] = {}
        self.faults: list[RowFault] = []
        self.warnings: list[RowFault] = []
        self.faulty: set[str] = set()
        self.elsewhere = 0
        self.without_duties = 0
        self.types: set[str] = set()

    def take(self, row: int, cells: list[str]) -> None:
        written = self.reader.read(cells)
        if written is None:
            self.elsewhere += 1
            return
        if written.is_example:
            return
        number = written.number or f"row {row}"
        self.rows_of.setdefault(number, []).append(row)
        self.warnings.extend(self._told(row, written.doubts))
        if written.faults:
            self.faults.extend(self._told(row, written.faults))
            self.faulty.add(number)
        elif not written.services:
            self.without_duties += 1
        elif number in self.offices:
            self.warnings.extend(self._told(row, _join(self.offices[number], written)))
        else:
            self.offices[number] = _office(row, written)
        self.types.update(written.services)

    def _told(self, row: int, problems: Iterable[Problem]) -> Iterator[RowFault]:
        return (RowFault(row, self.columns.label(each.column), each.value, each.reason) for each in problems)

    def result(self) -> OfficeList:
        offices = [each for number, each in self.offices.items() if number not in self.faulty]
        refused = frozenset(row for number in self.faulty for row in self.rows_of[number])
        return OfficeList(
            tuple(offices),
            tuple(self.faults),
            tuple(self.warnings),
            frozenset(self.columns.positions),
            self.columns.layout,
            refused,
            frozenset(self.faulty),
            self.elsewhere,
            self.without_duties,
            frozenset(self.types),
        )


def _office(row: int, written: WrittenRow) -> ListedOffice:
    return ListedOffice(
        row,
        written.number,
        written.name,
        dict.fromkeys(written.services, ""),
        written.municipality,
        written.addresses,
        written.staff,
        written.texts,
    )


def _join(office: ListedOffice, further: WrittenRow) -> Iterator[Problem]:
    """Add a further row to its office: the first row's texts stay. Yields what is doubtful about the two."""
    name = further.name if further.name != office.name else ""
    again = [code for code in further.services if code in office.services]
    if again:
        reason = f"{office.row}行目と同じ事業所番号で、同じサービスです。二重の行でないか確かめてください。"
        yield Problem("services", "、".join(again), reason)
    office.services |= {code: name for code in further.services if code not in office.services}
    if further.municipality != office.municipality:
        reason = f"{office.row}行目と市町村が違います。{office.row}行目の{office.municipality}を使います。"
        yield Problem("municipality", further.municipality, reason)
    corporate = further.texts.get("corporate_number", "")
    if corporate and corporate != office.texts.get("corporate_number", corporate):
        reason = (
            f"{office.row}行目と同じ事業所番号ですが、法人番号が違います。{office.row}行目のものを使います。"
        )
        yield Problem("corporate_number", corporate, reason)
    office.texts = further.texts | office.texts
    for address, role in further.addresses.items():
        office.addresses[address] = office.addresses.get(address) or role
    office.staff = further.staff if office.staff is None else office.staff
