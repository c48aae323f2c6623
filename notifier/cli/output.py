"""How results are shown: tables for people, JSON Lines for programs, a bar while something takes long."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from typing import Any

import typer

WIDE = 200
"""Columns of a table that goes into a file or a pipe."""


class Format(StrEnum):
    """In which form a result is written."""

    TABLE = "table"
    JSONL = "jsonl"
    HTML = "html"


def civil_date(text: str) -> date:
    """Read a date typed as YYYY-MM-DD; a usage error for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is no date; write it as 2026-03-06"
        raise typer.BadParameter(message) from None


def json_lines(objects: Iterable[Mapping[str, Any]]) -> None:
    """Print each object on a line of its own, its keys in the order given."""
    for each in objects:
        print(json.dumps(each, ensure_ascii=False))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, flexible: str) -> None:
    """Print a table; the column `flexible` is folded where there is no room, the others keep their lines."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold", no_wrap=column != flexible)
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else WIDE, highlight=False).print(shown)


Advance = Callable[[float], None]
AdvanceStage = Callable[[str, float], None]


@contextmanager
def bar(what: str) -> Iterator[Advance]:
    """Show a bar on standard error while the block runs; it is told the share that is done, from 0 to 1."""
    with bar_of_stages(what) as advance:
        yield lambda share: advance(what, share)


@contextmanager
def bar_of_stages(first: str) -> Iterator[AdvanceStage]:
    """Show a bar for work in stages; it is told which stage runs and the share of that which is done, from 0 to 1."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(first, total=1.0)
        yield lambda stage, share: progress.update(task, description=stage, completed=share)
