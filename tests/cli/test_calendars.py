import io
from pathlib import Path

import pytest

from tests.cli.conftest import Typed

OFFICE = "1270001005"
LIST = f"事業所番号,事業所名,サービス種類,メールアドレス\n{OFFICE},ケアプランセンター,43,a@one.example\n"


@pytest.fixture
def ready(typed: Typed, tables: None, tmp_path: Path) -> Typed:
    """Commands on a database that is up to date and knows one office of 千葉市."""
    file = tmp_path / "offices.csv"
    file.write_text(LIST, encoding="utf-8")
    done = typed("offices", "import", file, "--municipality", "121002")
    assert done.code == 0, done.err
    return typed


def test_an_address_is_shown_once_listed_without_its_secret_and_revoked(ready: Typed) -> None:
    made = ready("calendar", "create", "--office", OFFICE, "--label", "管理者の電話")
    assert (made.code, made.err) == (0, "")
    plain, webcal = made.out.split()
    assert plain.startswith("http://127.0.0.1:8080/calendar/cal_")
    assert webcal == plain.replace("http://", "webcal://")
    name, secret, _ = plain.rpartition("/")[2].split(".")
    listed = ready("calendar", "list").out
    assert secret not in listed
    assert all(each in listed for each in (name, "事業所", OFFICE, "有効", "管理者の電話"))
    # Whoever pastes the whole address means the calendar.
    assert ready("calendar", "revoke", webcal, "--yes").out == f"{name} is revoked.\n"
    assert "取消" in ready("calendar", "list").out
    again = ready("calendar", "revoke", name, "--yes")
    assert (again.code, "revoked before" in again.err) == (1, True)


def test_calendars_of_contacts_and_authorities_are_given_out_without_naming_a_person(ready: Typed) -> None:
    assert ready("calendar", "create", "--contact", "a@one.example").code == 0
    assert ready("calendar", "create", "--authority", "121002").code == 0
    listed = ready("calendar", "list").out
    assert "自治体" in listed
    assert "宛先" in listed
    assert "a@one.example" not in listed


def test_an_address_is_not_revoked_unless_somebody_says_yes(
    ready: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = ready("calendar", "create", "--office", OFFICE).out.split()[0]
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert ready("calendar", "revoke", address).code == 130
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert ready("calendar", "revoke", address).code == 0


@pytest.mark.parametrize(
    "arguments, code, told",
    [
        ((), 2, "name one of"),
        (("--office", OFFICE, "--authority", "121002"), 2, "name one of"),
        (("--office", "1270009999"), 1, "no such office"),
        (("--authority", "999999"), 1, "no such authority"),
        (("--contact", "b@one.example"), 1, "no office is reached"),
        (("--office", OFFICE, "--label", "a\nb"), 1, "one line"),
    ],
)
def test_an_address_that_makes_no_sense_is_refused_with_the_reason(
    ready: Typed, arguments: tuple[str, ...], code: int, told: str
) -> None:
    done = ready("calendar", "create", *arguments)
    assert (done.code, done.out) == (code, "")
    assert told in done.err


def test_an_unknown_calendar_cannot_be_revoked(ready: Typed) -> None:
    done = ready("calendar", "revoke", "cal_000000000000", "--yes")
    assert done.code == 1
    assert "`notifier calendar list`" in done.err
