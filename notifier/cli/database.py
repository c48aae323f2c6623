"""`notifier migrate`: bring the schema and the law in it up to date, or say what is missing."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from notifier.settings import Settings


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail if something is missing.")
    ] = False,
) -> None:
    """Bring the database and the law in it up to date, or say what is missing."""
    from notifier import log
    from notifier.settings import load_settings

    settings = load_settings()
    log.set_up(settings.log_format, settings.log_level)
    missing = asyncio.run(_pending(settings) if check else _migrate(settings))
    place = settings.database_place
    if not missing:
        print(f"{place} is up to date.")
    elif check:
        print(f"{place} lacks: {', '.join(missing)}. Run `notifier migrate`.")
        raise typer.Exit(1)
    else:
        print(f"{place} is up to date; applied: {', '.join(missing)}.")


async def _migrate(settings: "Settings") -> list[str]:
    from notifier.clock import SystemClock
    from notifier.service import Service

    async with Service.open(settings, clock=SystemClock()) as service:
        return await service.migrate()


async def _pending(settings: "Settings") -> list[str]:
    from notifier.store.database import Database
    from notifier.store.migration import pending

    # Looking must leave no file behind: an empty database in memory lacks what a missing file lacks.
    file = settings.database_file
    absent = file is not None and not file.exists()
    url = "sqlite+aiosqlite://" if absent else settings.database_url.get_secret_value()
    async with await Database.open(url) as database:
        return await pending(database)
