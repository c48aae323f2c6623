"""`notifier user`: who may use the pages, in which role."""

import asyncio
import secrets
import sys
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from notifier.cli.at_hand import who_types, with_service
from notifier.cli.output import table
from notifier.domain.accounts import Identity, User
from notifier.domain.roles import Role
from notifier.errors import AccountRefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from notifier.gatehouse import Gatehouse
    from notifier.service import Service
    from notifier.store.users import Account

T = TypeVar("T")
app = typer.Typer(help="Who may use the pages, in which role.", no_args_is_help=True)

COLUMNS = ("利用者名", "自治体", "役割", "二段階", "状態", "最後のログイン（UTC）", "名札")
ROLES = {
    Role.VIEWER: "閲覧",
    Role.EDITOR: "編集",
    Role.APPROVER: "承認",
    Role.ADMINISTRATOR: "管理",
    Role.AUDITOR: "監査",
}
Name = Annotated[str, typer.Argument(metavar="NAME", help="The user's name for signing in.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking.")
]


@app.command()
def create(
    name: Name,
    role: Annotated[Role, typer.Option("--role", help="What they may do.")],
    label: Annotated[str, typer.Option("--label", help="Who it is, for people.")],
    *,
    authority: Annotated[
        str, typer.Option("--authority", metavar="CODE", help="団体コード; without it, for the nation.")
    ] = "",
    password_stdin: FromStdin = False,
) -> None:
    """Make an account. The password is asked for, twice, and only a hash of it is kept."""
    password = _password(from_stdin=password_stdin)
    user = User(name, role, authority, label)
    _with_gatehouse(lambda gatehouse: gatehouse.create(user, password, who_types()))
    print(f"{name} may sign in.")


@app.command("list")
def show_list() -> None:
    """List all accounts, disabled ones too."""

    async def read(service: "Service") -> "Sequence[Account]":
        from notifier.store import users

        tools = await service.ready_tools()
        async with tools.database.reading() as conn:
            return await users.every(conn)

    table(COLUMNS, [_row(each) for each in asyncio.run(with_service(read))], flexible="名札")


@app.command()
def disable(name: Name) -> None:
    """Disable an account for good; its sessions end at once."""
    _with_gatehouse(lambda gatehouse: gatehouse.disable(name, who_types()))
    print(f"{name} is disabled.")


@app.command("reset-password")
def reset_password(name: Name, *, password_stdin: FromStdin = False) -> None:
    """Give an account another password; its sessions end."""
    password = _password(from_stdin=password_stdin)
    _with_gatehouse(lambda gatehouse: gatehouse.set_password(name, password, who_types()))
    print(f"{name} has another password.")


@app.command()
def totp(
    name: Name,
    *,
    off: Annotated[bool, typer.Option("--off", help="Ask for no second factor any more.")] = False,
) -> None:
    """Ask for a second factor from now on, and print the address that sets an authenticator up; shown this once."""
    if off:
        _with_gatehouse(lambda gatehouse: gatehouse.drop_factor(name, who_types()))
        print(f"{name} signs in with the password alone.")
        return
    print(_with_gatehouse(lambda gatehouse: gatehouse.demand_factor(name, who_types())))


@app.command()
def link(
    name: Name,
    *,
    email: Annotated[
        str,
        typer.Option("--email", metavar="ADDRESS", help="Known there by this address, once it is verified."),
    ] = "",
    subject: Annotated[
        str,
        typer.Option("--subject", metavar="SUB", help="Known there by this `sub`, instead of an address."),
    ] = "",
    off: Annotated[bool, typer.Option("--off", help="Sign in with the password alone from now on.")] = False,
) -> None:
    """Let a user sign in over the provider of identities (NOTIFIER_OIDC_ISSUER), too; their sessions end.

    An address counts for the first time only: from then on the account knows its user by the provider's own `sub`.
    """
    if sum(map(bool, (email, subject, off))) != 1:
        message = "give one of --email, --subject and --off"
        raise typer.BadParameter(message)

    async def do(service: "Service") -> None:
        issuer = service.settings.oidc_issuer
        if issuer is None and not off:
            raise AccountRefusedError(
                "NOTIFIER_OIDC_ISSUER is not set: there is nothing to sign in over; set it first"
            )
        identity = Identity(issuer or "", subject) if subject else None
        await (await _gatehouse(service)).link(name, who_types(), email=email, identity=identity)

    asyncio.run(with_service(do))
    print(
        f"{name} signs in with the password alone." if off else f"{name} may sign in over the provider, too."
    )


def _with_gatehouse(work: "Callable[[Gatehouse], Awaitable[T]]") -> T:
    async def do(service: "Service") -> T:
        return await work(await _gatehouse(service))

    return asyncio.run(with_service(do))


async def _gatehouse(service: "Service") -> "Gatehouse":
    from notifier.gatehouse import Gatehouse
    from notifier.settings import kept_secret_key

    secret = kept_secret_key(service.settings).get_secret_value()
    return Gatehouse(await service.ready_tools(), secret, secrets.token_bytes)


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = typer.prompt("パスワード", hide_input=True, confirmation_prompt="もう一度", err=True)
    return asked


def _row(account: "Account") -> tuple[str, ...]:
    user, last = account.user, account.last_signed_in
    return (
        user.name,
        user.authority or "（国）",
        ROLES[user.role],
        "あり" if account.factor_salt else "なし",
        "停止" if account.disabled_at else "有効",
        last.isoformat(" ", "minutes")[:16] if last else "",
        user.label,
    )
