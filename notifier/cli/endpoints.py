"""`notifier endpoint`: where messages for other systems are posted (signed webhooks)."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from notifier.cli.at_hand import who_types
from notifier.cli.output import table

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notifier.store.endpoints import Endpoint
    from notifier.switchboard import Standing, Switchboard

T = TypeVar("T")
app = typer.Typer(help="Where messages for other systems are posted (signed webhooks).", no_args_is_help=True)

COLUMNS = ("番号", "だれの", "送信先", "状態", "失敗", "説明")
STATES = {"unproved": "確認待ち", "enabled": "有効", "disabled": "停止"}
NATION = "（国）"
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="As `notifier endpoint list` names it.")]


@app.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="https address that takes the posts.")],
    *,
    authority: Annotated[
        str,
        typer.Option(
            "--authority", metavar="CODE", help="団体コード whose messages; without it the nation's."
        ),
    ] = "",
    vendor: Annotated[
        str,
        typer.Option("--vendor", metavar="NAME", help="Whose system it is, if it serves some offices only."),
    ] = "",
    types: Annotated[list[str] | None, typer.Option("--type", help="Only messages of this type.")] = None,
    offices: Annotated[
        list[str] | None, typer.Option("--office", metavar="NUMBER", help="Only about this office.")
    ] = None,
    office_file: Annotated[
        Path | None,
        typer.Option("--offices-from", exists=True, dir_okay=False, help="Their numbers, one a line."),
    ] = None,
    deadlines: Annotated[
        list[str] | None, typer.Option("--deadline", help="Only about this deadline, or this family.")
    ] = None,
    description: Annotated[str, typer.Option("--description", help="What it is for, for people.")] = "",
    owner: Annotated[
        str, typer.Option("--owner", metavar="ADDRESS", help="Who gets a mail if it fails or is stopped.")
    ] = "",
    in_flight: Annotated[int, typer.Option("--in-flight", help="Posts under way at once, at most.")] = 4,
) -> None:
    """Add an endpoint, print its secret, and send the challenge it must answer before anything is posted.

    The secret is shown this once. It is printed on standard output, everything else on standard error.
    """
    from notifier.errors import EndpointRefusedError
    from notifier.steps.attach import Fresh
    from notifier.store.endpoints import Wanted

    numbers = list(offices or ())
    if office_file is not None:
        numbers += office_file.read_text(encoding="utf-8-sig").split()
    wanted = Wanted(tuple(types or ()), tuple(numbers), tuple(deadlines or ()))

    async def work(board: "Switchboard") -> tuple["Endpoint", str, str]:
        made, secret = await board.add(Fresh(authority, url, wanted, description, owner, in_flight, vendor))
        try:
            await board.enable(made.id)
        except EndpointRefusedError as fault:
            return made, secret, str(fault)
        return made, secret, ""

    made, secret, problem = _with_board(work)
    print(secret)
    if problem:
        typer.echo(f"Endpoint {made.id} was added and waits: {problem}", err=True)
    else:
        typer.echo(f"Endpoint {made.id} has answered its challenge and is enabled.", err=True)


@app.command("list")
def show_list() -> None:
    """List all endpoints. Secrets are not kept and cannot be shown."""
    found = _with_board(lambda board: board.every())
    table(COLUMNS, [_row(each) for each in found], flexible="送信先")


@app.command()
def show(
    number: Number,
    limit: Annotated[int, typer.Option("--last", help="So many tries and given-up messages.")] = 20,
) -> None:
    """Show how an endpoint stands: what waits, the last tries with status and time, what was given up and why."""
    standing = _with_board(lambda board: board.standing(number, limit))
    for name, value in _described(standing):
        print(f"{name}: {value}")
    print()
    rows = [
        (
            f"{each.at:%Y-%m-%d %H:%M:%S}",
            str(each.code or "–"),
            f"{each.milliseconds} ms",
            each.verdict,
            each.answer,
        )
        for each in standing.attempts
    ]
    table(("日時（UTC）", "応答", "時間", "結果", "応答の先頭"), rows, flexible="応答の先頭")
    if standing.dead:
        print()
        dead = [
            (f"{each.finished_at:%Y-%m-%d %H:%M}", each.type, each.subject, str(each.attempts), each.problem)
            for each in standing.dead
        ]
        table(("断念した日時（UTC）", "種類", "対象", "回数", "理由"), dead, flexible="理由")


@app.command()
def enable(
    number: Number,
    latest_only: Annotated[
        bool,
        typer.Option(
            "--latest-only", help="Of what was kept, send the latest about each office and deadline."
        ),
    ] = False,
) -> None:
    """Post to an endpoint (again), with what was kept; one that is new must answer its challenge first."""
    _, passed = _with_board(lambda board: board.enable(number, latest_only=latest_only))
    print(f"Endpoint {number} is enabled." + (f" {passed} messages were passed over." if passed else ""))


@app.command()
def disable(
    number: Number, reason: Annotated[str, typer.Option("--reason", help="Why, for people.")] = ""
) -> None:
    """Post nothing more to an endpoint. What happens meanwhile is kept for it, 90 days."""
    _with_board(lambda board: board.disable(number, reason))
    print(f"Endpoint {number} is disabled.")


@app.command()
def rotate(
    number: Number,
    hours: Annotated[
        float,
        typer.Option("--overlap", min=0, help="Hours for which the old secret signs beside the new one."),
    ] = 24,
) -> None:
    """Give an endpoint a new secret and print it, this once."""
    print(_with_board(lambda board: board.rotate(number, timedelta(hours=hours))))


@app.command()
def ping(number: Number) -> None:
    """Post a test message now and say what was answered. Exits 1 if it was not taken."""
    receipt, milliseconds = _with_board(lambda board: board.ping(number))
    print(f"{receipt.verdict.value}: {receipt.code or '–'} {receipt.text} ({milliseconds} ms)")
    if receipt.verdict.value != "accepted":
        raise typer.Exit(1)


@app.command()
def replay(
    number: Number,
    since: Annotated[datetime, typer.Option("--since", help="From then on; a day or a time in Japan.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Send everything since a time once more, under the same ids; says first how many messages that is."""
    from notifier.clock import JAPAN

    start = since if since.tzinfo is not None else since.replace(tzinfo=JAPAN)
    count = _with_board(lambda board: board.count_since(number, start))
    if not yes:
        typer.confirm(f"{count} messages since {start.isoformat()}: send them again?", abort=True, err=True)
    count = _with_board(lambda board: board.replay(number, start))
    print(f"{count} messages will be sent again.")


@app.command()
def remove(number: Number, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Remove an endpoint for good. What waits for it is given up."""
    standing = _with_board(lambda board: board.standing(number))
    waiting = standing.counts["waiting"]
    if not yes:
        typer.confirm(f"{standing.endpoint.url} ({waiting} waiting): remove it?", abort=True, err=True)
    _with_board(lambda board: board.remove(number))
    print(f"Endpoint {number} is removed.")


def _with_board(work: "Callable[[Switchboard], Awaitable[T]]") -> T:
    from notifier.clock import SystemClock
    from notifier.service import Service
    from notifier.settings import load_settings

    async def do() -> T:
        async with Service.open(load_settings(), clock=SystemClock()) as service:
            return await work(await service.switchboard(who_types()))

    return asyncio.run(do())


def _whose(endpoint: "Endpoint") -> str:
    return "／".join(filter(None, (endpoint.authority or NATION, endpoint.vendor)))


def _row(endpoint: "Endpoint") -> tuple[str, ...]:
    state = STATES[endpoint.state] + (f"（{endpoint.reason}）" if endpoint.reason else "")
    failures = str(endpoint.breaker.failures or "")
    return (str(endpoint.id), _whose(endpoint), endpoint.url, state, failures, endpoint.description)


def _described(standing: "Standing") -> list[tuple[str, str]]:
    found, wanted = standing.endpoint, standing.endpoint.wanted
    rest = found.breaker.open_until
    return [
        ("送信先", found.url),
        ("だれの", _whose(found)),
        ("状態", STATES[found.state] + (f"（{found.reason}）" if found.reason else "")),
        ("続けて失敗", f"{found.breaker.failures} 回" + (f"、{rest:%H:%M:%S} UTC まで休止" if rest else "")),
        ("送信待ち", f"{standing.counts['waiting']} 件"),
        ("断念", f"{standing.counts['dead']} 件"),
        ("種類", "、".join(wanted.types) or "すべて"),
        ("事業所", f"{len(wanted.offices)} 件" if wanted.offices else "すべて"),
        ("期限", "、".join(wanted.deadlines) or "すべて"),
        ("連絡先", found.owner or "–"),
    ]
