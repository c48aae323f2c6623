"""The board: every deadline, the nearest first, with how far the offices have come."""

from itertools import groupby
from operator import attrgetter

from aiohttp import web

from notifier.store import board as store
from notifier.store import subscriptions
from notifier.web.pages import answer, standings
from notifier.web.pages.standings import Group
from notifier.web.supplies import SUPPLIES

HEADINGS = {
    Group.SOON: ("期限が近いもの", "60日以内に期限が来ます。"),
    Group.LATER: ("これから期限が来るもの", ""),
    Group.UNDATED: ("期日が決まっていないもの", "日が決まり次第、上の欄に移り、対象の事業所に知らせます。"),
    Group.AUTHORITIES: ("自治体あての依頼・施行期日", "事業所には送りません。"),
    Group.PAST: ("期限を過ぎたもの", ""),
}


async def show(request: web.Request) -> web.Response:
    """Show the board."""
    supplies = request.app[SUPPLIES]
    today = supplies.today()
    law = await supplies.law()
    async with supplies.database.reading() as conn:
        standing = await store.board(conn, today)
        totals = await store.totals(conn)
        untold = await subscriptions.not_told_counts(conn, today)
    views = standings.views_of(law, standing, today)
    order = list(HEADINGS)
    views.sort(key=lambda view: (order.index(view.group), view.day is None and not view.tally.bound))
    groups = [(group, *HEADINGS[group], list(found)) for group, found in groupby(views, attrgetter("group"))]
    for group, _, _, found in groups:
        if group is Group.PAST:
            found.reverse()
    return answer.page(
        request, "board.html", "deadlines", groups=groups, totals=totals, views=views, untold=untold
    )


ROUTES = (web.get("/deadlines", show),)
