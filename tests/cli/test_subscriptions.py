import getpass
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Typed

LIST = "事業所番号,事業所名,サービス種類\n1270000001,ケアプランA,43\n1270000019,ヘルパーB,11\n"
CITY = ("--municipality", "121002")


@pytest.fixture
def enlisted(typed: Typed, tables: None, tmp_path: Path) -> Typed:
    file = tmp_path / "offices.csv"
    file.write_text(LIST, encoding="utf-8")
    assert typed("offices", "import", file, *CITY).code == 0
    return typed


def test_an_office_is_told_no_more_and_told_again(enlisted: Typed) -> None:
    assert "決めたことはありません" in enlisted("offices", "subscriptions", *CITY).out
    family = ("--topic", "platform-subsidy")
    done = enlisted("offices", "unsubscribe", "1270000001", *CITY, *family, "--reason", "休止中")
    assert (done.code, done.out) == (0, "1件の事業所に配信しません。期限は「未通知」として残ります。\n")
    shown = enlisted("offices", "subscriptions", *CITY)
    assert "休止中" in shown.out
    assert getpass.getuser() in shown.out
    done = enlisted("offices", "subscribe", *CITY, *family, "--service", "43", "--channel", "email")
    assert done.out == "1件の事業所に配信します。\n"
    lines = enlisted("offices", "subscriptions", "1270000001", *CITY, "--format", "jsonl").out.splitlines()
    kept = [json.loads(line) for line in lines]
    assert [(each["kind"], each["topic"], each["channel"], each["told"]) for each in kept] == [
        ("decision", "platform-subsidy", "", False),
        ("decision", "platform-subsidy", "email", True),
    ]


def test_to_tell_no_more_needs_a_reason(enlisted: Typed) -> None:
    assert enlisted("offices", "unsubscribe", *CITY).code == 2
    blank = enlisted("offices", "unsubscribe", *CITY, "--reason", " ")
    assert (blank.code, blank.out) == (1, "")
    assert "理由が必要です" in blank.err
