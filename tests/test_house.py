"""The house and its habits: what DESIGN calls rules is held here by machines."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest

from notifier.catalogue.holidays import PROCLAIMED_THROUGH
from notifier.clock import SystemClock, civil_date
from notifier.settings import settings_table

TOP = Path(__file__).resolve().parents[1]
ROOMS = ("notifier", "migrations", "ops", "tests")
LONGEST_MODULE = 400
# Words that say nothing about what is inside.
EMPTY_WORDS = {
    "util",
    "utils",
    "helper",
    "helpers",
    "common",
    "base",
    "manager",
    "managers",
    "data",
    "info",
    "misc",
}
ALLOWED_LICENCES = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software|Unlicense|0BSD|Zlib|CC0", re.IGNORECASE
)
FORBIDDEN_LICENCES = re.compile(r"\b[AL]?GPL|General Public|\bMPL|Mozilla|SSPL|BUSL", re.IGNORECASE)


def modules(*rooms: str) -> list[Path]:
    """The Python files of `rooms`, relative to the top of the repository."""
    return sorted(path.relative_to(TOP) for room in rooms for path in (TOP / room).rglob("*.py"))


def lines_of(*rooms: str) -> Iterator[tuple[str, str]]:
    for path in modules(*rooms):
        for number, line in enumerate((TOP / path).read_text(encoding="utf-8").splitlines(), 1):
            yield f"{path}:{number}", line


# --- the tools ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "format", "--check"),
        ("ruff", "check"),
        ("mypy",),
        ("lint-imports", "--no-logo"),
        ("deptry", "."),
    ],
    ids=["format", "lint", "types", "floors", "dependencies"],
)
def test_the_tools_find_nothing(command: tuple[str, ...]) -> None:
    program = Path(sys.executable).with_name(command[0])
    surroundings = {key: value for key, value in os.environ.items() if not key.startswith("COV")}
    done = subprocess.run(
        [program, *command[1:]], cwd=TOP, env=surroundings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def test_every_rule_that_is_switched_off_has_a_reason() -> None:
    text = (TOP / "pyproject.toml").read_text(encoding="utf-8")
    section = text.split("[tool.ruff.lint]")[1].split("[tool.ruff.lint.flake8-tidy-imports]")[0]
    unexplained = [line for line in section.splitlines() if re.match(r'\s+"[A-Z]+\d*",?\s*$', line)]
    assert unexplained == []


def test_every_exception_in_the_source_has_a_code_and_a_reason() -> None:
    exception = re.compile(r"#\s*(noqa|type:\s*ignore)(?!.*#\s*\w|:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*\s+\S)")
    assert [
        place for place, line in lines_of("notifier", "migrations", "ops") if exception.search(line)
    ] == []


# --- the shape ---------------------------------------------------------------------------------------------


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    written = modules("notifier", "migrations", "ops")
    sizes = {path: len((TOP / path).read_text(encoding="utf-8").splitlines()) for path in written}
    assert {str(path): size for path, size in sizes.items() if size > LONGEST_MODULE} == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path)
        for path in modules("notifier", "ops")
        if not ast.get_docstring(ast.parse((TOP / path).read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_no_module_is_named_with_an_empty_word() -> None:
    named = [
        path for path in modules(*ROOMS) if EMPTY_WORDS & set(re.split(r"[_/]", str(path.with_suffix(""))))
    ]
    assert named == []


def test_every_folder_of_the_program_is_a_package() -> None:
    folders = {path.parent for path in modules("notifier")}
    assert [str(folder) for folder in sorted(folders) if not (TOP / folder / "__init__.py").is_file()] == []


def test_nothing_is_left_for_later() -> None:
    later = re.compile(
        "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "pragma: " + "no cover", "NotImplemented" + "Error"))
    )
    assert [place for place, line in lines_of(*ROOMS) if later.search(line)] == []


def test_no_test_skips_itself() -> None:
    skip = re.compile(r"(mark\.|pytest\.)(skip|skipif|importorskip)\b".replace("skip", "sk" + "ip"))
    assert [place for place, line in lines_of("tests") if skip.search(line)] == []


# --- what we take from others ------------------------------------------------------------------------------


def test_no_list_of_packages_names_a_host() -> None:
    lists = [*(TOP / "ops" / "requirements").glob("*.txt"), *(TOP / "ops" / "npm").glob("*.json")]
    naming = [
        path.name for path in lists if re.search(r"https?://|resolved", path.read_text(encoding="utf-8"))
    ]
    settings = (TOP / "pyproject.toml").read_text(encoding="utf-8")
    assert (len(lists), naming) == (6, [])
    assert re.findall(r"tool\.uv\.index|index-url|https?://", settings) == []


def test_every_package_in_the_lists_is_pinned_by_version_and_hash() -> None:
    for path in (TOP / "ops" / "requirements").glob("*.txt"):
        text = re.sub(r"\\\n", " ", path.read_text(encoding="utf-8"))
        loose = [line for line in text.splitlines() if "==" not in line or "--hash=sha256:" not in line]
        assert (path.name, loose) == (path.name, [])


def test_the_lists_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    asked = {
        "run": project["project"]["dependencies"],
        "test": project["project"]["dependencies"]
        + [each for each in groups["dev"] if isinstance(each, str)],
        "bootstrap": groups["bootstrap"],
        "browser": groups["browser"],
    }
    for name, wanted in asked.items():
        text = (TOP / "ops" / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        locked = {line.split()[0] for line in text.splitlines() if line[:1].isalnum()}
        pins = {re.sub(r"\[.*?\]|;.*", "", each).strip().lower() for each in wanted}
        assert (name, pins - locked) == (name, set())


def test_what_runs_in_production_has_a_permissive_licence() -> None:
    text = (TOP / "ops" / "requirements" / "run.txt").read_text(encoding="utf-8")
    doubtful = {}
    for line in text.splitlines():
        # A marker says that the package belongs to another system than this one.
        if (found := re.match(r"([\w.-]+)==", line)) and ";" not in line:
            metadata = distribution(found[1]).metadata
            words = [metadata["License-Expression"] or "", metadata["License"] or ""]
            words += [each for each in metadata.get_all("Classifier") or [] if each.startswith("License")]
            said = " ".join(words)[:300]
            if not ALLOWED_LICENCES.search(said) or FORBIDDEN_LICENCES.search(said):
                doubtful[found[1]] = said
    assert doubtful == {}


# --- what must not grow old --------------------------------------------------------------------------------


def test_the_holidays_of_the_coming_year_are_known() -> None:
    # The gazette announces the next year's equinoxes each February; from March on we must have them.
    today = civil_date(SystemClock().now())
    assert today.year + (today.month >= 3) <= PROCLAIMED_THROUGH.year


# --- the law as data ----------------------------------------------------------------------------------------


def test_every_statement_of_the_law_cites_a_notice_and_the_place_in_it() -> None:
    folder = TOP / "notifier" / "catalogue"
    files = {path.name: tomllib.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.toml")}
    cited = {
        notice["id"] + part
        for notice in files["notices.toml"]["notice"]
        for part in ("", *(f"/{each['id']}" for each in notice.get("part", [])))
    }
    statements = [
        (f"{deadline['id']}#{statement.get('id')}", statement.get("notice"), statement.get("place"))
        for name in files
        for deadline in files[name].get("deadline", [])
        for statement in deadline.get("statement", [])
    ]
    assert statements
    assert [name for name, notice, place in statements if notice not in cited or not place] == []


# --- papers that must agree with the program ---------------------------------------------------------------


def test_the_readme_shows_exactly_the_settings() -> None:
    assert settings_table() in (TOP / "README.md").read_text(encoding="utf-8")


def test_the_architecture_lists_exactly_the_modules() -> None:
    text = (TOP / "ARCHITECTURE.md").read_text(encoding="utf-8")
    there = {str(path.relative_to("notifier")) for path in modules("notifier") if path.name != "__init__.py"}
    told = {
        path.removeprefix("notifier/")
        for path in re.findall(r"`((?!tests/|ops/|migrations/)[\w/]+\.py)`", text)
    }
    assert (sorted(there - told), sorted(told - there)) == ([], [])
