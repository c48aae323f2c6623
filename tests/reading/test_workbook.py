"""Workbooks as Excel and others save them, and such as nobody should open."""

import io
import zipfile
from collections.abc import Mapping

import openpyxl
import pytest

from notifier.reading.sheets import SheetError, open_sheet
from notifier.reading.workbook import WorkbookError, rows_of_workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
BOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="隠" sheetId="1" state="hidden" r:id="r9"/>'
    '<sheet name="一覧" sheetId="2" r:id="r1"/></sheets></workbook>'
)
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="worksheet" Target="worksheets/sheet2.xml"/>'
    '<Relationship Id="r9" Type="worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
)


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return file.getvalue()


def with_sheet(rows: str, texts: str = "") -> bytes:
    parts = {
        "xl/workbook.xml": BOOK,
        "xl/_rels/workbook.xml.rels": RELATIONS,
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData/></worksheet>',
        "xl/worksheets/sheet2.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
    }
    if texts:
        parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{texts}</sst>'
    return packed(parts)


def test_what_another_program_saved_is_read_as_it_was_typed() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    typed: list[list[object]] = [
        ["事業所番号", "事業所名", "職員数"],
        ["0170200018", "ケアプラン　﨑髙㈱", 4],
        [1270000001, "=1+1", 4.0],
        [],
        ["12A0000004", " 空白 ", None, "備考"],
        [123456789012345, 0.5, True],
    ]
    for row in typed:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    assert list(rows_of_workbook(file.getvalue())) == [
        (1, ["事業所番号", "事業所名", "職員数"]),
        (2, ["0170200018", "ケアプラン　﨑髙㈱", "4"]),
        (3, ["1270000001", "", "4"]),
        (5, ["12A0000004", " 空白 ", "", "備考"]),
        (6, ["123456789012345", "0.5", "1"]),
    ]


def test_the_first_sheet_that_is_shown_is_read_without_the_readings_beside_its_texts() -> None:
    content = with_sheet(
        '<row r="3"><c r="B3" t="s"><v>0</v></c><c t="inlineStr"><is><t>内</t></is></c></row>'
        '<row><c r="A4"><f>SUM(1,2)</f><v>1.27E+9</v></c><c r="B4" t="s"><v>7</v></c><c r="ZZ4"><v>1</v></c></row>'
        '<row r="9"><c r="A9"><v>odd</v></c><c r="B9" t="str"><v>式の値</v></c></row>',
        "<si><r><t>青</t></r><r><t>葉苑</t></r><rPh sb='0' eb='1'><t>アオバエン</t></rPh></si>",
    )
    assert list(rows_of_workbook(content)) == [
        (3, ["", "青葉苑", "内"]),
        (4, ["1270000000", ""]),
        (9, ["odd", "式の値"]),
    ]


def test_a_workbook_with_declarations_of_its_own_is_refused() -> None:
    laughing = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    content = packed({"xl/workbook.xml": laughing + BOOK, "xl/_rels/workbook.xml.rels": RELATIONS})
    with pytest.raises(WorkbookError, match="DOCTYPE"):
        list(rows_of_workbook(content))


def test_a_part_that_unpacks_to_more_than_a_list_can_be_is_refused_before_it_fills_the_memory() -> None:
    padding = " " * (200 * 1024 * 1024)
    content = with_sheet(padding)
    assert len(content) < 1024 * 1024
    with pytest.raises(SheetError, match="大きすぎます"):
        list(open_sheet(content).rows())


@pytest.mark.parametrize(
    "content,said",
    [
        (b"PK\x03\x04 cut off", "Excelのブックとして読めません"),
        (packed({"word/document.xml": "<w/>"}), "Excelのブック（.xlsx）ではありません"),
        (
            packed(
                {"xl/workbook.xml": f'<workbook xmlns="{MAIN}"/>', "xl/_rels/workbook.xml.rels": RELATIONS}
            ),
            "表示されているシートがありません",
        ),
        (with_sheet("<row><c></row>"), "中身が壊れています"),
    ],
)
def test_what_is_no_workbook_is_told_in_words_for_the_clerk(content: bytes, said: str) -> None:
    with pytest.raises(SheetError, match=said):
        list(open_sheet(content).rows())
