"""The program: all commands together, and what happens when one fails.

Exit codes: 0 for success, 2 for a usage error, 1 for any other failure, 130 when interrupted. A failure is
one line on standard error; the traceback is shown with `--debug` only.
"""

import contextlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from notifier.cli import (
    authorities,
    calendars,
    candidates,
    catalogue,
    checks,
    database,
    endpoints,
    events,
    explanation,
    keys,
    mail,
    notices,
    offices,
    reading,
    service,
    simulation,
    sources,
    subscriptions,
    users,
    verification,
)
from notifier.errors import NotifierError

DEBUG = "--debug"
INTERRUPTED = 130

app = typer.Typer(
    name="notifier",
    help="Deadlines of Japanese care offices, from the regulator's notice to a reminder in the mailbox.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(service.up)
app.command()(service.serve)
app.command()(service.work)
app.command()(database.migrate)
app.command()(checks.check)
app.command()(verification.evidence)
app.command()(verification.verify)
app.command()(reading.read)
app.command()(simulation.simulate)
app.command()(explanation.explain)
for command in (subscriptions.subscribe, subscriptions.unsubscribe, subscriptions.subscriptions):
    offices.app.command()(command)
for revision in candidates.COMMANDS:
    notices.app.command()(revision)
app.add_typer(offices.app, name="offices")
app.add_typer(authorities.app, name="authority")
app.add_typer(keys.app, name="key")
app.add_typer(users.app, name="user")
app.add_typer(calendars.app, name="calendar")
app.add_typer(endpoints.app, name="endpoint")
app.add_typer(events.app, name="event")
app.add_typer(mail.app, name="mail")
app.add_typer(sources.app, name="source")
app.add_typer(notices.app, name="notice")
app.add_typer(catalogue.app, name="catalogue")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"notifier {version('notifier')}")
        except PackageNotFoundError:
            print("notifier, run from its source without being installed")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option(DEBUG, help="Show the traceback of a failure.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that hold for every command; `run` has looked at `--debug` already."""


def run(arguments: Sequence[str]) -> int:
    """Run the command that `arguments` (without the program's name) ask for and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    debug = DEBUG in arguments  # wherever it stands
    asked = [each for each in arguments if each != DEBUG] or ["--help"]
    try:
        code = app(asked, prog_name="notifier", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has enough. Python would complain when it closes the pipe at its end.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except typer.Abort:
        return _fail(
            "not confirmed, so nothing was done; where nobody is there to answer, say --yes", INTERRUPTED
        )
    except typer.TyperException as fault:
        return _fail(_usage(fault), fault.exit_code)
    except Exception as fault:  # noqa: BLE001 - the last stop; what it is shows in one line
        if debug:
            traceback.print_exc()
        return _fail(_line(fault), 1)
    return code if isinstance(code, int) else 0


def _fail(line: str, code: int) -> int:
    with contextlib.suppress(BrokenPipeError):
        print("notifier: " + " ".join(line.split()), file=sys.stderr)
    return code


def _usage(fault: typer.TyperException) -> str:
    context = getattr(fault, "ctx", None)
    path = context.command_path if context else "notifier"
    message = fault.format_message().replace("Value error, ", "")
    return f"{message.rstrip('.')}. See `{path} --help`."


def _line(fault: Exception) -> str:
    """Return what went wrong and what to do, in one line."""
    if isinstance(fault, NotifierError):
        return str(fault)
    if isinstance(fault, OSError) and fault.filename is not None:
        return f"{fault.filename}: {fault.strerror}. Check that it exists and may be used by this user."
    if isinstance(fault, OSError) and fault.strerror is not None:
        return f"{fault.strerror} ({fault}). Mend this and run the command again."
    return (
        f"unexpected {type(fault).__name__}: {fault}. This is a fault of the program: run the command again "
        f"with {DEBUG} and report what it shows."
    )
