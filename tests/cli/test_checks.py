from pathlib import Path

import pytest

from tests.cli.conftest import Typed


def test_a_fresh_machine_passes_with_one_line_for_each_thing(typed: Typed) -> None:
    done = typed("check")
    assert (done.code, done.err) == (0, "")
    assert [line.split()[1] for line in done.out.splitlines()] == [
        "settings", "database", "clock", "catalogue", "holidays", "templates", "smtp", "sender", "oidc",
    ]  # fmt: skip
    assert {line.split()[0] for line in done.out.splitlines()} == {"ok", "warning"}
    assert not Path("var").exists()


def test_one_failure_fails_the_check_and_the_rest_is_still_told(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFIER_DATABASE_URL", "postgresql+asyncpg://me:hush@127.0.0.1:1/notifier")
    done = typed("check")
    assert (done.code, done.err) == (1, "")
    lines = {line.split()[1]: line for line in done.out.splitlines()}
    assert lines["database"].startswith("failed ")
    assert lines["templates"].startswith("ok ")
    assert "hush" not in done.out


def test_settings_that_cannot_be_read_are_the_one_failure(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFIER_HTTP_PORT", "eighty")
    done = typed("check")
    assert (done.code, done.out.count("\n")) == (1, 1)
    assert done.out.startswith("failed   settings      NOTIFIER_HTTP_PORT: ")
