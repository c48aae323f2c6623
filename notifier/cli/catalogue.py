"""`notifier catalogue`: the law as data, to look at, to check and to compare."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifier.cli.output import table
from notifier.errors import UnknownError

if TYPE_CHECKING:
    from notifier.catalogue import Catalogue
    from notifier.domain.law import Deadline
    from notifier.domain.notices import Notice
    from notifier.domain.statements import Statement
    from notifier.tools import Tools

app = typer.Typer(
    help="The law as data: what is owed by when, and which notice says so.", no_args_is_help=True
)

Folder = Annotated[
    Path | None,
    typer.Option("--folder", exists=True, file_okay=False, help="A catalogue other than the shipped one."),
]
InDatabase = Annotated[
    bool,
    typer.Option(
        "--database", help="The law of the database: also what was approved from notices handed in."
    ),
]
MODALITIES = {"required": "必須", "optional": "任意", "recommended": "推奨"}
LEVELS = {"error": "failed", "warning": "warning"}


def _opened(folder: Path | None, *, database: bool) -> "Catalogue":
    """Return the catalogue of `folder`, the shipped one, or the approved law of the database in the form of one."""
    from notifier.catalogue import load

    if not database:
        return load(folder)
    if folder is not None:
        message = "a folder and the database cannot be shown at once; leave one of the two out"
        raise typer.BadParameter(message)
    import asyncio

    from notifier.cli.at_hand import at_hand

    return asyncio.run(at_hand(_in_force))


async def _in_force(tools: "Tools") -> "Catalogue":
    from notifier.tools import law_on

    async with tools.database.reading() as conn:
        law = await law_on(conn, tools, tools.today())
    said = sorted((each for row in law.statements.values() for each in row), key=lambda each: each.known_from)
    notices = {each.notice.id: each.notice for each in said}
    return replace(tools.catalogue, deadlines=law.deadlines, statements=tuple(said), notices=notices)


@app.command("list")
def list_deadlines(folder: Folder = None, *, database: InDatabase = False) -> None:
    """List all deadlines with their dates as known today."""
    catalogue = _opened(folder, database=database)
    rows = (
        (entry.id, entry.title, MODALITIES[entry.modality], _wording_today(catalogue, entry.id))
        for entry in catalogue.deadlines.values()
    )
    table(("ID", "名称", "区分", "本日時点の期日"), rows, flexible="本日時点の期日")


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="ID", help="A deadline, a family of deadlines or a notice.")],
    folder: Folder = None,
    *,
    database: InDatabase = False,
) -> None:
    """Show a deadline with all that was ever said about it, or all that a notice says."""
    catalogue = _opened(folder, database=database)
    chosen = [each for each in catalogue.deadlines.values() if name in {each.id, each.family}]
    for entry in chosen:
        print("\n".join(_deadline_lines(catalogue, entry)) + "\n")
    papers = [each for each in catalogue.notices.values() if name in {each.id, each.paper}]
    for paper in papers:
        print("\n".join(_notice_lines(catalogue, paper)) + "\n")
    if not chosen and not papers:
        raise UnknownError(_nearest(name, [*catalogue.deadlines, *catalogue.notices]))


@app.command()
def lint(folder: Folder = None) -> None:
    """Look for missing citations, unknown facts, contradictions nobody decided, ladders that never fire."""
    from notifier.catalogue import lint as look
    from notifier.catalogue import load
    from notifier.catalogue.holidays import national_calendar
    from notifier.checks import years_of
    from notifier.clock import SystemClock
    from notifier.clock import civil_date as date_of

    catalogue = load(folder)
    years = years_of(catalogue, date_of(SystemClock().now()))
    findings = look(catalogue, national_calendar(*years))
    for each in findings:
        print(f"{LEVELS[each.level]}: {each.place}: {each.id}: {each.message}; {each.mend}")
    errors = sum(each.level == "error" for each in findings)
    print(f"{errors} errors, {len(findings) - errors} warnings.")
    if errors:
        raise typer.Exit(1)


@app.command()
def diff(
    old: Annotated[
        str, typer.Argument(metavar="A", help="A folder, or a day (YYYY-MM-DD): what was known then.")
    ],
    new: Annotated[str, typer.Argument(metavar="B", help="The same, to compare with.")],
) -> None:
    """Compare two catalogues, or what the shipped one knew on two days."""
    before, after = _entries(old), _entries(new)
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name, {}), after.get(name, {})
        if was != now:
            print(f"{'+' if not was else '-' if not now else '~'} {name}")
            for key in [key for key in {**was, **now} if key != "id" and was.get(key) != now.get(key)]:
                values = [str(each[key]) for each in (was, now) if each.get(key) not in (None, "", [])]
                if values:
                    print(f"    {key}: {' → '.join(values) if was and now else values[0]}")


def _entries(where: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the deadlines and statements of a catalogue, each as data under its id."""
    from notifier.catalogue import deadline_as_data, load, statement_as_data

    try:
        day: date | None = date.fromisoformat(where)
    except ValueError:
        day = None
    if day is None and not Path(where).is_dir():
        message = f"{where!r} is neither a folder nor a day written as 2026-03-06"
        raise typer.BadParameter(message)
    catalogue = load() if day else load(Path(where))
    statements = [each for each in catalogue.statements if day is None or each.known_from <= day]
    known = {each.deadline for each in statements}
    found = {each.id: deadline_as_data(each) for each in catalogue.deadlines.values() if each.id in known}
    return found | {each.id: statement_as_data(each) for each in statements}


def _wording_today(catalogue: "Catalogue", deadline: str) -> str:
    """Return how the date is said today to those whom no authority has set one and who bound themselves."""
    from notifier.catalogue.holidays import national_calendar
    from notifier.clock import SystemClock, civil_date
    from notifier.domain.obligations import CohortKey, decide

    today = civil_date(SystemClock().now())
    law = catalogue.law(national_calendar(today.year - 1, today.year + 2)).as_known(today)
    decision = decide(law, CohortKey(deadline, 0, "", "", taken_up=True, anchor=None), today)
    return decision.due.wording if decision else "まだ示されていません"


def _deadline_lines(catalogue: "Catalogue", entry: "Deadline") -> Iterator[str]:
    yield f"{entry.id}  {entry.title}（{MODALITIES[entry.modality]}）"
    yield f"  対象: {entry.concerns_wording or 'すべての事業所'}"
    for label, text in (
        ("前提", entry.taken_up_wording),
        ("すること", entry.action),
        ("提出先・方法", entry.where),
        ("しないと", entry.silence),
        ("金額", entry.money),
    ):
        if text:
            yield f"  {label}: {text}"
    yield f"  予告: {entry.ladder} {list(catalogue.ladders[entry.ladder].days)}"
    yield f"  本日時点: {_wording_today(catalogue, entry.id)}"
    for each in catalogue.statements:
        if each.deadline == entry.id:
            yield f"  {_said(each)}"
            yield f"      {each.notice.id}（{each.notice.dated}、{each.notice.rank.label}）{each.place}"


def _notice_lines(catalogue: "Catalogue", paper: "Notice") -> Iterator[str]:
    yield f"{paper.id}  {paper.title}"
    yield f"  {paper.number} {paper.issuer}、{paper.issued or '日付なし'}、{paper.rank.label}".replace(
        "   ", "  "
    )
    for each in catalogue.statements:
        if each.notice.id == paper.id:
            yield f"  {each.deadline}: {_said(each)}"


def _said(statement: "Statement") -> str:
    from notifier.domain.deadlines import Known, due_of

    due = ""
    if statement.due is not None:
        due = due_of(statement.due, Known(None, None, 0), tentative=statement.tentative).wording
    parts = [due, "取り下げ" if statement.withdraws else "", statement.remark]
    return f"[{statement.known_from}] " + " ／ ".join(part for part in parts if part)


def _nearest(name: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=1, cutoff=0)
    return f"No deadline and no notice is called {name!r}; did you mean {near[0]!r}?"
