"""`notifier check`: one line for each thing the service needs: ok, warning or failed."""

import asyncio

import typer


def check() -> None:
    """Check settings, database, clock, catalogue, holidays, templates, mail relay and the sender's DNS."""
    from notifier.errors import SettingsError
    from notifier.settings import load_settings

    try:
        settings = load_settings()
    except SettingsError as fault:
        print(_line("failed", "settings", str(fault)))
        raise typer.Exit(1) from None

    from notifier.checks import Level, Surroundings
    from notifier.checks import check as look
    from notifier.clock import SystemClock

    async def show() -> bool:
        sound = True
        async for verdict in look(Surroundings(settings, SystemClock())):
            print(_line(verdict.level, verdict.name, f"{verdict.found} {verdict.mend}".strip()), flush=True)
            sound = sound and verdict.level is not Level.FAILED
        return sound

    if not asyncio.run(show()):
        raise typer.Exit(1)


def _line(level: str, name: str, text: str) -> str:
    return f"{level:<8} {name:<13} {' '.join(text.split())}"
