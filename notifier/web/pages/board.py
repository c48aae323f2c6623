"""Deadlines of an authority: as a list, the nearest first, and as a month; with how far its offices have come."""

import re
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Final

from aiohttp import web

from notifier.domain import dates
from notifier.store import board as store
from notifier.store import subscriptions
from notifier.web import staff
from notifier.web.pages import answer, months, standings
from notifier.web.pages.standings import Group

HEADINGS = {
    Group.SOON: ("期限が近いもの", "60日以内に期限が来ます。"),
    Group.LATER: ("これから期限が来るもの", ""),
    Group.UNDATED: ("期日が決まっていないもの", "日が決まり次第、上の欄に移り、対象の事業所に知らせます。"),
    Group.AUTHORITIES: ("自治体あての依頼・施行期日", "事業所には送りません。"),
    Group.PAST: ("期限を過ぎたもの", ""),
}
TABS: Final = (("一覧", "/deadlines"), ("月の予定", "/deadlines/month"))
FIRST_YEAR, LAST_YEAR = 2000, 2199
"""Care insurance began on 2000-04-01 (介護保険法 附則 1); months outside this span are slips of the pen."""


async def show(request: web.Request) -> web.Response:
    """Show the list."""
    looking = staff.of(request)
    today = looking.today()
    law = await looking.law()
    async with looking.overview() as conn:
        standing = await store.board(conn, today, looking.tenant)
        untold = await subscriptions.not_told_counts(conn, today, looking.tenant)
    views = standings.views_of(law, standing, today, looking.tenant)
    order = list(HEADINGS)
    views.sort(key=lambda view: (order.index(view.group), view.day is None and not view.tally.bound))
    groups = [(group, *HEADINGS[group], list(found)) for group, found in groupby(views, attrgetter("group"))]
    for group, _, _, found in groups:
        if group is Group.PAST:
            found.reverse()
    return answer.page(
        request,
        "board.html",
        "deadlines",
        groups=groups,
        views=views,
        untold=untold,
        tabs=[(label, address, address == TABS[0][1]) for label, address in TABS],
    )


async def show_month(request: web.Request) -> web.Response:
    """Show a month: what ends and what opens on which day, and what falls into it without a day."""
    looking = staff.of(request)
    today = looking.today()
    month = _month(request.query.get("month", "")) or today
    law = await looking.law()
    async with looking.overview() as conn:
        standing = await store.board(conn, today, looking.tenant, reach=False)
    found = months.month_of(law, standing, month, today, looking.tenant)
    return answer.page(
        request,
        "month.html",
        "deadlines",
        month=found,
        label=dates.month_label(month.year, month.month),
        tabs=[(label, address, address == TABS[1][1]) for label, address in TABS],
        previous=_written(dates.add_months(found.first, -1)),
        following=_written(dates.add_months(found.first, 1)),
        chosen=_written(found.first),
        present=_written(today),
    )


def _month(written: str) -> date | None:
    """Read a month as browsers write it: 2026-03."""
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", written):
        return None
    year, month = map(int, written.split("-"))
    return date(year, month, 1) if FIRST_YEAR <= year <= LAST_YEAR else None


def _written(day: date) -> str:
    return f"{day.year:04d}-{day.month:02d}"


ROUTES = (web.get("/deadlines", show), web.get("/deadlines/month", show_month))
