"""The commands as someone types them, in an empty folder and with nothing set."""

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from notifier.cli.program import run
from notifier.settings import KEPT
from tests.plain_log import log_plainly

TOP = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str


Typed = Callable[..., Outcome]


def _forget_settings(patch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in [name for name in os.environ if name.startswith("NOTIFIER_")]:
        patch.delenv(name)
    patch.chdir(folder)


@contextmanager
def _log_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    log_plainly()


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the test run reaches the program, and no file of the repository is near."""
    _forget_settings(monkeypatch, tmp_path)


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """A command sets the log up; the tests after it get theirs back."""
    with _log_as_before():
        yield


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database that `notifier migrate` makes in an empty folder, to be copied."""
    folder = tmp_path_factory.mktemp("founded")
    with pytest.MonkeyPatch.context() as patch, _log_as_before():
        _forget_settings(patch, folder)
        assert run(["migrate"]) == 0
    return folder / KEPT


@pytest.fixture
def tables(nothing_set: None, founded: Path) -> None:
    """The database of this folder, as `notifier migrate` leaves it."""
    shutil.copytree(founded, KEPT)


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Typed:
    """Run a command inside this process."""

    def type_in(*arguments: str | Path) -> Outcome:
        code = run([str(each) for each in arguments])
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return type_in


@pytest.fixture
def started(tmp_path: Path) -> Typed:
    """Run a command as a program of its own."""

    def start(*arguments: str | Path) -> Outcome:
        surroundings = os.environ | {"PYTHONPATH": str(TOP)}
        command = [sys.executable, "-m", "notifier", *map(str, arguments)]
        done = subprocess.run(
            command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=False
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return start
