"""Taking over a list of offices: it is sent, compared with what is known, looked at, and then taken over."""

import secrets
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from aiohttp import web

from notifier.domain.offices import is_authority_code, prefecture_code
from notifier.domain.roles import Deed
from notifier.enlisting import CLOSED_FREELY, Wanted, exported
from notifier.errors import ImportRefusedError, UnknownError
from notifier.reading.office_table import template
from notifier.reading.sheets import MOST_BYTES
from notifier.running import run_step
from notifier.steps.enlist import receive, take_over_compared, wanted_as_kept
from notifier.store import authorities, imports
from notifier.store.imports import Arrived, KeptImport
from notifier.web import forms, staff
from notifier.web.forms import Form
from notifier.web.pages import answer
from notifier.web.staff import Staff

SHOWN: Final = 200
"""Lines of each kind that the page shows; the file of refused rows holds all of those."""
LISTED: Final = 20
FOR_FORM: Final = 4096
"""Bytes that a form with a file needs beside the file."""
STATES: Final = {
    imports.WAITING: ("処理しています", "busy"),
    imports.COMPARED: ("比べました（まだ取り込んでいません）", "warning"),
    imports.REFUSED: ("直すところがあります（取り込んでいません）", "bad"),
    imports.TAKEN_OVER: ("取り込みました", "good"),
    imports.FAILED: ("取り込めませんでした", "bad"),
}
KINDS: Final = (
    ("refused", "直す行", "このままでは取り込めない行です。"),
    ("warned", "確かめる行", "取り込みますが、値の一部を使いません。"),
    ("gone", "一覧にない事業所", "登録されているのに、この一覧にない事業所です。"),
    ("closed", "廃止にした事業所", ""),
    ("changed", "変わる事業所", ""),
    ("added", "新しい事業所", ""),
)
COUNTS: Final = (
    ("added", "新しい事業所"),
    ("changed", "変わる事業所"),
    ("unchanged", "変わらない事業所"),
    ("gone", "一覧にない事業所"),
    ("warned", "確かめる行"),
    ("refused", "直す行"),
)


async def show(request: web.Request) -> web.Response:
    """Show the form for a list, and the lists that were sent lately."""
    return await page(request, staff.requiring(request, Deed.EDIT), Form())


async def page(request: web.Request, looking: Staff, form: Form) -> web.Response:
    """Return the page with the form."""
    async with looking.reading() as conn:
        sent = await imports.page(conn, looking.tenant, None, LISTED)
        members = await authorities.members_of(conn, looking.tenant.code)
    return answer.page(
        request,
        "imports.html",
        "offices",
        status=forms.status_of(form),
        form=form,
        sent=sent,
        states=STATES,
        largest=MOST_BYTES // 1_000_000,
        asks_whose=looking.tenant.is_nation or looking.tenant.is_prefecture or members,
    )


async def send(request: web.Request) -> web.Response:
    """Take a list in and compare it; nothing is changed yet."""
    looking = staff.requiring(request, Deed.EDIT)
    form = await forms.read(request, MOST_BYTES + FOR_FORM)
    upload = form.files.get("list")
    if upload is None or not upload.content:
        form.wrong("list", "一覧のファイル（CSVかExcel）を選んでください。")
    async with looking.reading() as conn:
        members = await authorities.members_of(conn, looking.tenant.code)
    municipality = _municipality(looking, form, members)
    if upload is None or not form.is_right:
        return await page(request, looking, form)
    wanted = Wanted(
        municipality,
        dry_run=True,
        authority=looking.user.authority,
        is_bound=not looking.tenant.is_nation,
    )
    key = f"imp_{secrets.token_hex(12)}"
    arrived = Arrived(
        key,
        looking.user.authority,
        looking.user.name,
        upload.name[:200],
        upload.content,
        wanted_as_kept(wanted),
    )
    await receive(looking.tools, arrived, looking.actor)
    await _work(looking)
    return forms.done(request, f"/offices/imports/{key}")


def _municipality(looking: Staff, form: Form, members: Sequence[str]) -> str | None:
    """Return whose list it is: the user's own, or the one that was named; None if the rows say so.

    `members` are the municipalities of a 広域連合, which names one of them.
    """
    if not (looking.tenant.is_nation or looking.tenant.is_prefecture or members):
        return looking.user.authority
    code = form.text("municipality", "市町村", needed=not looking.tenant.is_nation, longest=6)
    if not code:
        return None
    if not is_authority_code(code) or code == prefecture_code(code):
        form.wrong("municipality", "市町村の団体コード（6桁）を入力してください。例：千葉市は121002です。")
    elif looking.tenant.is_prefecture and prefecture_code(code) != looking.user.authority:
        form.wrong("municipality", "ほかの都道府県の市町村です。団体コードを確かめてください。")
    elif members and code not in members:
        form.wrong("municipality", "この広域連合の市町村ではありません。団体コードを確かめてください。")
    return code


async def _work(looking: Staff) -> None:
    """Let the list be looked at: by the worker of this process, else at once."""
    entrance = looking.supplies.entrance
    if entrance is not None:
        entrance.reception.wake()
    else:
        await run_step(looking.tools, "enlist")


async def show_one(request: web.Request) -> web.Response:
    """Show what a list would change, or has changed."""
    looking = staff.requiring(request, Deed.EDIT)
    return await one(request, looking, await _kept(request, looking), Form())


async def one(request: web.Request, looking: Staff, kept: KeptImport, form: Form) -> web.Response:
    """Return the page about one list."""
    counts: dict[str, Any] = dict(kept.report.get("counts", {}))
    lines = list(kept.report.get("lines", []))
    answered = answer.page(
        request,
        "import.html",
        "offices",
        status=forms.status_of(form),
        kept=kept,
        state=STATES[kept.state],
        form=form,
        counts=[(label, counts.get(name, 0), name) for name, label in COUNTS],
        groups=_groups(lines),
        reason=kept.report.get("reason", ""),
        gone=counts.get("gone", 0),
        refused=counts.get("refused", 0),
        elsewhere=counts.get("elsewhere", 0),
        freely=CLOSED_FREELY,
        changes=counts.get("added", 0) + counts.get("changed", 0) + counts.get("gone", 0),
        may_close=looking.user.authority in {"", kept.wanted.get("municipality")},
        is_waiting=kept.state == imports.WAITING,
        can_be_taken_over=kept.can_be_taken_over,
        shown=SHOWN,
    )
    if kept.state == imports.WAITING:
        answered.headers["Refresh"] = "2"
    return answered


def _groups(lines: Sequence[Any]) -> list[tuple[str, str, str, list[Any], int]]:
    """Return the lines by kind, what needs a person first: (kind, heading, hint, the first of them, how many)."""
    by_kind: dict[str, list[Any]] = {}
    for each in lines:
        by_kind.setdefault(each["outcome"], []).append(each)
    return [
        (kind, heading, hint, _together(by_kind[kind])[:SHOWN], len(_together(by_kind[kind])))
        for kind, heading, hint in KINDS
        if kind in by_kind
    ]


def _together(lines: Sequence[Any]) -> list[Any]:
    """Return the lines with all changes of one office in one: its `changes` are (column, old, new)."""
    if not lines or lines[0]["outcome"] != "changed":
        return list(lines)
    found = []
    for number, some in groupby(lines, key=lambda each: each["office"]):
        changes = list(some)
        columns = [(each["column"], each["old"], each["new"]) for each in changes]
        found.append({**changes[0], "office": number, "changes": columns})
    return found


async def take_over(request: web.Request) -> web.Response:
    """Let a compared list be taken over as it was."""
    looking = staff.requiring(request, Deed.EDIT)
    kept = await _kept(request, looking)
    form = await forms.read(request)
    wishes: dict[str, Any] = {"without_refused": form.is_ticked("without_refused")}
    if form.is_ticked("close_gone"):
        wishes |= {"close_gone": True, "gone_count": form.number("gone_count", "廃止にする件数", needed=True)}
    if kept.report.get("counts", {}).get("refused") and not wishes["without_refused"]:
        form.wrong(
            "without_refused", "直す行があります。直して送り直すか、直す行を除いて取り込んでください。"
        )
    if not form.is_right:
        return await one(request, looking, kept, form)
    try:
        await take_over_compared(looking.tools, looking.tenant, kept.key, wishes, looking.actor)
    except ImportRefusedError as refusal:
        form.wrong("", str(refusal))
        return await one(request, looking, kept, form)
    except UnknownError:
        raise web.HTTPNotFound from None
    await _work(looking)
    return forms.done(request, f"/offices/imports/{kept.key}", "取込みを受け付けました。")


async def _kept(request: web.Request, looking: Staff) -> KeptImport:
    async with looking.reading() as conn:
        kept = await imports.find(conn, looking.tenant, request.match_info["key"])
    if kept is None:
        raise web.HTTPNotFound
    return kept


# ---- files ----


async def refused_rows(request: web.Request) -> web.Response:
    """Answer with the refused rows and their reasons, to be corrected and sent again."""
    looking = staff.requiring(request, Deed.EDIT)
    kept = await _kept(request, looking)
    async with looking.reading() as conn:
        refused = await imports.refused_of(conn, kept.id)
    if not refused:
        raise web.HTTPNotFound
    return _file(refused.encode(), f"{kept.key}-refused.csv")


async def blank(_: web.Request) -> web.Response:
    """Answer with an empty list with one explained row."""
    return _file(template(), "offices-template.csv")


async def whole(request: web.Request) -> web.StreamResponse:
    """Answer with the tenant's offices in the layout of our lists; taking it over again changes nothing."""
    looking = staff.requiring(request, Deed.EDIT)
    if looking.tenant.is_nation:
        raise web.HTTPNotFound
    answered = web.StreamResponse(headers=_headers("offices-all.csv"))
    await answered.prepare(request)
    async for part in exported(looking.tools, looking.user.authority):
        await answered.write(part)
    await answered.write_eof()
    return answered


def _file(content: bytes, name: str) -> web.Response:
    return web.Response(body=content, headers=_headers(name))


def _headers(name: str) -> dict[str, str]:
    return {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}"',
    }


_ONE: Final = "/offices/imports/{key:imp_[0-9a-f]{24}}"
ROUTES = (
    web.get("/offices/import", show),
    web.post("/offices/import", send),
    web.get("/offices/import/template.csv", blank),
    web.get("/offices/import/offices.csv", whole),
    web.get(_ONE, show_one),
    web.post(_ONE, take_over),
    web.get(f"{_ONE}/refused.csv", refused_rows),
)
