"""Environments: how Jinja2 is opened for templates, and how a fault in one is told."""

import traceback
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from css_inline import InlineError
from jinja2 import (
    BaseLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    select_autoescape,
)

from notifier.domain import dates
from notifier.domain.wrapping import wrap

FAULTS: Final = (TemplateError, InlineError, TypeError, ValueError, LookupError, ArithmeticError)
"""What goes wrong in templates."""


def environment(folders: Sequence[Path]) -> Environment:
    """Return the environment of templates in `folders`, the first of which that has one wins."""
    return prepared(Environment, FileSystemLoader(folders))


def prepared(kind: type[Environment], loader: BaseLoader) -> Environment:
    """Return an environment of this kind as all templates of ours expect it."""
    made = kind(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    filters: dict[str, Any] = {"day": dates.day_label, "wrap": wrap}
    made.filters |= filters
    return made


def version_of(folders: Sequence[Path]) -> str:
    """Return what changes whenever a template in `folders` does."""
    digest = blake2b(digest_size=12)
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def fault(name: str, error: Exception) -> str:
    """Say in which template and line, and on which variable, the work stopped."""
    if isinstance(error, TemplateSyntaxError):
        return (
            f"the template {error.name or name} cannot be read, line {error.lineno}: {error.message}; mend it"
        )
    lines = [
        each
        for each in traceback.extract_tb(error.__traceback__)
        if each.filename.endswith((".txt", ".html"))
    ]
    place = (
        f"{Path(lines[-1].filename).as_posix().rpartition('/email/')[2]}, line {lines[-1].lineno}"
        if lines
        else name
    )
    return f"the template email/{place} cannot be rendered: {error}; mend the template or remove the override"
