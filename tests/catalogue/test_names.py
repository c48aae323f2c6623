"""The names by which deadlines are recognised."""

from pathlib import Path

import pytest

from notifier.catalogue import load
from notifier.catalogue.names import load_names
from notifier.errors import CatalogueError


def test_every_name_is_of_a_family_or_a_deadline_that_exists() -> None:
    deadlines = load().deadlines
    known = {*deadlines, *(each.family for each in deadlines.values())}
    assert set(load_names()) - known == set()


@pytest.mark.parametrize(
    "written", ['of = "free-pass"', 'of = "free-pass"\nwords = [1]', 'names = ["フリーパス"]']
)
def test_an_entry_that_says_nothing_is_refused(tmp_path: Path, written: str) -> None:
    file = tmp_path / "names.toml"
    file.write_text(f"[[name]]\n{written}\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"names\.toml"):
        load_names(file)
