"""`notifier evidence` and `notifier verify FILE`: sealed here, checked anywhere."""

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Typed

OFFICE = "1270000001"
LIST = f"事業所番号,事業所名,サービス種類,メールアドレス\n{OFFICE},ケアプランA,43,a@example.jp\n"


@pytest.fixture
def enlisted(typed: Typed, tables: None, tmp_path: Path) -> Typed:
    """Commands on a database with one office."""
    file = tmp_path / "offices.csv"
    file.write_text(LIST, encoding="utf-8")
    assert typed("offices", "import", file, "--municipality", "121002").code == 0
    return typed


def test_a_pack_is_made_once_and_verified_where_there_is_no_database(
    enlisted: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = enlisted("evidence", OFFICE)
    assert (made.code, made.err) == (0, "")
    (public,) = re.findall(r"whpk_\S+", made.out)
    assert "is there already" in enlisted("evidence", OFFICE).err
    file = Path(f"evidence-{OFFICE}.zip").resolve()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    held = enlisted("verify", file, "--key", public)
    assert (held.code, held.err) == (0, "")
    assert f"office {OFFICE}" in held.out
    assert not list(elsewhere.iterdir())
    assert "compare it" in enlisted("verify", file).out
    foreign = enlisted("verify", file, "--key", "whpk_" + "A" * 43 + "=")
    assert (foreign.code, "sealed with another key" in foreign.err) == (1, True)


def test_a_pack_with_one_changed_byte_is_refused_in_one_line(enlisted: Typed) -> None:
    assert enlisted("evidence", OFFICE, "--output", "pack.zip").code == 0
    kept = bytearray(Path("pack.zip").read_bytes())
    place = kept.index("ケアプランA".encode())
    kept[place] ^= 1
    Path("pack.zip").write_bytes(kept)
    refused = enlisted("verify", "pack.zip")
    assert (refused.code, refused.out, len(refused.err.splitlines())) == (1, "", 1)
    assert "Do not rely on it" in refused.err


def test_of_an_office_that_is_not_there_or_not_theirs_nothing_is_made(enlisted: Typed) -> None:
    assert "no such office" in enlisted("evidence", "9999999999").err
    assert "no such office" in enlisted("evidence", OFFICE, "--authority", "271004").err
    assert not list(Path().glob("*.zip"))
    missing = enlisted("verify", "nothing.zip")
    assert (missing.code, len(missing.err.splitlines())) == (1, 1)
