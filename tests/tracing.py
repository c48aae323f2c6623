"""Which tests are traced for coverage: tracing doubles the time of a test, and a twin adds nothing to its first run.

A test that runs once on SQLite and once on PostgreSQL is traced on SQLite only; what a browser or a `slow` test walks
through is traced where the same things are asked for one by one. The gates are measured against what is left: they can
only become harder to pass.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHILDREN = "COVERAGE_PROCESS_CONFIG"
"""Tells the programs that a test starts to trace themselves."""


def is_twin(item: pytest.Item) -> bool:
    """Whether what the test does is traced elsewhere."""
    parameters: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    marks = {mark.name for mark in item.iter_markers()}
    return "postgres" in parameters.values() or bool(marks & {"browser", "slow"})


@contextmanager
def untraced(config: pytest.Config) -> Iterator[None]:
    """Nothing is traced for a while, neither here nor in programs that are started."""
    controller = controller_of(config)
    if not controller:
        yield
        return
    told = os.environ.pop(CHILDREN, None)
    controller.pause()
    try:
        yield
    finally:
        controller.resume()
        if told is not None:
            os.environ[CHILDREN] = told


def controller_of(config: pytest.Config) -> Any:
    """What pytest-cov starts and stops coverage with, or None if nothing is to be traced."""
    plugin: Any = config.pluginmanager.getplugin("_cov")
    return plugin and plugin.cov_controller
