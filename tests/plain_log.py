"""The log as tests see it: by default structlog draws a traceback with all that each line held, which takes seconds."""

import structlog


def log_plainly() -> None:
    """Write tracebacks as Python does, so that no other call runs out of time while one is drawn."""
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.reset_defaults()
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, plain]
    )
