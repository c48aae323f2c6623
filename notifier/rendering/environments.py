"""Environments: how Jinja2 is opened for templates, and how a fault in one is told."""

import traceback
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from css_inline import InlineError
from jinja2 import (
    BaseLoader,
    BytecodeCache,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    select_autoescape,
)
from jinja2.bccache import Bucket

from notifier.domain import dates
from notifier.domain.wrapping import wrap
from notifier.errors import RenderingError

FAULTS: Final = (TemplateError, InlineError, TypeError, ValueError, LookupError, ArithmeticError)
"""What goes wrong in templates."""


class _Compiled(BytecodeCache):
    """What this process has compiled: letters, pages and their check open the same files, each for themselves."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, Any]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket if the file's text is still the one that was compiled."""
        text, code = self._known.get(bucket.key, ("", None))
        if text == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._known[bucket.key] = bucket.checksum, bucket.code


_COMPILED: Final = _Compiled()


def environment(folders: Sequence[Path]) -> Environment:
    """Return the environment of templates in `folders`, the first of which that has one wins."""
    made = prepared(Environment, FileSystemLoader(folders))
    made.bytecode_cache = _COMPILED
    return made


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


class TemplateFaultError(RenderingError):
    """A template cannot be read or rendered; `file` (`email/letter.txt`), `line` (0: not known) and `problem` say where."""

    def __init__(self, message: str, file: str, line: int, problem: str) -> None:
        """Say it in one line for people, and in parts for a form."""
        super().__init__(message)
        self.file, self.line, self.problem = file, line, problem


def fault(name: str, error: Exception) -> TemplateFaultError:
    """Say in which template and line, and on which variable, the work stopped."""
    if isinstance(error, TemplateSyntaxError):
        file, line, problem = error.name or name, error.lineno, error.message or ""
        message = f"the template {file} cannot be read, line {line}: {problem}; mend it"
        return TemplateFaultError(message, file, line, problem)
    lines = [
        each
        for each in traceback.extract_tb(error.__traceback__)
        if each.filename.endswith((".txt", ".html"))
    ]
    if not lines:
        message = (
            f"the template email/{name} cannot be rendered: {error}; mend the template or remove the override"
        )
        return TemplateFaultError(message, name, 0, str(error))
    file = "email/" + Path(lines[-1].filename).as_posix().rpartition("/email/")[2]
    line = lines[-1].lineno or 0
    message = f"the template {file}, line {line} cannot be rendered: {error}; mend the template or remove the override"
    return TemplateFaultError(message, file, line, str(error))
