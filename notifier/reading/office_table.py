"""Lists of offices as they are written: the template, an export, and what was refused, for a clerk to correct.

CSV in UTF-8 with a byte order mark and CRLF, as Excel opens it; no cell is taken for a formula.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from notifier.reading.office_columns import REASON, REMARK, ROLES
from notifier.reading.office_list import ListedOffice, OfficeList, refused_rows

WRITTEN: Final = (
    ("number", "事業所番号"),
    ("name", "事業所名"),
    ("kana", "事業所名カナ"),
    ("services", "サービス種類"),
    ("municipality", "市町村コード"),
    ("addresses", "メールアドレス"),
    ("manager", "メールアドレス（管理者）"),
    ("clerk", "メールアドレス（事務）"),
    ("headquarters", "メールアドレス（法人本部）"),
    ("staff", "職員数"),
    ("corporate_number", "法人番号"),
    ("corporation", "法人名"),
    ("location", "住所"),
    ("telephone", "電話番号"),
    ("fax", "FAX番号"),
)
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
MARK: Final = "\ufeff"
EXAMPLE: Final = (
    "（例）1270000001",
    "ケアプランなのはな",
    "ケアプランナノハナ",
    "43 46",
    "121002",
    "office@example.jp",
    "kanri@example.jp",
    "jimu@example.jp",
    "honbu@example.jp",
    "4",
    "7000012050002",
    "社会福祉法人なのはな会",
    "千葉市中央区千葉港1-1",
    "043-000-0000",
    "043-000-0001",
    (
        "この行は記入例です（消さなくても取り込まれません）。必要な列は事業所番号、事業所名、サービス種類の3つです。"
        "事業所番号は10桁の文字列、サービス種類は2桁のコードか名称で、いくつかあれば空白で区切るか行を分けます。"
        "市町村コードは6桁の団体コードです。メールアドレスもいくつか書けます。"
    ),
)


def template() -> bytes:
    """Return our simple layout: the headings and one explained row, which an import passes over."""
    return _file([[*(heading for _, heading in WRITTEN), REMARK], list(EXAMPLE)])


def export(offices: Iterable[ListedOffice]) -> Iterator[bytes]:
    """Yield a list of `offices` in our layout, piece by piece; importing it changes nothing."""
    yield _file([[heading for _, heading in WRITTEN]])
    yield lines_of(offices)


def lines_of(offices: Iterable[ListedOffice]) -> bytes:
    """Return the lines of offices in our layout, without the heading."""
    return _lines(row for office in offices for row in _rows(office))


def refused_file(content: bytes, listed: OfficeList) -> bytes:
    """Return the refused rows of a file as they stand in it, with the reasons in one more column.

    Once corrected, the file can be imported as it is: the added column is not read.
    """
    reasons: dict[int, list[str]] = {}
    for fault in listed.faults:
        reasons.setdefault(fault.row, []).append(f"「{fault.column}」{fault.reason}")
    rows: list[list[str]] = []
    width, former = 0, None
    for number, cells in refused_rows(content, listed):
        if not rows:
            former = cells.index(REASON) if REASON in cells else None
            width = len(cells)
        kept = [*cells[:width], *[""] * (width - len(cells))]
        if former is not None:
            del kept[former]
        rows.append([*kept, " ".join(reasons.get(number, ["同じ事業所番号の別の行に誤りがあります。"]))])
    if rows:
        rows[0][-1] = REASON
    return _file(rows)


def neutralised(cell: str) -> str:
    """Return `cell` so that no spreadsheet takes it for a formula; an import takes the sign away again."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _rows(office: ListedOffice) -> Iterator[list[str]]:
    """Yield one row for the services that go by the office's name, and one for each other name."""
    by_name: dict[str, list[str]] = {"": []}
    for code, name in office.services.items():
        by_name.setdefault(name, []).append(code)
    by_role = {role: [each for each, own in office.addresses.items() if own == role] for role in ("", *ROLES)}
    for name, codes in by_name.items():
        if not codes:
            continue
        values = office.texts | {
            "number": office.number,
            "name": name or office.name,
            "services": " ".join(codes),
            "municipality": office.municipality,
            "addresses": " ".join(by_role[""]),
            "staff": "" if office.staff is None else str(office.staff),
        }
        values |= {role: " ".join(by_role[role]) for role in ROLES}
        yield [values.get(column, "") for column, _ in WRITTEN]


def _file(rows: Iterable[Sequence[str]]) -> bytes:
    return MARK.encode() + _lines(rows)


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\r\n").writerows([neutralised(cell) for cell in row] for row in rows)
    return written.getvalue().encode()
