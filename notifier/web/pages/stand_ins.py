"""Stand-ins: in the demonstration a visitor looks as one of a few invented persons, and may change who that is."""

from datetime import timedelta

from aiohttp import web

from notifier.web import forms, gate
from notifier.web.pages.login import set_cookie
from notifier.web.supplies import SUPPLIES

KEPT = timedelta(hours=12)


async def choose(request: web.Request) -> web.Response:
    """Look as another person from now on; only where there are such persons, and nobody has to sign in."""
    supplies = request.app[SUPPLIES]
    form = await forms.read(request)
    person = next((each for each in supplies.stand_ins if each.name == form.value("name")), None)
    if person is None or supplies.gatehouse is not None:
        raise web.HTTPForbidden
    back = form.value("next")
    response = forms.done(request, back if forms.is_ours(back) else "/", f"{person.label}として見ています。")
    set_cookie(response, gate.stand_in_cookie(supplies), person.name, KEPT, gate.cookie_attributes(supplies))
    return response


ROUTES = (web.post("/stand-in", choose),)
