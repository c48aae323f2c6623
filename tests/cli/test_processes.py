import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.conftest import TOP

DRIVER = """
import asyncio, sys
from notifier import log
from notifier.cli.processes import run_many
log.set_up()
sys.exit(asyncio.run(run_many([[sys.executable, "-c", sys.argv[1]]] * 2)))
"""
OBEDIENT = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
os.write(1, b"ready\\n")
signal.pause()
"""
SLOPPY = OBEDIENT.replace("sys.exit(0)", "sys.exit(9)")
SHORT_LIVED = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b"stopped\\n"), sys.exit(0)))
try:
    os.close(os.open("first", os.O_CREAT | os.O_EXCL))
    first = True
except FileExistsError:
    first = False
if first:
    while not os.path.exists("second"):
        pass
    sys.exit(3)
os.close(os.open("second", os.O_CREAT))
signal.pause()
"""


@contextmanager
def driver(child: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    surroundings = os.environ | {"PYTHONPATH": str(TOP)}
    command = [sys.executable, "-c", DRIVER, child]
    with subprocess.Popen(
        command, cwd=folder, env=surroundings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def first_lines(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline() for _ in range(count)]


def test_a_stop_is_handed_on_and_all_end_well(tmp_path: Path) -> None:
    with driver(OBEDIENT, tmp_path) as process:
        assert first_lines(process, 2) == ["ready\n", "ready\n"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_process_that_ends_badly_when_stopped_is_told(tmp_path: Path) -> None:
    with driver(SLOPPY, tmp_path) as process:
        first_lines(process, 2)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 1


def test_when_one_process_ends_by_itself_the_others_are_stopped_and_its_code_counts(tmp_path: Path) -> None:
    with driver(SHORT_LIVED, tmp_path) as process:
        assert first_lines(process, 1) == ["stopped\n"]
        assert process.wait(20) == 3
        assert process.stderr is not None
        assert "a process ended by itself" in process.stderr.read()
