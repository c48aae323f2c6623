"""The files that travel with the program are found in a wheel and in a checkout."""

from pathlib import Path

import pytest

from notifier.assets import folder, read_text


def test_an_installed_wheel_reads_the_folder_inside_the_package(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "notifier"
    (package / "_templates").mkdir(parents=True)
    (package.parent / "templates").mkdir()

    assert folder("templates", package) == package / "_templates"


def test_a_checkout_reads_the_folder_beside_the_package(tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()

    assert folder("migrations", tmp_path / "notifier") == tmp_path / "migrations"


def test_the_program_finds_its_own_templates_and_migrations() -> None:
    assert folder("templates").is_dir()
    assert folder("migrations").is_dir()


def test_a_broken_installation_names_both_places(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        folder("templates", tmp_path / "notifier")

    assert str(tmp_path / "notifier" / "_templates") in str(caught.value)
    assert str(tmp_path / "templates") in str(caught.value)


def test_text_is_read_as_utf8(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "subject.txt").write_text("期限", encoding="utf-8")

    assert read_text("templates", "subject.txt", tmp_path / "notifier") == "期限"
