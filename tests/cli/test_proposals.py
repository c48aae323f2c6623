import json
import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import Typed

NOTICE = """老高発0116第2号
令和8年1月16日

各都道府県介護保険主管部局長 殿

厚生労働省老健局高齢者支援課長

介護情報基盤に関する助成金等の取扱いについて
\f
介護情報基盤の助成金の申請受付については、令和8年4月30日まで延長する。

事業者は、調査票を令和8年5月31日までに市町村に提出すること。
"""


@pytest.fixture
def notice(tmp_path: Path) -> Path:
    path = tmp_path / "notice.txt"
    path.write_text(NOTICE, encoding="utf-8")
    return path


def test_a_person_sees_what_the_notice_is_what_is_doubtful_and_old_and_new(
    typed: Typed, notice: Path
) -> None:
    done = typed("read", notice, "--candidates")
    assert done.code == 0
    for shown in (
        "老高発0116第2号",
        "確かめてください:",
        "閉庁日",
        "platform-subsidy/apply",
        "期限の延長",
        "新規",
    ):
        assert shown in done.out
    assert done.out.index("閉庁日") < done.out.index("期限の延長")
    assert "一致" not in done.out
    assert "事業名「" in typed("read", notice, "--candidates", "--why").out


def test_a_program_gets_notice_anomalies_and_candidates_with_their_pages(typed: Typed, notice: Path) -> None:
    lines = [
        json.loads(line)
        for line in typed("read", notice, "--candidates", "--format", "jsonl").out.splitlines()
    ]
    assert [each["type"] for each in lines] == ["notice", "anomaly", "candidate", "candidate"]
    assert lines[2]["amends"][0]["deadline"] == "platform-subsidy/apply"
    assert lines[2]["amends"][0]["change"] == "extended"
    assert [each["page"] for each in lines[2:]] == [2, 2]
    assert lines[3]["due"] == {"by": "2026-05-31"}


def test_the_catalogues_own_form_is_toml_under_the_names_of_its_files(typed: Typed, notice: Path) -> None:
    done = typed("read", notice, "--candidates", "--format", "toml")
    parts = dict(part.split(" ----\n", 1) for part in done.out.split("# ---- ")[1:])
    assert list(parts) == ["notices.toml", "platform-subsidy.toml: platform-subsidy/apply", "platform.toml"]
    entries = {name: tomllib.loads(text) for name, text in parts.items()}
    (statement,) = entries["platform-subsidy.toml: platform-subsidy/apply"]["deadline"]["statement"]
    assert str(statement["due"]["by"]) == "2026-04-30"
    assert entries["platform.toml"]["deadline"][0]["id"] == "platform/submit"


def test_the_issue_date_may_be_given(typed: Typed, notice: Path) -> None:
    done = typed("read", notice, "--candidates", "--issued", "2025-01-10", "--format", "jsonl")
    first, *rest = [json.loads(line) for line in done.out.splitlines()]
    assert first["issued"]["value"] == "2025-01-10"
    assert all(each["is_new"] for each in rest if each["type"] == "candidate")


def test_a_notice_without_candidates_says_so(typed: Typed, tmp_path: Path) -> None:
    path = tmp_path / "walk.txt"
    path.write_text("天気のよい日には散歩に出る。\n", encoding="utf-8")
    assert "候補はありませんでした。" in typed("read", path, "--candidates").out


@pytest.mark.parametrize("arguments", [("--candidates", "--format", "html"), ("--format", "toml")])
def test_a_form_that_does_not_exist_for_it_is_a_usage_error(
    typed: Typed, notice: Path, arguments: tuple[str, ...]
) -> None:
    done = typed("read", notice, *arguments)
    assert done.code == 2
    assert "--format" in done.err
