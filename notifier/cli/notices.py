"""`notifier notice`: notices that came in or are handed in, on their way to being read, reviewed and approved."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from notifier.cli.notice_desk import As, FromStdin, Name, at_desk
from notifier.cli.output import bar, civil_date, json_lines, table
from notifier.domain.roles import Deed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from notifier.desk import Desk, Opened
    from notifier.domain.impacts import Impact
    from notifier.store.inbox import Arrived
    from notifier.store.reviews import Candidate, Review

app = typer.Typer(help="Notices on their way into the law.", no_args_is_help=True)

COLUMNS = ("文書", "状態", "発出日", "題名", "発出者", "入手", "理由")
FOUND = ("行:桁", "表現", "始め", "終わり", "注意")
CANDIDATES = ("番号", "判断", "場所", "期限", "期日", "文")
EFFECTS = ("期限", "変更", "これまで → これから", "事業所", "届く", "宛先なし", "知らせない設定", "自治体")
DAYS = ("日", "期限", "種類", "相手", "通", "宛先なし")
IDENTITY = {
    "title": "題名",
    "issuer": "発出者",
    "number": "文書番号",
    "issued": "発出日",
    "known_from": "使い始める日",
    "rank": "文書の格",
}
PARTIES = {"office": "事業所", "municipality": "市町村", "prefecture": "都道府県", "editor": "運用担当者"}
OCCASIONS = {
    "announcement": "お知らせ",
    "change": "変更",
    "opening": "受付開始",
    "reminder": "リマインダー",
    "last-call": "当日",
    "closing": "締切後",
    "acknowledgement": "受付済",
    "prompt": "お願い",
    "question": "確認",
}
WHY = {"no-address": "宛先がない", "not-subscribed": "知らせない設定"}
_SHOWN = 40


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
    notice: Annotated[
        str,
        typer.Option("--to", metavar="ID", help="The notice that waits for this file: told of without one."),
    ] = "",
    *,
    user: As = "",
    password_stdin: FromStdin = False,
) -> None:
    """Hand a notice in. It is kept with its file and read; it says nothing before it is reviewed and approved."""
    from notifier.reading.extraction import LIMITS
    from notifier.steps.take_in import Handed

    with file.open("rb") as opened:
        content = opened.read(LIMITS.size + 1)
    handed = Handed(file.name, content, title, issuer, number, issued, notice=notice)

    async def work(desk: "Desk") -> "tuple[str, bool, Opened]":
        name, is_new = await desk.add(handed)
        return name, is_new, await desk.open(name)

    name, is_new, opened_notice = at_desk(work, user, Deed.EDIT, password_stdin=password_stdin)
    print(f"{name} として受け付けました。" if is_new else f"同じ文書が {name} として受付済みです。")
    _show(opened_notice)


@app.command("list")
def show_list(
    every: Annotated[
        bool, typer.Option("--all", help="Those that were approved or turned away, too.")
    ] = False,
) -> None:
    """List the notices that wait: received, read, reviewed."""
    from notifier.domain.stages import Stage

    stages = tuple(Stage) if every else (Stage.RECEIVED, Stage.READ, Stage.REVIEWED)
    found = at_desk(lambda desk: desk.arrived(stages))
    if not found:
        print("待っている文書はありません。")
        return
    table(COLUMNS, [_row(each) for each in found], flexible="題名")
    print(f"{len(found)}件。")


@app.command()
def show(
    name: Name,
    *,
    expressions: Annotated[
        bool, typer.Option("--expressions", help="The expressions of time found in it, too.")
    ] = False,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="Its candidates as one JSON object a line, to be edited.")
    ] = False,
    candidate: Annotated[
        int, typer.Option("--candidate", metavar="NUMBER", help="One candidate as TOML, for `edit --file`.")
    ] = 0,
    toml: Annotated[
        bool, typer.Option("--toml", help="What was kept of it, in the form of the shipped catalogue.")
    ] = False,
) -> None:
    """Show one notice: what it is, where it stands, its candidates, and what stands in the way of approval."""

    async def work(desk: "Desk") -> "Opened":
        await desk.read(name)
        return await desk.open(name)

    found = at_desk(work)
    if toml:
        print(at_desk(lambda desk: desk.as_catalogue(name)))
        return
    if candidate:
        print(_form(found, candidate))
        return
    if jsonl:
        json_lines(_as_json(each) for each in _candidates(found))
        return
    _show(found, expressions=expressions)
    for each in at_desk(lambda desk: desk.objections(name)):
        print(f"{'要修正' if each.is_error else '確認'}: {each}")


@app.command()
def preview(
    name: Name,
    months: Annotated[int, typer.Option("--months", min=0, max=24, help="Reminders of so many months.")] = 3,
    samples: Annotated[int, typer.Option("--samples", min=0, max=10, help="Letters that are shown.")] = 1,
) -> None:
    """Show what approving would do: whom it concerns, which letters leave when, who is not reached. Nothing is saved."""

    async def work(desk: "Desk") -> "Impact":
        await desk.read(name)
        return await desk.preview(name, months, samples)

    with bar("影響を調べています") as advance:
        found = at_desk(work)
        advance(1.0)
    show_impact(found)


@app.command()
def review(name: Name, *, user: As = "", password_stdin: FromStdin = False) -> None:
    """Vouch for what was kept of a notice and for whom it is; a second person approves it then."""
    impact = at_desk(lambda desk: desk.sign_off(name), user, Deed.EDIT, password_stdin=password_stdin)
    show_impact(impact)
    print(f"{name} を確認済みにしました。承認は、ほかの人が notifier notice approve {name} で行います。")


@app.command()
def approve(
    name: Name,
    *,
    user: As = "",
    password_stdin: FromStdin = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before letting it speak.")] = False,
) -> None:
    """Let a reviewed notice speak, as a second person: those concerned are told."""

    async def work(desk: "Desk") -> "Impact | None":
        await desk.may_approve(name)
        if not yes:
            show_impact(await desk.preview(name))
            if not typer.confirm("承認すると、上の手紙が出ます。承認しますか", err=True):
                return None
        return await desk.approve(name)

    done = at_desk(work, user, Deed.APPROVE, password_stdin=password_stdin)
    if done is None:
        print("承認しませんでした。何も変わっていません。")
        raise typer.Exit(1)
    print(f"{name} を承認しました。{done.offices}事業所に{done.letters}通が出ます。")


@app.command()
def reject(
    name: Name,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is written down.")],
    *,
    not_relevant: Annotated[
        bool, typer.Option("--not-relevant", help="It is in order, but concerns no duty that is kept here.")
    ] = False,
    user: As = "",
    password_stdin: FromStdin = False,
) -> None:
    """Turn a notice away. Nothing it says takes effect; the file stays."""

    async def work(desk: "Desk") -> None:
        await desk.turn_away(name, reason, relevant=not not_relevant)

    at_desk(work, user, Deed.EDIT, password_stdin=password_stdin)
    print(f"{name} を{'対象外' if not_relevant else '却下'}としました。")


@app.command()
def reopen(name: Name, *, user: As = "", password_stdin: FromStdin = False) -> None:
    """Take a notice up again that was turned away."""
    at_desk(lambda desk: desk.take_up(name), user, Deed.EDIT, password_stdin=password_stdin)
    print(f"{name} をもう一度「読み取り済み」にしました。")


@app.command()
def withdraw(
    name: Name,
    reason: Annotated[str, typer.Option("--reason", help="Why; those who were told read it.")],
    *,
    user: As = "",
    password_stdin: FromStdin = False,
) -> None:
    """Begin to take an approved notice back: a second person approves that, too, and those who were told are told."""
    back = at_desk(lambda desk: desk.withdraw(name, reason), user, Deed.EDIT, password_stdin=password_stdin)
    print(
        f"取下げを {back} として確認済みにしました。ほかの人が notifier notice approve {back} で承認すると、"
    )
    print("知らせた相手に取下げを知らせます。それまでは何も出ません。")


# ---- showing ----


def _show(found: "Opened", *, expressions: bool = False) -> None:
    arrived, document, reviewed = found.arrived, found.document, found.review
    print(f"{arrived.title}")
    print(f"状態: {arrived.stage.label}（{arrived.moved_by}）　発出日: {arrived.issued or '不明'}")
    if arrived.reason:
        print(f"理由: {arrived.reason}")
    for warning in document.warnings:
        print(f"注意: {warning}")
    if expressions:
        _show_expressions(found)
    else:
        deadlines = sum(each.is_deadline for each in found.reading.expressions)
        print(f"期限とみられる表現 {deadlines}件（全体 {len(found.reading.expressions)}件）。")
    if reviewed is not None:
        show_review(reviewed)


def _show_expressions(found: "Opened") -> None:
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


def show_review(review: "Review") -> None:
    """Print what a notice is taken to be, and its candidates with what was decided on each."""
    from notifier.catalogue.sources import RANKS

    for key, label in IDENTITY.items():
        value = str(review.identity.get(key) or "（未定）")
        print(f"{label}: {RANKS[value].label if key == 'rank' and value in RANKS else value}")
    for each in review.anomalies:
        numbers = "、".join(map(str, each["candidates"]))
        print(f"注意: {each['line']}行: {each['message']}" + (f"（候補{numbers}）" if numbers else ""))
    if not review.candidates:
        print("候補はありません。notifier notice supply で加えられます。")
        return
    table(CANDIDATES, [_candidate(each) for each in review.candidates], flexible="文")


def _candidate(each: "Candidate") -> tuple[str, ...]:
    statement = each.said["statement"]
    amends = (each.found.get("amends") or [{}])[0]
    new = "（新規）" if each.said.get("definition") else ""
    days = f"{amends['old']} → {amends['new']}" if amends.get("change") else _due(statement)
    sentence = " ".join(str(each.found.get("sentence") or statement.get("remark", "")).split())
    shown = sentence if len(sentence) <= _SHOWN else f"{sentence[: _SHOWN - 1]}…"
    return (
        str(each.number),
        each.verdict.label,
        str(statement.get("place", "")),
        f"{each.said['deadline']}{new}",
        days if each.verdict.value not in {"changed", "added"} else _due(statement),
        shown,
    )


def _due(statement: "dict[str, Any]") -> str:
    from notifier.catalogue.forms import parse_due
    from notifier.domain.deadlines import Known, due_of

    if statement.get("withdraws"):
        return "取下げ"
    if "due" not in statement:
        return "期日なし"
    try:
        expression, tentative = parse_due(statement["due"])
    except ValueError:
        return "読めない期日"
    return due_of(expression, Known(), tentative=tentative or bool(statement.get("tentative"))).wording


def _candidates(found: "Opened") -> "tuple[Candidate, ...]":
    return found.review.candidates if found.review is not None else ()


def _form(found: "Opened", number: int) -> str:
    from notifier.catalogue.drafts import as_form
    from notifier.errors import UnknownError

    wanted = next((each for each in _candidates(found) if each.number == number), None)
    if wanted is None:
        raise UnknownError(f"{found.arrived.notice}: 候補{number}はありません。")
    return as_form(wanted.said)


def _as_json(each: "Candidate") -> "dict[str, Any]":
    return {"number": each.number, "verdict": each.verdict.value, **each.said, "found": each.found}


def show_impact(impact: "Impact") -> None:
    """Print what approving would do."""
    table(EFFECTS, _effects(impact), flexible="これまで → これから")
    print(f"お知らせ: {impact.offices}事業所、{impact.letters}通（1つのアドレスに1通）。")
    if impact.no_address or impact.not_subscribed:
        print(f"届かない事業所: 宛先がない {impact.no_address}、知らせない設定 {impact.not_subscribed}。")
        for each in impact.unreached:
            print(f"  {each.number} {each.name}（{each.municipality}、{WHY[each.why]}）")
    if impact.left:
        print(f"対象から外れる事業所と期限の組: {impact.left}。")
    if impact.days and impact.until > impact.on:
        print(f"{impact.until} までに出るもの:")
        table(DAYS, _days(impact), flexible="期限")
    for each_sample in impact.samples:
        print(f"\n見本（{each_sample.on}、{each_sample.address}）: {each_sample.subject}\n")
        print(each_sample.text)


def _effects(impact: "Impact") -> "Iterator[tuple[str, ...]]":
    for each in impact.effects:
        days = f"{each.old or '（なし）'} → {each.new}" if each.kind is not None else each.new
        counts = (each.offices, each.told, each.no_address, each.not_subscribed, each.authorities)
        yield (each.title, each.label, days, *map(str, counts))


def _days(impact: "Impact") -> "Iterator[tuple[str, ...]]":
    for each in impact.days:
        what = OCCASIONS[each.occasion] + (f"（{each.rung}）" if each.rung else "")
        yield (
            each.on.isoformat(),
            each.title,
            what,
            PARTIES[each.party],
            str(each.letters),
            str(each.no_address),
        )


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
