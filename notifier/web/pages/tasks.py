"""Tasks of the rule editor: what the program has found and cannot decide; each goes away once it is settled."""

from typing import Final

from aiohttp import web

from notifier.store import tasks
from notifier.web import navigation, staff
from notifier.web.pages import answer
from notifier.web.wording import Chip

KINDS: Final = {
    "notice.received": Chip("届いた通知", "busy"),
    "source.unseen": Chip("見られない情報源", "warning"),
    "document.lost": Chip("取り込めない文書", "warning"),
}
ADVICE: Final = {
    "notice.received": "通知を読み、期限に関わるかを確かめてください。確かめると、ここから消えます。",
    "source.unseen": "情報源のアドレスが変わっていないか確かめてください。また見られるようになると、ここから消えます。",
    "document.lost": "文書を手で取り込んでください。",
}


async def show(request: web.Request) -> web.Response:
    """Show the open tasks, the oldest first; to the nation's staff only."""
    looking = staff.of(request)
    if not looking.tenant.is_nation:
        raise web.HTTPNotFound
    async with looking.overview() as conn:
        found = await tasks.open_tasks(conn)
    has_notices = "/notices" in request.app[navigation.SERVED]
    return answer.page(
        request,
        "tasks.html",
        "today",
        found=found,
        kinds=KINDS,
        advice=ADVICE,
        links={
            each.id: f"/notices/{each.subject.removeprefix('notice/')}"
            for each in found
            if has_notices and each.subject.startswith("notice/")
        },
    )


ROUTES = (web.get("/tasks", show),)
