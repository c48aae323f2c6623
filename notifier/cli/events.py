"""`notifier event`: what came in from other systems, and what became of it."""

import asyncio
import json
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from notifier.cli.output import table

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from notifier.store.arrears import Kept
    from notifier.store.provenance import Borne
    from notifier.tools import Tools

T = TypeVar("T")
app = typer.Typer(help="Events from other systems, and what became of them.", no_args_is_help=True)

COLUMNS = ("番号", "届いた日時（UTC）", "種類", "対象", "状態", "理由")
STATES = {"received": "処理中", "waiting": "待ち", "applied": "反映済み", "failed": "保留"}
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="As `notifier event list` names it.")]


@app.command("list")
def show_list(
    states: Annotated[
        list[str] | None,
        typer.Option("--state", help="received, waiting, applied or failed; default: waiting and failed."),
    ] = None,
    limit: Annotated[int, typer.Option("--last", min=1, help="So many, the latest first.")] = 50,
) -> None:
    """List events that wait for their office or their day, and those that were set aside with the reason."""
    from notifier.web.event_words import told

    wanted = states or ["waiting", "failed"]
    unknown = sorted(set(wanted) - set(STATES))
    if unknown:
        raise typer.BadParameter(f"{unknown[0]}: no such state; there are {', '.join(STATES)}")
    found = _with_tools(lambda tools: _listed(tools, wanted, limit))
    rows = [
        (
            str(each.id),
            f"{each.received_at:%Y-%m-%d %H:%M:%S}",
            each.type,
            each.subject,
            STATES[each.state],
            told(each.state, each.problem),
        )
        for each in found
    ]
    table(COLUMNS, rows, flexible="理由")


@app.command()
def show(number: Number) -> None:
    """Show one event with its data, as JSON."""
    from notifier.web.event_words import told

    found = _with_tools(lambda tools: _found(tools, number))
    said = {
        "number": found.id,
        "source": found.source,
        "id": found.event_id,
        "type": found.type,
        "subject": found.subject,
        "on": found.on.isoformat(),
        "received": found.received_at.isoformat(),
        "state": found.state,
        "problem": found.problem,
        "detail": told(found.state, found.problem),
        "data": found.data,
    }
    print(json.dumps(said, ensure_ascii=False, indent=2))


@app.command()
def replay(number: Number) -> None:
    """Have an event that was set aside tried again, by the worker; `show` says what became of it."""
    from notifier.arrears import try_again

    found = _with_tools(lambda tools: try_again(tools, number, "command line"))
    print(f"{found.type} {found.subject}: it will be tried again.")


@app.command()
def sources(
    limit: Annotated[int, typer.Option("--last", min=1, help="So many, the latest first.")] = 50,
) -> None:
    """List to whom the sources of events belong: whoever bore one first, for ever."""
    found = _with_tools(lambda tools: _sources(tools, limit))
    rows = [
        (each.source, each.sender or "全国", each.key_prefix, f"{each.since:%Y-%m-%d %H:%M:%S}")
        for each in found
    ]
    table(("送り元（source）", "送り手", "最初の鍵", "いつから（UTC）"), rows, flexible="送り元（source）")


@app.command()
def send(
    key: Annotated[
        str, typer.Option("--key", envvar="NOTIFIER_KEY", help="prefix.secret; read from NOTIFIER_KEY.")
    ],
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="Such as cpdl.applied.")],
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="office/NUMBER, authority/CODE or -.")
    ] = "-",
    data: Annotated[str, typer.Option("--data", help="JSON.")] = "{}",
    to: Annotated[str, typer.Option("--to", help="Address of the service; default: NOTIFIER_BASE_URL.")] = "",
) -> None:
    """Send one event to the running service, as another system would, and print what was answered."""
    import secrets

    from notifier.domain.origins import source_of_command
    from notifier.settings import load_settings

    try:
        values = json.loads(data)
    except ValueError:
        raise typer.BadParameter("--data is no JSON") from None
    event = {
        "specversion": "1.0",
        "id": f"test-{secrets.token_hex(8)}",
        "source": source_of_command(key.partition(".")[0]),
        "type": kind,
        "data": values,
    } | ({} if subject == "-" else {"subject": subject})
    status, answer = asyncio.run(_post(f"{to or load_settings().base_url}/v1/events", key, event))
    print(f"{status} {answer}")
    if status != 202:
        raise typer.Exit(1)


async def _post(address: str, key: str, event: object) -> tuple[int, str]:
    import aiohttp

    from notifier.errors import ChannelError

    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cloudevents+json"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session,
            session.post(address, data=json.dumps(event).encode(), headers=headers) as answer,
        ):
            return answer.status, await answer.text()
    except (aiohttp.ClientError, TimeoutError) as fault:
        raise ChannelError(f"{address}: no answer ({fault}); is the service running there?") from fault


async def _listed(tools: "Tools", states: "Sequence[str]", limit: int) -> "Sequence[Kept]":
    from notifier.store import arrears

    async with tools.database.reading() as conn:
        return await arrears.listed(conn, states, limit)


async def _sources(tools: "Tools", limit: int) -> "Sequence[Borne]":
    from notifier.store import provenance

    async with tools.database.reading() as conn:
        return await provenance.every(conn, limit)


async def _found(tools: "Tools", number: int) -> "Kept":
    from notifier.errors import UnknownError
    from notifier.store import arrears

    async with tools.database.reading() as conn:
        found = await arrears.find(conn, number)
    if found is None:
        raise UnknownError(f"event {number}: there is none of that number; see `notifier event list`")
    return found


def _with_tools(work: "Callable[[Tools], Awaitable[T]]") -> T:
    from notifier.clock import SystemClock
    from notifier.service import Service
    from notifier.settings import load_settings

    async def do() -> T:
        async with Service.open(load_settings(), clock=SystemClock()) as service:
            return await work(service.tools)

    return asyncio.run(do())
