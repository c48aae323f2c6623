"""Who sits at the desk when `notifier notice` is typed: a user who signs in, or whoever is signed in on the machine."""

import asyncio
import secrets
import sys
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from notifier.cli.at_hand import who_types, with_service
from notifier.domain.actors import Actor
from notifier.domain.callers import NATION, Tenant
from notifier.domain.roles import Deed, may
from notifier.errors import AccountRefusedError, NoticeRefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notifier.desk import Desk
    from notifier.domain.accounts import User
    from notifier.service import Service

T = TypeVar("T")
ORIGIN = "command line"

Name = Annotated[str, typer.Argument(metavar="ID", help="The notice, as `notifier notice list` names it.")]
As = Annotated[
    str,
    typer.Option(
        "--user",
        metavar="NAME",
        help="Sign in as this user; the password is asked for. Default: whoever is signed in on this machine.",
    ),
]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking.")
]


def at_desk(
    work: "Callable[[Desk], Awaitable[T]]",
    user: str = "",
    deed: Deed = Deed.READ,
    *,
    password_stdin: bool = False,
) -> T:
    """Return what `work` returns at the desk of whoever types, or of `user`, whose role must allow `deed`.

    Raises AccountRefusedError if nobody is let in. What is wrong with a review is listed before it is refused.
    """
    password = _password(from_stdin=password_stdin) if user else ""

    async def do(service: "Service") -> T:
        from notifier.desk import Desk

        tools = await service.ready_tools()
        who, tenant = who_types(), NATION
        if user:
            known = await _signed_in(service, user, password)
            if not may(known.role, deed):
                raise AccountRefusedError(f"{user}: この役割では、この操作はできません", "role")
            who, tenant = Actor(known.name, ORIGIN, known.authority), Tenant(known.authority)
        return await work(Desk(tools, who, tenant))

    from notifier.reviewing import ReviewRefusedError

    try:
        return asyncio.run(with_service(do))
    except ReviewRefusedError as refused:
        for each in refused.objections:
            print(f"・{each}")
        raise NoticeRefusedError(str(refused).partition("\n")[0]) from None


async def _signed_in(service: "Service", name: str, password: str) -> "User":
    from notifier.gatehouse import Admitted, Gatehouse
    from notifier.settings import kept_secret_key
    from notifier.steps.admit import Try

    secret = kept_secret_key(service.settings).get_secret_value()
    gatehouse = Gatehouse(await service.ready_tools(), secret, secrets.token_bytes)
    tried = Try(name, ORIGIN, ORIGIN)
    found = await gatehouse.sign_in(tried, password, "")
    if not isinstance(found, Admitted):
        if found.wait is not None:
            seconds = int(found.wait.total_seconds())
            raise AccountRefusedError(f"{name}: 失敗が続きました。{seconds}秒待ってください", "wait")
        message = (
            f"{name}: 利用者名かパスワードが違うか、二段階認証が要る利用者です（二段階認証は画面で使えます）"
        )
        raise AccountRefusedError(message, "password")
    await gatehouse.sign_out(found.token, ORIGIN)
    return found.user


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = typer.prompt("パスワード", hide_input=True, err=True)
    return asked
