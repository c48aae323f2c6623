from collections.abc import Sequence
from dataclasses import replace

import pytest

from notifier.catalogue import load
from notifier.catalogue.services import RegisteredType
from notifier.reading.office_cells import AddressForm, Vocabulary
from notifier.reading.office_columns import Layout
from notifier.reading.office_list import UNREAD, ListedOffice, OfficeList, read_office_list, refused_rows

CATALOGUE = load()
CARRIER = "docomo.ne.jp"


def judged(address: str) -> AddressForm:
    local, _, domain = address.partition("@")
    if ".." not in local and not local.endswith("."):
        return AddressForm.ORDINARY
    return AddressForm.CARRIER if domain == CARRIER else AddressForm.UNSENDABLE


VOCABULARY = Vocabulary.of(
    {code: (kind.name, kind.short) for code, kind in CATALOGUE.services.items()},
    {code: (kind.service, kind.names) for code, kind in CATALOGUE.register.items()},
    judged,
)
HEADING = "事業所番号,事業所名,サービス種類,メールアドレス"
A, B, C, D = "1270000001", "1270000019", "1270000027", "1270000035"


def read(
    *lines: str, heading: str = HEADING, encoding: str = "utf-8", municipality: str | None = "121002"
) -> OfficeList:
    return read_office_list("\r\n".join([heading, *lines]).encode(encoding), VOCABULARY, municipality)


def told(listed: OfficeList) -> Sequence[str]:
    return [str(fault) for fault in listed.faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_a_list_is_read_in_each_encoding_a_clerk_may_save_it_in(encoding: str) -> None:
    listed = read("1270000001,ケアプランＡ,43,a@example.jp", encoding=encoding)
    assert listed == OfficeList(
        (ListedOffice(2, A, "ケアプランＡ", {"43": ""}, "121002", {"a@example.jp": ""}),),
        (),
        columns=frozenset({"number", "name", "services", "addresses"}),
        types=frozenset({"43"}),
    )


def test_columns_are_found_by_their_headings_in_any_order() -> None:
    listed = read(
        "5,043-000-0000,訪問介護,ヘルパーB,1270000019,社会福祉法人なのはな",
        heading="職員数,電話番号, サービスの種類 ,事業所の名称,介護保険事業所番号,法人名",
    )
    assert listed.offices == (
        ListedOffice(
            2,
            B,
            "ヘルパーB",
            {"11": ""},
            "121002",
            {},
            5,
            {"corporation": "社会福祉法人なのはな", "telephone": "043-000-0000"},
        ),
    )


def test_excels_unicode_text_has_tabs() -> None:
    listed = read(
        "1270000001\tケアプランA\t43\t",
        heading=HEADING.replace(",", "\t"),
        encoding="utf-16",
    )
    assert [office.number for office in listed.offices] == ["1270000001"]


def test_rows_of_one_number_are_one_office_with_all_their_services() -> None:
    listed = read(
        '1270000027,なのはな苑,通所介護,"day@example.jp; all@example.jp"',
        "1270000027,なのはな苑 ショート,21 24,all@example.jp",
    )
    (office,) = listed.offices
    assert office.name == "なのはな苑"
    assert office.services == {"15": "", "21": "なのはな苑 ショート", "24": "なのはな苑 ショート"}
    assert list(office.addresses) == ["day@example.jp", "all@example.jp"]
    assert listed.warnings == ()


def test_a_service_may_be_written_by_code_name_or_short_name() -> None:
    listed = read("1270000001,A,43 訪問看護、訪問リハ 定期巡回・随時対応型訪問介護看護,")
    assert list(listed.offices[0].services) == ["43", "13", "14", "76"]


def test_full_width_digits_spaces_and_hyphens_in_a_number_are_read_as_meant() -> None:
    listed = read("１２７００００００１,A,４３,", "12A-000-0004,D,a1,")
    assert [(office.number, list(office.services)) for office in listed.offices] == [
        ("1270000001", ["43"]),
        ("12A0000004", ["A1"]),
    ]


@pytest.mark.parametrize(
    "line,said",
    [
        (",A,43,", "2行目「事業所番号」: 事業所番号がありません。"),
        ("170000009,A,43,", "2行目「事業所番号」の値「170000009」: 9桁です。先頭の0が"),
        ("1.27E+09,A,43,", "2行目「事業所番号」の値「1.27E+09」: Excelが指数の形に変えています。"),
        ("12-3,A,43,", "2行目「事業所番号」の値「12-3」: 事業所番号は10桁です"),
        ("1270000001,,43,", "2行目「事業所名」: 事業所名がありません。"),
        ("1270000001,A,,", "2行目「サービス種類」: サービス種類がありません。"),
        (
            "1270000001,A,43 99,",
            "2行目「サービス種類」の値「43 99」: 「99」というサービス種類コードはありません。",
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
        (2, "事業所番号"), (2, "事業所名"), (2, "サービス種類"), (2, "メールアドレス"), (4, "事業所番号"),
    ]  # fmt: skip
    assert [office.number for office in listed.offices] == ["1270000001"]
    assert listed.refused == {2, 4}


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
        "1行目「サービス種類」: この列が必要です。見出しの行を確かめてください。",
    ]
    doubled = read("x", heading=f"{HEADING},事業所名称")
    assert told(doubled) == ["1行目「事業所名称」: 同じ意味の列が2つあります。1つにしてください。"]


@pytest.mark.parametrize(
    "content,said",
    [
        (b"", "ファイル全体: 行がありません。"),
        (HEADING.encode(), "ファイル全体: 行がありません。"),
        (b"\r\n,,\r\n", "ファイル全体: 行がありません。"),
        (b"PK\x03\x04rest of a workbook", "ファイル全体: Excelのブックとして読めません。"),
        (b"\xd0\xcf\x11\xe0old", "ファイル全体: 古い形式のExcelブックか、パスワードの付いた"),
        (f"{HEADING}\n{'x' * 5000},A,43,".encode(), "ファイル全体: 2行目に、一覧としては長すぎるセル"),
        (b"\x81\xff\xfe\x00", "ファイル全体: 文字コードを判別できません。"),
        (f'{HEADING}\n"1270000001,A'.encode(), "ファイル全体: 2行目の引用符"),
    ],
)
def test_a_file_that_is_no_list_is_one_fault(content: bytes, said: str) -> None:
    listed = read_office_list(content, VOCABULARY, "121002")
    assert listed.offices == ()
    assert [str(fault).startswith(said) for fault in listed.faults] == [True]


def test_empty_rows_and_unknown_columns_are_passed_over_and_rows_keep_their_numbers() -> None:
    listed = read(",,,,", "1270000001,A,43,,備考", "", "9,B,43", heading=f"{HEADING},メモ")
    assert [office.row for office in listed.offices] == [3]
    assert [fault.row for fault in listed.faults] == [5]


def test_a_column_with_a_misspelt_heading_is_told_of_and_remarks_are_not() -> None:
    listed = read(
        "1270000001,A,43,a@example.jp,電話で確認", heading="事業所番号,事業所名,サービス,Eメイル,備考"
    )
    assert listed.faults == ()
    assert [str(each) for each in listed.warnings] == [f"1行目「Eメイル」: {UNREAD}"]


# ---- doubts ----


def doubts(listed: OfficeList) -> Sequence[str]:
    return [str(warning) for warning in listed.warnings]


def test_a_lost_leading_zero_is_put_back_where_the_check_digit_says_so() -> None:
    listed = read("170200018,札幌,43,", municipality="011002")
    assert [office.number for office in listed.offices] == ["0170200018"]
    assert doubts(listed) == [
        "2行目「事業所番号」の値「170200018」: 先頭の0を補い、0170200018として読みました。"
    ]


def test_check_digits_warn_and_the_office_is_taken_all_the_same() -> None:
    heading = f"{HEADING},法人番号"
    listed = read("1270000002,A,43,,7000012050003", f"{A},B,43,,7000012050002", heading=heading)
    assert [office.number for office in listed.offices] == ["1270000002", A]
    assert [(each.row, each.column) for each in listed.warnings] == [(2, "事業所番号"), (2, "法人番号")]


def test_addresses_of_carriers_that_break_the_rules_are_kept_and_told_of() -> None:
    listed = read(f"{A},A,43,a..b@docomo.ne.jp", f"{B},B,43,a..b@example.jp", f"{C},C,43,ｃ＠example.jp")
    assert [list(office.addresses) for office in listed.offices] == [["a..b@docomo.ne.jp"], ["c@example.jp"]]
    assert [(each.row, each.value) for each in listed.warnings] == [(2, "a..b@docomo.ne.jp")]
    assert [(each.row, each.value) for each in listed.faults] == [(3, "a..b@example.jp")]


def test_columns_of_addresses_with_a_role_tell_whose_they_are() -> None:
    heading = (
        "事業所番号,事業所名,サービス,メールアドレス,メールアドレス（管理者）,メールアドレス（法人本部）"
    )
    listed = read(f"{A},A,43,a@example.jp m@example.jp,m@example.jp,h@example.jp", heading=heading)
    assert listed.offices[0].addresses == {
        "a@example.jp": "",
        "m@example.jp": "manager",
        "h@example.jp": "headquarters",
    }


def test_the_same_service_twice_and_another_corporation_are_doubtful() -> None:
    heading = "事業所番号,事業所名,サービス,法人番号,市町村コード"
    listed = read(
        f"{A},A,43,7000012050002,121002", f"{A},A,43,8000020130001,122033", heading=heading, municipality=None
    )
    assert [each.column for each in listed.warnings] == ["サービス", "市町村コード", "法人番号"]
    assert listed.offices[0].text("corporate_number") == "7000012050002"
    assert listed.offices[0].municipality == "121002"


def test_the_example_row_of_the_template_is_passed_over() -> None:
    listed = read("（例）1270000001,記入例,43,", f"{A},A,43,")
    assert [office.row for office in listed.offices] == [3]


def test_what_export_made_harmless_is_read_as_it_was() -> None:
    listed = read(f"'{A},'=ケアプラン,43,")
    assert (listed.offices[0].number, listed.offices[0].name) == (A, "=ケアプラン")


# ---- municipalities ----


@pytest.mark.parametrize(
    "written,municipality",
    [
        ("121002", "121002"),
        ("１２１００２", "121002"),
        ("12100", "121002"),
        ("11002", "011002"),
        ("121011", "121002"),
        ("131016", "131016"),
    ],
)
def test_a_municipality_is_read_without_its_zero_its_check_digit_or_as_a_ward(
    written: str, municipality: str
) -> None:
    listed = read(f"{A},A,43,,{written}", heading=f"{HEADING},団体コード", municipality=None)
    assert [office.municipality for office in listed.offices] == [municipality]


@pytest.mark.parametrize(
    "written,said",
    [
        ("121003", "団体コードではありません"),
        ("", "団体コードではありません"),
        ("120006", "都道府県のコード"),
    ],
)
def test_a_code_that_is_no_municipality_is_refused(written: str, said: str) -> None:
    listed = read(f"{A},A,43,,{written}", heading=f"{HEADING},団体コード", municipality=None)
    assert len(listed.faults) == 1
    assert said in listed.faults[0].reason


def test_without_a_column_somebody_has_to_say_whose_list_it_is() -> None:
    assert "--municipality" in told(read(f"{A},A,43,", municipality=None))[0]


# ---- the national register ----

NATIONAL = (
    "都道府県コード又は市町村コード,No,都道府県名,市区町村名,事業所名,事業所名カナ,サービスの種類,住所,方書（ビル名等）,緯度,経度,"
    "電話番号,FAX番号,法人番号,法人の名称,事業所番号,利用可能曜日,利用可能曜日特記事項,定員,URL,"
    "高齢者の方と障害者の方が同時一体的に利用できるサービス,介護保険の通常の指定基準を満たしている,"
    "障害福祉の通常の指定基準を満たしている,備考"
)


def registered(number: str, name: str, service: str, code: str = "121011") -> str:
    return (
        f"{code},{number},千葉県,千葉市中央区,{name},カナ,{service},中央区1-1,第２ビル,35.6,140.1,043-000-0000,"
        f"043-000-0001,7000012050002,法人,{number},平日,,0,x@example.jp,,,,"
    )


def test_the_national_register_is_known_by_its_headings() -> None:
    listed = read(
        registered(A, "デイＡ", "通所介護"),
        registered(A, "ホームＡ", "特定施設入居者生活介護（有料老人ホーム）"),
        registered(B, "用具", "特定福祉用具販売"),
        registered(C, "他市", "訪問介護", "122033"),
        heading=NATIONAL,
        encoding="utf-8-sig",
    )
    assert (listed.layout, listed.faults, listed.warnings) == (Layout.NATIONAL, (), ())
    assert listed.offices == (
        ListedOffice(
            2,
            A,
            "デイＡ",
            {"15": "", "33": "ホームＡ"},
            "121002",
            texts={
                "kana": "カナ",
                "corporation": "法人",
                "corporate_number": "7000012050002",
                "location": "中央区1-1 第２ビル",
                "telephone": "043-000-0000",
                "fax": "043-000-0001",
            },
        ),
    )
    assert (listed.elsewhere, listed.without_duties, listed.types) == (1, 1, frozenset({"15", "33"}))


@pytest.mark.parametrize("kind", load().register.values(), ids=lambda kind: kind.code)
def test_every_type_of_the_register_is_read_by_code_and_by_each_name(kind: RegisteredType) -> None:
    for written in (kind.code, *kind.names):
        listed = read(registered(A, "A", written), heading=NATIONAL)
        assert listed.faults == ()
        assert listed.types == frozenset({kind.service} if kind.service else ())


# ---- what was refused ----


def test_all_rows_of_an_office_with_a_fault_are_kept_out_and_can_be_handed_back() -> None:
    lines = [HEADING, f"{A},A,43,", f"{B},B,11,", f"{B},B,99,", f"{C},C,43,"]
    content = "\n".join(lines).encode()
    listed = read_office_list(content, VOCABULARY, "121002")
    assert [office.number for office in listed.offices] == [A, C]
    assert listed.refused == {3, 4}
    assert [number for number, _ in refused_rows(content, listed)] == [1, 3, 4]
    assert list(refused_rows(content, replace(listed, refused=frozenset()))) == []
