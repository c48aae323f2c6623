"""Lists of offices under /v1: sent as they are, compared first, taken over once that is confirmed."""

import secrets
from collections.abc import Sequence
from typing import Annotated, Any, Final

from aiohttp import web
from pydantic import Field

from notifier.domain.callers import Tenant
from notifier.domain.offices import is_authority_code, prefecture_code
from notifier.enlisting import Wanted
from notifier.errors import ImportRefusedError, UnknownError
from notifier.reading.office_table import template
from notifier.reading.sheets import MOST_BYTES
from notifier.steps.enlist import receive, take_over_compared, wanted_as_kept
from notifier.store import authorities, imports
from notifier.store.imports import Arrived, KeptImport
from notifier.web.api.calls import JSON, Call, Reply, Route
from notifier.web.api.fields import (
    AuthorityCode,
    Body,
    Day,
    Inside,
    Instant,
    Page,
    Paging,
    Query,
    Shown,
    page_of,
)
from notifier.web.api.problems import RefusedError, Wrong

CSV: Final = "text/csv"
SHEETS: Final = {
    CSV: bytes,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": bytes,
    "application/octet-stream": bytes,
}
"""As what a list may be sent: CSV (UTF-8 or CP932), a workbook, or whatever it turns out to be."""
ROLES: Final = frozenset({"municipality", "prefecture", "operator", "editor"})


class ImportQuery(Query):
    """Whose list it is, and what to do with it."""

    municipality: Annotated[
        AuthorityCode | None, Field(description="どの市町村の一覧か。市町村の鍵では省けます。")
    ] = None
    take_over: Annotated[
        bool, Field(description="trueなら、誤りがなければそのまま取り込む。falseなら比べるだけ。")
    ] = False
    without_refused: Annotated[bool, Field(description="誤りのある事業所を除いて取り込む")] = False
    close_gone: Annotated[bool, Field(description="一覧にない事業所を廃止にする")] = False
    gone_count: Annotated[
        int | None, Field(ge=0, le=1_000_000, description="廃止にする件数。5件を超えるときに要ります。")
    ] = None
    closed_on: Annotated[Day | None, Field(description="廃止日。省けば取り込む日。")] = None
    name: Annotated[
        str, Field(max_length=200, pattern=r"^[^\x00]*$", description="ファイルの名前（控え）")
    ] = ""


class TakeOver(Body, title="取込みの確定"):
    """What is wanted beside taking the list over."""

    without_refused: Annotated[bool, Field(description="誤りのある事業所を除いて取り込む")] = False
    close_gone: Annotated[bool, Field(description="一覧にない事業所を廃止にする")] = False
    gone_count: Annotated[int | None, Field(ge=0, le=1_000_000, description="廃止にする件数")] = None


class ImportPath(Inside):
    """Which import."""

    key: Annotated[str, Field(pattern=r"^imp_[0-9a-f]{24}$", description="取込みの名前")]


class Import(Shown, title="取込み"):
    """A list as it came in, and what came of it."""

    key: str
    authority: AuthorityCode | Annotated[str, Field(max_length=0)]
    who: Annotated[str, Field(description="送った鍵")]
    name: str
    state: Annotated[
        str,
        Field(
            description="waiting（処理待ち）、compared（比べた）、refused（誤りがある）、taken_over（取り込んだ）、failed"
        ),
    ]
    received_at: Instant
    finished_at: Instant | None
    can_be_taken_over: Annotated[
        bool,
        Field(
            description="取り込めるか（7日間）。直す行（refused）があるときは、without_refusedを付ければそれを除いて取り込む。"
        ),
    ]
    counts: Annotated[dict[str, Any], Field(description="件数（outcomesの種類ごと）")]
    reason: Annotated[str, Field(description="取り込めなかった理由")]


class Imports(Page[Import], title="取込みの一覧"):
    """Imports, the newest first."""


class Outcome(Shown, title="取込みの1行"):
    """What becomes of an office, or what is to be said of a row."""

    outcome: Annotated[str, Field(description="added、changed、gone、closed、warned、refused")]
    row: Annotated[int | None, Field(description="ファイルの何行目か")] = None
    office: Annotated[str | None, Field(description="事業所番号")] = None
    name: str | None = None
    column: Annotated[str | None, Field(description="列の名前")] = None
    old: str | None = None
    new: str | None = None
    value: Annotated[str | None, Field(description="書かれていた値")] = None
    reason: str | None = None


class Outcomes(Page[Outcome], title="取込みの結果"):
    """Outcomes, those that need a person first."""


def shown(kept: KeptImport) -> Import:
    """Return an import as it is answered."""
    return Import(
        key=kept.key,
        authority=kept.authority,
        who=kept.who,
        name=kept.name,
        state=kept.state,
        received_at=kept.received_at,
        finished_at=kept.finished_at,
        can_be_taken_over=kept.can_be_taken_over,
        counts=dict(kept.report.get("counts", {})),
        reason=str(kept.report.get("reason", "")),
    )


async def post(call: Call) -> Reply:
    """Keep a list that is sent; it is looked at as soon as somebody works."""
    if call.request.content_type not in SHEETS:
        raise RefusedError("unsupported-media-type")
    query = call.query(ImportQuery)
    async with call.overview() as conn:
        members = await authorities.members_of(conn, call.tenant.code)
    wanted = Wanted(
        _municipality(call.tenant, query.municipality, members),
        dry_run=not query.take_over,
        without_refused=query.without_refused,
        close_gone=query.close_gone,
        gone_count=query.gone_count,
        closed_on=query.closed_on,
        authority=call.tenant.code,
        is_bound=not call.tenant.is_nation,
    )
    key = f"imp_{secrets.token_hex(12)}"
    content = await call.raw()
    await receive(
        call.tools,
        Arrived(key, call.tenant.code, str(call.actor), query.name, content, wanted_as_kept(wanted)),
        call.actor,
    )
    call.entrance.reception.wake()
    async with call.reading() as conn:
        kept = await imports.find(conn, call.tenant, key)
    if kept is None:
        raise UnknownError(f"no import {key}")
    return Reply(shown(kept), 202, f"/v1/imports/{key}")


def _municipality(tenant: Tenant, asked: str | None, members: Sequence[str]) -> str | None:
    """Return whose list it is: the tenant's own, one in its prefecture, or a member of a 広域連合. Refuses another.

    Raises UnknownError for what is the code of no municipality.
    """
    if asked is not None and (not is_authority_code(asked) or asked == prefecture_code(asked)):
        raise UnknownError(f"there is no municipality {asked}")
    if tenant.is_nation:
        return asked
    if tenant.is_prefecture or members:
        if asked is None:
            raise RefusedError("wrong-parameters", [Wrong("municipality", "missing", "query")])
        if prefecture_code(asked) != tenant.code and asked not in members:
            raise RefusedError("another-authority")
        return asked
    if asked is not None and asked != tenant.code:
        raise RefusedError("another-authority")
    return tenant.code


async def _seen(call: Call) -> KeptImport:
    key = call.inside(ImportPath).key
    async with call.reading() as conn:
        kept = await imports.find(conn, call.tenant, key)
    if kept is None:
        raise UnknownError(f"no import {key} that the caller sees")
    return kept


async def show_list(call: Call) -> Imports:
    """Answer with a page of imports."""
    query = call.query(Paging)
    (before,) = query.after(int) or (None,)
    async with call.reading() as conn:
        found = await imports.page(conn, call.tenant, before, query.limit + 1)
    items, following = page_of(found, query.limit, lambda each: (each.id,))
    return Imports(items=[shown(each) for each in items], next=following)


async def show(call: Call) -> Import:
    """Answer with one import."""
    return shown(await _seen(call))


async def show_outcomes(call: Call) -> Outcomes:
    """Answer with a page of what becomes of offices and rows."""
    query = call.query(Paging)
    (after,) = query.after(int) or (0,)
    lines = list(enumerate((await _seen(call)).report.get("lines", []), 1))
    rest = [each for each in lines if each[0] > after]
    items, following = page_of(rest[: query.limit + 1], query.limit, lambda each: (each[0],))
    return Outcomes(items=[Outcome(**line) for _, line in items], next=following)


async def show_refused(call: Call) -> web.Response:
    """Answer with the refused rows as a CSV file with their reasons, to be corrected and sent again."""
    kept = await _seen(call)
    async with call.reading() as conn:
        refused = await imports.refused_of(conn, kept.id)
    if not refused:
        raise UnknownError(f"no refused rows in {kept.key}")
    return _file(refused.encode(), f"{kept.key}-refused.csv")


async def take_over(call: Call) -> Reply:
    """Let a list that was compared be taken over as it was."""
    wishes = (await call.body(TakeOver)).model_dump(exclude_unset=True)
    try:
        kept = await take_over_compared(
            call.tools, call.tenant, call.inside(ImportPath).key, wishes, call.actor
        )
    except ImportRefusedError:
        raise RefusedError("not-possible") from None
    call.entrance.reception.wake()
    return Reply(shown(kept), 202, f"/v1/imports/{kept.key}")


async def show_template(_: Call) -> web.Response:
    """Answer with an empty list with one explained row."""
    return _file(template(), "offices.csv")


def _file(content: bytes, name: str) -> web.Response:
    disposition = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-cache",
    }
    return web.Response(body=content, content_type=CSV, charset="utf-8", headers=disposition)


GROUP: Final = "一覧の取込み"
ROUTES = (
    Route(
        "POST",
        "/offices:import",
        "事業所の一覧を送る（比べるだけ、または取り込む）",
        post,
        "offices:write",
        takes=SHEETS,
        answers={202: Import},
        problems=("another-authority", "not-found"),
        query=ImportQuery,
        roles=ROLES,
        creates=True,
        group=GROUP,
        cost=20,
        largest=MOST_BYTES,
    ),
    Route(
        "GET",
        "/offices:template",
        "一覧のひな形（CSV）",
        show_template,
        "offices:read",
        answers={200: str},
        group=GROUP,
        offers=(CSV,),
    ),
    Route(
        "GET",
        "/imports",
        "送られた一覧（新しい順）",
        show_list,
        "offices:read",
        answers={200: Imports},
        query=Paging,
        group=GROUP,
    ),
    Route(
        "GET",
        "/imports/{key}",
        "送られた一覧と、その状態",
        show,
        "offices:read",
        answers={200: Import},
        inside=ImportPath,
        group=GROUP,
    ),
    Route(
        "GET",
        "/imports/{key}/outcomes",
        "事業所や行ごとの結果（直すべきものから）",
        show_outcomes,
        "offices:read",
        answers={200: Outcomes},
        inside=ImportPath,
        query=Paging,
        group=GROUP,
    ),
    Route(
        "GET",
        "/imports/{key}/refused.csv",
        "直す行（理由の列が付いたCSV）",
        show_refused,
        "offices:read",
        answers={200: str},
        inside=ImportPath,
        group=GROUP,
        offers=(CSV,),
    ),
    Route(
        "POST",
        "/imports/{key}/take-over",
        "比べた一覧を取り込む",
        take_over,
        "offices:write",
        takes={JSON: TakeOver},
        answers={202: Import},
        problems=("not-possible",),
        inside=ImportPath,
        roles=ROLES,
        creates=True,
        group=GROUP,
        cost=20,
    ),
)
