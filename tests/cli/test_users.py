import io
import re

import pytest

from tests.cli.conftest import Typed

PASSWORD = "correct horse battery"


@pytest.fixture
def ready(typed: Typed, tables: None, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Commands on a database that is up to date, with a password on standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n" * 9))
    return typed


def made(typed: Typed, name: str = "hanako", *more: str) -> int:
    options = ("--role", "editor", "--label", "介護保険課", "--password-stdin", *more)
    return typed("user", "create", name, *options).code


def test_an_account_is_made_listed_changed_and_disabled(ready: Typed) -> None:
    assert made(ready, "hanako", "--authority", "121002") == 0
    listed = ready("user", "list").out
    assert all(each in listed for each in ("hanako", "121002", "編集", "なし", "有効", "介護保険課"))
    shown = ready("user", "totp", "hanako")
    assert re.match(r"otpauth://totp/notifier:hanako\?secret=[A-Z2-7]{32}&issuer=notifier", shown.out)
    assert "あり" in ready("user", "list").out
    assert "password alone" in ready("user", "totp", "hanako", "--off").out
    assert ready("user", "reset-password", "hanako", "--password-stdin").code == 0
    assert ready("user", "disable", "hanako").out == "hanako is disabled.\n"
    assert "停止" in ready("user", "list").out


def test_a_name_that_is_taken_or_unknown_is_told_in_one_line(ready: Typed) -> None:
    assert made(ready) == 0
    assert made(ready) == 1
    assert "no such user" in ready("user", "disable", "taro").err


def test_a_password_that_is_too_short_is_refused(
    typed: Typed, tables: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    options = ("--role", "viewer", "--label", "a", "--password-stdin")
    refused = typed("user", "create", "hanako", *options)
    assert (refused.code, "12文字以上" in refused.err) == (1, True)


def test_an_account_is_linked_to_whom_a_provider_shows(ready: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    assert made(ready) == 0
    assert "NOTIFIER_OIDC_ISSUER is not set" in ready("user", "link", "hanako", "--subject", "s-1").err
    for name, value in (("ISSUER", "https://id.example.jp"), ("CLIENT_ID", "kigen"), ("CLIENT_SECRET", "x")):
        monkeypatch.setenv(f"NOTIFIER_OIDC_{name}", value)
    assert "over the provider" in ready("user", "link", "hanako", "--email", "hanako@example.jp").out
    assert ready("user", "link", "hanako", "--subject", "s-1").code == 0
    assert "password alone" in ready("user", "link", "hanako", "--off").out
    assert ready("user", "link", "hanako").code == 2
