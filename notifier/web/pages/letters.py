"""Letters: every delivery of the authority, and one letter as it was sent, with what came of it and why."""

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from notifier.composing import body_hash, written_by
from notifier.domain.law import Law
from notifier.domain.roles import Deed
from notifier.errors import RenderingError
from notifier.store import delivery_records, halts, letter_copies, wordings
from notifier.store.delivery_records import TROUBLE, DeliveryRecord, Wanted
from notifier.store.letter_copies import LetterCopy
from notifier.store.wordings import Wording
from notifier.web import staff, wording
from notifier.web.forms import Form
from notifier.web.letter_words import Course, Standing, standing_of
from notifier.web.pages import answer
from notifier.web.pages.mailbox import MAIL_POLICY
from notifier.web.staff import Staff
from notifier.web.wording import Chip

PAGE_SIZE: Final = 50
HERE: Final = "letters"
IN_TROUBLE: Final = "trouble"
"""Stands among the states for all of those in which a person may have to do something."""
COUNTED: Final = ("unreachable", "refused", "failed", "unknown", "planned")
STATES: Final = (
    (IN_TROUBLE, "届いていないもの（宛先なし・受取拒否・送信できず・確認中）"),
    *((state, wording.DELIVERIES[state].text) for state in (*COUNTED, "accepted", "cancelled")),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A delivery as the list shows it."""

    record: DeliveryRecord
    title: str
    occasion: Chip
    state: Chip
    whom: str


@dataclass(frozen=True, slots=True)
class Written:
    """The very mail, composed again; `verdict` says how sure it is that it was sent like this. None: it cannot be."""

    subject: str
    text: str
    html: str
    source: bytes | None
    verdict: str
    is_exact: bool


async def show_list(request: web.Request) -> web.Response:
    """Show the deliveries that are asked for, the newest first."""
    looking = staff.of(request)
    law = await looking.law()
    form = Form({name: [value] for name, value in request.query.items()})
    wanted, asked = asked_for(form, law)
    before = form.number("before", "続き", low=1, high=2**31 - 1)
    async with looking.reading() as conn:
        found = (
            await delivery_records.deliveries(conn, looking.tenant, wanted, before, PAGE_SIZE + 1)
            if form.is_right
            else []
        )
        counts = await delivery_records.counts(conn, looking.tenant)
        troubled = await wordings.troubled(conn, looking.tenant.code)
    async with looking.overview() as conn:
        halted = await halts.in_force(conn, looking.tenant)
    lines = [line_of(each, law) for each in found[:PAGE_SIZE]]
    following = urlencode([*asked, ("before", str(lines[-1].record.id))]) if len(found) > PAGE_SIZE else ""
    return answer.page(
        request,
        "letters.html",
        HERE,
        form=form,
        lines=lines,
        troubled=troubled,
        halted=halted,
        counts=[(state, wording.DELIVERIES[state], counts[state]) for state in COUNTED],
        states=STATES,
        occasions=[(name, chip.text) for name, chip in wording.OCCASIONS.items()],
        deadlines=sorted(
            ((each.id, each.title) for each in law.deadlines.values()), key=lambda each: each[1]
        ),
        following=following,
        first=urlencode(asked),
        is_first=before is None,
        is_filtered=bool(asked),
        may_edit=looking.may(Deed.EDIT),
        chosen=[str(each.record.id) for each in lines if each.record.can_repeat],
    )


def line_of(record: DeliveryRecord, law: Law) -> Line:
    """Return a delivery as a list shows it."""
    deadline = law.deadlines.get(record.deadline)
    return Line(
        record,
        deadline.title if deadline else record.deadline,
        wording.chip(wording.OCCASIONS, record.occasion),
        wording.chip(wording.DELIVERIES, record.state),
        record.office_name or whom(record.party, law),
    )


def whom(party: str, law: Law) -> str:
    """Return the name of an authority or the editor to whom something was said."""
    kind, _, code = party.partition("/")
    if kind == "authority":
        return law.authorities[code].name if code in law.authorities else code
    return "運用担当者" if kind == "editor" else party


def asked_for(form: Form, law: Law) -> tuple[Wanted, list[tuple[str, str]]]:
    """Return what is asked for, and how links ask for the same."""
    state = form.one_of("state", "状態", [name for name, _ in STATES], needed=False)
    occasion = form.one_of("occasion", "きっかけ", wording.OCCASIONS, needed=False)
    deadline = form.one_of("deadline", "期限", law.deadlines, needed=False)
    office = form.text("office", "事業所番号", longest=10).upper()
    since, until = form.day("since", "いつから"), form.day("until", "いつまで")
    if since and until and since > until:
        form.wrong("until", "「いつまで」は「いつから」以後の日にしてください。")
    asked = [
        (name, str(value))
        for name, value in (
            ("state", state),
            ("occasion", occasion),
            ("deadline", deadline),
            ("office", office),
            ("since", since),
            ("until", until),
        )
        if value
    ]
    is_kind = bool(state) and state != IN_TROUBLE
    wanted = Wanted(
        state=state if is_kind else None,
        office=office or None,
        deadline=deadline or None,
        occasion=occasion or None,
        since=since,
        until=until,
        trouble=state == IN_TROUBLE,
    )
    return wanted, asked


async def _received(looking: Staff, message: str) -> int | None:
    """Return the number of the mail in the demonstration's own mailbox, or None."""
    mailbox = looking.supplies.mailbox
    return (await mailbox.find([message])).get(message) if mailbox is not None and message else None


# ---- one letter -------------------------------------------------------------------------------------------


async def show_one(request: web.Request) -> web.Response:
    """Show one letter: how it stands and why, what is in it, and the very mail."""
    looking, record, kept = await _found(request)
    law = await looking.law()
    written = await written_of(looking, kept)
    now = looking.now()
    return answer.page(
        request,
        "letter.html",
        HERE,
        record=record,
        kept=kept,
        line=line_of(record, law),
        standing=standing(record, kept, looking),
        enclosed=[
            (
                each,
                law.deadlines[each.deadline].title if each.deadline in law.deadlines else each.deadline,
                wording.chip(wording.OCCASIONS, each.occasion),
                wording.chip(wording.DELIVERIES, each.state),
                each.name or whom(each.party, law),
            )
            for each in kept.enclosed
        ],
        written=written,
        trouble=TROUBLE,
        now=now,
        may_edit=looking.may(Deed.EDIT),
        channel=wording.CHANNELS.get(record.channel, record.channel),
        received=await _received(looking, record.message),
    )


def standing(record: DeliveryRecord, kept: LetterCopy, looking: Staff) -> Standing:
    """Return how the letter of a delivery stands, and why."""
    course = Course(
        record.state,
        record.recipient,
        record.due_at,
        record.attempts,
        kept.next_try_at,
        kept.finished_at,
        kept.code,
        kept.answer,
        record.is_current,
        record.office is not None,
    )
    return standing_of(course, looking.now())


async def show_html(request: web.Request) -> web.Response:
    """Answer with the HTML of a letter, which may do nothing but be looked at."""
    looking, _, kept = await _found(request)
    written = await written_of(looking, kept)
    if written is None or not written.html:
        raise web.HTTPNotFound
    headers = {"Content-Security-Policy": MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return web.Response(text=written.html, content_type="text/html", headers=headers)


async def show_source(request: web.Request) -> web.Response:
    """Answer with the bytes of a letter as they go over the wire."""
    looking, _, kept = await _found(request)
    written = await written_of(looking, kept)
    if written is None or written.source is None:
        raise web.HTTPNotFound
    return web.Response(body=written.source, content_type="text/plain", charset="us-ascii")


async def _found(request: web.Request) -> tuple[Staff, DeliveryRecord, LetterCopy]:
    looking = staff.of(request)
    await looking.law()  # what a duty needs to be counted is known from here on
    number = int(request.match_info["number"])
    async with looking.reading() as conn:
        record = await delivery_records.delivery(conn, looking.tenant, number)
    if record is None:
        raise web.HTTPNotFound
    async with looking.overview() as conn:  # what a letter holds of others is counted, never shown
        kept = await letter_copies.copy_of(conn, looking.tenant, number, looking.now())
    if kept is None:
        raise web.HTTPNotFound
    return looking, record, kept


async def written_of(looking: Staff, kept: LetterCopy) -> Written | None:
    """Return the mail of a letter, composed again from what is kept; None if it cannot be."""
    try:
        parcel = await written_by(looking.tools, kept.letter, await _version(looking, kept))
    except RenderingError:
        return None
    html: str | None = parcel.html
    plain = replace(parcel, html=None)
    if kept.hidden:
        verdict = (
            f"このメールには、ほかの自治体が知らせた内容も{kept.hidden}件含まれています。"
            "ここには、貴団体の分だけを示しています。"
        )
        is_exact = False
    elif not kept.body_hash:
        verdict, is_exact = "まだ送っていません。いま送ると、この内容になります。", False
    elif kept.body_hash == body_hash(parcel):
        verdict, is_exact = "送った内容と一字一句同じことを、記録した値で確かめました。", True
    elif kept.body_hash == body_hash(plain):
        parcel, html = plain, ""
        verdict, is_exact = (
            "テキストだけで送りました。送った内容と一字一句同じことを、記録した値で確かめました。",
            True,
        )
    else:
        verdict = (
            "送ったあとにひな形か差出人の設定が変わったため、言い回しが送ったときと違うところがあります。"
        )
        is_exact = False
    assemble = looking.supplies.assemble
    source = assemble(parcel) if assemble and kept.letter.recipient and not kept.hidden else None
    return Written(kept.subject or parcel.subject, parcel.text, html or "", source, verdict, is_exact)


async def _version(looking: Staff, kept: LetterCopy) -> Wording | None:
    """Return by which version of the authority's templates a letter was written, or would be now."""
    async with looking.overview() as conn:
        if kept.first_tried_at is None:
            return await wordings.in_use(conn, kept.authority)
        version = kept.letter.wording
        return None if version is None else (await wordings.by_ids(conn, [version])).get(version)


ROUTES: Final = (
    web.get("/letters", show_list),
    web.get("/letters/{number:[0-9]{1,9}}", show_one),
    web.get("/letters/{number:[0-9]{1,9}}/html", show_html),
    web.get("/letters/{number:[0-9]{1,9}}/source", show_source),
)
