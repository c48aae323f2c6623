"""Figures: how long something took, what it cost in processor time, how much memory it held at most."""

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Taken:
    """What a piece of work took: seconds on the wall, of this process and of the processes watched."""

    elapsed: float = 0.0
    own: float = 0.0
    watched: float = 0.0

    @property
    def cost(self) -> float:
        """Seconds of processor time altogether."""
        return self.own + self.watched


@contextmanager
def measured(*watched: int) -> Iterator[Taken]:
    """Measure what happens inside; `watched` are processes (ids), counted with their children."""
    taken = Taken()
    elapsed, own, others = time.perf_counter(), time.process_time(), _used(watched)
    try:
        yield taken
    finally:
        taken.elapsed = time.perf_counter() - elapsed
        taken.own = time.process_time() - own
        taken.watched = _used(watched) - others


def peak_megabytes() -> float:
    """Return the most memory this process has held at a time."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def megabytes() -> float:
    """Return the memory this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def line(name: str, product: str, limit: str, ratio: str, remark: str = "") -> None:
    """Print one figure."""
    print(f"{name:<34} {product:<26} {limit:<34} {ratio:<12} {remark}".rstrip(), flush=True)


def _used(watched: tuple[int, ...]) -> float:
    """Add up the processor time of the processes, of their children that live and of those that ended."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = status.read_text(encoding="ascii", errors="replace").rpartition(")")
        except OSError:
            continue  # it has ended meanwhile
        fields = rest.split()
        number = int(name.split()[0])
        if number in watched:
            total += sum(map(int, fields[11:15]))
        elif int(fields[1]) in watched:
            total += sum(map(int, fields[11:13]))
    return total / TICKS
