"""The program as someone installs it: a wheel in a clean environment, far from the repository."""

import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[1]
LISTS = TOP / "ops" / "requirements"
SCENARIO = TOP / "tests" / "scenarios" / "office_c.yaml"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def run(*command: str | Path, folder: Path) -> str:
    """Run a program without this run's settings and paths, and return what it printed."""
    steering = ("COV", "PYTHON", "NOTIFIER_", "VIRTUAL_ENV")
    surroundings = {key: value for key, value in os.environ.items() if not key.startswith(steering)}
    done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout


def shipped(room: str) -> Iterator[str]:
    """The files of a room of the repository, relative to it, as they have to travel."""
    for path in (TOP / room).rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
            yield path.relative_to(TOP / room).as_posix()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel, built from the unpacked sdist as a distributor would."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, folder=TOP)
    unpacked = tmp_path_factory.mktemp("unpacked")
    run("tar", "-xzf", next(folder.glob("*.tar.gz")), folder=unpacked)
    source = next(unpacked.iterdir())
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, folder=source)
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a clean environment with the wheel and the pinned packages."""
    environment = tmp_path_factory.mktemp("clean") / "venv"
    uv = Path(sys.executable).with_name("uv")
    install = (uv, "pip", "install", "-q", "--python", environment / "bin" / "python")
    run(uv, "venv", "-q", "--python", sys.executable, environment, folder=environment.parent)
    run(*install, "--require-hashes", "-r", LISTS / "run.txt", folder=environment.parent)
    run(*install, "--no-deps", next(built.glob("*.whl")), folder=environment.parent)
    return environment / "bin"


def test_the_wheel_carries_program_templates_migrations_and_law(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    wanted = {f"notifier/{name}" for name in shipped("notifier")}
    wanted |= {f"notifier/_templates/{name}" for name in shipped("templates")}
    wanted |= {f"notifier/_migrations/{name}" for name in shipped("migrations")}

    assert sorted(wanted - names) == []
    assert {"notifier/py.typed", "notifier/clock.py"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"notifier"}


def test_the_sdist_carries_what_is_needed_to_build_and_test(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    wanted = {
        f"{room}/{name}"
        for room in ("notifier", "templates", "migrations", "tests")
        for name in shipped(room)
    }

    assert sorted(wanted - names) == []
    assert {"pyproject.toml", "Makefile", "LICENSE", "README.md", "ops/requirements/test.txt"} <= names
    assert [name for name in names if "site-packages" in name or "node_modules" in name] == []


def test_an_installed_program_checks_itself(installed: Path, tmp_path: Path) -> None:
    assert run(installed / "notifier", "check", folder=tmp_path)


def test_an_installed_program_simulates_the_same_bytes_twice(installed: Path, tmp_path: Path) -> None:
    command = (installed / "notifier", "simulate", SCENARIO, "--format", "jsonl")
    first = run(*command, folder=tmp_path)

    assert '"occasion"' in first
    assert first == run(*command, folder=tmp_path)


def test_the_installed_program_is_the_same_as_a_module(installed: Path, tmp_path: Path) -> None:
    assert "simulate" in run(installed / "python", "-m", "notifier", "--help", folder=tmp_path)
