"""Loading the law from a folder: what is wrong is said with file, entry and mend."""

import shutil
from pathlib import Path

import pytest

from notifier.catalogue import load
from notifier.catalogue.loader import SHIPPED
from notifier.errors import CatalogueError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped catalogue's files that a test may spoil."""
    for path in SHIPPED.glob("*.toml"):
        shutil.copy(path, tmp_path)
    return tmp_path


def append(path: Path, text: str) -> None:
    """Write `text` at the end of the file."""
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def replace(path: Path, old: str, new: str) -> None:
    """Write `new` instead of the first `old`."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


SECOND_STATEMENT = """
[[deadline.statement]]
id = "nt-4"
notice = "rohatsu-0407-3"
place = "本文"
remark = "重複"
"""


def test_a_copy_of_the_shipped_folder_is_the_same_law(folder: Path) -> None:
    assert load(folder).deadlines == load().deadlines
    assert load(folder).statements == load().statements


def test_a_statement_that_stands_twice_is_refused(folder: Path) -> None:
    append(folder / "publicity.toml", SECOND_STATEMENT)
    with pytest.raises(CatalogueError, match=r"publicity\.toml: publicity/2026-04-07#nt-4: stands twice"):
        load(folder)


def test_a_deadline_that_stands_twice_is_refused(folder: Path) -> None:
    twice = (folder / "tech-grant-r7.toml").read_text(encoding="utf-8")
    append(folder / "tech-grant-r7.toml", twice)
    with pytest.raises(CatalogueError, match=r"tech-grant-r7/start-cpdl: stands twice"):
        load(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "facts.toml").unlink()
    with pytest.raises(CatalogueError, match=r"facts\.toml: missing"):
        load(folder)


def test_a_file_in_another_encoding_is_named(folder: Path) -> None:
    (folder / "prefecture.toml").write_bytes("[[deadline]]\nid = '期日'".encode("cp932"))
    with pytest.raises(CatalogueError, match=r"prefecture\.toml: cannot be read .* restore it as UTF-8"):
        load(folder)


@pytest.mark.parametrize(
    "file, old, new, said",
    [
        ("ladders.toml", "[[ladder]]", "[ladder", "no valid TOML"),
        ("ladders.toml", "days = [60, 30", "days = [-1, 30", "fixed: `days` must be whole numbers"),
        ("ladders.toml", "[[ladder]]", 'name = "x"\n[[ladder]]', "unknown keys"),
        ("notices.toml", 'rank = "notice"', 'rank = "gospel"', "rohatsu-0206-1: `rank` must be one of"),
        ("notices.toml", "known_from = 2026-01-20\n", "", "needs `known_from`"),
        ("notices.toml", "issued = 2025-02-06", "issued = 2025-02-06T09:00:00", "without a time of day"),
        ("services.toml", 'wage_route = "A"', 'wage_route = "C"', "11: `wage_route` must be one of"),
        ("facts.toml", 'subject = "office"', 'subject = "person"', "office.registered: `subject` must be"),
        ("facts.toml", '"operator"', '"stranger"', "`asserted_by` must name"),
        (
            "facts.toml",
            'in_order = ["opens", "due"]',
            'in_order = ["deadline", "due"]',
            "`in_order` must name days",
        ),
        ("facts.toml", '"integer", minimum = 0', '"wholes", minimum = 0', "no JSON Schema"),
        ("authorities.toml", '"121002"', '"1210"', "1210: `code` must be a 団体コード"),
        ("authorities.toml", '"municipality"', '"village"', "`kind` must be one of"),
        ("decisions.toml", "platform-subsidy/apply", "platform-subsidy/none", "no deadline is called"),
        ("platform.toml", 'id = "platform/start"', 'id = "start"', "`id` must be written family/duty"),
        ("platform.toml", 'id = "platform/start"', 'id = "other/start"', "belongs into other.toml"),
        ("platform.toml", 'modality = "required"', 'modality = "maybe"', "`modality` must be one of"),
        ("platform.toml", 'notice = "act-31-2023"', 'notice = "act-32"', "is not in notices.toml"),
        ("platform.toml", 'place = "公布', 'sits = "公布', "`place` must be a text"),
        ("platform.toml", 'outer_limit = "P4Y"', 'outer = "P4Y"', "none of the known forms"),
        ("tech-grant-r7.toml", "@care-manager", "@managers", "`concerns`: unknown group"),
        ("tech-grant-r7.toml", "concerns = {", "concerns = 3 # {", "`concerns` must be a table"),
        ("tech-grant-r7.toml", "count = 5", "count = 0", "`count` must be 1 or more"),
        (
            "tech-grant-r7.toml",
            "[[deadline.statement]]",
            "[deadline.statement]",
            "Cannot|statements are written|TOML",
        ),
    ],
)
def test_a_spoilt_entry_is_named_with_the_mend(
    folder: Path, file: str, old: str, new: str, said: str
) -> None:
    replace(folder / file, old, new)
    with pytest.raises(CatalogueError, match=said) as refused:
        load(folder)
    assert str(refused.value).startswith(file)


def test_a_single_statement_table_is_refused(folder: Path) -> None:
    path = folder / "prefecture.toml"
    text = path.read_text(encoding="utf-8")
    first = text.index("[[deadline.statement]]")
    second = text.index("[[deadline.statement]]", first + 1)
    path.write_text(text[:second].replace("[[deadline.statement]]", "[deadline.statement]"), encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"statements are written \[\[deadline\.statement\]\]"):
        load(folder)


def test_a_single_table_instead_of_a_list_of_entries_is_refused(folder: Path) -> None:
    (folder / "decisions.toml").write_text('[decision]\nid = "x"\n', encoding="utf-8")
    with pytest.raises(CatalogueError, match="two brackets"):
        load(folder)


def test_an_authority_may_have_its_own_closed_days_ladders_and_rolls(folder: Path) -> None:
    append(
        folder / "authorities.toml",
        '\n[[authority]]\ncode = "122041"\nname = "船橋市"\nkind = "municipality"\nprefecture = "120006"\n'
        'closed = [2026-06-15]\nladders = { "free-pass/apply" = "fixed" }\n'
        'rolls = { "free-pass/apply" = "next" }\n',
    )
    found = load(folder).authorities["122041"]
    assert [day.isoformat() for day in found.closed] == ["2026-06-15"]
    assert found.ladders == {"free-pass/apply": "fixed"}
    assert found.rolls == {"free-pass/apply": "next"}


def test_a_decision_is_a_statement_with_a_paper_of_its_own() -> None:
    catalogue = load()
    said = next(each for each in catalogue.statements if each.id.endswith("#decision-2026-01-21"))
    assert said.notice.rank.label == "運用担当者の判断"
    assert catalogue.notices[said.notice.id] is said.notice
    assert (said.known_from, said.target) == (said.notice.issued, said.target)
