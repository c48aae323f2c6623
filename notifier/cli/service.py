"""`notifier up`, `serve` and `work`: the programs that keep running."""

import sys
from collections.abc import Coroutine
from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from notifier.cli.output import bar
from notifier.errors import SettingsError

if TYPE_CHECKING:
    from notifier.settings import Settings

T = TypeVar("T")

Processes = Annotated[
    int, typer.Option("--processes", min=1, max=64, help="How many processes share the work.")
]


def up(
    demo: Annotated[
        bool, typer.Option("--demo", help="With a demonstration city and a mailbox that catches all mail.")
    ] = False,
) -> None:
    """Run everything in one process: migrate, load the catalogue, then web, schedule and worker."""
    settings = _prepare()
    keep_running(_demonstrate(settings) if demo else _run(settings, web=True, work=True, migrate=True))


def serve() -> None:
    """Run the web door alone; any number of them, on any hosts, on one PostgreSQL."""
    keep_running(_run(_prepare(), web=True, work=False))


def work(
    processes: Processes = 1,
    number: Annotated[int, typer.Option("--number", hidden=True, help="Which of several it is.")] = 0,
) -> None:
    """Run delivery and planning workers alone; any number of them, on any hosts, on one PostgreSQL."""
    settings = _prepare()
    if settings.metrics_port:
        settings = settings.model_copy(update={"metrics_port": settings.metrics_port + number})
    if processes == 1:
        keep_running(_run(settings, web=False, work=True))
        return
    if settings.database_file is not None:
        message = (
            "Several processes gain nothing on SQLite, which lets one write at a time: "
            "use --processes 1, or set NOTIFIER_DATABASE_URL to a PostgreSQL."
        )
        raise SettingsError(message)
    from notifier.cli.processes import run_many

    one = [sys.executable, "-m", "notifier", "work", "--number"]
    raise typer.Exit(keep_running(run_many([[*one, str(each)] for each in range(processes)])))


def _prepare() -> "Settings":
    from notifier import log
    from notifier.settings import load_settings

    settings = load_settings()
    log.set_up(settings.log_format, settings.log_level)
    return settings


async def _run(settings: "Settings", *, web: bool, work: bool, migrate: bool = False) -> None:
    from notifier.clock import SystemClock
    from notifier.service import Service

    async with Service.open(settings, clock=SystemClock()) as service:
        if migrate:
            await service.migrate()
        await service.run(web=web, work=work, ready=_tell)


async def _demonstrate(settings: "Settings") -> None:
    from notifier.clock import SystemClock
    from notifier.demonstration.program import run_demonstration

    with ExitStack() as showing:
        advance = showing.enter_context(bar("Replaying what happened in the city"))

        def progress(start: date, today: date, end: date) -> None:
            advance((today - start).days / max(1, (end - start).days))

        def ready(address: str) -> None:
            showing.close()
            _tell(address)

        await run_demonstration(settings, SystemClock(), progress, ready)


def _tell(address: str) -> None:
    print(f"notifier: {address}", flush=True)


def keep_running(program: Coroutine[Any, Any, T]) -> T:
    """Run until the program ends, on the quicker event loop where there is one."""
    import asyncio

    if sys.platform == "win32":
        return asyncio.run(program)
    import uvloop

    return uvloop.run(program)
