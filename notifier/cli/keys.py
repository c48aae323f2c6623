"""`notifier key`: keys for programs that post events."""

import asyncio
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from notifier.cli.at_hand import who_types, with_service
from notifier.cli.output import civil_date, table
from notifier.domain.roles import Role
from notifier.errors import KeyRefusedError, UnknownError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notifier.service import Service
    from notifier.store.keys import ApiKey

T = TypeVar("T")
app = typer.Typer(help="Keys for programs that post events.", no_args_is_help=True)

SHOWN = 2
"""Scopes that are named in the list; of the rest the number is given."""
COLUMNS = ("鍵", "自治体", "立場", "役割", "できること", "有効期限", "状態", "最後に使った日", "名札")


@app.command()
def create(
    role: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="ROLE",
            help="Who speaks: office, prefecture, municipality, operator, ministry or editor.",
        ),
    ],
    label: Annotated[str, typer.Option("--label", help="Who holds the key, for people.")],
    authority: Annotated[
        str,
        typer.Option(
            "--authority",
            metavar="CODE",
            help="団体コード for which it speaks; operator, ministry and editor may do without, for the nation.",
        ),
    ] = "",
    scopes: Annotated[
        list[str] | None,
        typer.Option(
            "--scope",
            help="What it may do; default: events:write, with --role all that may, for a vendor feed:read.",
        ),
    ] = None,
    user_role: Annotated[
        Role | None,
        typer.Option("--role", help="Beside that: it may do no more than a user in this role may."),
    ] = None,
    *,
    vendor: Annotated[
        str,
        typer.Option(
            "--vendor", metavar="NAME", help="For a vendor that serves offices of the authority: its name."
        ),
    ] = "",
    offices: Annotated[
        list[str] | None,
        typer.Option("--office", metavar="OFFICE", help="An office that the vendor serves; may be repeated."),
    ] = None,
    expires: Annotated[
        date | None, typer.Option("--expires", parser=civil_date, metavar="DATE", help="Its last day.")
    ] = None,
) -> None:
    """Make a key and print it. It is shown this once: only a digest of it is kept."""
    from notifier.keyring import OF_VENDORS, WantedKey

    usual = (OF_VENDORS,) if vendor else () if user_role else ("events:write",)
    served = tuple(offices or ())
    wanted = WantedKey(authority, role, tuple(scopes or usual), label, expires, user_role, vendor, served)
    print(_with_service(lambda service: service.create_key(wanted, who_types())))


@app.command("list")
def show_list() -> None:
    """List all keys, revoked ones too. Secrets are not kept and cannot be shown."""
    from notifier.clock import SystemClock
    from notifier.clock import civil_date as day_of

    found = _with_service(lambda service: service.keys())
    table(COLUMNS, [_row(each, day_of(SystemClock().now())) for each in found], flexible="名札")


@app.command()
def revoke(
    prefix: Annotated[
        str, typer.Argument(metavar="PREFIX", help="The key's name: what stands before the dot.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Revoke a key; within a second it opens nothing any more."""
    name = prefix.partition(".")[0]
    found = {each.prefix: each for each in _with_service(lambda service: service.keys())}
    if name not in found:
        raise UnknownError(f"{name}: no such key; `notifier key list` names them")
    if found[name].revoked_at is not None:
        raise KeyRefusedError(f"{name} was revoked before; nothing is to be done")
    if not yes:
        typer.confirm(f"{name} ({found[name].label}): revoke it for good?", abort=True, err=True)
    _with_service(lambda service: service.revoke_key(name, who_types()))
    print(f"{name} is revoked.")


@app.command()
def sign(
    prefix: Annotated[
        str, typer.Argument(metavar="PREFIX", help="The key's name: what stands before the dot.")
    ],
) -> None:
    """Print the secret with which its holder may sign events instead of showing the key (Standard Webhooks, v1).

    Events are posted to /v1/events?sender=PREFIX. The secret is good as long as the key; to change it without a gap,
    make a second key, hand it out, and revoke the first.
    """
    name = prefix.partition(".")[0]
    found = {each.prefix: each for each in _with_service(lambda service: service.keys())}
    if name not in found:
        raise UnknownError(f"{name}: no such key; `notifier key list` names them")

    async def work(service: "Service") -> str:
        return service.exchange.written(f"inbound {name}")

    print(_with_service(work))


@app.command()
def trust(
    prefix: Annotated[
        str, typer.Argument(metavar="PREFIX", help="The key's name: what stands before the dot.")
    ],
    public_key: Annotated[
        str, typer.Argument(metavar="PUBLIC", help="The holder's public key: whpk_ and base64.")
    ] = "",
    overlap: Annotated[
        int,
        typer.Option("--overlap", metavar="HOURS", help="For so long the public key before it holds, too."),
    ] = 24,
    none: Annotated[bool, typer.Option("--none", help="Trust no public key any more.")] = False,
) -> None:
    """Let a key's holder sign events with a private key that nobody else knows (Standard Webhooks, v1a: Ed25519).

    Events are posted to /v1/events?sender=PREFIX. Register the next public key before its holder changes over: for the
    overlap both hold. With --none and --overlap 0 they end at once.
    """
    from notifier.channels.asymmetric import read_public_key

    if bool(public_key) == none:
        raise KeyRefusedError("name either the holder's public key (whpk_…), or --none")
    if public_key:
        read_public_key(public_key)
    name = prefix.partition(".")[0]
    span = timedelta(hours=overlap)
    if not _with_service(lambda service: service.trust_key(name, public_key, span, who_types())):
        raise UnknownError(f"{name}: no such key, or it was revoked; `notifier key list` names them")
    print(
        f"{name}: {'no public key' if none else public_key} from now on; the one before it for {overlap} h more."
    )


def _with_service(work: "Callable[[Service], Awaitable[T]]") -> T:
    return asyncio.run(with_service(work))


def _row(key: "ApiKey", today: date) -> tuple[str, ...]:
    state = "有効" if key.is_good(today) else "取消" if key.revoked_at else "期限切れ"
    return (
        key.prefix,
        key.authority or "（国）",
        key.role,
        key.user_role or "",
        "、".join(key.scopes[:SHOWN])
        + (f" ほか{len(key.scopes) - SHOWN}" if len(key.scopes) > SHOWN else ""),
        str(key.expires_on or ""),
        state,
        str(key.last_used or ""),
        f"{key.label}（業者 {key.vendor}、{len(key.offices)}事業所）" if key.vendor else key.label,
    )
