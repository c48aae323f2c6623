"""The API keeps what its description promises, tried by a program that others wrote: schemathesis.

It sends what the description allows and what it does not, and looks whether the answers are those it names. The same
cases are tried each time.
"""

import asyncio
import os
import sys
from pathlib import Path
from shutil import copyfile

import pytest

from tests.web.country import Country, country

EXAMPLES = 2
SEED = 20260121
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")


async def tried(land: Country, who: str, folder: Path, *more: str) -> tuple[int, str]:
    """Let schemathesis try every call with the key of `who`; returns its exit code and what it says."""
    command = [
        *(
            sys.executable,
            "-m",
            "schemathesis.cli",
            "--config-file",
            str(CONFIGURATION),
            "run",
            f"{land.address}/v1/openapi.json",
        ),
        *("--header", f"Authorization: Bearer {land.keys[who]}"),
        *("--phases", "coverage,fuzzing", "--mode", "all"),
        *("--max-examples", str(EXAMPLES), "--seed", str(SEED), "--generation-deterministic", "--no-shrink"),
        *("--exclude-path", "/v1/feed"),  # it waits until something happens
        *("--workers", "1", "--no-color", "--continue-on-failure"),
        *more,
    ]
    surroundings = {"PATH": os.environ["PATH"], "HOME": str(folder), "COLUMNS": "120"}
    running = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=surroundings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await running.communicate()
    return running.returncode or 0, said.decode()


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_schemathesis_finds_nothing(sqlite_template: Path, tmp_path: Path) -> None:
    file = copyfile(sqlite_template, tmp_path / "notifier.sqlite3")
    async with country(f"sqlite+aiosqlite:///{file}") as land:
        code, said = await tried(land, "operator", tmp_path)
        assert code == 0, said
