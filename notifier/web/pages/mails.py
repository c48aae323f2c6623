"""Mails that came in and of which no office is known: a clerk reads them, and lays them aside with a word on it."""

from typing import Final

from aiohttp import web

from notifier.answering import REASONS
from notifier.domain.roles import Deed
from notifier.errors import UnknownError
from notifier.steps.lay_aside import lay_aside
from notifier.store import incoming
from notifier.store.incoming import CLOSED, UNCLEAR, Incoming
from notifier.web import forms, staff
from notifier.web.forms import Form
from notifier.web.pages import answer
from notifier.web.staff import Staff

LIST: Final = "/mails"
DONE: Final = "処理済みにしました。"
GONE: Final = "このメールは、ほかの人がもう処理しています。"


async def show_list(request: web.Request) -> web.Response:
    """Show the mails that wait for somebody, the oldest first."""
    looking = staff.of(request)
    async with looking.overview() as conn:
        waiting = await incoming.unclear(conn, looking.tenant)
    return answer.page(request, "mails.html", "today", waiting=waiting, reasons=REASONS)


async def show_one(request: web.Request) -> web.Response:
    """Show one mail, with the form that lays it aside while it waits."""
    looking = staff.of(request)
    return _page(request, looking, await _found(request, looking), Form())


async def lay(request: web.Request) -> web.Response:
    """Lay one aside."""
    looking = staff.requiring(request, Deed.EDIT)
    found = await _found(request, looking)
    form = await forms.read(request)
    words = form.lines("words", "どう処理したか", needed=True, longest=1000)
    if not form.is_right:
        return _page(request, looking, found, form)
    try:
        await lay_aside(looking.tools, looking.tenant, found.id, looking.actor, words)
    except UnknownError:
        return forms.done(request, LIST, GONE)
    return forms.done(request, LIST, DONE)


def _page(request: web.Request, looking: Staff, found: Incoming, form: Form) -> web.Response:
    may_edit = looking.may(Deed.EDIT) and found.state == UNCLEAR
    shown = {"found": found, "reasons": REASONS, "form": form, "may_edit": may_edit}
    return answer.page(request, "incoming.html", "today", status=forms.status_of(form), **shown)


async def _found(request: web.Request, looking: Staff) -> Incoming:
    async with looking.overview() as conn:
        found = await incoming.find(conn, looking.tenant, int(request.match_info["number"]))
    if found is None or found.state not in {UNCLEAR, CLOSED}:
        raise web.HTTPNotFound
    return found


_ONE: Final = "/mails/{number:[0-9]{1,12}}"
ROUTES = (web.get(LIST, show_list), web.get(_ONE, show_one), web.post(_ONE, lay))
