"""Enquiries: what offices have told or asked on their pages, and the answer of their municipality."""

from typing import Final

from aiohttp import web

from notifier.domain.roles import Deed
from notifier.errors import SubscriptionRefusedError, UnknownError
from notifier.steps.answer import Answer, answer
from notifier.store import enquiries
from notifier.store.enquiries import CONTACT, FACTS, MESSAGE, NOT_APPLICABLE, OPEN, Enquiry
from notifier.web import forms, staff
from notifier.web.forms import Form
from notifier.web.pages import answer as answers
from notifier.web.staff import Staff
from notifier.web.wording import Chip

KINDS: Final = {
    NOT_APPLICABLE: Chip("対象外の申出", "warning"),
    FACTS: Chip("登録内容の訂正", "busy"),
    CONTACT: Chip("宛先の誤り", "busy"),
    MESSAGE: Chip("質問・連絡", "calm"),
}
UPHELD: Final = (
    (
        "upheld",
        "対象外と認める",
        "この期限は、この事業所には当てはまらないものとして扱い、お知らせを送るのをやめます。承認者は、あとで対象に戻せます。",
    ),
    ("declined", "対象である", "お知らせを続けます。"),
)


async def show_list(request: web.Request) -> web.Response:
    """Show what waits for an answer, the oldest first."""
    looking = staff.of(request)
    async with looking.overview() as conn:
        waiting = await enquiries.open_for(conn, looking.tenant)
    law = await looking.law()
    titles = {name: each.title for name, each in law.deadlines.items()}
    return answers.page(request, "enquiries.html", "today", waiting=waiting, kinds=KINDS, titles=titles)


async def show_one(request: web.Request) -> web.Response:
    """Show one enquiry, with the form for the answer while it waits for one."""
    looking = staff.of(request)
    return await page(request, looking, await _found(request, looking), Form())


async def page(request: web.Request, looking: Staff, found: Enquiry, form: Form) -> web.Response:
    """Return the page about one enquiry."""
    law = await looking.law()
    return answers.page(
        request,
        "enquiry.html",
        "today",
        status=forms.status_of(form),
        found=found,
        kind=KINDS.get(found.kind, Chip(found.kind)),
        deadline=law.deadlines.get(found.deadline),
        form=form,
        choices=UPHELD,
        decides=found.kind == NOT_APPLICABLE,
        is_open=found.state == OPEN,
        may_answer=looking.may(Deed.EDIT),
    )


async def reply(request: web.Request) -> web.Response:
    """Answer an enquiry: the office is told by mail and on its page."""
    looking = staff.requiring(request, Deed.EDIT)
    found = await _found(request, looking)
    form = await forms.read(request)
    upheld = "upheld"
    if found.kind == NOT_APPLICABLE:
        upheld = form.one_of("upheld", "判断", [value for value, _, _ in UPHELD])
    words = form.lines("words", "回答", needed=True, longest=2000)
    if not form.is_right:
        return await page(request, looking, found, form)
    try:
        given = Answer(upheld == "upheld", words)
        await answer(looking.tools, looking.tenant, found.id, given, looking.actor)
    except UnknownError:
        return forms.done(request, "/enquiries", "この申出には、ほかの人がもう回答しています。")
    except SubscriptionRefusedError as refusal:
        form.wrong("words", str(refusal))
        return await page(request, looking, found, form)
    return forms.done(
        request, "/enquiries", f"{found.office_name}に回答しました。メールと事業所のページで伝えます。"
    )


async def _found(request: web.Request, looking: Staff) -> Enquiry:
    async with looking.overview() as conn:
        found = await enquiries.find(conn, looking.tenant, int(request.match_info["number"]))
    if found is None:
        raise web.HTTPNotFound
    return found


_ONE: Final = "/enquiries/{number:[0-9]{1,12}}"
ROUTES = (web.get("/enquiries", show_list), web.get(_ONE, show_one), web.post(_ONE, reply))
