"""The audit: who did what when, in sentences, and handed out as a table."""

import csv
import io
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from notifier.clock import JAPAN, japan_time
from notifier.domain.roles import Deed
from notifier.store import audit_records, keys, office_records, users
from notifier.store.audit_records import AuditRecord, Wanted
from notifier.web import audit_words, forms, staff
from notifier.web.audit_words import FAMILIES, PROGRAM, Changed, Names
from notifier.web.forms import Form
from notifier.web.pages import answer
from notifier.web.staff import Staff

HERE: Final = "settings/audit"
ROOT: Final = "/settings/audit"
PAGE_SIZE: Final = 50
LOT: Final = 1000
MOST_ROWS: Final = 100_000
"""Rows that are handed out in one table at most."""
COLUMNS: Final = (
    "番号",
    "日時（日本時間）",
    "した人",
    "利用者名",
    "接続元",
    "団体コード",
    "したこと",
    "対象",
    "操作名",
    "詳細",
    "前の記録とつなぐ値",
)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the audit as the page shows it."""

    record: AuditRecord
    who: str
    said: str
    changes: Sequence[Changed]
    detail: str


async def show_list(request: web.Request) -> web.Response:
    """Show what was done, the latest first."""
    looking = staff.requiring(request, Deed.READ_HISTORY)
    form = Form({name: [value] for name, value in request.query.items()})
    wanted, asked = await _asked(looking, form)
    before = form.number("before", "続き", low=1, high=2**31 - 1)
    async with looking.reading() as conn:
        found = (
            await audit_records.rows(conn, looking.tenant, wanted, before, PAGE_SIZE + 1)
            if form.is_right
            else []
        )
    names = await _names(looking, found)
    lines = [_line(each, names) for each in found[:PAGE_SIZE]]
    following = urlencode([*asked, ("before", str(lines[-1].record.id))]) if len(found) > PAGE_SIZE else ""
    return answer.page(
        request,
        "audit.html",
        HERE,
        form=form,
        lines=lines,
        families=list(FAMILIES.items()),
        following=following,
        asked=urlencode(asked),
        is_first=before is None,
        is_filtered=bool(asked),
        most=MOST_ROWS,
    )


async def _asked(looking: Staff, form: Form) -> tuple[Wanted, list[tuple[str, str]]]:
    """Return what is asked for, and how links ask for the same."""
    family = form.one_of("family", "したこと", FAMILIES, needed=False)
    who, subject = form.text("who", "した人"), form.text("subject", "対象")
    since, until = form.day("since", "いつから"), form.day("until", "いつまで")
    if since and until and since > until:
        form.wrong("until", "「いつまで」は「いつから」以後の日にしてください。")
    people = form.is_ticked("people")
    asked = [
        (name, str(value))
        for name, value in (
            ("family", family),
            ("who", who),
            ("subject", subject),
            ("since", since),
            ("until", until),
            ("people", forms.YES if people else ""),
        )
        if value
    ]
    wanted = Wanted(
        subject=_subject(subject) or None,
        who=await _who(looking, who) or None,
        since=japan_time(since, 0) if since else None,
        until=japan_time(until + timedelta(days=1), 0) if until else None,
        family=family or None,
        without=tuple(PROGRAM) if people else (),
    )
    return wanted, asked


def _subject(written: str) -> str:
    """Return how a subject is kept: an office's number alone stands for the office."""
    plain = written.strip()
    return f"office/{plain.upper()}" if len(plain) == 10 and plain.isalnum() and plain.isascii() else plain


async def _who(looking: Staff, written: str) -> str:
    """Return under which name somebody stands in the audit; who is looked for by a part of their name is found, too."""
    if not written:
        return ""
    async with looking.reading() as conn:
        known = await users.every(conn, None if looking.tenant.is_nation else looking.tenant.code)
    people = [each.user for each in known] + list(looking.supplies.stand_ins)
    named = {each.name for each in people if written in each.label}
    return named.pop() if len(named) == 1 else written


async def _names(looking: Staff, found: Sequence[AuditRecord]) -> Names:
    law = await looking.law()
    wanted = {each.subject.removeprefix("office/") for each in found if each.subject.startswith("office/")}
    code = None if looking.tenant.is_nation else looking.tenant.code
    async with looking.reading() as conn:
        offices = await office_records.names(conn, looking.tenant, wanted)
        people = {each.user.name: each.user.label for each in await users.every(conn, code)}
        known = {each.prefix: each.label for each in await keys.every(conn, code)}
    stand_ins = {each.name: each.label for each in looking.supplies.stand_ins}
    return Names(
        stand_ins | people, offices, {name: each.name for name, each in law.authorities.items()}, known
    )


def _line(record: AuditRecord, names: Names) -> Line:
    return Line(
        record,
        audit_words.who_did(record, names),
        audit_words.sentence_of(record, names),
        audit_words.changes_of(record.detail),
        json.dumps(dict(record.detail), ensure_ascii=False, indent=1) if record.detail else "",
    )


# ---- as a table -------------------------------------------------------------------------------------------


async def export(request: web.Request) -> web.StreamResponse:
    """Hand out the rows that are asked for as CSV that Excel reads."""
    looking = staff.requiring(request, Deed.READ_HISTORY)
    form = Form({name: [value] for name, value in request.query.items()})
    wanted, _ = await _asked(looking, form)
    if not form.is_right:
        raise web.HTTPBadRequest
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="audit-{looking.today():%Y%m%d}.csv"',
        }
    )
    response.enable_compression()
    await response.prepare(request)
    await response.write("\ufeff".encode() + _row(COLUMNS))
    async for rows in _lots(looking, wanted):
        await response.write(rows)
    await response.write_eof()
    return response


async def _lots(looking: Staff, wanted: Wanted) -> AsyncIterator[bytes]:
    before: int | None = None
    for _ in range(MOST_ROWS // LOT):
        async with looking.reading() as conn:
            found = await audit_records.rows(conn, looking.tenant, wanted, before, LOT)
        names = await _names(looking, found)
        yield b"".join(_row(_cells(each, names)) for each in found)
        if len(found) < LOT:
            return
        before = found[-1].id


def _cells(record: AuditRecord, names: Names) -> Sequence[str]:
    at = record.at.astimezone(JAPAN)
    return (
        str(record.id),
        f"{at:%Y-%m-%d %H:%M:%S}",
        audit_words.who_did(record, names),
        record.who,
        record.origin,
        record.authority,
        audit_words.sentence_of(record, names),
        record.subject,
        record.action,
        json.dumps(dict(record.detail), ensure_ascii=False),
        record.digest,
    )


def _row(cells: Sequence[str]) -> bytes:
    """Return one line of CSV; a cell that a spreadsheet would take for a formula is kept from it."""
    written = io.StringIO()
    safe = [f"'{each}" if each[:1] in set("=+-@\t\r") else each for each in cells]
    csv.writer(written, lineterminator="\r\n").writerow(safe)
    return written.getvalue().encode()


ROUTES: Final = (
    web.get(ROOT, show_list),
    web.get(f"{ROOT}.csv", export),
)
