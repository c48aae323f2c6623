"""The scenarios, each simulated once."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from notifier.simulation import simulate

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"


def simulated(name: str) -> list[dict[str, Any]]:
    """What the real steps say in a scenario, line by line."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, simulate(SCENARIOS / name)).result().lines


@cache
def lines(name: str) -> Sequence[dict[str, Any]]:
    """What is said in a scenario; asked for again, the same run."""
    return tuple(simulated(name))
