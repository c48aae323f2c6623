import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import TOP, Typed

PATIENCE = 60
"""Seconds until a program that does not answer fails its test."""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def running(*arguments: str, folder: Path, port: int = 0) -> Iterator[subprocess.Popen[str]]:
    surroundings = os.environ | {"PYTHONPATH": str(TOP), "NOTIFIER_LOG_FORMAT": "json"}
    if port:
        surroundings["NOTIFIER_HTTP_PORT"] = str(port)
    command = [sys.executable, "-m", "notifier", *arguments]
    with subprocess.Popen(
        command, cwd=folder, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def stopped(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(PATIENCE)


def answer(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE) as response:
        text: str = response.read().decode()
        return text


def test_up_runs_everything_on_a_machine_with_nothing_set_and_stops_when_told(tmp_path: Path) -> None:
    port = free_port()
    with running("up", folder=tmp_path, port=port) as process:
        assert first_line(process) == f"notifier: http://127.0.0.1:{port}\n"
        assert answer(f"http://127.0.0.1:{port}/healthz") == "ok\n"
        assert "<html" in answer(f"http://127.0.0.1:{port}/")
        assert stopped(process) == 0
    assert (tmp_path / "var" / "notifier.sqlite3").is_file()


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port: int = taken.getsockname()[1]
        with running("up", folder=tmp_path, port=port) as process:
            assert process.wait(PATIENCE) == 1
            assert process.stderr is not None
            last = process.stderr.read().splitlines()[-1]
    assert last.startswith(f"notifier: 127.0.0.1:{port} cannot be listened on")
    assert "NOTIFIER_HTTP_PORT" in last


def test_the_door_and_the_workers_run_apart(typed: Typed, tmp_path: Path) -> None:
    assert typed("migrate").code == 0
    port = free_port()
    with (
        running("serve", folder=tmp_path, port=port) as door,
        running("work", folder=tmp_path) as workers,
    ):
        assert first_line(door) == f"notifier: http://127.0.0.1:{port}\n"
        assert answer(f"http://127.0.0.1:{port}/healthz") == "ok\n"
        assert '"event": "working"' in workers.stderr.readline()  # type: ignore[union-attr]
        assert (stopped(door), stopped(workers)) == (0, 0)


@pytest.mark.parametrize("command", ["serve", "work"])
def test_neither_starts_on_a_database_that_is_not_migrated(command: str, typed: Typed) -> None:
    done = typed(command)
    assert (done.code, done.out) == (1, "")
    assert "run `notifier migrate` first" in done.err


def test_many_processes_on_one_file_are_refused_with_the_way_out(typed: Typed) -> None:
    done = typed("work", "--processes", "2")
    assert (done.code, done.out) == (1, "")
    assert "NOTIFIER_DATABASE_URL" in done.err


@pytest.mark.pg
def test_many_processes_on_one_server_stop_together(
    typed: Typed, empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NOTIFIER_DATABASE_URL", empty_postgres_url)
    assert typed("migrate").code == 0
    monkeypatch.setenv("NOTIFIER_LOG_LEVEL", "info")
    with running("work", "--processes", "2", folder=tmp_path) as process:
        assert process.stderr is not None
        seen = [process.stderr.readline() for _ in range(2)]
        assert all('"event": "working"' in line for line in seen), seen
        assert stopped(process) == 0
