"""Answering a mail, in the demonstration only: a visitor writes what an office would, and it comes in as its mail would."""

from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Final

from aiohttp import web

from notifier.clock import JAPAN
from notifier.letterbox import Letterbox
from notifier.store.mailbox import Mail
from notifier.web import forms, mail
from notifier.web.pages import answer
from notifier.web.supplies import SUPPLIES

LONGEST: Final = 1000
SENT: Final = "返信を送りました。数秒で届き、受付のメールが受信箱に入ります。"
HERE: Final = "/mailbox/{number:[0-9]{1,15}}/reply"


async def reply(request: web.Request) -> web.Response:
    """Send an answer to a mail: as a mail program would, with the mail quoted below."""
    supplies = request.app[SUPPLIES]
    form = await forms.read(request)
    written = form.lines("text", "返信の本文", needed=True, longest=LONGEST)
    found = await supplies.mailbox.get(int(request.match_info["number"])) if supplies.mailbox else None
    if found is None or supplies.letterbox is None:
        raise web.HTTPNotFound
    kept, raw = found
    read = mail.read(raw)
    if not form.is_right:
        return answer.page(
            request, "mail.html", "mailbox", kept=kept, read=read, replying=form, status=forms.status_of(form)
        )
    await _send(
        supplies.letterbox, kept, read, written, format_datetime(supplies.clock.now().astimezone(JAPAN))
    )
    return forms.done(request, f"/mailbox/{kept.id}", SENT)


async def _send(letterbox: Letterbox, kept: Mail, read: mail.ReadMail, written: str, dated: str) -> None:
    said = {name: value for name, _, value in read.headers}
    message = EmailMessage()
    message["From"], message["To"] = kept.recipient, letterbox.address
    message["Subject"], message["Date"] = f"Re: {' '.join(kept.subject.split())}", dated
    message["Message-ID"] = make_msgid(domain="office.example")
    message["In-Reply-To"] = said.get("Message-ID", "")
    quoted = "\n".join(f"> {line}".rstrip() for line in read.text.splitlines())
    message.set_content(f"{written}\n\n{said.get('From', '')} さんは書きました:\n{quoted}\n")
    await letterbox.keep(message.as_bytes(), kept.recipient, letterbox.address, "demonstration")


ROUTES: Final = (web.post(HERE, reply),)
