"""One office: the way to its own page is sent again, told on the telephone, or made to open nothing any more."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from notifier.domain.roles import Deed
from notifier.errors import UnknownError
from notifier.steps import invite
from notifier.store import office_records
from notifier.web import forms, staff
from notifier.web.forms import Question
from notifier.web.pages import answer, office
from notifier.web.staff import Staff

Doing = Callable[[web.Request, Staff, str], Awaitable[web.Response]]


async def act(request: web.Request) -> web.Response:
    """Do what was asked for, once it was confirmed."""
    looking, number = staff.requiring(request, Deed.EDIT), request.match_info["number"]
    head = await office.head_of(request, looking, "record")
    form = await forms.read(request)
    deed = form.one_of("deed", "すること", DEEDS)
    if not deed:
        raise web.HTTPBadRequest
    if not form.is_ticked("confirmed"):
        return forms.ask(request, "offices", await _question(looking, head, deed, request.path))
    try:
        return await DEEDS[deed](request, looking, number)
    except UnknownError:
        raise web.HTTPNotFound from None


async def _question(looking: Staff, head: office.Head, deed: str, action: str) -> Question:
    async with looking.reading() as conn:
        contacts = await office_records.contacts_of(conn, looking.tenant, head.record.id)
    many = sum(each.active and each.channel == "email" for each in contacts)
    title, explanation, button = TOLD[deed]
    return Question(
        title,
        f"{head.record.name}（{head.record.number}）。{explanation}",
        button,
        action,
        f"/offices/{head.record.number}/record",
        counts=[("送る宛先", f"{many}件")] if deed == "send" else (),
        kept=[("deed", deed)],
        warning=""
        if many or deed != "send"
        else "メールの宛先がないため、届きません。電話で伝えてください。",
    )


async def _send(request: web.Request, looking: Staff, number: str) -> web.Response:
    count = await invite.invite(looking.tools, looking.tenant, number, looking.actor)
    told = (
        f"事業所のページのアドレスを、{count}件の宛先に送ります。"
        if count
        else "メールの宛先がないため、送っていません。"
    )
    return forms.done(request, f"/offices/{number}/record", told)


async def _revoke(request: web.Request, looking: Staff, number: str) -> web.Response:
    await invite.revoke(looking.tools, looking.tenant, number, looking.actor)
    return forms.done(
        request, f"/offices/{number}/record", "これまでに配ったアドレスと確認番号では、もう開けません。"
    )


async def _read_out(request: web.Request, looking: Staff, number: str) -> web.Response:
    way = await invite.read_out(looking.tools, looking.tenant, number, looking.actor)
    head = await office.head_of(request, looking, "record")
    base = looking.tools.correspondent.base_url
    return answer.page(request, "office_access.html", "offices", head=head, way=way, place=f"{base}/code")


DEEDS: Final[dict[str, Doing]] = {"send": _send, "read": _read_out, "revoke": _revoke}
TOLD: Final = {
    "send": (
        "事業所のページのアドレスを送りますか",
        "この事業所だけが開けるページのアドレスと確認番号を、いまの宛先すべてにメールで送ります。",
        "送る",
    ),
    "read": (
        "確認番号を表示しますか",
        (
            "確認番号は、この事業所のページを開く鍵です。電話の相手がこの事業所であることを確かめてから表示してください。"
            "表示したことは監査に残ります。"
        ),
        "表示する",
    ),
    "revoke": (
        "配ったアドレスを無効にしますか",
        "これまでに配ったページのアドレスと確認番号では、もう開けなくなります。新しいものは、あらためて送ってください。",
        "無効にする",
    ),
}
ROUTES = (web.post("/offices/{number}/page", act),)
