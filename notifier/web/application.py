"""The application: which address leads to which page."""

from typing import Final

from aiohttp import web

from notifier.rendering import Pages
from notifier.web import gate, safety, tracing, wording
from notifier.web.api.application import DESCRIPTION, ROOT, make_api
from notifier.web.api.wicket import Wicket
from notifier.web.assets import Shelf
from notifier.web.connections import GUARD, WICKET, Guard
from notifier.web.headers import HEADERS
from notifier.web.navigation import SERVED, addresses
from notifier.web.office import routes as office
from notifier.web.origins import TRUSTED
from notifier.web.pages import (
    accounts,
    arrivals,
    audit,
    audit_check,
    authority,
    board,
    bulk,
    calendar_lending,
    calendars,
    clock,
    confirmation,
    coverage,
    deadline_settings,
    deadlines,
    enquiries,
    imports,
    keys,
    letter_deeds,
    letter_halts,
    letters,
    login,
    mailbox,
    mails,
    notice_deeds,
    notices,
    office_access,
    office_evidence,
    office_exemptions,
    office_facts,
    office_notes,
    office_record,
    office_standing,
    office_timeline,
    offices,
    oidc,
    own_password,
    reference,
    replying,
    ruling,
    settings,
    stand_ins,
    statement,
    tasks,
    templates,
    today,
    unsubscribe,
    webhooks,
    what_if,
)
from notifier.web.pages import office as office_page
from notifier.web.supplies import PAGES, SHELF, SUPPLIES, Supplies
from notifier.web.watch import Watched, add_health

STAFF: Final = (
    today,
    enquiries,
    tasks,
    mails,
    offices,
    bulk,
    imports,
    office_page,
    office_record,
    office_standing,
    office_access,
    office_evidence,
    office_exemptions,
    office_facts,
    office_timeline,
    office_notes,
    board,
    coverage,
    deadlines,
    deadline_settings,
    ruling,
    notices,
    notice_deeds,
    what_if,
    authority,
    statement,
    letters,
    letter_deeds,
    letter_halts,
    templates,
    settings,
    webhooks,
    keys,
    arrivals,
    calendar_lending,
    accounts,
    audit,
    audit_check,
    own_password,
)
"""Modules of pages; each has ROUTES. Those whose pages need tools or a secret see to it themselves."""


def make_application(supplies: Supplies, guard: Guard | None = None) -> web.Application:
    """Return the application. Mailbox, turning of the clock, and API exist only if supplied."""
    application = web.Application(
        middlewares=[tracing.identify, safety.dress, safety.mend, gate.guard],
        client_max_size=safety.LARGEST_FORM,
    )
    application[SUPPLIES] = supplies
    application[GUARD] = guard or Guard()
    application[SHELF] = Shelf()
    application[TRUSTED] = tuple(supplies.proxies)
    application[PAGES] = Pages(supplies.overrides, **wording.SHARED)
    add = application.router.add_get
    for module in STAFF:
        application.add_routes(module.ROUTES)
    add_health(application, Watched(supplies.is_alive, supplies.monitor))
    add("/static/{version}/{name}", application[SHELF].serve)
    add("/unsubscribe/{token}", unsubscribe.show)
    application.router.add_post("/unsubscribe/{token}", unsubscribe.stop)
    add("/confirm/{token}", confirmation.show)
    application.router.add_post("/confirm/{token}", confirmation.confirm)
    add("/calendar/{token}.ics", calendars.serve)
    if supplies.gatehouse is not None:
        add("/login", login.show)
        application.router.add_post("/login", login.sign_in)
        application.router.add_post("/logout", login.sign_out)
    if supplies.gatehouse is not None and supplies.oidc is not None:
        add(oidc.BEGIN, oidc.begin, allow_head=False)
        add(oidc.BACK, oidc.come_back, allow_head=False)
    if supplies.mailbox is not None:
        add("/mailbox", mailbox.show_list)
        add("/mailbox/{number:[0-9]{1,15}}", mailbox.show_one)
        add("/mailbox/{number:[0-9]{1,15}}/html", mailbox.show_html)
        add("/mailbox/{number:[0-9]{1,15}}/source", mailbox.show_source)
    if supplies.mailbox is not None and supplies.letterbox is not None:
        application.add_routes(replying.ROUTES)
    if supplies.turn_clock is not None:
        add("/clock", clock.show)
        application.router.add_post("/clock", clock.turn)
        application[clock.TURNING] = clock.Turning()
    if supplies.entrance is not None:
        api = make_api(supplies.entrance)
        application[WICKET] = Wicket(supplies.entrance, HEADERS)
        add(f"{ROOT}/reference", reference.page_of(api[DESCRIPTION]))
        application.add_subapp(ROOT, api)
    if supplies.stand_ins:
        application.add_routes(stand_ins.ROUTES)
    if supplies.counter is not None:
        application.add_routes(office.ROUTES)
    application[SERVED] = addresses(application)
    return application
