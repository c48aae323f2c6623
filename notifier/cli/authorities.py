"""`notifier authority`: municipalities, 広域連合 and prefectures, with their settings."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from notifier.cli.at_hand import at_hand
from notifier.cli.output import civil_date, table
from notifier.domain.calendar import Roll
from notifier.domain.law import Authority, AuthorityKind
from notifier.domain.offices import prefecture_code
from notifier.errors import AuthorityRefusedError, UnknownError

if TYPE_CHECKING:
    from notifier.tools import Tools

app = typer.Typer(help="Municipalities, 広域連合 and prefectures, with their settings.", no_args_is_help=True)

KINDS = {
    AuthorityKind.MUNICIPALITY: "市町村",
    AuthorityKind.UNION: "広域連合",
    AuthorityKind.PREFECTURE: "都道府県",
}
COLUMNS = ("団体コード", "区分", "名称", "都道府県", "所属", "メールアドレス")

Code = Annotated[str, typer.Argument(metavar="CODE", help="団体コード: six digits, the last a check digit.")]
Name = Annotated[str | None, typer.Option("--name", help="Its name, such as 千葉市.")]
Kind = Annotated[
    AuthorityKind | None, typer.Option("--kind", help="By default what the code says; `union` is a 広域連合.")
]
Prefecture = Annotated[
    str | None,
    typer.Option("--prefecture", metavar="CODE", help="By default the one in which it lies by its code."),
]
Address = Annotated[
    str | None, typer.Option("--address", metavar="MAIL", help="Where letters to it go; empty for nowhere.")
]
Members = Annotated[
    list[str] | None, typer.Option("--member", metavar="CODE", help="A municipality of a 広域連合.")
]
Closed = Annotated[
    list[date] | None,
    typer.Option("--closed", parser=civil_date, metavar="DATE", help="A day on which it is closed."),
]
Ladders = Annotated[
    list[str] | None,
    typer.Option(
        "--ladder", metavar="DEADLINE=LADDER", help="A ladder of its own; DEADLINE= for the usual one."
    ),
]
Rolls = Annotated[
    list[str] | None,
    typer.Option(
        "--roll",
        metavar="DEADLINE=ROLL",
        help="previous, next or none for a due day on a closed day; DEADLINE@2027=ROLL for one fiscal year.",
    ),
]


@app.command()
def add(
    code: Code,
    name: Annotated[str, typer.Option("--name", help="Its name, such as 千葉市.")],
    *,
    kind: Kind = None,
    prefecture: Prefecture = None,
    address: Address = None,
    member: Members = None,
    closed: Closed = None,
    ladder: Ladders = None,
    roll: Rolls = None,
) -> None:
    """Enter an authority. Its offices come with `notifier offices import`."""
    is_prefecture = len(code) == 6 and code.isdecimal() and code == prefecture_code(code)
    usual = AuthorityKind.PREFECTURE if is_prefecture else AuthorityKind.MUNICIPALITY
    chosen = kind or usual
    above = None if chosen is AuthorityKind.PREFECTURE else prefecture or _above(code)
    fresh = Authority(code, name, chosen, above, frozenset(closed or ()))
    fresh = replace(fresh, ladders=_with({}, ladder, "--ladder"), rolls=_rolls({}, roll))

    async def do(tools: "Tools") -> None:
        from notifier.cli.at_hand import who_types
        from notifier.steps.establish import establish
        from notifier.store import authorities

        async with tools.database.reading() as conn:
            known = await authorities.load_authorities(conn)
        if code in known:
            raise AuthorityRefusedError(
                f"{code} ({known[code].name}) is known; `notifier authority set` changes it"
            )
        await establish(tools, fresh, address or "", member or (), who_types())

    asyncio.run(at_hand(do))
    print(f"{code} {name} is entered.")


@app.command("set")
def change(
    code: Code,
    *,
    name: Name = None,
    prefecture: Prefecture = None,
    address: Address = None,
    member: Members = None,
    without_member: Annotated[
        list[str] | None, typer.Option("--without-member", metavar="CODE", help="It is no member any more.")
    ] = None,
    closed: Closed = None,
    opened: Annotated[
        list[date] | None,
        typer.Option("--open", parser=civil_date, metavar="DATE", help="A day it is not closed after all."),
    ] = None,
    ladder: Ladders = None,
    roll: Rolls = None,
) -> None:
    """Change what is said; the rest stays. Days that follow are worked out anew before anything more is sent."""

    async def do(tools: "Tools") -> bool:
        from notifier.cli.at_hand import who_types
        from notifier.steps.establish import establish

        known, at, belonging = await _one(tools, code)
        wanted = replace(
            known,
            name=known.name if name is None else name,
            prefecture=known.prefecture if prefecture is None else prefecture,
            closed=(known.closed | set(closed or ())) - set(opened or ()),
            ladders=_with(known.ladders, ladder, "--ladder"),
            rolls=_rolls(known.rolls, roll),
        )
        members = (belonging | set(member or ())) - set(without_member or ())
        return await establish(tools, wanted, at if address is None else address, members, who_types())

    changed = asyncio.run(at_hand(do))
    print(f"{code} is changed." if changed else f"{code} is as it was; nothing was to be changed.")


@app.command("list")
def show_list() -> None:
    """List all authorities."""

    async def do(tools: "Tools") -> list[tuple[str, ...]]:
        from notifier.store import authorities

        async with tools.database.reading() as conn:
            known = await authorities.load_authorities(conn)
            addresses = await authorities.addresses(conn)
        names = {each.code: each.name for each in known.values()}
        return [
            (
                each.code,
                KINDS[each.kind],
                each.name,
                names.get(each.prefecture or "", each.prefecture or ""),
                names.get(each.union or "", ""),
                addresses[each.code],
            )
            for each in known.values()
        ]

    table(COLUMNS, asyncio.run(at_hand(do)), flexible="名称")


@app.command()
def show(code: Code) -> None:
    """Show one authority with its settings and, of a 広域連合, its members."""

    async def do(tools: "Tools") -> list[tuple[str, str]]:
        found, address, members = await _one(tools, code)
        return [
            ("団体コード", found.code),
            ("区分", KINDS[found.kind]),
            ("名称", found.name),
            ("都道府県", found.prefecture or ""),
            ("所属する広域連合", found.union or ""),
            ("構成市町村", "、".join(sorted(members))),
            ("メールアドレス", address or "（なし）"),
            ("閉庁日", "、".join(sorted(day.isoformat() for day in found.closed))),
            *((f"通知の間隔 {name}", ladder) for name, ladder in sorted(found.ladders.items())),
            *((f"閉庁日の扱い {name}", roll.value) for name, roll in sorted(found.rolls.items())),
        ]

    table(("項目", "内容"), asyncio.run(at_hand(do)), flexible="内容")


async def _one(tools: "Tools", code: str) -> tuple[Authority, str, set[str]]:
    """Return an authority, its address and its members."""
    from notifier.store import authorities

    async with tools.database.reading() as conn:
        known = await authorities.load_authorities(conn)
        addresses = await authorities.addresses(conn)
    if code not in known:
        raise UnknownError(f"{code}: no such authority; `notifier authority list` names them")
    return known[code], addresses[code], {each.code for each in known.values() if each.union == code}


def _above(code: str) -> str | None:
    return prefecture_code(code) if len(code) == 6 and code.isdecimal() else None


def _with(known: Mapping[str, str], pairs: list[str] | None, option: str) -> dict[str, str]:
    """Return what is known with each DEADLINE=VALUE of `pairs`; an empty value takes it out."""
    found = dict(known)
    for pair in pairs or ():
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise typer.BadParameter(f"{pair!r}: write DEADLINE=VALUE", param_hint=option)
        found.pop(name, None)
        if value:
            found[name] = value
    return found


def _rolls(known: Mapping[str, Roll], pairs: list[str] | None) -> dict[str, Roll]:
    written = _with({name: roll.value for name, roll in known.items()}, pairs, "--roll")
    for name, value in written.items():
        if value not in {each.value for each in Roll} or not (name.partition("@")[2] or "2026").isdecimal():
            message = f"{name}={value}: write DEADLINE=previous, next or none, or DEADLINE@2027=next"
            raise typer.BadParameter(message, param_hint="--roll")
    return {name: Roll(value) for name, value in written.items()}
