"""One office: notes of an authority's staff, how they tried to reach it, and what to say on the telephone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from aiohttp import web

from notifier.domain import dates
from notifier.domain.obligations import State, obligations_of
from notifier.domain.roles import Deed
from notifier.errors import UnknownError
from notifier.steps import jot
from notifier.steps.jot import Outcome, Way
from notifier.store import notes, outreach
from notifier.web import forms, staff
from notifier.web.forms import Form
from notifier.web.pages import answer, office
from notifier.web.staff import Staff

WAYS: Final = {
    Way.TELEPHONE: "電話",
    Way.FAX: "FAX",
    Way.LETTER: "郵送",
    Way.VISIT: "訪問・窓口",
}
OUTCOMES: Final = {
    Outcome.TOLD: "伝わった",
    Outcome.DONE: "すでに済んでいると聞いた",
    Outcome.ADDRESS: "メールアドレスを教えてもらうことになった",
    Outcome.ABSENT: "不在・応答なし",
    Outcome.WRONG: "番号違い・送れず",
}


@dataclass(frozen=True, slots=True)
class ToSay:
    """What is to be said about one open duty: its title, until when, and what to do."""

    deadline: str
    title: str
    until: str
    action: str
    where: str


async def show(request: web.Request) -> web.Response:
    """Show notes, tries to reach the office, and what to say."""
    return await page(request, staff.of(request))


async def page(
    request: web.Request, looking: Staff, writing: Form | None = None, trying: Form | None = None
) -> web.Response:
    """Return the page; `writing` is the form for a note, `trying` that for a try to reach the office, as sent."""
    head = await office.head_of(request, looking, "notes")
    async with looking.reading() as conn:
        written = await notes.notes_of(conn, looking.tenant, head.record.number)
        tried = await outreach.tries_of(conn, looking.tenant, head.record.number)
    law = await looking.law()
    return answer.page(
        request,
        "office_notes.html",
        "offices",
        status=forms.status_of(writing or trying or Form()),
        head=head,
        notes=written,
        tries=tried,
        titles={name: each.title for name, each in law.deadlines.items()},
        to_say=await to_say(looking, head.record.number),
        writing=writing or Form(),
        trying=trying or Form.filled(way=Way.TELEPHONE.value),
        ways=[(way.value, label) for way, label in WAYS.items()],
        outcomes=[(outcome.value, label) for outcome, label in OUTCOMES.items()],
        labels={
            **{way.value: label for way, label in WAYS.items()},
            **{o.value: t for o, t in OUTCOMES.items()},
        },
        caller=looking.user.label,
        may_write=head.may_edit and not looking.tenant.is_nation,
    )


async def to_say(looking: Staff, number: str) -> Sequence[ToSay]:
    """Return what is to be said to an office about its open duties, the nearest first."""
    law, today = await looking.law(), looking.today()
    found = await office.dossier_of(looking, number)
    owed = [each for each in obligations_of(law, found.office, today) if each.state is State.OPEN]
    duties = [office.duty_of(law, each, today) for each in owed]
    duties.sort(key=lambda duty: (duty.day or date.max, duty.deadline.id))
    return [
        ToSay(
            each.deadline.id,
            each.deadline.title,
            dates.day_label(each.day) if each.day else each.wording,
            each.deadline.action,
            each.deadline.where,
        )
        for each in duties
    ]


async def write(request: web.Request) -> web.Response:
    """Keep a note."""
    looking, number = staff.requiring(request, Deed.EDIT), request.match_info["number"]
    form = await forms.read(request)
    text = form.lines("text", "メモ", needed=True, longest=2000)
    if not form.is_right:
        return await page(request, looking, writing=form)
    try:
        await jot.write(looking.tools, looking.tenant, number, text, looking.actor)
    except UnknownError:
        raise web.HTTPNotFound from None
    return forms.done(request, f"/offices/{number}/notes", "メモを書きました。")


async def withdraw(request: web.Request) -> web.Response:
    """Withdraw a note: it is kept for the audit, and no longer shown."""
    looking, number = staff.requiring(request, Deed.EDIT), request.match_info["number"]
    await forms.read(request)
    note = int(request.match_info["note"])
    if not await jot.withdraw(looking.tools, looking.tenant, number, note, looking.actor):
        raise web.HTTPNotFound
    return forms.done(request, f"/offices/{number}/notes", "メモを取り下げました。")


async def note_try(request: web.Request) -> web.Response:
    """Keep how trying to reach the office went."""
    looking, number = staff.requiring(request, Deed.EDIT), request.match_info["number"]
    form = await forms.read(request)
    way = form.one_of("way", "連絡の方法", [each.value for each in Way])
    outcome = form.one_of("outcome", "結果", [each.value for each in Outcome])
    words = form.lines("words", "話した内容", longest=1000)
    law = await looking.law()
    deadline = form.one_of("deadline", "どの期限か", law.deadlines, needed=False)
    if not form.is_right:
        return await page(request, looking, trying=form)
    how, about = (Way(way), Outcome(outcome)), (deadline, words)
    try:
        await jot.tried(looking.tools, looking.tenant, number, how, about, looking.actor)
    except UnknownError:
        raise web.HTTPNotFound from None
    told = "連絡の結果を記録しました。"
    if outcome == Outcome.ADDRESS:
        return forms.done(request, f"/offices/{number}/record", f"{told}メールアドレスを登録してください。")
    if outcome == Outcome.DONE:
        return forms.done(
            request, f"/offices/{number}/facts", f"{told}済んだことを事実として登録してください。"
        )
    return forms.done(request, f"/offices/{number}/notes", told)


ROUTES = (
    web.get("/offices/{number}/notes", show),
    web.post("/offices/{number}/notes", write),
    web.post("/offices/{number}/notes/{note:[0-9]{1,12}}/withdraw", withdraw),
    web.post("/offices/{number}/tries", note_try),
)
