"""The papers: what they point at is there, and what they list is all there is."""

import re
import struct
import tomllib
from pathlib import Path

import pytest

from notifier.cli.program import app
from notifier.domain.ladders import Occasion
from notifier.domain.obligations import State
from notifier.running import STEPS

TOP = Path(__file__).resolve().parents[1]
PAPERS = sorted([*TOP.glob("*.md"), *(TOP / "ops" / "decisions").glob("*.md"), TOP / "ops" / "runbook.md"])
LARGEST_PICTURE = 200_000


def text_of(name: str) -> str:
    return (TOP / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.name)
def test_every_link_inside_the_repository_leads_somewhere(paper: Path) -> None:
    text = paper.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#\s]+)", text) + re.findall(r'src="([^"]+)"', text)
    inside = [each for each in links if not each.startswith(("http://", "https://"))]
    assert [each for each in inside if not (paper.parent / each).exists()] == []


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.name)
def test_every_file_and_test_that_is_named_exists(paper: Path) -> None:
    missing = []
    for name, test in re.findall(
        r"`((?:tests|ops|migrations)/[\w/.-]+)(?:::(\w+))?`", paper.read_text("utf-8")
    ):
        path = TOP / name
        if not path.exists() or (test and f"def {test}(" not in path.read_text(encoding="utf-8")):
            missing.append(f"{name}::{test}")
    assert missing == []


def test_the_readme_lists_every_command_and_no_other() -> None:
    alone = {each.name or getattr(each.callback, "__name__", "") for each in app.registered_commands}
    grouped = {
        f"{group.name} {each.name or getattr(each.callback, '__name__', '')}"
        for group in app.registered_groups
        if group.typer_instance is not None
        for each in group.typer_instance.registered_commands
    }
    groups = {name.split()[0] for name in grouped}
    rows = re.findall(r"^\| `notifier ([a-z]+)(?: ([a-z-]+))?", text_of("README.md"), re.MULTILINE)
    told = {f"{first} {second}" if first in groups else first for first, second in rows}
    assert told == alone | grouped


def test_the_readme_counts_the_shipped_law_rightly() -> None:
    folder = TOP / "notifier" / "catalogue"
    files = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.toml"))]
    deadlines = [each for file in files for each in file.get("deadline", [])]
    decisions = [each for file in files for each in file.get("decision", [])]
    notices = [each for file in files for each in file.get("notice", [])]
    parts = [each for notice in notices for each in notice.get("part", [])]
    statements = sum(len(each.get("statement", [])) for each in deadlines) + len(decisions)
    papers = len(notices) + len(parts) + len(decisions)
    said = f"{len(deadlines)} deadlines and {statements} statements from {papers} notices"
    assert said in text_of("README.md")


def test_the_architecture_draws_the_floors_that_are_held() -> None:
    contracts = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["id"] == "floors")
    held = [re.sub(r"[()]", "", each) for each in layers]
    drawing = text_of("ARCHITECTURE.md").split("## The floors")[1].split("```")[1]
    assert [re.split(r"\s{2,}", line)[0] for line in drawing.strip().splitlines()] == held


def test_the_glossary_names_every_occasion_state_and_step() -> None:
    glossary = text_of("GLOSSARY.md")
    words = [each.value.replace("-", " ") for each in (*Occasion, *State)]
    assert [word for word in words if f"| {word} |" not in glossary] == []
    assert [step for step in STEPS if step not in glossary] == []


def test_every_picture_is_a_small_png_that_the_readme_or_the_manual_shows() -> None:
    pictures = sorted((TOP / "ops").glob("**/*.png"))
    chapters = sorted((TOP / "ops" / "manual").glob("*.md"))
    shown = text_of("README.md") + "".join(each.read_text(encoding="utf-8") for each in chapters)
    assert pictures
    for picture in pictures:
        content = picture.read_bytes()
        assert content[:8] == b"\x89PNG\r\n\x1a\n"
        assert len(content) <= LARGEST_PICTURE
        assert struct.unpack(">I", content[16:20])[0] <= 1200
        assert picture.name in shown


def test_decisions_are_numbered_without_a_gap_and_tell_why() -> None:
    records = sorted((TOP / "ops" / "decisions").glob("*.md"))
    assert [int(each.name[:4]) for each in records] == list(range(1, len(records) + 1))
    for record in records:
        headings = re.findall(r"^## (.+)$", record.read_text(encoding="utf-8"), re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"]
