"""A skip cannot hide: in CI a skipped test, or a kind of test that never ran, fails the run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]

PASSING = "import pytest\n@pytest.mark.{}\ndef test_it(): pass\n"
SKIPPING = "import pytest\ndef test_it(): pytest.{}('no such thing here')\n"
LEAVING_OUT_A_MODULE = "import pytest\npytest.import" + "or{}('a_module_nobody_has')\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project of two passing tests, of both required kinds, under the rules of this one."""
    markers = '[tool.pytest.ini_options]\nmarkers = ["pg", "browser"]\ntestpaths = ["tests"]\n'
    (tmp_path / "pyproject.toml").write_text(markers)
    (tmp_path / "tests").mkdir()
    for kind in ("pg", "browser"):
        (tmp_path / "tests" / f"test_{kind}.py").write_text(PASSING.format(kind))
    return tmp_path


def outcome(project: Path, *arguments: str, ci: bool = True) -> tuple[int, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CI", "COV", "PYTEST"))}
    surroundings = kept | {"PYTHONPATH": str(TOP), "CI": "true" if ci else "false"}
    command = (sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", *arguments)
    done = subprocess.run(command, cwd=project, env=surroundings, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_a_complete_run_passes(project: Path) -> None:
    assert outcome(project)[0] == 0


@pytest.mark.parametrize("body", [SKIPPING.format("skip"), LEAVING_OUT_A_MODULE.format("skip")])
def test_a_skip_fails_in_ci_and_passes_at_home(project: Path, body: str) -> None:
    (project / "tests" / "test_more.py").write_text(body)

    status, said = outcome(project)
    assert status == 1
    assert "A skip is a failure here: tests/test_more.py" in said
    assert outcome(project, ci=False)[0] == 0


def test_a_kind_of_test_that_never_ran_fails_the_whole_run_but_not_a_part_of_it(project: Path) -> None:
    (project / "tests" / "test_browser.py").unlink()

    status, said = outcome(project)
    assert status == 1
    assert "No test marked 'browser' has run and passed" in said
    assert outcome(project, "tests/test_pg.py")[0] == 0
    assert outcome(project, "-k", "it")[0] == 0
