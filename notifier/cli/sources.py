"""`notifier source`: the feeds and pages where regulators announce, and what waits for the rule editor."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from notifier.cli.output import Format, json_lines, table
from notifier.errors import NotifierError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from notifier.lookout import Checked, Lookout
    from notifier.store.sources import Source

T = TypeVar("T")
app = typer.Typer(help="Feeds and pages where regulators announce.", no_args_is_help=True)

COLUMNS = ("情報源", "状態", "最後に確認", "項目", "名前", "アドレス")
ITEM_COLUMNS = ("日付", "題名", "リンク")
TASK_COLUMNS = ("受付", "すること", "対象", "題名", "詳細")
TASKS = {
    "notice.received": "届いた文書を読む",
    "source.unseen": "情報源を確かめる",
    "document.lost": "文書を手で探す",
}
SHOWN = 10

Name = Annotated[str, typer.Argument(metavar="ID", help="The source, as `notifier source list` names it.")]


@app.command("list")
def show_list(
    form: Annotated[Format, typer.Option("--format", help="A table, or JSON Lines.")] = Format.TABLE,
) -> None:
    """List the sources: those shipped, those added, whether each is watched, and when it was last seen."""
    found = _with_lookout(lambda lookout: lookout.every())
    if form is Format.JSONL:
        json_lines(_as_json(each) for each in found)
        return
    table(COLUMNS, [_row(each) for each in found], flexible="アドレス")
    failing = sum(bool(each.failures) for each in found if each.enabled)
    enabled = sum(each.enabled for each in found)
    print(
        f"{len(found)}件（有効 {enabled}件、確認できない {failing}件）。有効にする前に利用規約を確かめてください。"
    )


@app.command()
def add(  # noqa: PLR0917 -- typer makes an option of each parameter
    name: Annotated[str, typer.Argument(metavar="ID", help="A short name: small letters, digits, hyphens.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Address of the feed or the list page.")],
    title: Annotated[str, typer.Option("--title", help="What the place is called.")],
    issuer: Annotated[str, typer.Option("--issuer", help="Who announces there.")],
    terms: Annotated[str, typer.Option("--terms", help="What its terms of use allow; you have read them.")],
    selector: Annotated[
        str, typer.Option("--selector", help="CSS selector of the links; makes it a list page, not a feed.")
    ] = "",
    word: Annotated[
        list[str] | None, typer.Option("--word", help="Take only items that hold one of these words.")
    ] = None,
    minutes: Annotated[int, typer.Option("--minutes", min=15, help="How often to look.")] = 60,
) -> None:
    """Add a source. It is not watched before `enable`; try it with `check` first."""
    from notifier.catalogue.watchlist import Watched
    from notifier.domain.watching import Form

    form = Form.PAGE if selector else Form.FEED
    wanted = Watched(
        name, title, issuer, url, form, selector, tuple(word or ()), terms, timedelta(minutes=minutes)
    )
    _with_lookout(lambda lookout: lookout.add(wanted, _who()))
    print(
        f"{name} を登録しました。`notifier source check {name}` で試し、`notifier source enable {name}` で有効にします。"
    )


@app.command()
def enable(name: Name) -> None:
    """Watch a source from now on. What it shows on the first look was there before and becomes no task."""
    switched = _with_lookout(lambda lookout: lookout.switch(name, _who(), enabled=True))
    found = {each.id: each for each in _with_lookout(lambda lookout: lookout.every())}[name]
    print(f"{name} を有効にしました。" if switched else f"{name} はすでに有効です。")
    print(f"利用規約: {found.terms}")


@app.command()
def disable(name: Name) -> None:
    """Watch a source no more. What it has brought stays."""
    switched = _with_lookout(lambda lookout: lookout.switch(name, _who(), enabled=False))
    print(f"{name} を止めました。" if switched else f"{name} は有効ではありません。")


@app.command()
def check(name: Name) -> None:
    """Look at a source now. One that is not enabled is tried only: what it shows is printed and not kept."""
    found = _with_lookout(lambda lookout: lookout.check(name))
    problem = found.seen.problem if found.seen else found.source.problem
    if problem:
        raise NotifierError(f"{name}: 確認できませんでした。{problem}")
    if found.seen is None:
        fresh = f"新しい文書 {found.fresh}件" if found.fresh else "新しい文書はありません"
        print(f"{name}: 確認しました。項目 {found.source.items}件、{fresh}。")
        return
    _print_trial(name, found)


@app.command("tasks")
def show_tasks() -> None:
    """List what waits for the rule editor: documents that came in, sources that cannot be seen, documents that are lost."""
    from notifier.clock import civil_date

    found = _with_lookout(lambda lookout: lookout.tasks())
    if not found:
        print("残っている作業はありません。")
        return
    rows = [
        (
            civil_date(each.opened_at).isoformat(),
            TASKS.get(each.kind, each.kind),
            each.subject,
            each.title,
            each.detail.replace("\n", " "),
        )
        for each in found
    ]
    table(TASK_COLUMNS, rows, flexible="詳細")
    print(f"{len(found)}件。")


def _print_trial(name: str, found: "Checked") -> None:
    from notifier.domain.watching import Standing, sorted_out

    items = found.seen.items if found.seen else ()
    wanted = [
        item
        for item, standing in sorted_out(items, (), found.source.words, is_first=False)
        if standing is Standing.WAITING
    ]
    rows = [(each.dated.isoformat() if each.dated else "–", each.title, each.link) for each in wanted[:SHOWN]]
    if rows:
        table(ITEM_COLUMNS, rows, flexible="題名")
    undated = sum(each.dated is None for each in wanted)
    print(f"{name}: 読み取れました。項目 {len(items)}件、うち対象 {len(wanted)}件（日付なし {undated}件）。")
    print(f"試しに見ただけで、何も保存していません。有効にするには `notifier source enable {name}`。")


def _row(source: "Source") -> tuple[str, ...]:
    from notifier.clock import JAPAN

    state = "有効" if source.enabled else "–"
    if source.enabled and source.failures:
        state = f"確認できない（{source.failures}回）"
    seen = source.seen_at.astimezone(JAPAN).strftime("%Y-%m-%d %H:%M") if source.seen_at else "–"
    return (source.id, state, seen, str(source.items or "–"), source.title, source.url)


def _as_json(source: "Source") -> dict[str, object]:
    return {
        "id": source.id,
        "title": source.title,
        "issuer": source.issuer,
        "url": source.url,
        "form": source.form.value,
        "selector": source.selector,
        "words": list(source.words),
        "terms": source.terms,
        "minutes": int(source.every.total_seconds() // 60),
        "enabled": source.enabled,
        "items": source.items,
        "failures": source.failures,
        "problem": source.problem,
        "seen_at": source.seen_at.isoformat() if source.seen_at else None,
        "next_look_at": source.next_look_at.isoformat() if source.next_look_at else None,
    }


def _who() -> str:
    return "command line"


def _with_lookout(work: "Callable[[Lookout], Awaitable[T]]") -> T:
    from notifier.clock import SystemClock
    from notifier.service import Service
    from notifier.settings import load_settings

    async def do() -> T:
        async with Service.open(load_settings(), clock=SystemClock()) as service:
            await service.ready_tools()
            return await work(service.lookout)

    return asyncio.run(do())
