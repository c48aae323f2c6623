"""`notifier verify`: whether anything in the audit was changed, taken out or put in."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from notifier.cli.at_hand import at_hand
from notifier.cli.output import bar
from notifier.errors import NotifierError, VerificationError

if TYPE_CHECKING:
    from notifier.cli.output import Advance
    from notifier.store.audit import Checked
    from notifier.tools import Tools


def verify(
    pack: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="An evidence pack; without it, the audit in the database."),
    ] = None,
    *,
    head: Annotated[
        list[str] | None,
        typer.Option(
            "--head",
            metavar="DIGEST",
            help="A head printed by an earlier run and kept elsewhere: it must still be there.",
        ),
    ] = None,
) -> None:
    """Check that every row of the audit follows the one before it, and print the head of each chain.

    Keep the heads outside of the database: only against them does it show if rows were cut off the end.
    """
    if pack is not None:
        raise NotifierError(
            f"{pack}: evidence packs cannot be verified by this version; leave FILE out for the audit"
        )
    with bar("監査記録を確かめています") as advance:
        checked, lost = asyncio.run(_check(head or [], advance))
    if checked.broken is not None:
        raise VerificationError(
            f"row {checked.broken} of the audit was changed, or does not follow the one before it; the {checked.rows}"
            " rows before it hold. Compare the table `audit` with a backup from that row on"
        )
    if lost:
        raise VerificationError(
            f"head {lost[0]} is not in the audit: rows were cut off its end, or it belongs to another database."
            " Restore a backup that has it"
        )
    print(f"{checked.rows} rows hold.")
    for chain, digest in sorted(checked.heads.items()):
        print(f"{chain or 'deeds'} {digest}")


async def _check(heads: list[str], advance: "Advance") -> "tuple[Checked, list[str]]":
    from notifier.store import audit

    async def check(tools: "Tools") -> "tuple[Checked, list[str]]":
        async with tools.database.reading() as conn:
            checked = await audit.check(conn, advance)
            return checked, [each for each in heads if not await audit.has_head(conn, each)]

    return await at_hand(check)
