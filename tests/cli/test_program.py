import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import TOP, Typed

COMMANDS = [
    ["up"],
    ["serve"],
    ["work"],
    ["migrate"],
    ["check"],
    ["simulate"],
    ["explain"],
    ["offices"],
    ["offices", "import"],
    ["catalogue"],
    ["catalogue", "list"],
    ["catalogue", "show"],
    ["catalogue", "lint"],
    ["catalogue", "diff"],
]
NOBODY_THERE = "postgresql+asyncpg://me:hush@127.0.0.1:1/notifier"


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: list[str], typed: Typed) -> None:
    said = typed(*command, "--help")
    assert (said.code, said.err) == (0, "")
    assert "Usage: notifier " + " ".join(command) in said.out


def test_typing_the_name_alone_shows_the_help(typed: Typed) -> None:
    assert typed() == typed("--help")
    assert typed().code == 0


@pytest.mark.parametrize(
    "arguments,said",
    [
        (["bogus"], "notifier: No such command 'bogus'. See `notifier --help`.\n"),
        (["simulate"], "notifier: Missing argument 'SCENARIO'. See `notifier simulate --help`.\n"),
        (["migrate", "--never"], "notifier: No such option: --never. See `notifier migrate --help`.\n"),
        (
            ["simulate", "x.yaml", "--from", "soon"],
            (
                "notifier: Invalid value for '--from': 'soon' is no date; write it as 2026-03-06. "
                "See `notifier simulate --help`.\n"
            ),
        ),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_a_usage_error_is_one_line_and_code_two(arguments: list[str], said: str, typed: Typed) -> None:
    done = typed(*arguments)
    assert (done.code, done.out, done.err) == (2, "", said)


def test_a_failure_is_one_line_and_code_one_without_the_password(
    started: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFIER_DATABASE_URL", NOBODY_THERE)
    done = started("migrate")
    assert (done.code, done.out) == (1, "")
    assert done.err.count("\n") == 1
    assert done.err.startswith("notifier: the database postgresql+asyncpg://me:***@127.0.0.1:1/notifier")
    assert "hush" not in done.err


def test_debug_shows_the_traceback_wherever_it_stands(
    started: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFIER_HTTP_PORT", "eighty")
    assert "Traceback" not in started("migrate").err
    for done in (started("migrate", "--debug"), started("--debug", "migrate")):
        assert done.code == 1
        assert "Traceback" in done.err
        assert done.err.splitlines()[-1].startswith("notifier: NOTIFIER_HTTP_PORT: ")


def test_a_misspelt_setting_stops_the_program(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFIER_SMPT_HOST", "relay")
    done = typed("migrate")
    assert done.code == 1
    assert done.err == (
        "notifier: NOTIFIER_SMPT_HOST in the environment is no setting of this program; "
        "did you mean NOTIFIER_SMTP_HOST?\n"
    )
    assert not Path("var").exists()


def test_a_reader_that_has_seen_enough_is_no_fault(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "notifier", "catalogue", "diff", "2025-01-01", "2026-11-01"]
    surroundings = os.environ | {"PYTHONPATH": str(TOP)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "notifier", "catalogue", "list"]
    surroundings = os.environ | {"PYTHONPATH": str(TOP)}
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=surroundings,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith("notifier: No space left on device")


def test_the_help_loads_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys; from notifier.cli.program import run; run(['--help']); "
        "heavy = {'aiohttp', 'alembic', 'holidays', 'jinja2', 'pydantic', 'sqlalchemy', 'structlog'}; "
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    surroundings = os.environ | {"PYTHONPATH": str(TOP)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path, env=surroundings, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == "[]\n"


def test_the_program_tells_its_version(typed: Typed) -> None:
    done = typed("--version")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("notifier")
