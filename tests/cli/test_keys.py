import io
import re

import pytest

from tests.cli.conftest import Typed

PREFECTURE = ("--authority", "120006", "--as", "prefecture", "--label", "県のシステム")


@pytest.fixture
def ready(typed: Typed) -> Typed:
    """Commands on a database that is up to date."""
    assert typed("migrate").code == 0
    return typed


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(ready: Typed) -> None:
    made = ready("key", "create", *PREFECTURE, "--scope", "events:write", "--expires", "2199-03-31")
    assert (made.code, made.err) == (0, "")
    prefix, _, secret = made.out.strip().partition(".")
    assert re.fullmatch(r"ntf_[0-9a-f]{12}", prefix)
    assert len(secret) == 43
    listed = ready("key", "list").out
    assert secret not in listed
    assert all(
        each in listed for each in (prefix, "120006", "prefecture", "2199-03-31", "有効", "県のシステム")
    )
    # Whoever pastes the whole key means the key.
    assert ready("key", "revoke", f"{prefix}.{secret}", "--yes").out == f"{prefix} is revoked.\n"
    assert "取消" in ready("key", "list").out
    again = ready("key", "revoke", prefix, "--yes")
    assert (again.code, "revoked before" in again.err) == (1, True)


def test_a_key_is_not_revoked_unless_somebody_says_yes(ready: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = ready("key", "create", "--as", "editor", "--label", "本部").out.partition(".")[0]
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert ready("key", "revoke", prefix).code == 130
    assert "取消" not in ready("key", "list").out
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert ready("key", "revoke", prefix).code == 0


@pytest.mark.parametrize(
    "arguments, told",
    [
        (("--as", "mayor", "--label", "a"), "no such role"),
        (("--as", "prefecture", "--label", "a"), "speaks for an authority"),
        (("--as", "editor", "--label", "a", "--authority", "120007"), "no 団体コード"),
        (
            ("--as", "prefecture", "--label", "a", "--authority", "121002"),
            "not the 団体コード of a prefecture",
        ),
        (
            ("--as", "municipality", "--label", "a", "--authority", "120006"),
            "not the 団体コード of a municip",
        ),
        (("--as", "editor", "--label", "a", "--scope", "everything"), "the scopes are"),
        (("--as", "editor", "--label", "a", "--expires", "2020-01-01"), "has expired"),
        (("--as", "editor", "--label", " "), "needs a label"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_with_the_reason(
    ready: Typed, arguments: tuple[str, ...], told: str
) -> None:
    done = ready("key", "create", *arguments)
    assert (done.code, done.out) == (1, "")
    assert told in done.err


def test_an_unknown_key_cannot_be_revoked(ready: Typed) -> None:
    done = ready("key", "revoke", "ntf_000000000000", "--yes")
    assert done.code == 1
    assert "`notifier key list`" in done.err


def test_keys_need_a_database_that_is_up_to_date(typed: Typed) -> None:
    assert "run `notifier migrate` first" in typed("key", "list").err


def test_a_key_with_a_role_of_users_has_what_that_role_may_use_and_no_more(ready: Typed) -> None:
    made = ready("key", "create", *PREFECTURE, "--role", "auditor")
    assert made.code == 0
    listed = ready("key", "list").out
    assert ("auditor" in listed, "audit:read" in listed, "ほか" in listed) == (True, True, True)
    refused = ready("key", "create", *PREFECTURE, "--role", "auditor", "--scope", "offices:write")
    assert (refused.code, "auditor may not use that" in refused.err) == (1, True)
