"""`notifier offices subscribe`, `unsubscribe` and `subscriptions`: what offices are told, and what they are not."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from notifier.cli.at_hand import who_types
from notifier.cli.output import Format, civil_date, json_lines, table

if TYPE_CHECKING:
    from notifier.store.subscriptions import NotTold, Selection, Subscribed
    from notifier.tools import Tools

T = TypeVar("T")
COLUMNS = ("事業所", "名称", "分野・期限", "送り方", "いつから", "配信", "理由", "決めた人")
NOT_TOLD = ("事業所", "名称", "未通知の期限", "期日", "いつから", "理由")
MOST_SHOWN = 1000

Numbers = Annotated[
    list[str] | None, typer.Argument(metavar="NUMBER", help="事業所番号; none: all of the authority's.")
]
Authority = Annotated[
    str, typer.Option("--municipality", metavar="CODE", help="Six-digit 団体コード of whose offices.")
]
Services = Annotated[
    list[str] | None,
    typer.Option("--service", metavar="CODE", help="Only offices with this 介護サービス種類コード."),
]
Topics = Annotated[
    list[str] | None,
    typer.Option("--topic", metavar="NAME", help="A family or a deadline; none: all of them."),
]
Since = Annotated[
    date | None,
    typer.Option("--from", parser=civil_date, metavar="DATE", help="From when; today by default."),
]
Channel = Annotated[
    str, typer.Option("--channel", metavar="NAME", help="email or webhook; none: all of them.")
]


def subscribe(
    numbers: Numbers = None,
    *,
    municipality: Authority,
    service: Services = None,
    topic: Topics = None,
    since: Since = None,
    channel: Channel = "",
) -> None:
    """Tell offices of families or deadlines (again): one, some, or all of an authority."""
    _decide(municipality, numbers, service, topic, since, channel, "", told=True)


def unsubscribe(
    numbers: Numbers = None,
    *,
    municipality: Authority,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; it is shown wherever the duty counts as not told.")
    ],
    service: Services = None,
    topic: Topics = None,
    since: Since = None,
    channel: Channel = "",
) -> None:
    """Tell offices no more of families or deadlines. Their duties stay, and are shown as not told."""
    _decide(municipality, numbers, service, topic, since, channel, reason, told=False)


def subscriptions(
    numbers: Numbers = None,
    *,
    municipality: Authority,
    form: Annotated[Format, typer.Option("--format", help="For people or for programs.")] = Format.TABLE,
) -> None:
    """Show what was decided for offices, and the open duties of which they are not told."""
    from notifier.store.subscriptions import Selection

    decided, untold = _with_tools(
        lambda tools: _decisions(tools, Selection(municipality, tuple(numbers or ())))
    )
    if form is Format.JSONL:
        json_lines([*map(_decision, decided), *map(_untold, untold)])
        return
    if not decided:
        print("決めたことはありません。どの事業所にも、当てはまる期限がすべて通知されます。")
        return
    table(COLUMNS, map(_row, decided), flexible="理由")
    if untold:
        table(NOT_TOLD, map(_untold_row, untold), flexible="理由")


def _decide(  # noqa: PLR0917 -- the options of two commands
    municipality: str,
    numbers: list[str] | None,
    services: list[str] | None,
    topics: list[str] | None,
    since: date | None,
    channel: str,
    reason: str,
    *,
    told: bool,
) -> None:
    from notifier.steps.subscribe import Subscription
    from notifier.steps.subscribe import subscribe as decide
    from notifier.store.subscriptions import Selection

    selection = Selection(municipality, tuple(numbers or ()), tuple(services or ()))
    wanted = Subscription(told, tuple(topics or ("*",)), since, reason, channel)
    count = _with_tools(lambda tools: decide(tools, selection, wanted, who_types()))
    print(f"{count}件の事業所に{'配信します' if told else '配信しません。期限は「未通知」として残ります'}。")


async def _decisions(tools: "Tools", selection: "Selection") -> "tuple[list[Subscribed], list[NotTold]]":
    from notifier.store import subscriptions as kept

    async with tools.database.reading() as conn:
        decided = await kept.decisions(conn, selection)
        untold = await kept.not_told(conn, selection.authority, tools.today(), MOST_SHOWN)
    wanted = set(selection.numbers)
    return decided, [each for each in untold if not wanted or each.number in wanted]


def _with_tools(work: "Callable[[Tools], Awaitable[T]]") -> T:
    from notifier.clock import SystemClock
    from notifier.service import Service
    from notifier.settings import load_settings

    async def run() -> T:
        async with Service.open(load_settings(), clock=SystemClock()) as service:
            return await work(await service.ready_tools())

    return asyncio.run(run())


def _row(each: "Subscribed") -> tuple[str, ...]:
    decided = each.decided
    return (
        each.number,
        each.name,
        decided.topic,
        decided.channel or "すべて",
        "はじめから" if decided.since.year == 1 else decided.since.isoformat(),
        "する" if decided.told else "しない",
        decided.reason,
        decided.decided_by,
    )


def _untold_row(each: "NotTold") -> tuple[str, ...]:
    latest = each.latest.isoformat() if each.latest else "日の定めなし"
    return (
        each.number,
        each.name,
        each.deadline,
        latest,
        each.decided.since.isoformat(),
        each.decided.reason,
    )


def _decision(each: "Subscribed") -> dict[str, Any]:
    decided = each.decided
    return {
        "kind": "decision",
        "office": each.number,
        "topic": decided.topic,
        "channel": decided.channel,
        "since": decided.since.isoformat(),
        "told": decided.told,
        "reason": decided.reason,
        "decided_by": decided.decided_by,
        "decided_at": decided.decided_at.isoformat() if decided.decided_at else None,
    }


def _untold(each: "NotTold") -> dict[str, Any]:
    return {
        "kind": "not_told",
        "office": each.number,
        "deadline": each.deadline,
        "latest": each.latest.isoformat() if each.latest else None,
        "since": each.decided.since.isoformat(),
        "reason": each.decided.reason,
    }
