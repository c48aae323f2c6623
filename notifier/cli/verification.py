"""`notifier evidence` and `notifier verify`: everything about one office, sealed; and whether anything was changed."""

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from notifier.cli.at_hand import at_hand, who_types, with_service
from notifier.cli.output import bar
from notifier.errors import NotifierError, VerificationError

if TYPE_CHECKING:
    from notifier.cli.output import Advance
    from notifier.service import Service
    from notifier.store.audit import Checked
    from notifier.tools import Tools

_HEAD: Final = re.compile(r"[0-9a-f]{64}")


def verify(
    pack: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="An evidence pack; without it, the audit in the database."),
    ] = None,
    *,
    key: Annotated[
        str,
        typer.Option(
            "--key", metavar="PUBLIC", help="The public key (whpk_…) by which a pack must be sealed."
        ),
    ] = "",
    head: Annotated[
        list[str] | None,
        typer.Option(
            "--head",
            metavar="DIGEST",
            help="A head printed by an earlier run and kept elsewhere: it must still be there.",
        ),
    ] = None,
) -> None:
    """Check an evidence pack, without any network or database; or, without FILE, the audit in the database.

    Of a pack every byte is checked, and who sealed it if you know their public key (--key). Of the audit it is checked
    that every row follows the one before it, and the head of each chain is printed. Keep the heads outside of the
    database: only against them does it show if rows were cut off the end.
    """
    if pack is not None:
        _verify_pack(pack, key)
        return
    for each in head or []:
        if not _HEAD.fullmatch(each):
            raise typer.BadParameter(
                f"{each!r} is no head; it has 64 hexadecimal digits", param_hint="--head"
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


def _verify_pack(file: Path, key: str) -> None:
    from notifier.evidence import check
    from notifier.sealing import unpack

    try:
        pack = unpack(file.read_bytes(), key)
        rows = check(pack)
    except VerificationError as fault:
        raise VerificationError(f"{file}: {fault}. Do not rely on it; ask for the pack anew") from None
    mails = sum(name.endswith(".eml") for name in pack.files)
    print(f"{file}: every byte is as it was sealed.")
    print(f"office {pack.about['office']}, {pack.about['made_at']}, by {pack.about['made_by']}")
    print(f"{len(pack.files)} files, {mails} mails, {rows} rows of the audit")
    print(f"sealed by {pack.public_key}" + ("" if key else " (compare it with the key you were given)"))


def evidence(
    office: Annotated[str, typer.Argument(metavar="OFFICE", help="The ten characters of its 事業所番号.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="Where to write it; default: evidence-OFFICE.zip."),
    ] = None,
    authority: Annotated[
        str,
        typer.Option("--authority", metavar="CODE", help="Only what this authority (団体コード) may see."),
    ] = "",
) -> None:
    """Put everything kept about an office into one sealed ZIP: facts, duties with their sources, mails, audit.

    It can be read in a browser and checked by `notifier verify FILE` without us. That it was made is written into the
    audit. It holds personal data: hand it on with care.
    """
    file = output or Path(f"evidence-{office}.zip")
    if file.exists():
        raise NotifierError(f"{file}: it is there already; name another one with --output")
    sealed, public_key = asyncio.run(_evidence(office, authority))
    with file.open("xb") as written:
        written.write(sealed)
    print(f"{file}: {len(sealed):,} bytes, sealed by {public_key}")


async def _evidence(office: str, authority: str) -> tuple[bytes, str]:
    from notifier.domain.callers import Tenant
    from notifier.evidence import Asked

    async def make(service: "Service") -> tuple[bytes, str]:
        sealed = await service.evidence(Asked(office, Tenant(authority), who_types()))
        return sealed, service.seal.public_key

    return await with_service(make)


async def _check(heads: list[str], advance: "Advance") -> "tuple[Checked, list[str]]":
    from notifier.store import audit

    async def check(tools: "Tools") -> "tuple[Checked, list[str]]":
        async with tools.database.reading() as conn:
            checked = await audit.check(conn, advance)
            return checked, [each for each in heads if not await audit.has_head(conn, each)]

    return await at_hand(check)
