"""The log: one line for each event on standard error, for people or for programs.

Exceptions are written without the values of local variables: those hold addresses and secrets. What still looks
like a mail address or a secret is covered in the finished line, whoever wrote it.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final, Literal

import structlog
from structlog.typing import Processor

Form = Literal["console", "json"]
NOISY = ("aiohttp.access", "aiosqlite", "alembic", "apscheduler")
"""Libraries that tell each step they take; of them only warnings are kept."""

_COVERED: Final = (
    (re.compile(r"\b((?:cal|ntf)_[0-9a-f]{12})\.[A-Za-z0-9_-]{20,}"), r"\1.(covered)"),
    (re.compile(r"\bwhsec_[A-Za-z0-9+/=_-]+"), "whsec_(covered)"),
    (re.compile(r"(/(?:unsubscribe|confirm|o)/)[^\s\"'<>?#]+"), r"\1(covered)"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}"), r"\1 (covered)"),
)
"""What is covered, and what stands for it: keys and calendars, signing secrets, links."""
_WITH_AT: Final = (
    (re.compile(r"(://[^\s:/@\"']*:)[^\s@\"']+@"), r"\1(covered)@"),
    # The part before the @ may be anything but what ends a word; in JSON a quote is written with a backslash.
    (re.compile(r"[^\s@\"'<>(),;:\[\]\\=]+@[\w-]+(?:\.[\w-]+)+"), "(address)"),
)
"""The same for what has an @: passwords in addresses of databases, mail addresses."""


def set_up(form: Form = "console", level: str = "info") -> None:
    """Send what structlog and the standard library's loggers say to standard error, from `level` on."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    *prepared, writer = _writing(form)
    lines = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *prepared,
            _covering(writer),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(lines)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def cover(line: str) -> str:
    """Return a finished line without what looks like a mail address or a secret; JSON stays JSON."""
    for pattern, instead in (*_COVERED, *_WITH_AT) if "@" in line else _COVERED:
        line = pattern.sub(instead, line)
    return line


def _covering(writer: Processor) -> Processor:
    def write(logger: Any, name: str, told: MutableMapping[str, Any]) -> str:
        return cover(str(writer(logger, name, told)))

    return write


def _writing(form: Form) -> list[Processor]:
    if form == "json":
        transformer = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        return [
            structlog.processors.ExceptionRenderer(transformer),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
