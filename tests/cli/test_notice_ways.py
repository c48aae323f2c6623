"""`notifier notice`: a notice goes its whole way as someone types it, and back."""

import json
from io import StringIO
from pathlib import Path

import pytest

from tests.cli.conftest import Typed

TEXT = """老例発第20号
令和8年4月2日

各都道府県介護保険主管部（局）長　殿

厚生労働省老健局例課長

介護情報基盤の利用調査について（通知）

1　調査の期限
介護情報基盤の利用調査の調査票を、令和8年12月18日までに提出すること。
なお、貴管内の事業所への周知をお願いする。
"""
OFFICES = """事業所番号,事業所名,サービス種類,市町村コード,メールアドレス
1270000001,訪問介護なのはな,11,121002,nanohana@example.jp
"""


@pytest.fixture
def handed_in(tmp_path: Path, typed: Typed, tables: None) -> str:
    (tmp_path / "offices.csv").write_text(OFFICES, "utf-8")
    assert typed("offices", "import", tmp_path / "offices.csv", "--municipality", "121002").code == 0
    (tmp_path / "notice.txt").write_text(TEXT, "utf-8")
    return typed("notice", "add", tmp_path / "notice.txt").out.split()[0]


@pytest.fixture
def chief(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """What a second person types to sign in."""
    return signing_in(typed, monkeypatch, "chief", "approver")


def signing_in(typed: Typed, monkeypatch: pytest.MonkeyPatch, name: str, role: str) -> tuple[str, ...]:
    monkeypatch.setattr("sys.stdin", StringIO("correct horse battery staple 7\n" * 9))
    assert typed("user", "create", name, "--role", role, "--label", "課長", "--password-stdin").code == 0
    return ("--user", name, "--password-stdin")


def finished(typed: Typed, name: str, folder: Path) -> Path:
    """The draft of a new duty, as a person finishes it."""
    form = typed("notice", "show", name, "--candidate", "1").out
    form = form.replace("（確かめてください）", "").replace("を確かめてください", "はすべての事業所")
    file = folder / "candidate.toml"
    file.write_text(form, "utf-8")
    return file


def test_a_notice_goes_its_way_and_is_taken_back(
    typed: Typed, handed_in: str, chief: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = handed_in
    refused = typed("notice", "review", name)
    assert (refused.code, "まだ判断されていません" in refused.out, "確認を終えられません" in refused.err) == (
        1,
        True,
        True,
    )
    assert "修正して採用" in typed("notice", "edit", name, "1", "--file", finished(typed, name, tmp_path)).out
    assert "除外" in typed("notice", "drop", name, "--rest").out
    assert typed("notice", "correct", name, "--number", "老例発第21号", "--rank", "notice").code == 0
    shown = typed("notice", "show", name)
    assert "文書番号: 老例発第21号" in shown.out
    assert "通知・事務連絡" in shown.out
    preview = typed("notice", "preview", name, "--months", "1", "--samples", "1")
    assert (preview.code, "お知らせ: 1事業所、1通" in preview.out) == (0, True), preview.err
    assert "訪問介護なのはな　御中" in preview.out
    assert "ほかの人が" in typed("notice", "review", name).out
    same = typed("notice", "approve", name)
    assert ("別の人" in same.err, same.out) == (True, "")
    with monkeypatch.context() as answering:
        answering.setattr("sys.stdin", StringIO("correct horse battery staple 7\nn\n"))
        declined = typed("notice", "approve", name, *chief)
    assert (declined.code, "お知らせ: 1事業所" in declined.out) == (1, True), declined.err
    assert "承認しませんでした" in declined.out
    done = typed("notice", "approve", name, "--yes", *chief)
    assert "1事業所に1通が出ます" in done.out, done.err
    assert "[[deadline]]" in typed("notice", "show", name, "--toml").out
    back = typed("notice", "withdraw", name, "--reason", "調査が中止になったため")
    assert "ほかの人が" in back.out
    assert "取下げ" in typed("notice", "show", f"{name}-withdrawn").out
    assert "承認しました" in typed("notice", "approve", f"{name}-withdrawn", "--yes", *chief).out
    assert "取下げの文書を取り下げて" in typed("notice", "review", name).err
    assert "取り下げ" in typed("notice", "list", "--all").out


def test_candidates_are_changed_and_added_by_options(typed: Typed, handed_in: str) -> None:
    name = handed_in
    changed = typed(
        *("notice", "edit", name, "1", "--by", "2026-11-30", "--opens", "2026-10-01", "--tentative"),
        *("--remark", "用紙は別紙です。", "--place", "別紙", "--known-from", "2026-04-03"),
    )
    assert "令和8年10月1日" in changed.out, changed.err
    lines = [json.loads(line) for line in typed("notice", "show", name, "--jsonl").out.splitlines()]
    assert lines[0]["statement"]["due"] == {"by": "2026-11-30", "opens": "2026-10-01"}
    assert lines[0]["statement"]["tentative"] is True
    assert (lines[0]["statement"]["place"], lines[0]["statement"]["known_from"]) == ("別紙", "2026-04-03")
    typed("notice", "edit", name, "1", "--due", '{"month": "2026-11", "tentative": true}')
    firm = typed("notice", "edit", name, "1", "--no-tentative").out
    assert "11月" in firm
    assert "予定" not in firm.partition("周知")[0]
    added = typed(
        *("notice", "supply", name, "--deadline", "platform-subsidy/apply"),
        *("--place", "2", "--remark", "補足です。"),
    )
    assert "追加" in added.out
    assert "採用" in typed("notice", "keep", name, "1").out


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("edit", "1", "--due", "{"), "JSONとして読めません"),
        (("edit", "1", "--due", "[1]"), "表にしてください"),
        (("edit", "1", "--file", "broken.toml"), "TOMLとして読めません"),
        (("edit", "9", "--by", "2026-11-30"), "候補9"),
        (("edit", "1", "--deadline", "Survey"), "書き方に誤りがあります"),
        (("drop",), "--rest"),
        (("correct",), "corrected"),
        (("correct", "--rank", "memo"), "文書の情報に誤りがあります"),
        (("show", "--candidate", "9"), "候補9"),
        (("preview",), "採用した候補がありません"),
    ],
)
def test_what_cannot_be_is_refused_with_how_to_mend_it(
    typed: Typed, handed_in: str, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    (tmp_path / "broken.toml").write_text("[statement\n", "utf-8")
    done = typed("notice", arguments[0], handed_in, *arguments[1:])
    assert done.code != 0
    assert words in done.err


def test_a_role_that_may_not_approve_does_not(
    typed: Typed, handed_in: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = signing_in(typed, monkeypatch, "editor", "editor")
    assert "この役割では" in typed("notice", "approve", handed_in, "--yes", *editor).err
    assert "別の県" not in typed("notice", "reject", handed_in, "--reason", "別の県", *editor).err
    assert "読み取り済み" in typed("notice", "reopen", handed_in, *editor).out
    monkeypatch.setattr("sys.stdin", StringIO("another password\n"))
    assert (
        "利用者名かパスワードが違うか" in typed("notice", "reject", handed_in, "--reason", "x", *editor).err
    )
