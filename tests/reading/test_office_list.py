from collections.abc import Sequence

import pytest

from notifier.catalogue import load
from notifier.reading.office_list import ListedOffice, OfficeList, read_office_list

SERVICES = {code: (kind.name, kind.short) for code, kind in load().services.items()}
HEADING = "事業所番号,事業所名,サービス種類,メールアドレス"


def read(*lines: str, heading: str = HEADING, encoding: str = "utf-8") -> OfficeList:
    return read_office_list("\r\n".join([heading, *lines]).encode(encoding), SERVICES, "121002")


def told(listed: OfficeList) -> Sequence[str]:
    return [str(fault) for fault in listed.faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_a_list_is_read_in_each_encoding_a_clerk_may_save_it_in(encoding: str) -> None:
    listed = read("1270000001,ケアプランＡ,43,a@example.jp", encoding=encoding)
    assert listed == OfficeList(
        (ListedOffice(2, "1270000001", "ケアプランＡ", ("43",), ("a@example.jp",)),),
        (),
        frozenset({"number", "name", "services", "addresses"}),
    )


def test_columns_are_found_by_their_headings_in_any_order() -> None:
    listed = read(
        "5,043-000-0000,訪問介護,ヘルパーB,1270000002,社会福祉法人なのはな",
        heading="職員数,電話番号, サービスの種類 ,事業所の名称,介護保険事業所番号,法人名",
    )
    assert listed.offices == (
        ListedOffice(
            2, "1270000002", "ヘルパーB", ("11",), (), 5,
            corporation="社会福祉法人なのはな", telephone="043-000-0000",
        ),
    )  # fmt: skip


def test_excels_unicode_text_has_tabs() -> None:
    listed = read(
        "1270000001\tケアプランA\t43\t",
        heading=HEADING.replace(",", "\t"),
        encoding="utf-16",
    )
    assert [office.number for office in listed.offices] == ["1270000001"]


def test_rows_of_one_number_are_one_office_with_all_their_services() -> None:
    listed = read(
        '1270000003,なのはな苑,通所介護,"day@example.jp; all@example.jp"',
        "1270000003,なのはな苑 ショート,21 24,all@example.jp",
    )
    (office,) = listed.offices
    assert (office.name, office.services) == ("なのはな苑", ("15", "21", "24"))
    assert office.addresses == ("day@example.jp", "all@example.jp")


def test_a_service_may_be_written_by_code_name_or_short_name() -> None:
    listed = read("1270000001,A,43 訪問看護、訪問リハ 定期巡回・随時対応型訪問介護看護,")
    assert listed.offices[0].services == ("43", "13", "14", "76")


def test_full_width_digits_spaces_and_hyphens_in_a_number_are_read_as_meant() -> None:
    listed = read("１２７００００００１,A,４３,", "12A-000-0004,D,a1,")
    assert [(office.number, office.services) for office in listed.offices] == [
        ("1270000001", ("43",)),
        ("12A0000004", ("A1",)),
    ]


@pytest.mark.parametrize(
    "line,said",
    [
        (",A,43,", "2行目「事業所番号」: 事業所番号がありません。"),
        ("170000001,A,43,", "2行目「事業所番号」の値「170000001」: 9桁です。先頭の0が"),
        ("1.27E+09,A,43,", "2行目「事業所番号」の値「1.27E+09」: Excelが指数の形に変えています。"),
        ("12-3,A,43,", "2行目「事業所番号」の値「12-3」: 事業所番号は10桁です"),
        ("1270000001,,43,", "2行目「事業所名」: 事業所名がありません。"),
        ("1270000001,A,,", "2行目「サービス」: サービス種類がありません。"),
        (
            "1270000001,A,43 99,",
            "2行目「サービス」の値「43 99」: 「99」というサービス種類コードはありません。",
        ),
        (
            "1270000001,A,43,a@example",
            "2行目「メールアドレス」の値「a@example」: 「a@example」はメールアドレスの形ではありません。",
        ),
    ],
)
def test_a_faulty_row_is_told_with_row_column_value_and_reason(line: str, said: str) -> None:
    listed = read(line)
    assert listed.offices == ()
    assert len(listed.faults) == 1
    assert str(listed.faults[0]).startswith(said)


def test_every_fault_of_a_row_and_of_every_row_is_told() -> None:
    listed = read("1,,99,x", "1270000001,A,43,", "2,B,11,")
    assert [(fault.row, fault.column) for fault in listed.faults] == [
        (2, "事業所番号"), (2, "事業所名"), (2, "サービス"), (2, "メールアドレス"), (4, "事業所番号"),
    ]  # fmt: skip
    assert [office.number for office in listed.offices] == ["1270000001"]


def test_an_office_of_another_municipality_is_refused() -> None:
    heading = f"{HEADING},市町村コード,職員数"
    listed = read("1270000001,A,43,,121002,4", "1270000002,B,43,,122041,many", heading=heading)
    assert told(listed) == [
        "3行目「市町村コード」の値「122041」: 指定された市町村（121002）と違います。",
        "3行目「職員数」の値「many」: 職員数は0以上の整数で書いてください。",
    ]


def test_missing_and_doubled_columns_are_named() -> None:
    assert told(read("x", heading="番号,名前")) == [
        "1行目「事業所名」: この列が必要です。見出しの行を確かめてください。",
        "1行目「サービス」: この列が必要です。見出しの行を確かめてください。",
    ]
    doubled = read("x", heading=f"{HEADING},事業所名称")
    assert told(doubled) == ["1行目「事業所名称」: 同じ意味の列が2つあります。1つにしてください。"]


@pytest.mark.parametrize(
    "content,said",
    [
        (b"", "ファイル全体: 行がありません。"),
        (HEADING.encode(), "ファイル全体: 行がありません。"),
        (b"\r\n,,\r\n", "ファイル全体: 行がありません。"),
        (b"PK\x03\x04rest of a workbook", "ファイル全体: Excelのブックのままです。"),
        (b"\x81\xff\xfe\x00", "ファイル全体: 文字コードを判別できません。"),
        (f'{HEADING}\n"1270000001,A'.encode(), "ファイル全体: 2行目の引用符"),
    ],
)
def test_a_file_that_is_no_list_is_one_fault(content: bytes, said: str) -> None:
    listed = read_office_list(content, SERVICES, "121002")
    assert listed.offices == ()
    assert [str(fault).startswith(said) for fault in listed.faults] == [True]


def test_empty_rows_and_unknown_columns_are_passed_over_and_rows_keep_their_numbers() -> None:
    listed = read(",,,,", "1270000001,A,43,,備考", "", "9,B,43", heading=f"{HEADING},メモ")
    assert [office.row for office in listed.offices] == [3]
    assert [fault.row for fault in listed.faults] == [5]
