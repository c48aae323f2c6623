"""One office: everything kept about it as one sealed file, which anybody can check later without us."""

from aiohttp import web

from notifier.domain.roles import Deed
from notifier.errors import UnknownError
from notifier.evidence import Asked, evidence
from notifier.sealing import Seal
from notifier.web import forms, staff


async def send(request: web.Request) -> web.Response:
    """Send the pack as a ZIP file. A POST, as it is written into the audit that and by whom it was made."""
    looking, number = staff.of(request), request.match_info["number"]
    if not looking.may(Deed.READ_HISTORY):
        looking.require(Deed.EDIT)
    await forms.read(request)
    supplies = looking.supplies
    if supplies.assemble is None or supplies.exchange is None:
        raise web.HTTPNotFound
    asked = Asked(number, looking.tenant, looking.actor)
    try:
        pack = await evidence(looking.tools, asked, supplies.assemble, Seal(supplies.exchange.key))
    except UnknownError:
        raise web.HTTPNotFound from None
    name = f"evidence-{number}-{looking.today():%Y%m%d}.zip"
    return web.Response(
        body=pack,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


ROUTES = (web.post("/offices/{number}/evidence", send),)
