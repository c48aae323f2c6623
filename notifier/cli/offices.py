"""`notifier offices`: take over a municipality's list of offices."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from notifier.cli.output import bar_of_stages
from notifier.errors import ImportRefusedError

if TYPE_CHECKING:
    from notifier.enlisting import Enlisted
    from notifier.store.enrolment import Change

app = typer.Typer(help="The offices that are told of their deadlines.", no_args_is_help=True)

OTHER_COLUMNS = {"prefecture": "都道府県", "closed_on": "廃止日", "subscriptions": "配信する分野"}
STAGES = {"reading": "読み取り", "comparing": "比較", "taking over": "取り込み"}
MOST_NAMED = 20
"""Offices that are named one by one in a summary; of more only the number is told."""


@app.command("import")
def import_offices(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV in UTF-8 or CP932, or Excel's Unicode text.")
    ],
    municipality: Annotated[
        str, typer.Option("--municipality", metavar="CODE", help="Six-digit 団体コード, e.g. 121002.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the difference and change nothing.")
    ] = False,
) -> None:
    """Take over a list of offices: all of it, or nothing if any row is faulty."""
    from notifier.settings import load_settings

    settings = load_settings()
    content = file.read_bytes()

    async def take_over() -> "Enlisted":
        from notifier.clock import SystemClock
        from notifier.service import Service

        async with Service.open(settings, clock=SystemClock()) as service:
            with bar_of_stages(STAGES["reading"]) as advance:
                return await service.import_offices(
                    content,
                    municipality,
                    dry_run=dry_run,
                    progress=lambda stage, share: advance(STAGES[stage], share),
                )

    done = asyncio.run(take_over())
    for fault in done.faults:
        print(f"{file.name}: {fault}", file=sys.stderr)
    if done.faults:
        message = f"{file.name}: {len(done.faults)}か所を直してください。何も取り込んでいません。"
        raise ImportRefusedError(message)
    print("\n".join(_summary(done)))


def _summary(done: "Enlisted") -> list[str]:
    difference = done.difference
    verb = "取り込みました" if done.taken_over else "取り込むとこう変わります（まだ何も変えていません）"
    added, changed = len(difference.added), len(difference.changed)
    lines = [f"{verb}: 追加{added}件、変更{changed}件、変更なし{difference.unchanged}件"]
    lines += [f"  追加 {number}" for number in difference.added[:MOST_NAMED]]
    for number, changes in list(difference.changed.items())[:MOST_NAMED]:
        lines.append(f"  変更 {number}: {'、'.join(map(_told, changes))}")
    if max(added, changed) > MOST_NAMED:
        lines.append("  （多いため一部だけを表示しています）")
    if difference.gone:
        named = "、".join(difference.gone[:MOST_NAMED])
        lines.append(f"  一覧にない事業所が{len(difference.gone)}件あります。登録は残しています: {named}")
    return lines


def _told(change: "Change") -> str:
    from notifier.reading.office_columns import HEADINGS

    column = HEADINGS[change.column][0] if change.column in HEADINGS else OTHER_COLUMNS[change.column]
    return f"{column} {change.old or '（なし）'} → {change.new or '（なし）'}"
