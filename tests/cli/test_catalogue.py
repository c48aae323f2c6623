import shutil
from pathlib import Path

from notifier import catalogue
from tests.cli.conftest import Typed

SHIPPED = Path(catalogue.__file__).parent


def copied(to: Path) -> Path:
    """A copy of the shipped law, to be changed."""
    to.mkdir()
    for file in SHIPPED.glob("*.toml"):
        shutil.copy(file, to)
    return to


def test_every_deadline_is_listed_with_its_date(typed: Typed) -> None:
    done = typed("catalogue", "list")
    assert (done.code, done.err) == (0, "")
    for name in catalogue.load().deadlines:
        assert name in done.out
    assert "令和8年3月13日（金）［2026-03-13］まで（予定）" in done.out


def test_a_deadline_is_shown_with_all_that_was_said_and_where(typed: Typed) -> None:
    done = typed("catalogue", "show", "platform-subsidy/apply")
    assert done.code == 0
    assert "[2026-01-20] 令和8年3月上旬" in done.out
    assert "mhlw-cpdl-slides-2026-01（2026-01-20、説明資料）" in done.out
    assert "decision-2026-01-21" in done.out


def test_a_family_is_shown_with_its_deadlines_and_a_notice_with_its_parts(typed: Typed) -> None:
    family = typed("catalogue", "show", "free-pass")
    assert "free-pass/apply" in family.out
    assert "free-pass/renewal" in family.out
    notice = typed("catalogue", "show", "kaigo-saishin-joho-1460")
    assert "kaigo-saishin-joho-1460/2025-12-04" in notice.out
    assert "platform-subsidy/apply: [2026-01-13]" in notice.out


def test_an_unknown_name_is_answered_with_the_nearest(typed: Typed) -> None:
    done = typed("catalogue", "show", "platform-subsidy/aply")
    assert (done.code, done.out) == (1, "")
    assert "did you mean 'platform-subsidy/apply'?" in done.err


def test_the_shipped_law_has_no_errors(typed: Typed) -> None:
    done = typed("catalogue", "lint")
    assert done.code == 0
    assert done.out.splitlines()[-1].startswith("0 errors, ")


def test_an_error_in_the_law_fails_and_says_where_and_what_to_do(typed: Typed, tmp_path: Path) -> None:
    folder = copied(tmp_path / "law")
    file = folder / "platform-subsidy.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace('"platform-subsidy.accepted"', '"platform-subsidy.acepted"'), encoding="utf-8"
    )
    done = typed("catalogue", "lint", "--folder", folder)
    assert done.code == 1
    assert "failed: platform-subsidy.toml: platform-subsidy/apply: unknown-fact: " in done.out


def test_a_file_that_is_no_toml_is_named_in_one_line(typed: Typed, tmp_path: Path) -> None:
    folder = copied(tmp_path / "law")
    (folder / "facts.toml").write_text("[[fact]\n", encoding="utf-8")
    done = typed("catalogue", "lint", "--folder", folder)
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert done.err.startswith("notifier: facts.toml: ")


def test_two_days_are_compared_by_what_became_known_between_them(typed: Typed) -> None:
    done = typed("catalogue", "diff", "2026-01-13", "2026-01-20")
    assert done.code == 0
    assert "+ platform-subsidy/apply#" in done.out
    assert "    notice: mhlw-cpdl-slides-2026-01" in done.out
    assert not [line for line in done.out.splitlines() if line.startswith("- ")]
    assert typed("catalogue", "diff", "2026-01-20", "2026-01-20").out == ""


def test_two_folders_are_compared_entry_by_entry(typed: Typed, tmp_path: Path) -> None:
    old, new = copied(tmp_path / "old"), copied(tmp_path / "new")
    file = new / "platform-subsidy.toml"
    text = file.read_text(encoding="utf-8")
    assert "by = 2026-03-13" in text
    file.write_text(text.replace("by = 2026-03-13", "by = 2026-03-20"), encoding="utf-8")
    done = typed("catalogue", "diff", old, new)
    changed, *rest = done.out.splitlines()
    assert changed.startswith("~ platform-subsidy/apply#")
    assert "    due: {'by': '2026-03-13'} → {'by': '2026-03-20'}" in rest


def test_what_is_neither_folder_nor_day_cannot_be_compared(typed: Typed) -> None:
    done = typed("catalogue", "diff", "yesterday", "2026-01-20")
    assert (done.code, done.out) == (2, "")
    assert "'yesterday' is neither a folder nor a day" in done.err


def test_the_law_of_the_database_is_listed_with_what_was_approved_from_notices(
    typed: Typed, tables: None
) -> None:
    assert "platform-subsidy/apply" in typed("catalogue", "list", "--database").out
    assert typed("catalogue", "list", "--database", "--folder", str(SHIPPED)).code == 2
