"""`notifier simulate`: run the real engine on a turned clock and show every message."""

import asyncio
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from notifier.cli.output import Format, bar, civil_date, json_lines, table

COLUMNS = ("日", "宛先", "種類", "期限", "段", "期日", "件名")
OCCASIONS = {
    "announcement": "お知らせ",
    "change": "変更",
    "opening": "受付開始",
    "reminder": "予告",
    "last-call": "当日",
    "closing": "終了",
    "acknowledgement": "受領",
    "prompt": "依頼",
    "question": "照会",
}


def simulate(
    scenario: Annotated[
        Path, typer.Argument(metavar="SCENARIO", help="A scenario: authorities, offices and events, in YAML.")
    ],
    first: Annotated[
        date | None,
        typer.Option("--from", parser=civil_date, metavar="DATE", help="First day; default: the scenario's."),
    ] = None,
    last: Annotated[
        date | None,
        typer.Option("--to", parser=civil_date, metavar="DATE", help="Last day; default: the scenario's."),
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="A table, JSON Lines, or a page for the browser.")
    ] = Format.TABLE,
) -> None:
    """Run the real steps on a turned clock and print every message that would be sent. No network."""
    from notifier.simulation import simulate as run_scenario

    with bar("Turning the clock") as advance:

        def progress(start: date, today: date, end: date) -> None:
            advance((today - start).days / max(1, (end - start).days))

        simulated = asyncio.run(run_scenario(scenario, first, last, progress))
    show(simulated.lines, form, title=scenario.name)


def show(lines: list[dict[str, Any]], form: Format, title: str) -> None:
    """Print the lines of a simulation in the form wanted."""
    if form is Format.JSONL:
        json_lines(lines)
    elif form is Format.TABLE:
        table(COLUMNS, map(_row, lines), flexible="件名")
    else:
        from notifier.cli.page import page

        count = len({line["message"] for line in lines})
        print(page(f"通知の予行 {title}", f"通知 {count}通、{len(lines)}件", COLUMNS, map(_row, lines)))


def _row(line: Mapping[str, Any]) -> tuple[str, ...]:
    to = line["to"]
    return (
        line["on"],
        f"{to['id']} {to['address'] or '（宛先なし）'}".strip(),
        OCCASIONS.get(line["occasion"], line["occasion"]),
        line["deadline"],
        line["rung"] or "",
        _due(line["due"]),
        line["subject"],
    )


def _due(due: Mapping[str, Any] | None) -> str:
    """Write the due interval short: one day, both ends or one open end; a safer target in brackets."""
    if not due or not (due["earliest"] or due["latest"]):
        return ""
    earliest, latest = due["earliest"] or "", due["latest"] or ""
    days = latest if earliest == latest else f"{earliest}～{latest}"
    target = f"（{due['target']}）" if due["target"] and due["target"] != latest else ""
    return f"{days}{target}{' 予定' if due['tentative'] else ''}"
