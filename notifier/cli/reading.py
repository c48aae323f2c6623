"""`notifier read`: a notice's expressions of time, for people and for programs."""

import asyncio
import sys
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from notifier.cli.output import civil_date, json_lines, table

if TYPE_CHECKING:
    from notifier.reading.expressions import Expression, Reading
    from notifier.reading.extraction import Document


class Form(StrEnum):
    """In which form what was read is written; `toml` is for candidates alone."""

    TABLE = "table"
    JSONL = "jsonl"
    HTML = "html"
    TOML = "toml"


COLUMNS = ("行:桁", "表現", "種類", "始め", "終わり", "期限", "予定", "注意")
KINDS = {
    "date": "日",
    "month": "月",
    "fiscal_year": "年度",
    "period": "長さ",
    "range": "期間",
    "part_of_month": "月の一部",
    "half_year": "半期",
    "relative": "相対",
    "recurring": "繰り返し",
    "until_event": "出来事まで",
    "other": "その他",
}
FLAGS = {
    "past-at-issue": "発出日に経過済み",
    "conflict": "文書内で食い違い",
    "year-inferred": "年は推定",
    "era-inferred": "元号は推定",
    "weekday-mismatch": "曜日が合わない",
    "ocr-suspect": "読み取り誤りの疑い",
    "inherited-tentative": "予定を引き継ぐ",
    "void": "改訂前",
    "not-understood": "読み取れない",
}


def read(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A notice: plain text, Markdown, HTML, Word (.docx), or PDF with a text layer.",
        ),
    ],
    issued: Annotated[
        date | None,
        typer.Option(
            parser=civil_date,
            metavar="DATE",
            help="The day that words such as 今年度 refer to; default: the issue date the notice bears.",
        ),
    ] = None,
    form: Annotated[
        Form,
        typer.Option(
            "--format",
            help="A table, JSON Lines, or a page with the expressions marked; "
            "of candidates a table, JSON Lines, or entries for the catalogue (toml).",
        ),
    ] = Form.TABLE,
    why: Annotated[
        bool,
        typer.Option("--why", help="Say why each is a deadline or not; of candidates, why it was matched."),
    ] = False,
    candidates: Annotated[
        bool,
        typer.Option(
            "--candidates",
            help="Propose what the notice changes in the law as known the day before it, for a person to approve.",
        ),
    ] = False,
) -> None:
    """Read a notice and print its dates and periods: what each means, and which are deadlines."""
    from notifier.reading.expressions import read as read_text

    if form is (Form.HTML if candidates else Form.TOML):
        message = f"{form.value} is {'not ' if candidates else ''}for --candidates; choose table or jsonl"
        raise typer.BadParameter(message, param_hint="--format")
    document = text_of(file)
    if candidates:
        from notifier.cli.proposals import show

        show(document, issued, form.value, why=why)
        return
    reading = read_text(document.text, issued)
    if form is Form.JSONL:
        json_lines(
            each.as_json() | ({"why": list(each.reasons)} if why else {}) for each in reading.expressions
        )
        return
    columns = (*COLUMNS, "理由") if why else COLUMNS
    if document.pages:
        columns = ("ページ", *columns)
    rows = [_row(each, document, why=why) for each in reading.expressions]
    summary = _summary(reading, is_given=issued is not None)
    if form is Form.HTML:
        from notifier.cli.marked import marked_page

        print(marked_page(reading, f"読み取り結果 {file.name}", summary, columns, rows))
        return
    if rows:
        table(columns, rows, flexible="理由" if why else "表現")
    print(summary)


def text_of(file: Path) -> "Document":
    """Return the text of a notice, and say on standard error what may be missing from it.

    Raises ExtractionError, in Japanese, if there is no text to be had.
    """
    from notifier.reading.extraction import LIMITS, extract

    with file.open("rb") as opened:
        content = opened.read(LIMITS.size + 1)
    document = asyncio.run(extract(content, file.name))
    for warning in document.warnings:
        print(f"notifier: {file.name}: {warning}", file=sys.stderr)
    return document


def _row(expression: "Expression", document: "Document", *, why: bool) -> tuple[str, ...]:
    page = document.page_of(expression.line)
    cells = (
        *((str(page),) if page is not None else ()),
        f"{expression.line}:{expression.column}",
        " ".join(expression.text.split("\n")),
        KINDS[expression.kind],
        expression.start.isoformat() if expression.start else "",
        expression.end.isoformat() if expression.end else "",
        "期限" if expression.is_deadline else "",
        "予定" if expression.tentative else "",
        "、".join(FLAGS[flag] for flag in expression.flags),
    )
    return (*cells, " / ".join(expression.reasons)) if why else cells


def _summary(reading: "Reading", *, is_given: bool) -> str:
    """Say in one line what was found, and to which day it was related."""
    found = reading.expressions
    if not found:
        return "日付や期間は見つかりませんでした。"
    deadlines = sum(each.is_deadline for each in found)
    unread = sum("not-understood" in each.flags for each in found)
    if reading.issued is None:
        related = "発出日が見つからないため、年のない日付は読み切れません（--issued で指定できます）"
    else:
        related = f"基準日 {reading.issued}（{'指定' if is_given else '文書の発出日'}）"
    return f"{len(found)}件（期限 {deadlines}件、読み取れない {unread}件）。{related}。"
