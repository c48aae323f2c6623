"""Where databases of tests stand: in memory where the machine has room, for files cost a test a quarter of its time.

What a killed run has left there is removed by the next one.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")
NEEDED = 4 * 1024**3
"""Bytes that must be free, of the place and of the machine's memory; a run of four processes uses about one billion."""
PREFIX = "notifier-tests-"
OLD = 3600
"""Seconds after which a run is over."""


@contextmanager
def quick_place(disk: Path | None = None, memory: Path = MEMORY, needed: int = NEEDED) -> Iterator[Path]:
    """A folder that is removed at the end: in memory, else in `disk`, else where temporary files belong."""
    place: Path | None = disk
    if _has_room(memory, needed):
        place = memory
        _sweep(memory)
    prefix = f"{PREFIX}{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=place, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _has_room(memory: Path, needed: int) -> bool:
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        return False
    return min(shutil.disk_usage(memory).free, _free_memory()) > needed


def _free_memory() -> int:
    """Bytes of memory that programs may still take, as Linux tells them; elsewhere 0."""
    told = Path("/proc/meminfo")
    lines = told.read_text(encoding="ascii").splitlines() if told.exists() else []
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))


def _sweep(memory: Path) -> None:
    for folder in memory.glob(f"{PREFIX}*"):
        process = folder.name.removeprefix(PREFIX).partition("-")[0]
        # Another container may share the place: its processes cannot be seen from here.
        is_old = time.time() - folder.stat().st_mtime > OLD
        if is_old and process.isdecimal() and not Path("/proc", process).exists():
            shutil.rmtree(folder, ignore_errors=True)
