from pathlib import Path

import pytest

from tests.cli.conftest import Typed


def test_migrating_twice_changes_nothing_the_second_time(typed: Typed) -> None:
    first, second = typed("migrate"), typed("migrate")
    assert (first.code, second.code) == (0, 0)
    assert "is up to date; applied: 0001" in first.out
    assert second.out == "sqlite+aiosqlite:///var/notifier.sqlite3 is up to date.\n"


def test_looking_for_what_is_missing_leaves_no_file_behind(typed: Typed) -> None:
    done = typed("migrate", "--check")
    assert done.code == 1
    assert "lacks: 0001" in done.out
    assert "Run `notifier migrate`." in done.out
    assert not Path("var").exists()


def test_after_migrating_nothing_is_missing(typed: Typed) -> None:
    typed("migrate")
    done = typed("migrate", "--check")
    assert (done.code, done.out) == (0, "sqlite+aiosqlite:///var/notifier.sqlite3 is up to date.\n")


@pytest.mark.pg
def test_a_server_is_migrated_like_a_file(
    typed: Typed, empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFIER_DATABASE_URL", empty_postgres_url)
    assert typed("migrate", "--check").code == 1
    assert "applied: 0001" in typed("migrate").out
    assert typed("migrate", "--check").code == 0


def test_a_folder_that_cannot_be_written_is_named(typed: Typed) -> None:
    Path("var").write_text("a file stands where the folder should be", encoding="utf-8")
    done = typed("migrate")
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    assert "sqlite+aiosqlite:///var/notifier.sqlite3" in done.err
