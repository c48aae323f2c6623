"""`notifier calendar`: secret addresses at which calendar programs read deadlines."""

import asyncio
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from notifier.cli.at_hand import at_hand, who_types
from notifier.cli.output import table
from notifier.errors import CalendarRefusedError, UnknownError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from notifier.service import Service
    from notifier.store.agendas import CalendarAddress
    from notifier.tools import Tools

T = TypeVar("T")
app = typer.Typer(
    help="Secret addresses at which calendar programs read deadlines (iCalendar).", no_args_is_help=True
)

COLUMNS = ("名前", "だれの", "対象", "状態", "最後に読まれた日", "名札")
KINDS = {"office": "事業所", "contact": "宛先", "authority": "自治体"}


@app.command()
def create(
    office: Annotated[
        str, typer.Option("--office", metavar="NUMBER", help="The calendar of one office (事業所番号).")
    ] = "",
    contact: Annotated[
        str,
        typer.Option("--contact", metavar="ADDRESS", help="That of all offices reached at one mail address."),
    ] = "",
    authority: Annotated[
        str,
        typer.Option(
            "--authority", metavar="CODE", help="That of an authority (団体コード): days with counts."
        ),
    ] = "",
    label: Annotated[str, typer.Option("--label", help="Who gets it, for people.")] = "",
) -> None:
    """Give out an address and print it, for browsers and as webcal. It is shown this once: only a digest is kept."""
    from notifier.almanac import WantedCalendar, Whose

    given = [
        (whose, subject)
        for whose, subject in (
            (Whose.OFFICE, office),
            (Whose.CONTACT, contact),
            (Whose.AUTHORITY, authority),
        )
        if subject
    ]
    if len(given) != 1:
        raise typer.BadParameter("name one of --office, --contact and --authority")
    [(whose, subject)] = given
    address = _with_service(
        lambda service: service.create_calendar(WantedCalendar(whose, subject, label), who_types())
    )
    print(address)
    print(f"webcal://{address.partition('://')[2]}")


@app.command("list")
def show_list() -> None:
    """List all addresses, revoked ones too. Their secrets are not kept and cannot be shown."""
    found = asyncio.run(at_hand(_all))
    table(COLUMNS, [_row(each) for each in found], flexible="名札")


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The calendar's name, or its whole address.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Revoke an address: from now on it answers that it is gone."""
    wanted = name.rpartition("/")[2].partition(".")[0]
    found = {each.name: each for each in asyncio.run(at_hand(_all))}
    if wanted not in found:
        raise UnknownError(f"{wanted}: no such calendar; `notifier calendar list` names them")
    if found[wanted].revoked_at is not None:
        raise CalendarRefusedError(f"{wanted} was revoked before; nothing is to be done")
    if not yes:
        typer.confirm(f"{wanted} ({found[wanted].label}): revoke it for good?", abort=True, err=True)
    _with_service(lambda service: service.revoke_calendar(wanted, who_types()))
    print(f"{wanted} is revoked.")


async def _all(tools: "Tools") -> "Sequence[CalendarAddress]":
    from notifier.store import agendas

    async with tools.database.reading() as conn:
        return await agendas.every(conn)


def _with_service(work: "Callable[[Service], Awaitable[T]]") -> T:
    from notifier.clock import SystemClock
    from notifier.service import Service
    from notifier.settings import load_settings

    async def do() -> T:
        async with Service.open(load_settings(), clock=SystemClock()) as service:
            return await work(service)

    return asyncio.run(do())


def _row(address: "CalendarAddress") -> tuple[str, ...]:
    return (
        address.name,
        KINDS[address.kind],
        f"宛先 {address.subject}" if address.kind == "contact" else address.subject,
        "取消" if address.revoked_at else "有効",
        str(address.last_read or ""),
        address.label,
    )
