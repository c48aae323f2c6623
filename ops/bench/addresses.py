"""Addresses that `ops.bench.pages` asks for: each page of the staff and each list of the API, with what makes it work most.

Whatever else can be got is named with the reason, so that a new page cannot go unmeasured unseen.
"""

from collections.abc import Iterator
from typing import Final

from aiohttp import web

OFFICE: Final = "9900000042"
WAGES, SUBSIDY = "wage-support/apply", "platform-subsidy/apply"
SHOWN: Final = (
    "/",
    "/offices",
    "/offices?page=100",
    "/offices?q=事業所+42",
    "/offices?order=due",
    "/offices?order=name",
    "/offices?order=corporation",
    "/offices?order=newest",
    "/offices?reach=unreached&state=open&order=due",
    f"/offices?deadline={WAGES}&state=settled",
    "/offices?service=43&state=lapsed",
    f"/offices/{OFFICE}",
    f"/offices/{OFFICE}/record",
    f"/offices/{OFFICE}/facts",
    f"/offices/{OFFICE}/timeline",
    f"/offices/{OFFICE}/notes",
    f"/offices/{OFFICE}/standing",
    f"/offices/{OFFICE}/exemptions",
    "/offices/export.csv?reach=unreached",
    "/offices/import",
    "/enquiries",
    "/mails",
    "/tasks",
    "/deadlines",
    "/deadlines/month",
    f"/deadlines/{WAGES}",
    f"/deadlines/{SUBSIDY}",
    f"/deadlines/{SUBSIDY}/offices",
    f"/deadlines/{SUBSIDY}/offices?state=open&page=100",
    f"/deadlines/{SUBSIDY}/offices?service=43&q=事業所",
    f"/deadlines/{WAGES}/progress",
    f"/deadlines/{SUBSIDY}/progress",
    f"/deadlines/{SUBSIDY}/settings",
    f"/deadlines/{SUBSIDY}/ruling",
    "/coverage",
    f"/coverage/{WAGES}",
    f"/coverage/{SUBSIDY}",
    f"/coverage/{SUBSIDY}?place=told",
    f"/coverage/{SUBSIDY}?place=told&page=100",
    f"/coverage/{SUBSIDY}?place=unreachable",
    f"/coverage/{WAGES}?place=settled",
    "/letters",
    "/letters?state=accepted&page=100",
    "/letters?state=trouble",
    "/letters/1",
    "/letters/halt",
    "/letters/templates",
    "/notices",
    "/notices/new",
    "/what-if",
    "/settings",
    "/settings/authority",
    "/settings/keys",
    "/settings/calendars",
    "/settings/users",
    "/settings/audit",
    "/accessibility",
)
CALLED: Final = (
    "/v1/me",
    "/v1/authorities",
    "/v1/authorities/{whose}",
    "/v1/authorities/{whose}/sums",
    "/v1/offices?limit=100",
    "/v1/offices?reachable=false",
    "/v1/offices?q=事業所+42",
    "/v1/offices?service=43&open=true",
    "/v1/offices?municipality=121002",
    f"/v1/offices/{OFFICE}",
    f"/v1/offices/{OFFICE}/designations",
    f"/v1/offices/{OFFICE}/contacts",
    f"/v1/offices/{OFFICE}/facts",
    f"/v1/offices/{OFFICE}/obligations",
    f"/v1/offices/{OFFICE}/timeline",
    "/v1/obligations?limit=100",
    f"/v1/obligations?deadline={SUBSIDY}&state=open",
    f"/v1/obligations?deadline={WAGES}&state=settled",
    "/v1/obligations?state=lapsed",
    "/v1/obligations?family=wage-support&state=open",
    "/v1/obligations?due_from=2026-03-01&due_until=2026-03-31",
    f"/v1/obligations?office={OFFICE}",
    "/v1/deadlines",
    "/v1/deadlines?family=wage-support",
    f"/v1/deadlines/{WAGES}",
    f"/v1/deadlines/{WAGES}/history",
    "/v1/events",
    "/v1/events?state=applied&type=wage-support.applied",
    "/v1/deliveries",
    "/v1/deliveries?state=accepted",
    "/v1/deliveries?state=unreachable",
    "/v1/deliveries?state=planned",
    f"/v1/deliveries?deadline={SUBSIDY}",
    "/v1/deliveries?occasion=reminder",
    "/v1/deliveries?since=2026-02-26&until=2026-02-28",
    f"/v1/deliveries?office={OFFICE}",
    "/v1/deliveries/1",
    "/v1/feed",
    "/v1/imports",
    "/v1/calendars",
    "/v1/notices",
    f"/v1/notices?approved=true&deadline={SUBSIDY}",
    "/v1/approvals",
    "/v1/subscriptions",
    f"/v1/subscriptions?office={OFFICE}",
    "/v1/audit",
    "/v1/audit?action=event.applied&since=2026-02-25",
    "/v1/audit?who=bench",
    f"/v1/audit?subject=office/{OFFICE}",
)
_WHOLE: Final = (
    "/coverage/{family}/{duty}/list.csv",
    "/offices/import/offices.csv",
    "/offices/{number}/evidence",
    "/settings/audit.csv",
)
"""Files of all offices, which are made for as long as they are long."""
_ONE: Final = (
    "/enquiries/",
    "/letters/{number}/",
    "/letters/templates/",
    "/mails/",
    "/notices/{",
    "/offices/import/template.csv",
    "/offices/imports/",
    "/password",
    "/settings/audit/check",
    "/settings/authority/",
    "/settings/calendars/",
    "/settings/keys/",
    "/settings/users/",
    "/settings/webhooks",
    "/v1/calendars/",
    "/v1/contacts/",
    "/v1/endpoints",
    "/v1/events/",
    "/v1/imports/",
    "/v1/notices/",
    "/v1/obligations/",
    "/v1/offices:template",
    "/v1/openapi.json",
    "/v1/reference",
)
"""One thing among few: what it shows does not grow with the offices."""
_OTHER: Final = (
    "/calendar/",
    "/confirm/",
    "/healthz",
    "/readyz",
    "/static/",
    "/unsubscribe/",
)
"""No page of the staff: asked for by offices, browsers or the program itself."""


def unmeasured(application: web.Application) -> Iterator[str]:
    """Yield the addresses of `application` that can be got, are not asked for, and are not left out with a reason."""
    known = [*SHOWN, *CALLED]
    for route in application.router.routes():
        resource = route.resource
        if resource is None or route.method != "GET":
            continue
        name = resource.canonical
        is_left_out = name in _WHOLE or name.startswith((*_ONE, *_OTHER))
        if not is_left_out and not any(_fits(name, each) for each in known):
            yield name


def _fits(name: str, asked: str) -> bool:
    parts, given = name.split("/"), asked.partition("?")[0].split("/")
    return len(parts) == len(given) and all(
        part.startswith("{") or part == each for part, each in zip(parts, given, strict=True)
    )
