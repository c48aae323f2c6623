"""`notifier offices`: take over lists of offices, write them out again."""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from notifier.cli.at_hand import who_types
from notifier.cli.output import Format, bar_of_stages, civil_date, json_lines
from notifier.errors import ImportRefusedError

if TYPE_CHECKING:
    from notifier.enlisting import Enlisted, Wanted
    from notifier.reading.office_list import RowFault

app = typer.Typer(help="The offices that are told of their deadlines.", no_args_is_help=True)

STAGES = {"reading": "読み取り", "comparing": "比較", "taking over": "取り込み"}
MOST_NAMED = 20
"""Offices and doubts that are named one by one in a summary; of more only the number is told."""
Municipality = Annotated[
    str | None,
    typer.Option(
        "--municipality",
        metavar="CODE",
        help="Six-digit 団体コード, e.g. 121002; not needed if the list has a column for it.",
    ),
]


@app.command("import")
def import_offices(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV in UTF-8 or CP932, an Excel workbook, or a file of the national register.",
        ),
    ],
    *,
    municipality: Municipality = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the difference and change nothing.")
    ] = False,
    without_refused: Annotated[
        bool,
        typer.Option("--without-refused", help="Take over the rest if some offices have faulty rows."),
    ] = False,
    refused: Annotated[
        Path | None,
        typer.Option(
            "--refused", metavar="FILE", help="Write the refused rows with their reasons, to correct."
        ),
    ] = None,
    close_gone: Annotated[
        bool, typer.Option("--close-gone", help="Close the offices that the list does not name.")
    ] = False,
    gone_count: Annotated[
        int | None,
        typer.Option("--gone-count", metavar="N", help="How many are closed; needed for more than five."),
    ] = None,
    closed_on: Annotated[
        str | None,
        typer.Option("--closed-on", metavar="DATE", help="Since when they are closed; today by default."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="For people or for programs.")] = Format.TABLE,
) -> None:
    """Take over a list of offices: all of it, or nothing if any row is faulty."""
    from notifier.enlisting import Wanted, counts, outcomes
    from notifier.reading.office_table import refused_file

    wanted = Wanted(
        municipality,
        dry_run=dry_run,
        without_refused=without_refused,
        close_gone=close_gone,
        gone_count=gone_count,
        closed_on=civil_date(closed_on) if closed_on else None,
    )
    content = file.read_bytes()
    done = asyncio.run(_enlist(content, wanted))
    if refused is not None and done.faults:
        refused.write_bytes(refused_file(content, done.listed))
    if form is Format.JSONL:
        json_lines(outcomes(done))
    else:
        _show(file, done, is_shown=dry_run or done.taken_over, closes=close_gone)
    if done.faults and not (done.taken_over and without_refused):
        number = counts(done)["refused"]
        where = f"直す行は{refused}にあります。" if refused else "--refused FILE で直す行を書き出せます。"
        nothing = "まだ何も取り込んでいません。" if dry_run else "何も取り込んでいません。"
        message = f"{file.name}: {len(done.faults)}か所（{number}行）を直してください。{nothing}{where}"
        raise ImportRefusedError(message)


async def _enlist(content: bytes, wanted: "Wanted") -> "Enlisted":
    from notifier.clock import SystemClock
    from notifier.service import Service
    from notifier.settings import load_settings
    from notifier.steps.enlist import enlist

    async with Service.open(load_settings(), clock=SystemClock()) as service:
        tools = await service.ready_tools()
        with bar_of_stages(STAGES["reading"]) as advance:
            return await enlist(
                tools,
                content,
                wanted,
                who_types(),
                lambda stage, share: advance(STAGES[stage], share),
            )


@app.command("template")
def write_template(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where to write it; a file that is there stays.")
    ] = Path("offices.csv"),
) -> None:
    """Write an empty list with the columns we read and one explained row, as Excel opens it."""
    from notifier.reading.office_table import template

    _refuse_existing(file)
    file.write_bytes(template())
    print(f"{file}に書きました。記入例の行はそのままでも取り込まれません。")


@app.command("export")
def export_offices(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write the list (CSV, UTF-8).")],
    municipality: Annotated[
        str, typer.Option("--municipality", metavar="CODE", help="Six-digit 団体コード of whose offices.")
    ],
) -> None:
    """Write the offices of a municipality as a list; importing it again changes nothing."""
    _refuse_existing(file)
    asyncio.run(_export(file, municipality))
    print(f"{file}に書きました。")


async def _export(file: Path, municipality: str) -> None:
    from notifier.clock import SystemClock
    from notifier.enlisting import check_municipality, exported
    from notifier.service import Service
    from notifier.settings import load_settings

    check_municipality(municipality)
    async with Service.open(load_settings(), clock=SystemClock()) as service:
        tools = await service.ready_tools()
        with file.open("xb") as written:
            async for piece in exported(tools, municipality):
                written.write(piece)


def _refuse_existing(file: Path) -> None:
    if file.exists():
        raise ImportRefusedError(f"{file}はすでにあります。別の名前を指定してください。")


# ---- shown to people ----


def _show(file: Path, done: "Enlisted", *, is_shown: bool, closes: bool) -> None:
    _tell(file, done.faults, len(done.faults))
    if is_shown:
        print("\n".join(_summary(done, closes=closes)))
    _tell(file, done.listed.warnings, MOST_NAMED)


def _tell(file: Path, faults: "Iterable[RowFault]", most: int) -> None:
    told = list(faults)
    for fault in told[:most]:
        print(f"{file.name}: {fault}", file=sys.stderr)
    if len(told) > most:
        print(f"{file.name}: ほかに確かめていただきたい所が{len(told) - most}か所あります。", file=sys.stderr)


def _summary(done: "Enlisted", *, closes: bool) -> list[str]:
    from notifier.enlisting import column_label

    difference, listed = done.difference, done.listed
    verb = "取り込みました" if done.taken_over else "取り込むとこう変わります（まだ何も変えていません）"
    added, changed = len(difference.added), len(difference.changed)
    lines = [f"{verb}: 追加{added}件、変更{changed}件、変更なし{difference.unchanged}件"]
    lines += [f"  追加 {number}" for number in difference.added[:MOST_NAMED]]
    for number, changes in list(difference.changed.items())[:MOST_NAMED]:
        told = (
            f"{column_label(each.column)} {_or_none(each.old)} → {_or_none(each.new)}" for each in changes
        )
        lines.append(f"  変更 {number}: {'、'.join(told)}")
    if max(added, changed) > MOST_NAMED:
        lines.append("  （多いため一部だけを表示しています）")
    if difference.gone:
        named = "、".join(difference.gone[:MOST_NAMED])
        would = "廃止にします" if closes else "登録は残しています"
        fate = "廃止にしました" if done.closed else would
        lines.append(f"  一覧にない事業所が{len(difference.gone)}件あります。{fate}: {named}")
    if listed.elsewhere:
        lines.append(f"  ほかの市町村の{listed.elsewhere}行は読み飛ばしました。")
    if listed.without_duties:
        lines.append(f"  通知する期限のない種類のサービスの{listed.without_duties}行は読み飛ばしました。")
    return lines


def _or_none(value: str) -> str:
    return value or "（なし）"
