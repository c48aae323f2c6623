import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import TOP, Typed

HEADING = "事業所番号,事業所名,サービス種類,メールアドレス\n"
LIST = HEADING + "1270000001,ケアプランA,43,a@example.jp\n1270000019,ヘルパーB,11,b@example.jp\n"


@pytest.fixture
def offices(tmp_path: Path) -> Path:
    file = tmp_path / "offices.csv"
    file.write_bytes(LIST.encode("cp932"))
    return file


def test_a_list_is_tried_taken_over_and_then_explained(typed: Typed, tables: None, offices: Path) -> None:
    tried = typed("offices", "import", offices, "--municipality", "121002", "--dry-run")
    assert (tried.code, tried.err) == (0, "")
    assert "まだ何も変えていません" in tried.out
    assert "追加2件、変更0件、変更なし0件" in tried.out
    assert typed("explain", "1270000001").code == 1

    taken = typed("offices", "import", offices, "--municipality", "121002")
    assert (taken.code, taken.err) == (0, "")
    assert taken.out.startswith("取り込みました: 追加2件")

    offices.write_text(LIST.replace("ヘルパーB,11", "ヘルパーB,11 15"), encoding="utf-8")
    again = typed("offices", "import", offices, "--municipality", "121002")
    assert "追加0件、変更1件、変更なし1件" in again.out
    assert "変更 1270000019: サービス種類 11 → 11、15" in again.out

    explained = typed("explain", "1270000001", "platform-subsidy/apply", "--on", "2026-02-01")
    assert (explained.code, explained.err) == (0, "")
    assert explained.out.startswith("1270000001 ケアプランA（サービス 43、市町村 121002）")
    assert "kaigo-saishin-joho-1460" in explained.out


def test_every_faulty_row_is_told_and_nothing_is_taken_over(
    typed: Typed, tables: None, offices: Path
) -> None:
    offices.write_text(LIST + "12,C,99,x\n", encoding="utf-8")
    done = typed("offices", "import", offices, "--municipality", "121002")
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines() == [
        (
            "offices.csv: 4行目「事業所番号」の値「12」: 事業所番号は10桁です"
            "（3桁目だけは英字のことがあります）。"
        ),
        "offices.csv: 4行目「サービス種類」の値「99」: 「99」というサービス種類コードはありません。",
        "offices.csv: 4行目「メールアドレス」の値「x」: 「x」はメールアドレスの形ではありません。",
        (
            "notifier: offices.csv: 3か所（1行）を直してください。何も取り込んでいません。"
            "--refused FILE で直す行を書き出せます。"
        ),
    ]
    assert typed("explain", "1270000001").code == 1


@pytest.mark.parametrize(
    "arguments,code,said",
    [
        (["offices.csv", "--municipality", "121003"], 1, "run `notifier migrate` first"),
        (["nowhere.csv", "--municipality", "121002"], 1, "nowhere.csv: No such file or directory"),
        (["offices.csv", "--municipality", "121002"], 1, "run `notifier migrate` first"),
    ],
)
def test_what_stops_an_import_is_one_line(
    arguments: list[str], code: int, said: str, typed: Typed, offices: Path
) -> None:
    done = typed("offices", "import", *arguments)
    assert (done.code, done.out, done.err.count("\n")) == (code, "", 1)
    assert said in done.err


def test_an_office_nobody_knows_cannot_be_explained(typed: Typed, tables: None) -> None:
    done = typed("explain", "1270000009")
    assert (done.code, done.out) == (1, "")
    assert "No office has the number '1270000009'" in done.err


def test_an_import_shows_how_far_it_has_come_to_whoever_watches(
    typed: Typed, tables: None, offices: Path
) -> None:
    watched, terminal = pty.openpty()
    command = [
        sys.executable,
        "-m",
        "notifier",
        "offices",
        "import",
        str(offices),
        "--municipality",
        "121002",
    ]
    surroundings = os.environ | {"PYTHONPATH": str(TOP), "TERM": "xterm"}
    done = subprocess.run(command, env=surroundings, stdout=subprocess.PIPE, stderr=terminal, check=False)
    os.close(terminal)
    shown = os.read(watched, 100_000).decode()
    os.close(watched)
    assert (done.returncode, done.stdout.decode()[:7]) == (0, "取り込みました")
    assert "読み取り" in shown


def test_a_list_without_a_column_for_it_needs_a_municipality(
    typed: Typed, tables: None, offices: Path
) -> None:
    done = typed("offices", "import", offices)
    assert (done.code, done.out) == (1, "")
    assert "--municipality" in done.err.splitlines()[0]


def test_refused_rows_are_written_for_correction_and_the_rest_is_taken_on_request(
    typed: Typed, tables: None, offices: Path, tmp_path: Path
) -> None:
    offices.write_text(LIST + "1270000027,C,99,\n", encoding="utf-8")
    refused = tmp_path / "refused.csv"
    arguments = ("offices", "import", offices, "--municipality", "121002", "--refused", refused)
    tried = typed(*arguments, "--dry-run")
    assert tried.code == 1
    assert "追加2件" in tried.out
    assert "まだ何も取り込んでいません" in tried.err
    taken = typed(*arguments, "--without-refused")
    assert (taken.code, taken.out[:11]) == (0, "取り込みました: 追加")
    assert refused.read_text(encoding="utf-8-sig").splitlines() == [
        "事業所番号,事業所名,サービス種類,メールアドレス,取り込めない理由",
        "1270000027,C,99,,「サービス種類」「99」というサービス種類コードはありません。",
    ]


def test_programs_get_a_line_for_each_outcome(typed: Typed, tables: None, offices: Path) -> None:
    done = typed("offices", "import", offices, "--municipality", "121002", "--format", "jsonl")
    assert (done.code, done.err) == (0, "")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [(each["outcome"], each.get("office")) for each in lines] == [
        ("added", "1270000001"),
        ("added", "1270000019"),
        ("summary", None),
    ]
    assert lines[-1]["taken_over"] is True


def test_gone_offices_stay_unless_they_are_to_be_closed(typed: Typed, tables: None, offices: Path) -> None:
    typed("offices", "import", offices, "--municipality", "121002")
    offices.write_text("\n".join(LIST.splitlines()[:2]), encoding="utf-8")
    arguments = ("offices", "import", offices, "--municipality", "121002")
    assert "登録は残しています: 1270000019" in typed(*arguments).out
    assert "廃止にします: 1270000019" in typed(*arguments, "--close-gone", "--dry-run").out
    closed = typed(*arguments, "--close-gone", "--closed-on", "2026-03-31")
    assert "廃止にしました: 1270000019" in closed.out
    assert typed(*arguments, "--close-gone", "--closed-on", "soon").code == 2


def test_an_export_comes_back_as_unchanged_and_the_template_holds_no_office(
    typed: Typed, tables: None, offices: Path, tmp_path: Path
) -> None:
    typed("offices", "import", offices, "--municipality", "121002")
    written = tmp_path / "export.csv"
    assert typed("offices", "export", written, "--municipality", "121002").code == 0
    again = typed("offices", "import", written)
    assert (again.code, again.err) == (0, "")
    assert "追加0件、変更0件、変更なし2件" in again.out
    assert typed("offices", "export", written, "--municipality", "121002").code == 1
    assert "すでにあります" in typed("offices", "template").err
    assert typed("offices", "template", "template.csv").code == 0
    empty = typed("offices", "import", "template.csv", "--dry-run", "--municipality", "121002")
    assert empty.code == 1


def test_what_is_passed_over_and_doubtful_is_told(typed: Typed, tables: None, tmp_path: Path) -> None:
    file = tmp_path / "national.csv"
    rows = [f"121011,{number},A,訪問介護,12700{number:05}" for number in range(0, 60, 2)]
    heading = "都道府県コード又は市町村コード,No,事業所名,サービスの種類,事業所番号"
    more = ["122033,1,B,訪問介護,1270000001", "121011,1,C,特定福祉用具販売,1270000019"]
    file.write_text("\n".join([heading, *rows, *more]), encoding="utf-8-sig")
    done = typed("offices", "import", file, "--municipality", "121002")
    assert done.code == 0
    assert "ほかの市町村の1行は" in done.out
    assert "通知する期限のない種類のサービスの1行は" in done.out
    assert "（多いため一部だけを表示しています）" in done.out
    assert len(done.err.splitlines()) == 21
