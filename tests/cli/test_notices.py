from pathlib import Path

import pytest

from tests.cli.conftest import Typed
from tests.reading.papers import Line, pdf, scan, text_operators


@pytest.fixture
def paper(tmp_path: Path, typed: Typed, tables: None) -> Path:
    file = tmp_path / "通知.pdf"
    lines = [Line("年次報告書の提出（例）", 60, 780), Line("令和８年３月17日", 400, 760)]
    file.write_bytes(pdf([text_operators([*lines, Line("報告は令和８年５月11日までに行う。", 60, 720)])]))
    return file


def test_a_notice_is_handed_in_shown_listed_and_turned_away(typed: Typed, paper: Path) -> None:
    done = typed("notice", "add", paper)
    assert "として受け付けました" in done.out
    assert "発出日: 2026-03-17" in done.out
    assert "期限とみられる表現 1件" in done.out
    name = done.out.split()[0]
    assert "受付済みです" in typed("notice", "add", paper).out
    assert "年次報告書の提出（例）" in typed("notice", "list").out
    assert "読み取り済み" in typed("notice", "show", name).out
    assert (
        "対象外としました"
        in typed("notice", "reject", name, "--not-relevant", "--reason", "別の県の通知").out
    )
    assert typed("notice", "list").out == "待っている文書はありません。\n"
    assert "別の県の通知" in typed("notice", "list", "--all").out
    assert "できません" in typed("notice", "reject", name, "--reason", "もう一度").err


def test_what_is_told_of_a_notice_comes_before_what_its_file_says(typed: Typed, paper: Path) -> None:
    about = ("--title", "別の題名", "--issuer", "例の局", "--number", "例第1号", "--issued", "2026-03-18")
    assert "発出日: 2026-03-18" in typed("notice", "add", paper, *about).out
    assert "例の局" in typed("notice", "list").out


def test_a_scan_is_not_taken_in(typed: Typed, paper: Path) -> None:
    paper.write_bytes(scan())
    done = typed("notice", "add", paper)
    assert (done.code, "OCR" in done.err) == (1, True)
    assert typed("notice", "list").out == "待っている文書はありません。\n"


def test_a_notice_that_is_not_there_is_named(typed: Typed, paper: Path) -> None:
    assert "notice list" in typed("notice", "show", "nothing").err
