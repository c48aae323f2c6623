"""`notifier notice`: notices that came in or are handed in, on their way to being read, reviewed and approved."""

import asyncio
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from notifier.cli.output import civil_date, table

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notifier.desk import Desk
    from notifier.store.inbox import Arrived

T = TypeVar("T")
app = typer.Typer(help="Notices on their way into the law.", no_args_is_help=True)

COLUMNS = ("文書", "状態", "発出日", "題名", "発出者", "入手", "理由")
FOUND = ("行:桁", "表現", "始め", "終わり", "注意")
Name = Annotated[str, typer.Argument(metavar="ID", help="The notice, as `notifier notice list` names it.")]


@app.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="PDF, HTML, Word (.docx), or text.")],
    title: Annotated[str, typer.Option("--title", help="Its title; default: what the file says.")] = "",
    issuer: Annotated[str, typer.Option("--issuer", help="Who issued it.")] = "",
    number: Annotated[str, typer.Option("--number", help="Its document number.")] = "",
    issued: Annotated[
        date | None,
        typer.Option(parser=civil_date, metavar="DATE", help="Its issue date; default: what it bears."),
    ] = None,
) -> None:
    """Hand a notice in. It is kept with its file and read; it says nothing before it is reviewed and approved."""
    from notifier.reading.extraction import LIMITS
    from notifier.steps.take_in import Handed

    with file.open("rb") as opened:
        content = opened.read(LIMITS.size + 1)
    handed = Handed(file.name, content, title, issuer, number, issued)
    name, is_new = _with_desk(lambda desk: desk.add(handed))
    print(f"{name} として受け付けました。" if is_new else f"同じ文書が {name} として受付済みです。")
    _show(name)


@app.command("list")
def show_list(
    every: Annotated[
        bool, typer.Option("--all", help="Those that were approved or turned away, too.")
    ] = False,
) -> None:
    """List the notices that wait: received, read, reviewed."""
    from notifier.domain.stages import Stage

    stages = tuple(Stage) if every else (Stage.RECEIVED, Stage.READ, Stage.REVIEWED)
    found = _with_desk(lambda desk: desk.arrived(stages))
    if not found:
        print("待っている文書はありません。")
        return
    table(COLUMNS, [_row(each) for each in found], flexible="題名")
    print(f"{len(found)}件。")


@app.command()
def show(name: Name) -> None:
    """Show one notice: where it stands, and the deadlines that were found in it."""
    _show(name)


@app.command()
def reject(
    name: Name,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is written down.")],
    not_relevant: Annotated[
        bool, typer.Option("--not-relevant", help="It is in order, but concerns no duty that is kept here.")
    ] = False,
) -> None:
    """Turn a notice away. Nothing it says takes effect; the file stays."""
    _with_desk(lambda desk: desk.turn_away(name, reason, relevant=not not_relevant))
    print(f"{name} を{'対象外' if not_relevant else '却下'}としました。")


def _show(name: str) -> None:
    found = _with_desk(lambda desk: desk.open(name))
    arrived, document = found.arrived, found.document
    print(f"{arrived.title}")
    print(f"状態: {arrived.stage.label}（{arrived.moved_by}）　発出日: {arrived.issued or '不明'}")
    for warning in document.warnings:
        print(f"注意: {warning}")
    from notifier.cli.reading import FLAGS

    rows = [
        (
            f"{each.line}:{each.column}",
            " ".join(each.text.split("\n")),
            each.start.isoformat() if each.start else "",
            each.end.isoformat() if each.end else "",
            "、".join(FLAGS.get(flag, flag) for flag in each.flags),
        )
        for each in found.reading.expressions
        if each.is_deadline
    ]
    if rows:
        table(FOUND, rows, flexible="表現")
    print(f"期限とみられる表現 {len(rows)}件（全体 {len(found.reading.expressions)}件）。")


def _row(arrived: "Arrived") -> tuple[str, ...]:
    issued = arrived.issued.isoformat() if arrived.issued else "–"
    return (
        arrived.notice,
        arrived.stage.label,
        issued,
        arrived.title,
        arrived.issuer or "–",
        arrived.came_from,
        arrived.reason,
    )


def _with_desk(work: "Callable[[Desk], Awaitable[T]]") -> T:
    from notifier.clock import SystemClock
    from notifier.desk import Desk
    from notifier.service import COMMAND_LINE, Service
    from notifier.settings import load_settings

    async def do() -> T:
        async with Service.open(load_settings(), clock=SystemClock()) as service:
            return await work(Desk(await service.ready_tools(), COMMAND_LINE))

    return asyncio.run(do())
