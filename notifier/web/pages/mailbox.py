"""The local mailbox: the mails as they came in over SMTP."""

from aiohttp import web

from notifier.store.mailbox import Mail, MailboxStore
from notifier.web import mail
from notifier.web.forms import Form
from notifier.web.pages import answer
from notifier.web.supplies import SUPPLIES

MAIL_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none';"
    " base-uri 'none'; frame-ancestors 'self'"
)
"""A mail's HTML is shown in a frame without scripts, forms, or anything from elsewhere."""


def _mailbox(request: web.Request) -> MailboxStore:
    mailbox = request.app[SUPPLIES].mailbox
    if mailbox is None:
        raise web.HTTPNotFound
    return mailbox


async def _mail(request: web.Request) -> tuple[Mail, bytes]:
    found = await _mailbox(request).get(int(request.match_info["number"]))
    if found is None:
        raise web.HTTPNotFound
    return found


async def show_list(request: web.Request) -> web.Response:
    """Show the mails that carry what is searched for, the newest first."""
    words, page, skip = answer.asked(request)
    count, mails = await _mailbox(request).search(words, limit=answer.PAGE_SIZE, skip=skip)
    paging = answer.Paging("/mailbox", words, page, count)
    return answer.page(request, "mailbox.html", "mailbox", mails=mails, paging=paging)


async def show_one(request: web.Request) -> web.Response:
    """Show one mail: its headers, its text, and its HTML in a frame."""
    kept, raw = await _mail(request)
    return answer.page(
        request, "mail.html", "mailbox", kept=kept, read=mail.read(raw), replying=_reply_form(request, kept)
    )


def _reply_form(request: web.Request, kept: Mail) -> Form | None:
    """Return the form in which a visitor tries an answer; None for mail that no office got, or if none is taken."""
    return None if request.app[SUPPLIES].letterbox is None or not kept.recipient else Form()


async def show_html(request: web.Request) -> web.Response:
    """Answer with the HTML of a mail, which may do nothing but be looked at."""
    _, raw = await _mail(request)
    html = mail.read(raw).html
    if not html:
        raise web.HTTPNotFound
    headers = {"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return web.Response(text=html, content_type="text/html", headers=headers)


async def show_source(request: web.Request) -> web.Response:
    """Answer with the bytes of a mail as they were received."""
    _, raw = await _mail(request)
    return web.Response(body=raw, content_type="text/plain", charset="us-ascii")
