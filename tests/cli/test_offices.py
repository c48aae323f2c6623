import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import TOP, Typed

HEADING = "事業所番号,事業所名,サービス種類,メールアドレス\n"
LIST = HEADING + "1270000001,ケアプランA,43,a@example.jp\n1270000002,ヘルパーB,11,b@example.jp\n"


@pytest.fixture
def offices(tmp_path: Path) -> Path:
    file = tmp_path / "offices.csv"
    file.write_bytes(LIST.encode("cp932"))
    return file


def test_a_list_is_tried_taken_over_and_then_explained(typed: Typed, offices: Path) -> None:
    assert typed("migrate").code == 0

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
    assert "変更 1270000002: サービス種類 11 → 11、15" in again.out

    explained = typed("explain", "1270000001", "platform-subsidy/apply", "--on", "2026-02-01")
    assert (explained.code, explained.err) == (0, "")
    assert explained.out.startswith("1270000001 ケアプランA（サービス 43、市町村 121002）")
    assert "kaigo-saishin-joho-1460" in explained.out


def test_every_faulty_row_is_told_and_nothing_is_taken_over(typed: Typed, offices: Path) -> None:
    typed("migrate")
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
        "notifier: offices.csv: 3か所を直してください。何も取り込んでいません。",
    ]
    assert typed("explain", "1270000001").code == 1


@pytest.mark.parametrize(
    "arguments,code,said",
    [
        (["offices.csv"], 2, "Missing option '--municipality'"),
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


def test_an_office_nobody_knows_cannot_be_explained(typed: Typed) -> None:
    typed("migrate")
    done = typed("explain", "1270000009")
    assert (done.code, done.out) == (1, "")
    assert "No office has the number '1270000009'" in done.err


def test_an_import_shows_how_far_it_has_come_to_whoever_watches(typed: Typed, offices: Path) -> None:
    typed("migrate")
    watched, terminal = pty.openpty()
    command = [sys.executable, "-m", "notifier", "offices", "import", str(offices), "--municipality", "121002"]
    surroundings = os.environ | {"PYTHONPATH": str(TOP), "TERM": "xterm"}
    done = subprocess.run(command, env=surroundings, stdout=subprocess.PIPE, stderr=terminal, check=False)
    os.close(terminal)
    shown = os.read(watched, 100_000).decode()
    os.close(watched)
    assert (done.returncode, done.stdout.decode()[:7]) == (0, "取り込みました")
    assert "読み取り" in shown
