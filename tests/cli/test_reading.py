import json
from pathlib import Path

import pytest

from tests.cli.conftest import Typed

NOTICE = """事務連絡
令和8年1月13日

助成金の申請受付は令和8年3月13日までの予定とする。
<b>実績報告までに</b>加入すること。
"""
KEYS = ["line", "column", "text", "kind", "start", "end", "tentative", "is_deadline", "flags"]


@pytest.fixture
def notice(tmp_path: Path) -> Path:
    path = tmp_path / "notice.txt"
    path.write_text(NOTICE, encoding="utf-8")
    return path


def test_a_program_gets_one_object_a_line_with_its_keys_in_the_promised_order(
    typed: Typed, notice: Path
) -> None:
    done = typed("read", notice, "--format", "jsonl")
    objects = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == 0
    assert [list(each) for each in objects] == [KEYS] * 3
    assert objects[1] == {
        "line": 4,
        "column": 9,
        "text": "令和8年3月13日まで",
        "kind": "date",
        "start": None,
        "end": "2026-03-13",
        "tentative": True,
        "is_deadline": True,
        "flags": [],
    }


def test_the_day_that_is_given_comes_before_the_day_the_notice_bears(typed: Typed, notice: Path) -> None:
    notice.write_text(NOTICE + "今年度の計画\n", encoding="utf-8")
    from_text = json.loads(typed("read", notice, "--format", "jsonl").out.splitlines()[-1])
    given = json.loads(
        typed("read", notice, "--format", "jsonl", "--issued", "2027-05-01").out.splitlines()[-1]
    )
    assert (from_text["start"], given["start"]) == ("2025-04-01", "2027-04-01")


def test_a_person_gets_a_table_in_japanese_and_a_summary(typed: Typed, notice: Path) -> None:
    done = typed("read", notice)
    assert "出来事まで" in done.out
    assert "3件（期限 2件、読み取れない 0件）。基準日 2026-01-13（文書の発出日）。" in done.out


def test_a_decision_is_explained_when_asked(typed: Typed, notice: Path) -> None:
    assert "形：まで" in "".join(typed("read", notice, "--why").out.split())
    done = typed("read", notice, "--why", "--format", "jsonl")
    weighed = [each.partition(" ") for each in json.loads(done.out.splitlines()[1])["why"]]
    assert [word for _, _, word in weighed[:2]] == ["形", "形：まで（まで）"]
    assert all(float(weight) > 0 for weight, _, _ in weighed[:2])


def test_a_page_marks_the_expressions_in_the_text_and_says_what_they_are(typed: Typed, notice: Path) -> None:
    page = typed("read", notice, "--format", "html").out
    assert (
        '<mark id="e2" class="deadline tentative">令和8年3月13日まで<small>期限・予定</small></mark>' in page
    )
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert page.count('href="#e') == 3


def test_an_expression_over_a_line_break_is_marked_on_both_lines(typed: Typed, notice: Path) -> None:
    notice.write_text("令和8年4月1日\n\n提出は令和８年５月\n11日までに行うこと。\n", encoding="utf-8")
    page = typed("read", notice, "--format", "html").out
    assert '<mark id="e2" class="deadline">令和８年５月<small>期限</small></mark>' in page
    assert '<mark class="deadline">11日まで</mark>に行うこと。' in page


def test_old_encodings_and_marks_of_byte_order_are_read(typed: Typed, notice: Path) -> None:
    expected = typed("read", notice, "--format", "jsonl").out
    for encoding in ("cp932", "utf-8-sig"):
        notice.write_bytes(NOTICE.replace("\n", "\r\n").encode(encoding))
        assert typed("read", notice, "--format", "jsonl").out == expected


def test_a_text_without_dates_says_so(typed: Typed, notice: Path) -> None:
    notice.write_text("お知らせはありません。", encoding="utf-8")
    assert typed("read", notice).out == "日付や期間は見つかりませんでした。\n"


def test_without_any_issue_date_the_reader_is_told_what_to_do(typed: Typed, notice: Path) -> None:
    notice.write_text("締切は3月13日です。", encoding="utf-8")
    assert "--issued で指定できます" in typed("read", notice).out


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0", b"\x81\xff\xfe\xfd" * 9])
def test_a_file_without_text_is_refused_in_one_line(typed: Typed, notice: Path, content: bytes) -> None:
    notice.write_bytes(content)
    done = typed("read", notice)
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert "notice.txt" in done.err


def test_a_page_from_the_web_is_read_as_its_text(typed: Typed, tmp_path: Path) -> None:
    path = tmp_path / "notice.html"
    path.write_text(
        "<!DOCTYPE html><html><body><main><p>申請は<b>令和8年</b>5月11日までに行うこと。</p></main></body></html>",
        encoding="utf-8",
    )
    objects = [json.loads(line) for line in typed("read", path, "--format", "jsonl").out.splitlines()]
    assert [(each["text"], each["end"]) for each in objects] == [("令和8年5月11日まで", "2026-05-11")]


def test_a_missing_file_is_named(typed: Typed, tmp_path: Path) -> None:
    done = typed("read", tmp_path / "nothing.txt")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "nothing.txt: No such file or directory" in done.err
