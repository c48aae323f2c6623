"""Authorities under /v1: who there is, one's own settings, and how far one's offices have come."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import Field
from pydantic.config import JsonDict

from notifier.channels.envelope import envelope_address
from notifier.channels.parcel import UnsendableError
from notifier.errors import UnknownError
from notifier.steps.amend import amend_authority
from notifier.store import authority_records
from notifier.store.authority_records import AuthorityRecord, Sums
from notifier.tools import known_deadlines
from notifier.web.api.calls import JSON, MERGE, Call, Route
from notifier.web.api.fields import AuthorityCode, Body, Day, Inside, Name, Page, Paging, Shown, Text, page_of
from notifier.web.api.obligations import DeadlineId
from notifier.web.api.problems import RefusedError, Wrong

CHANGERS = frozenset({"municipality", "prefecture", "operator", "editor"})
ATOM, LABEL = r"[A-Za-z0-9_+-]{1,30}", r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*"
ADDRESS = rf"^({ATOM}(\.{ATOM})*@{LABEL}(\.{LABEL})+)?$"
Roll = Literal["none", "previous", "next"]
ONLY_THESE: JsonDict = {"additionalProperties": False}
RolledName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,99}/[a-z0-9][a-z0-9.-]{0,99}(@[0-9]{4})?$")]
"""A deadline, or one in a fiscal year only."""


class AuthorityPath(Inside):
    """Which authority."""

    code: AuthorityCode


class AuthorityQuery(Paging):
    """Which authorities."""

    kind: Annotated[Literal["municipality", "union", "prefecture"] | None, Field(description="種類")] = None
    prefecture: Annotated[AuthorityCode | None, Field(description="この都道府県のもの")] = None


class AuthorityLine(Shown, title="自治体（一覧の1件）"):
    """One authority."""

    code: AuthorityCode
    name: str
    kind: str
    prefecture: Annotated[str, Field(description="属する都道府県の団体コード")]


class Authorities(Page[AuthorityLine], title="自治体の一覧"):
    """Authorities, by code."""


class Authority(Shown, title="自治体"):
    """One authority with its settings."""

    code: AuthorityCode
    name: str
    kind: str
    prefecture: str
    address: Annotated[
        str | None, Field(description="自治体あてのお知らせの宛先。ほかの自治体のものはnull。")
    ]
    closed: Annotated[list[date], Field(description="独自の閉庁日")]
    ladders: Annotated[dict[str, str], Field(description="期限ごとの、知らせる日の並び")]
    rolls: Annotated[
        dict[str, Roll], Field(description="期限（または期限@年度）ごとの、閉庁日にあたる期日の扱い")
    ]


class AuthoritySums(Shown, title="自治体の集計"):
    """How far the offices have come."""

    code: AuthorityCode
    on: date
    offices: Annotated[int, Field(description="営業中の事業所")]
    unreachable: Annotated[int, Field(description="そのうち使える宛先のない事業所")]
    obligations: Annotated[dict[str, int], Field(description="義務の状態ごとの数")]


class AuthorityChange(Body, title="自治体の設定の変更"):
    """What is to be changed; what is left out stays, a table that is given is the whole table."""

    name: Annotated[Text, Field(min_length=1, max_length=100)] = ""
    address: Annotated[str, Field(max_length=254, pattern=ADDRESS, description="空にすると宛先なし")] = ""
    closed: Annotated[list[Day], Field(max_length=400, default_factory=list)]
    ladders: Annotated[
        dict[DeadlineId, Name], Field(max_length=200, default_factory=dict, json_schema_extra=ONLY_THESE)
    ]
    rolls: Annotated[
        dict[RolledName, Roll], Field(max_length=400, default_factory=dict, json_schema_extra=ONLY_THESE)
    ]


def shown(record: AuthorityRecord, call: Call) -> Authority:
    """Return an authority as it is answered; its address is for itself and the nation."""
    is_own = call.tenant.code in {"", record.code}
    return Authority(
        code=record.code,
        name=record.name,
        kind=record.kind,
        prefecture=record.prefecture,
        address=record.address if is_own else None,
        closed=[date.fromisoformat(each) for each in record.closed],
        ladders=dict(record.ladders),
        rolls={deadline: _ROLLS[roll] for deadline, roll in record.rolls.items()},
    )


_ROLLS: Mapping[str, Roll] = {"none": "none", "previous": "previous", "next": "next"}


async def show_list(call: Call) -> Authorities:
    """Answer with a page of authorities."""
    query = call.query(AuthorityQuery)
    (after,) = query.after(str) or ("",)
    async with call.reading() as conn:
        found = await authority_records.authorities(
            conn, query.kind, query.prefecture, after, query.limit + 1
        )
    rows, following = page_of(found, query.limit, lambda each: (each.code,))
    items = [
        AuthorityLine(code=each.code, name=each.name, kind=each.kind, prefecture=each.prefecture)
        for each in rows
    ]
    return Authorities(items=items, next=following)


async def show(call: Call) -> Authority:
    """Answer with one authority."""
    return shown((await _seen(call))[0], call)


async def show_sums(call: Call) -> AuthoritySums:
    """Answer with how far its offices have come."""
    record, sums = await _seen(call, with_sums=True)
    return AuthoritySums(
        code=record.code,
        on=call.today(),
        offices=sums.offices,
        unreachable=sums.unreachable,
        obligations=dict(sums.obligations),
    )


async def _seen(call: Call, *, with_sums: bool = False) -> tuple[AuthorityRecord, Sums]:
    code = call.inside(AuthorityPath).code
    async with call.reading() as conn:
        record = await authority_records.authority(conn, call.tenant, code)
        if record is None:
            raise UnknownError(f"no authority {code} that the caller sees")
    if not with_sums:
        return record, Sums(0, 0, {})
    async with call.overview() as conn:
        return record, await authority_records.sums(conn, code, call.today())


async def change(call: Call) -> Authority:
    """Change the settings of an authority."""
    wanted = (await call.body(AuthorityChange)).model_dump(exclude_unset=True)
    await _check(call, wanted)
    if "closed" in wanted:
        wanted["closed"] = tuple(sorted({day.isoformat() for day in wanted["closed"]}))
    amended = await amend_authority(
        call.tools,
        call.tenant,
        call.inside(AuthorityPath).code,
        wanted,
        call.actor,
        lambda record: call.check(shown(record, call)),
    )
    return shown(amended, call)


async def _check(call: Call, wanted: Mapping[str, object]) -> None:
    """Refuse ladders, deadlines and addresses that do not exist."""
    wrongs = []
    ladders, rolls = wanted.get("ladders", {}), wanted.get("rolls", {})
    async with call.reading() as conn:
        known = await known_deadlines(conn, call.tools)
    if isinstance(ladders, dict):
        if set(ladders) - known:
            wrongs.append(Wrong("/ladders", "unknown_deadline"))
        if set(ladders.values()) - set(call.tools.catalogue.ladders):
            wrongs.append(Wrong("/ladders", "unknown_ladder"))
    if isinstance(rolls, dict) and not all(_is_rolled(name, known) for name in rolls):
        wrongs.append(Wrong("/rolls", "unknown_deadline"))
    if wrongs:
        raise RefusedError("unknown-name", wrongs)
    if (address := wanted.get("address")) and not _is_address(str(address)):
        raise RefusedError("body-does-not-fit", [Wrong("/address", "format")])


def _is_rolled(name: str, deadlines: Collection[str]) -> bool:
    return name.partition("@")[0] in deadlines


def _is_address(written: str) -> bool:
    try:
        envelope_address(written)
    except UnsendableError:
        return False
    return True


ROUTES = (
    Route(
        "GET",
        "/authorities",
        "自治体の一覧（団体コード順）",
        show_list,
        "authorities:read",
        answers={200: Authorities},
        query=AuthorityQuery,
        group="自治体",
    ),
    Route(
        "GET",
        "/authorities/{code}",
        "自治体とその設定（自分の自治体と、都道府県は区域内の市町村）",
        show,
        "authorities:read",
        answers={200: Authority},
        inside=AuthorityPath,
        group="自治体",
    ),
    Route(
        "PATCH",
        "/authorities/{code}",
        "自分の自治体の設定を変える（名称、宛先、閉庁日、知らせる日の並び、閉庁日の扱い）",
        change,
        "authorities:write",
        takes={MERGE: AuthorityChange, JSON: AuthorityChange},
        answers={200: Authority},
        inside=AuthorityPath,
        problems=("unknown-name",),
        roles=CHANGERS,
        guarded=True,
        group="自治体",
    ),
    Route(
        "GET",
        "/authorities/{code}/sums",
        "自治体の事業所の集計",
        show_sums,
        "authorities:read",
        answers={200: AuthoritySums},
        inside=AuthorityPath,
        group="自治体",
    ),
)
