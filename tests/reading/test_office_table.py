"""What is written for clerks comes back as it was."""

import csv
import io

import pytest

from notifier.reading.office_list import ListedOffice, read_office_list
from notifier.reading.office_table import FORMULA, export, refused_file, template
from tests.reading.test_office_list import HEADING, VOCABULARY, A, B, C

OFFICES = (
    ListedOffice(
        2,
        A,
        '=ケア,プラン"Ａ"',
        {"15": "", "21": "＋ショート", "43": ""},
        "121002",
        {"-a@example.jp": "", "m@example.jp": "manager", "h@example.jp": "headquarters"},
        4,
        {"kana": "ケア", "location": "@中央区", "telephone": "-043", "corporate_number": "7000012050002"},
    ),
    ListedOffice(4, B, "ヘルパーＢ", {"11": ""}, "121002"),
)  # fmt: skip


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_an_export_is_read_as_the_same_offices() -> None:
    content = b"".join(export(OFFICES))
    assert content.startswith(b"\xef\xbb\xbf")
    listed = read_office_list(content, VOCABULARY, None)
    assert (listed.faults, listed.warnings) == ((), ())
    assert [(each.row, each.number) for each in listed.offices] == [(2, A), (4, B)]
    first = listed.offices[0]
    assert first.services == OFFICES[0].services
    assert (first.name, first.addresses, first.staff, first.texts) == (
        OFFICES[0].name,
        OFFICES[0].addresses,
        4,
        OFFICES[0].texts,
    )


@pytest.mark.parametrize("content", [b"".join(export(OFFICES)), template()])
def test_no_cell_is_a_formula(content: bytes) -> None:
    cells = [cell for row in rows(content) for cell in row]
    assert not [cell for cell in cells if cell.startswith(FORMULA)]


def test_the_template_explains_itself_and_holds_no_office() -> None:
    heading, example = rows(template())
    assert len(heading) == len(example)
    listed = read_office_list(template() + f"{A},A,,43\r\n".encode(), VOCABULARY, "121002")
    assert listed.faults == ()
    assert [each.row for each in listed.offices] == [3]


def test_what_was_refused_comes_with_its_reasons_and_is_read_once_corrected() -> None:
    content = f"{HEADING},メモ\n{A},A,43,,\n{B},B,11,x,=1\n{B},B,15\n{C},C,99,,".encode("cp932")
    listed = read_office_list(content, VOCABULARY, "121002")
    refused = refused_file(content, listed)
    assert rows(refused) == [
        [*HEADING.split(","), "メモ", "取り込めない理由"],
        [B, "B", "11", "x", "'=1", "「メールアドレス」「x」はメールアドレスの形ではありません。"],
        [B, "B", "15", "", "", "同じ事業所番号の別の行に誤りがあります。"],
        [C, "C", "99", "", "", "「サービス種類」「99」というサービス種類コードはありません。"],
    ]
    half = refused.decode("utf-8-sig").replace(",x,", ",b@example.jp,").encode()
    again = read_office_list(half, VOCABULARY, "121002")
    assert [each.number for each in again.offices] == [B]
    assert [row[-1] for row in rows(refused_file(half, again))] == [
        "取り込めない理由",
        "「サービス種類」「99」というサービス種類コードはありません。",
    ]
