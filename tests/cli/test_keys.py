import contextlib
import getpass
import io
import re
import sqlite3

import pytest

from tests.cli.conftest import Typed

PREFECTURE = ("--authority", "120006", "--as", "prefecture", "--label", "県のシステム")


@pytest.fixture
def ready(typed: Typed, tables: None) -> Typed:
    """Commands on a database that is up to date."""
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
    unanswered = ready("key", "revoke", prefix)
    assert (unanswered.code, "nothing was done" in unanswered.err, "--yes" in unanswered.err) == (
        130,
        True,
        True,
    )
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


PUBLIC = "whpk_" + "A" * 43 + "="


def test_the_holder_of_a_key_is_trusted_by_its_public_key(ready: Typed) -> None:
    prefix = ready("key", "create", *PREFECTURE).out.partition(".")[0]
    assert ready("key", "trust", prefix, PUBLIC).out.startswith(f"{prefix}: {PUBLIC} from now on")
    done = ready("key", "trust", prefix, "--none", "--overlap", "0")
    assert (done.code, "no public key from now on" in done.out) == (0, True)


@pytest.mark.parametrize(
    "arguments, told",
    [
        (("whpk_AAAA",), "base64 of its 32 bytes"),
        (("A" * 43 + "=",), "base64 of its 32 bytes"),
        ((), "name either"),
        ((PUBLIC, "--none"), "name either"),
        ((PUBLIC, "--overlap", "-1"), "the overlap is to last"),
        ((PUBLIC, "--overlap", "1000"), "the overlap is to last"),
    ],
)
def test_what_is_no_public_key_is_not_trusted(ready: Typed, arguments: tuple[str, ...], told: str) -> None:
    prefix = ready("key", "create", *PREFECTURE).out.partition(".")[0]
    refused = ready("key", "trust", prefix, *arguments)
    assert (refused.code, told in refused.err) == (1, True)


def test_of_a_revoked_key_no_public_key_is_trusted(ready: Typed) -> None:
    prefix = ready("key", "create", *PREFECTURE).out.partition(".")[0]
    assert ready("key", "revoke", prefix, "--yes").code == 0
    assert "was revoked" in ready("key", "trust", prefix, PUBLIC).err


def test_the_audit_says_who_ran_the_commands(ready: Typed) -> None:
    prefix = ready("key", "create", *PREFECTURE).out.partition(".")[0]
    ready("key", "trust", prefix, PUBLIC)
    ready("key", "revoke", prefix, "--yes")
    with contextlib.closing(sqlite3.connect("var/notifier.sqlite3")) as kept:
        rows = kept.execute(
            "SELECT action, who, origin FROM audit WHERE action LIKE 'key.%' ORDER BY id"
        ).fetchall()
    me = getpass.getuser(), "command line"
    assert rows == [("key.created", *me), ("key.trusted", *me), ("key.revoked", *me)]


def test_a_key_for_a_vendor_names_the_offices_it_serves(ready: Typed) -> None:
    vendor = ("--vendor", "例示ソフト", "--office", "1270000001", "--office", "1270000002")
    made = ready("key", "create", *PREFECTURE, *vendor)
    assert (made.code, made.err) == (0, "")
    listed = ready("key", "list").out
    assert "feed:read" in listed
    refused = ready("key", "create", *PREFECTURE, *vendor, "--scope", "offices:read")
    assert (refused.code, "does nothing else" in refused.err) == (1, True)
