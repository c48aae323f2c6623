"""`notifier mail`: a mail server hands mail in through a pipe, and the exit code tells it what to do next."""

import os
import subprocess
import sys

import pytest

from tests.cli.conftest import TOP, Typed

MAIL = b"From: a@example.jp\r\nMessage-ID: <1@example.jp>\r\nSubject: x\r\n\r\nK7MP-4XQT3\r\n"
ADDRESS = "henshin@kigen.example.jp"


@pytest.fixture
def piping(typed: Typed, tables: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is up to date, and an address at which mail is taken."""
    monkeypatch.setenv("NOTIFIER_REPLY_ADDRESS", ADDRESS)


def take(*arguments: str, **settings: str) -> subprocess.CompletedProcess[bytes]:
    """Hand a mail in as a mail server does: a process of its own, the mail on its standard input."""
    command = [sys.executable, "-m", "notifier", "mail", "take", *arguments]
    surroundings = {**os.environ, "PYTHONPATH": str(TOP), **settings}
    return subprocess.run(command, input=MAIL, capture_output=True, env=surroundings, check=False)


def test_a_mail_is_kept_once_and_the_mail_server_is_told_so(piping: None, typed: Typed) -> None:
    for _ in range(2):
        done = take("--from=a@example.jp", f"--to={ADDRESS}")
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert typed("mail", "list").code == 0


def test_mail_for_others_is_refused_for_good(piping: None) -> None:
    done = take("--to=other@kigen.example.jp")
    assert done.returncode == 67
    assert b"no address of ours" in done.stderr


@pytest.mark.parametrize(
    "settings",
    [
        {"NOTIFIER_REPLY_ADDRESS": ""},
        {"NOTIFIER_DATABASE_URL": "sqlite+aiosqlite:////nowhere/at/all.sqlite3"},
        {"NOTIFIER_SMTP_PORT": "none"},
    ],
    ids=["no address", "no database", "wrong settings"],
)
def test_whatever_is_wrong_with_us_the_mail_server_keeps_the_mail(
    piping: None, settings: dict[str, str]
) -> None:
    done = take(**settings)
    assert done.returncode == 75
    assert done.stderr.startswith(b"notifier: the mail was not kept, try again:")
    assert len(done.stderr.splitlines()) == 1
