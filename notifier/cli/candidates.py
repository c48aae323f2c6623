"""`notifier notice keep`, `drop`, `edit`, `supply`, `correct`: what a reviewer makes of what was read in a notice."""

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifier.cli.notice_desk import As, FromStdin, Name, at_desk
from notifier.cli.notices import show_review
from notifier.cli.output import civil_date
from notifier.domain.reviews import Verdict
from notifier.domain.roles import Deed
from notifier.errors import NoticeRefusedError

if TYPE_CHECKING:
    from notifier.desk import Desk
    from notifier.store.inbox import Arrived
    from notifier.store.reviews import Review

Numbers = Annotated[list[int], typer.Argument(metavar="NUMBER...", help="The candidates' numbers.")]
Day = Annotated[date | None, typer.Option("--by", parser=civil_date, metavar="DATE", help="Its last day.")]
Opens = Annotated[
    date | None, typer.Option("--opens", parser=civil_date, metavar="DATE", help="From when it may be done.")
]
Due = Annotated[
    str,
    typer.Option("--due", metavar="JSON", help='Any other due of the catalogue, as {"month": "2026-03"}.'),
]
Tentative = Annotated[
    bool | None, typer.Option("--tentative/--no-tentative", help="予定 stands beside the day.")
]
Place = Annotated[str, typer.Option("--place", help="Where in the notice it stands.")]
Remark = Annotated[str, typer.Option("--remark", help="What is added, in words of your own.")]
KnownFrom = Annotated[
    date | None,
    typer.Option("--known-from", parser=civil_date, metavar="DATE", help="From when it may be used."),
]
Deadline = Annotated[str, typer.Option("--deadline", metavar="ID", help="The deadline it is about.")]
Form = Annotated[
    Path | None,
    typer.Option(
        "--file", metavar="FILE", help="All of it as TOML or JSON: deadline, definition, statement."
    ),
]


def keep(name: Name, numbers: Numbers, *, user: As = "", password_stdin: FromStdin = False) -> None:
    """Keep candidates as they are."""
    _do(lambda desk: desk.judge(name, numbers, Verdict.KEPT), user, password_stdin=password_stdin)


def drop(
    name: Name,
    numbers: Annotated[list[int] | None, typer.Argument(metavar="NUMBER...")] = None,
    *,
    rest: Annotated[bool, typer.Option("--rest", help="All on which nobody has decided.")] = False,
    user: As = "",
    password_stdin: FromStdin = False,
) -> None:
    """Drop candidates: they say nothing that is wanted here."""
    if bool(numbers) == rest:
        message = "name the candidates, or give --rest"
        raise typer.BadParameter(message)
    chosen = numbers or []

    async def work(desk: "Desk") -> "Review":
        return await (desk.drop_rest(name) if rest else desk.judge(name, chosen, Verdict.DROPPED))

    _do(work, user, password_stdin=password_stdin)


def edit(
    name: Name,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The candidate's number.")],
    *,
    deadline: Deadline = "",
    by: Day = None,
    opens: Opens = None,
    due: Due = "",
    tentative: Tentative = None,
    place: Place = "",
    remark: Remark = "",
    known_from: KnownFrom = None,
    file: Form = None,
    user: As = "",
    password_stdin: FromStdin = False,
) -> None:
    """Change what a candidate says; it is kept as it is then. What is not named stays."""

    async def work(desk: "Desk") -> "Review":
        found = (await desk.review(name)).candidate(number)
        before = {} if found is None else dict(found.said)
        said = _read(file) if file is not None else before
        said = _said(said, deadline, by, opens, due, tentative, place, remark, known_from)
        return await desk.change(name, number, said)

    _do(work, user, password_stdin=password_stdin)


def supply(
    name: Name,
    *,
    deadline: Deadline = "",
    by: Day = None,
    opens: Opens = None,
    due: Due = "",
    tentative: Tentative = None,
    place: Place = "",
    remark: Remark = "",
    known_from: KnownFrom = None,
    file: Form = None,
    user: As = "",
    password_stdin: FromStdin = False,
) -> None:
    """Add what the machine has missed: a statement about a known deadline, or, with --file, a new deadline."""

    async def work(desk: "Desk") -> "Review":
        said = _read(file) if file is not None else {}
        return await desk.supply(
            name, _said(said, deadline, by, opens, due, tentative, place, remark, known_from)
        )

    _do(work, user, password_stdin=password_stdin)


def correct(
    name: Name,
    *,
    title: Annotated[str, typer.Option("--title")] = "",
    issuer: Annotated[str, typer.Option("--issuer")] = "",
    number: Annotated[str, typer.Option("--number", help="Its document number.")] = "",
    issued: Annotated[date | None, typer.Option("--issued", parser=civil_date, metavar="DATE")] = None,
    known_from: KnownFrom = None,
    rank: Annotated[
        str, typer.Option("--rank", help="law, notice, local-material, explanation, advertisement, decision.")
    ] = "",
    user: As = "",
    password_stdin: FromStdin = False,
) -> None:
    """Say what a notice is, where it was read wrongly. What is not named stays."""
    said = {"title": title, "issuer": issuer, "number": number, "rank": rank}
    told: dict[str, Any] = {key: value for key, value in said.items() if value}
    days = {"issued": issued, "known_from": known_from}
    told |= {key: value.isoformat() for key, value in days.items() if value is not None}
    if not told:
        message = "name what is to be corrected"
        raise typer.BadParameter(message)
    _do(lambda desk: desk.correct(name, told), user, password_stdin=password_stdin)


COMMANDS = (keep, drop, edit, supply, correct)


def _do(work: Any, user: str, *, password_stdin: bool) -> None:
    async def revise(desk: "Desk") -> "tuple[Review, Arrived]":
        found: Review = await work(desk)
        return found, await desk.find(found.notice)

    review, arrived = at_desk(revise, user, Deed.EDIT, password_stdin=password_stdin)
    show_review(review)
    if arrived.reason:
        print(f"状態: {arrived.stage.label}（{arrived.reason}）")


def _said(  # noqa: PLR0917 -- one argument an option
    before: dict[str, Any],
    deadline: str,
    by: date | None,
    opens: date | None,
    due: str,
    tentative: bool | None,
    place: str,
    remark: str,
    known_from: date | None,
) -> dict[str, Any]:
    """Return the candidate with what was named put in its place."""
    said = {**before, **({"deadline": deadline} if deadline else {})}
    statement = dict(said.get("statement", {}))
    if due:
        statement["due"] = _json(due, "--due")
    days = {"by": by, "opens": opens}
    if by is not None or opens is not None:
        kept = statement.get("due", {})
        plain = kept if set(kept) <= {"by", "opens", "tentative"} else {}
        statement["due"] = {**plain, **{key: day.isoformat() for key, day in days.items() if day is not None}}
    if tentative is not None:
        statement.pop("tentative", None)
        if "due" in statement:
            statement["due"] = {key: value for key, value in statement["due"].items() if key != "tentative"}
        if tentative:
            statement["tentative"] = True
    texts = {"place": place, "remark": remark}
    statement |= {key: value for key, value in texts.items() if value}
    if known_from is not None:
        statement["known_from"] = known_from.isoformat()
    return {**said, "statement": statement}


def _read(file: Path) -> dict[str, Any]:
    import tomllib

    text = file.read_text("utf-8")
    if file.suffix == ".json":
        return _json(text, file.name)
    try:
        return json_ready(tomllib.loads(text))
    except tomllib.TOMLDecodeError as fault:
        raise NoticeRefusedError(
            f"{file}: TOMLとして読めません（{fault}）。書き方を直してください。"
        ) from None


def _json(text: str, where: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as fault:
        raise NoticeRefusedError(
            f"{where}: JSONとして読めません（{fault}）。書き方を直してください。"
        ) from None
    if not isinstance(found, dict):
        raise NoticeRefusedError(f'{where}: {{"by": "2026-07-31"}} のような表にしてください。')
    return found


def json_ready(written: dict[str, Any]) -> dict[str, Any]:
    """Return what TOML gave with its dates as JSON writes them."""
    found: dict[str, Any] = json.loads(json.dumps(written, default=date.isoformat))
    return found
