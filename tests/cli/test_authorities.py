import getpass
import sqlite3

import pytest

from tests.cli.conftest import Typed


@pytest.fixture
def ready(typed: Typed, tables: None) -> Typed:
    """Commands on a database that is up to date."""
    return typed


def test_an_authority_is_entered_changed_and_shown(ready: Typed) -> None:
    made = ready("authority", "add", "122033", "--name", "市川市", "--address", "kaigo@example.jp")
    assert (made.code, made.out) == (0, "122033 市川市 is entered.\n")
    assert ready("authority", "add", "128007", "--name", "例広域連合", "--kind", "union").code == 0
    joined = ready("authority", "set", "128007", "--member", "122033")
    assert joined.out == "128007 is changed.\n"
    settings = ("--closed", "2026-12-28", "--roll", "wage-support/report=next")
    assert ready("authority", "set", "122033", *settings, "--ladder", "wage-support/report=fixed").code == 0
    shown = ready("authority", "show", "122033").out
    assert all(
        each in shown
        for each in (
            "市川市",
            "128007",
            "kaigo@example.jp",
            "2026-12-28",
            "next",
            "wage-support/report",
            "fixed",
        )
    )
    back = ("--open", "2026-12-28", "--roll", "wage-support/report=", "--ladder", "wage-support/report=")
    assert ready("authority", "set", "122033", *back).code == 0
    shown = ready("authority", "show", "122033").out
    assert not any(each in shown for each in ("2026-12-28", "wage-support"))
    again = ready("authority", "set", "122033", "--name", "市川市")
    assert "nothing was to be changed" in again.out
    left = ready("authority", "set", "128007", "--without-member", "122033")
    assert left.out == "128007 is changed.\n"
    listed = ready("authority", "list").out
    assert all(each in listed for each in ("千葉県", "市川市", "広域連合", "122033"))


@pytest.mark.parametrize(
    "arguments, code, told",
    [
        (("add", "122030", "--name", "a"), 1, "no 団体コード"),
        (("add", "1220", "--name", "a"), 1, "no 団体コード"),
        (("add", "121002", "--name", "a"), 1, "is known"),
        (("add", "121002", "--name", "a", "--kind", "village"), 2, "village"),
        (("set", "131016", "--name", "a"), 1, "no such authority"),
        (("show", "131016"), 1, "no such authority"),
        (("set", "121002", "--ladder", "fixed"), 2, "write DEADLINE=VALUE"),
        (("set", "121002", "--roll", "wage-support/report=sideways"), 2, "previous, next or none"),
        (("set", "121002", "--roll", "wage-support/report@soon=next"), 2, "previous, next or none"),
        (("set", "121002", "--member", "122033"), 1, "only a 広域連合"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    ready: Typed, arguments: tuple[str, ...], code: int, told: str
) -> None:
    refused = ready("authority", *arguments)
    assert (refused.code, refused.out) == (code, "")
    assert told in refused.err
    assert len(refused.err.splitlines()) == 1


def test_the_audit_is_verified_and_names_who_typed_and_the_first_broken_row(ready: Typed) -> None:
    assert ready("authority", "add", "122033", "--name", "市川市").code == 0
    held = ready("verify")
    assert held.code == 0
    head = held.out.split()[-1]
    assert len(head) == 64
    assert ready("verify", "--head", head).code == 0
    assert (
        ready("verify", "--head", head[:-1]).code == 2
    )  # a slip of the pen is no reason to restore a backup
    lost = ready("verify", "--head", "0" * 64)
    assert (lost.code, "cut off its end" in lost.err) == (1, True)
    with sqlite3.connect("var/notifier.sqlite3") as kept:
        last, who, origin = kept.execute("SELECT id, who, origin FROM audit ORDER BY id DESC").fetchone()
        kept.execute("UPDATE audit SET who = 'somebody' WHERE id = ?", (last,))
    kept.close()
    assert (who, origin) == (getpass.getuser(), "command line")
    broken = ready("verify")
    assert (broken.code, f"row {last} of the audit" in broken.err) == (1, True)
