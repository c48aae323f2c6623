"""`notifier mail`: mail that comes in, from a mail server's pipe, and what became of it."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from notifier.cli.at_hand import at_hand
from notifier.cli.output import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifier.store.incoming import Incoming
    from notifier.tools import Tools

app = typer.Typer(help="Mail that comes in: answers and what could not be delivered.", no_args_is_help=True)

TRY_AGAIN: Final = 75
"""EX_TEMPFAIL of sysexits.h: the mail server keeps the mail and tries again."""
NOT_OURS: Final = 67
"""EX_NOUSER: the mail server tells the sender that there is no such address."""
COLUMNS: Final = ("番号", "届いた日時（UTC）", "差出人", "件名", "理由")


@app.command()
def take(
    sender: Annotated[
        str | None,
        typer.Option("--from", help="Envelope sender, empty for the null sender. Default: as the mail says."),
    ] = None,
    recipient: Annotated[
        str | None, typer.Option("--to", help="Envelope recipient. Default: as the mail says.")
    ] = None,
) -> None:
    """Take one mail from standard input, for a mail server's pipe. Exits 0 once it is kept, 75 to be tried again.

    In Postfix's master.cf: pipe user=notifier argv=notifier mail take --from=${sender} --to=${recipient}
    """
    from notifier.letterbox import NotOursError

    try:
        asyncio.run(at_hand(lambda tools: _take(tools, sys.stdin.buffer.read(), sender, recipient)))
    except NotOursError as fault:
        print(f"notifier: {fault}", file=sys.stderr)
        raise typer.Exit(NOT_OURS) from None
    except Exception as fault:  # noqa: BLE001 -- whatever it was, the mail must not be lost: the mail server keeps it
        print(f"notifier: the mail was not kept, try again: {' '.join(str(fault).split())}", file=sys.stderr)
        raise typer.Exit(TRY_AGAIN) from None


@app.command("list")
def show_list(
    limit: Annotated[int, typer.Option("--first", min=1, help="So many, the oldest first.")] = 50,
) -> None:
    """List the mails that wait for somebody, because nothing tells from which office they are."""
    rows = [
        (str(each.id), f"{each.received_at:%Y-%m-%d %H:%M:%S}", each.author, each.subject, each.reason)
        for each in asyncio.run(at_hand(lambda tools: _unclear(tools, limit)))
    ]
    table(COLUMNS, rows, flexible="件名")


async def _take(tools: "Tools", content: bytes, sender: str | None, recipient: str | None) -> bool:
    from notifier.letterbox import Letterbox

    return await Letterbox(tools).take(content, sender, recipient)


async def _unclear(tools: "Tools", limit: int) -> "Sequence[Incoming]":
    from notifier.domain.callers import NATION
    from notifier.store import incoming

    async with tools.database.reading() as conn:
        return await incoming.unclear(conn, NATION, limit)
