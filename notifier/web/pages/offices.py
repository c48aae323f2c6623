"""Offices: the list of those a tenant sees, searched, filtered, in an order, and as a file."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from aiohttp import web

from notifier.domain import dates
from notifier.domain.law import Law
from notifier.reading.office_table import MARK, neutralised
from notifier.store import selections
from notifier.store.selections import STATES, OfficeLine, Order, Selected
from notifier.web import forms, staff, wording
from notifier.web.forms import Form
from notifier.web.pages import answer
from notifier.web.staff import Staff

ORDERS: Final = (
    (Order.NUMBER, "事業所番号"),
    (Order.NAME, "事業所名（かな）"),
    (Order.CORPORATION, "法人名"),
    (Order.DUE, "期限の近い順"),
    (Order.NEWEST, "登録の新しい順"),
)
REACHES: Final = (("reached", "宛先あり"), ("unreached", "宛先なし"))
PART: Final = 4_000
COLUMNS: Final = (
    "事業所番号",
    "事業所名",
    "法人名",
    "サービス",
    "電話番号",
    "FAX番号",
    "メールの宛先",
    "対応中",
    "期限切れ",
    "次の期限",
)


def selected_in(form: Form) -> Selected:
    """Return which offices are meant by what stands in an address or a form; what makes no sense asks for any."""
    order = form.value("order")
    state, reach = form.value("state"), form.value("reach")
    return Selected(
        " ".join(form.value("q").split())[: answer.LONGEST_SEARCH],
        form.value("service")[:2],
        form.value("deadline")[:100],
        state if state in STATES else "",
        reach if reach in dict(REACHES) else "",
        form.value("closed") == "yes",
        Order(order) if order in {each.value for each in Order} else Order.NUMBER,
    )


def written(selected: Selected) -> list[tuple[str, str]]:
    """Return a selection as it stands in an address, without the words."""
    parts = [
        ("service", selected.service),
        ("deadline", selected.deadline),
        ("state", selected.state),
        ("reach", selected.reach),
        ("closed", "yes" if selected.closed else ""),
        ("order", "" if selected.order is Order.NUMBER else selected.order.value),
    ]
    return [(name, value) for name, value in parts if value]


def asked_form(request: web.Request) -> Form:
    """Return what stands behind the question mark, as a form that is filled with it."""
    return Form({name: request.query.getall(name) for name in request.query})


async def show(request: web.Request) -> web.Response:
    """Show the offices that are asked for."""
    return await page(request, asked_form(request))


async def page(request: web.Request, form: Form) -> web.Response:
    """Return the page with the list that `form` asks for, and what is wrong with a choice made on it."""
    looking = staff.of(request)
    selected, today = selected_in(form), looking.today()
    _, number, skip = answer.asked(request)
    async with looking.reading() as conn:
        count = await selections.count(conn, looking.tenant, selected, today)
        lines = await selections.offices(
            conn, looking.tenant, selected, today, limit=answer.PAGE_SIZE, skip=skip
        )
    law = await looking.law()
    filters = written(selected)
    return answer.page(
        request,
        "offices.html",
        "offices",
        status=forms.status_of(form),
        form=form,
        lines=lines,
        selected=selected,
        filters=filters,
        is_narrowed=bool(selected.words or [each for each in filters if each[0] != "order"]),
        paging=answer.Paging("/offices", selected.words, number, count, filters),
        services=looking.supplies.service_names,
        choices=choices(looking, law),
        towns={code: each.name for code, each in law.authorities.items()},
    )


def choices(looking: Staff, law: Law) -> dict[str, Sequence[tuple[str, str]]]:
    """Return what can be chosen in the filters, as (value, label)."""
    duties = [(each.id, each.title) for each in law.deadlines.values() if "office" in each.parties]
    return {
        "services": sorted(looking.supplies.service_names.items()),
        "deadlines": sorted((each for each in duties if law.said(each[0])), key=lambda each: each[1]),
        "states": [(each, wording.STATES[each].text) for each in STATES],
        "reaches": REACHES,
        "orders": [(order.value, label) for order, label in ORDERS],
    }


# ---- as a file ----


async def export(request: web.Request) -> web.StreamResponse:
    """Answer with the selected offices as a CSV file that Excel opens, for calling them or ticking them off."""
    return await as_file(request, staff.of(request), selected_in(asked_form(request)))


async def as_file(request: web.Request, looking: Staff, selected: Selected) -> web.StreamResponse:
    """Answer with offices as a CSV file, part by part."""
    day = looking.today().isoformat()
    answered = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": f'attachment; filename="offices-{day}.csv"',
        }
    )
    await answered.prepare(request)
    async for part in _parts(looking, selected):
        await answered.write(part)
    await answered.write_eof()
    return answered


async def _parts(looking: Staff, selected: Selected) -> AsyncIterator[bytes]:
    yield MARK.encode() + _rows([COLUMNS])
    by_number, skip = replace(selected, order=Order.NUMBER), 0
    while True:
        async with looking.reading() as conn:
            lines = await selections.offices(
                conn, looking.tenant, by_number, looking.today(), limit=PART, skip=skip
            )
        yield _rows(_cells(each, looking.supplies.service_names) for each in lines)
        skip += PART
        if len(lines) < PART:
            return


def _cells(line: OfficeLine, names: Any) -> list[str]:
    return [
        line.number,
        line.name,
        line.corporation,
        "、".join(names.get(code, code) for code in line.services),
        line.telephone,
        line.fax,
        "あり" if line.reachable else "なし",
        str(line.open),
        str(line.lapsed),
        _day(line.next_due),
    ]


def _day(day: date | None) -> str:
    return dates.day_label(day) if day else ""


def _rows(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([neutralised(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


ROUTES = (web.get("/offices", show), web.get("/offices/export.csv", export))
