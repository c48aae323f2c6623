"""What staff do with notices: hand in, review candidate by candidate, vouch, approve, turn away, take back.

Every deed is the desk's; a page only asks, and shows what the desk objects to.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from notifier.desk import Desk
from notifier.domain.law import Law
from notifier.domain.reviews import Objection, Verdict
from notifier.domain.roles import Deed
from notifier.errors import NoticeRefusedError, UnknownError
from notifier.reading.extraction import LIMITS, ExtractionError
from notifier.reviewing import LOCAL, ReviewRefusedError
from notifier.steps.take_in import Handed
from notifier.web import forms, staff
from notifier.web.forms import Form
from notifier.web.pages import answer, candidate_forms, duty_forms, notices
from notifier.web.pages.duty_forms import Choices
from notifier.web.staff import Staff

LARGEST: Final = LIMITS.size + 64 * 1024
VERDICTS: Final = {"keep": Verdict.KEPT, "drop": Verdict.DROPPED, "reopen": Verdict.OPEN}
DECIDED: Final = {
    Verdict.KEPT: "採用しました。",
    Verdict.DROPPED: "除外しました。",
    Verdict.OPEN: "未判断に戻しました。",
}
ADDED: Final = "new"
"""Stands in the address for the number of a candidate that a person adds."""


async def upload(request: web.Request) -> web.Response:
    """Take a file in and read it."""
    looking = staff.requiring(request, Deed.EDIT)
    form = await forms.read(request, largest=LARGEST)
    title = form.text("title", "題名")
    issuer, number = form.text("issuer", "発出者"), form.text("number", "文書番号")
    issued, notice = form.day("issued", "発出日"), form.value("notice")
    sent = form.files.get("file")
    if sent is None or not sent.content:
        form.wrong(
            "file",
            "ファイルを選んでください。PDF、Word文書（.docx）、Webページ（.html）、テキストを受け付けます。",
        )
    elif form.is_right:
        try:
            handed = Handed(sent.name, sent.content, title, issuer, number, issued, notice=notice)
            name, is_new = await notices.desk_of(looking).add(handed)
        except (ExtractionError, NoticeRefusedError) as fault:
            form.wrong("file", str(fault))
        except UnknownError:
            raise web.HTTPNotFound from None
        else:
            told = "受け付けて読み取りました。" if is_new else "同じファイルが、すでに受け付けられています。"
            return forms.done(request, f"/notices/{name}", told)
    return answer.page(request, "notice_new.html", "notices", status=forms.status_of(form), form=form)


async def read(request: web.Request) -> web.Response:
    """Read a notice that came in from a source."""
    looking = await _posted(request, Deed.EDIT)
    return await _do(request, looking, lambda desk, name: desk.read(name), "読み取りました。")


async def identify(request: web.Request) -> web.Response:
    """Say what the notice is: title, issuer, number, days, rank."""
    looking = staff.requiring(request, Deed.EDIT)
    form = await forms.read(request)
    said: dict[str, Any] = {
        "title": form.text("title", "題名", needed=True),
        "issuer": form.text("issuer", "発出者"),
        "number": form.text("number", "文書番号"),
        "rank": form.value("rank"),
    }
    for name, label in (("issued", "発出日"), ("known_from", "使い始める日")):
        day = form.day(name, label, needed=name == "known_from")
        said[name] = day.isoformat() if day else None
    if not form.is_right:
        return await notices.page(request, looking, form)
    return await _do(
        request, looking, lambda desk, name: desk.correct(name, said), "文書の情報を保存しました。", form
    )


async def judge(request: web.Request) -> web.Response:
    """Keep, drop or leave open one candidate."""
    looking = staff.requiring(request, Deed.EDIT)
    form = await forms.read(request)
    verdict = VERDICTS.get(form.value("verdict"))
    if verdict is None:
        raise web.HTTPBadRequest
    number = _number(request)
    return await _do(
        request,
        looking,
        lambda desk, name: desk.judge(name, [number], verdict),
        f"候補{number}を{DECIDED[verdict]}",
        anchor=f"#c{number}",
    )


async def drop_rest(request: web.Request) -> web.Response:
    """Drop all candidates that nobody has decided on."""
    looking = await _posted(request, Deed.EDIT)
    return await _do(
        request, looking, lambda desk, name: desk.drop_rest(name), "未判断の候補をすべて除外しました。"
    )


async def show_candidate(request: web.Request) -> web.Response:
    """Show the form of one candidate, or of one that is added."""
    looking = staff.requiring(request, Deed.EDIT)
    known = await _known(request, looking)
    return await _candidate_page(request, looking, known, candidate_forms.form_of(known))


async def change(request: web.Request) -> web.Response:
    """Write what a candidate says; it is kept so. Or add one that the machine has missed."""
    looking = staff.requiring(request, Deed.EDIT)
    known = await _known(request, looking)
    form = await forms.read(request)
    law = await looking.law()
    said = candidate_forms.said_of(form, known, law, _offered(looking, law, known))
    if said is None:
        return await _candidate_page(request, looking, known, form)
    desk, name = notices.desk_of(looking), request.match_info["notice"]
    is_new = request.match_info["number"] == ADDED
    try:
        if is_new:
            review = await desk.supply(name, said)
            number = max(each.number for each in review.candidates)
        else:
            number = _number(request)
            await desk.change(name, number, said)
    except ReviewRefusedError as fault:
        for each in fault.objections or (Objection("", str(fault), ""),):
            form.wrong("", str(each))
        return await _candidate_page(request, looking, known, form)
    except (NoticeRefusedError, UnknownError) as fault:
        form.wrong("", str(fault))
        return await _candidate_page(request, looking, known, form)
    told = f"候補{number}を加えました。" if is_new else f"候補{number}を直して採用しました。"
    return forms.done(request, f"/notices/{name}#c{number}", told)


async def _known(request: web.Request, looking: Staff) -> Any:
    """Return what the candidate says so far; of one that is added, nothing."""
    desk, name = notices.desk_of(looking), request.match_info["notice"]
    try:
        review = await desk.review(name)
    except UnknownError:
        raise web.HTTPNotFound from None
    if request.match_info["number"] == ADDED:
        return {"deadline": "", "statement": {"place": "", "due": {"by": ""}}}
    found = review.candidate(_number(request))
    if found is None:
        raise web.HTTPNotFound
    return found.said


async def _candidate_page(request: web.Request, looking: Staff, known: Any, form: Form) -> web.Response:
    law = await looking.law()
    desk, name = notices.desk_of(looking), request.match_info["notice"]
    number = request.match_info["number"]
    review = await desk.review(name)
    found = review.candidate(int(number)) if number != ADDED else None
    return answer.page(
        request,
        "notice_candidate.html",
        "notices",
        status=forms.status_of(form),
        form=form,
        number=None if number == ADDED else number,
        title=review.identity.get("title", name),
        sentence=" ".join(str(found.found.get("sentence", "")).split()) if found else "",
        due=candidate_forms.due_in_words(known["statement"]) if found else "",
        deadlines=[
            *sorted(((each.id, each.title) for each in law.deadlines.values()), key=lambda each: each[1]),
            (candidate_forms.NEW, "（新しい期限を作る）"),
        ],
        hows=candidate_forms.HOWS,
        parts_of_month=candidate_forms.PARTS,
        halves=candidate_forms.HALVES,
        duty=_offered(looking, law, known),
        local=f"{LOCAL}{looking.tenant.code}/" if looking.tenant.code else "",
        address=f"/notices/{name}",
    )


def _offered(looking: Staff, law: Law, known: Mapping[str, Any]) -> Choices:
    return duty_forms.choices(looking.tools.catalogue, law.ladders, known.get("definition") or {})


async def sign(request: web.Request) -> web.Response:
    """Vouch for what the notice is to say and for whom; the impact was shown before."""
    looking = await _posted(request, Deed.EDIT)
    return await _do(
        request,
        looking,
        lambda desk, name: desk.sign_off(name),
        "確認済みにしました。別の人が承認すると、効力をもちます。",
    )


async def approve(request: web.Request) -> web.Response:
    """Let a reviewed notice speak, as a second person; the impact was shown before."""
    looking = await _posted(request, Deed.APPROVE)

    async def told(desk: Desk, name: str) -> str:
        impact = await desk.approve(name)
        return f"承認しました。{impact.offices:,}事業所に{impact.letters:,}通のお知らせが出ます。"

    return await _do(request, looking, told, "")


async def turn_away(request: web.Request) -> web.Response:
    """Reject a notice, or say that it concerns no duty that is kept here."""
    looking = staff.requiring(request, Deed.EDIT)
    form = await forms.read(request)
    reason = form.lines("reason", "理由", needed=True, longest=500)
    how = form.one_of("how", "取扱い", ["rejected", "not-relevant"])
    if not form.is_right:
        told = [Objection("", each, "") for each in form.problems.values()]
        return await notices.page(request, looking, problems=told)
    relevant = how == "rejected"
    return await _do(
        request,
        looking,
        lambda desk, name: desk.turn_away(name, reason, relevant=relevant),
        "却下しました。" if relevant else "対象外にしました。",
    )


async def reopen(request: web.Request) -> web.Response:
    """Take a notice up again that was turned away."""
    looking = await _posted(request, Deed.EDIT)
    return await _do(
        request, looking, lambda desk, name: desk.take_up(name), "もう一度、確認待ちにしました。"
    )


async def withdraw(request: web.Request) -> web.Response:
    """Begin to take an approved notice back; a second person approves that, too."""
    looking = staff.requiring(request, Deed.EDIT)
    form = await forms.read(request)
    reason = form.lines("reason", "理由", needed=True, longest=500)
    if not form.is_right:
        told = [Objection("", each, "") for each in form.problems.values()]
        return await notices.page(request, looking, problems=told)
    name = request.match_info["notice"]
    try:
        retraction = await notices.desk_of(looking).withdraw(name, reason)
    except UnknownError:
        raise web.HTTPNotFound from None
    except NoticeRefusedError as fault:
        return await notices.page(request, looking, problems=_problems(fault))
    return forms.done(
        request,
        f"/notices/{retraction}",
        "取下げの手続を始めました。別の人が承認すると、知らせた相手に取下げを知らせます。",
    )


# ---- what all of them share ----


async def _posted(request: web.Request, deed: Deed) -> Staff:
    looking = staff.requiring(request, deed)
    await forms.read(request)
    return looking


async def _do(
    request: web.Request,
    looking: Staff,
    deed: Callable[[Desk, str], Awaitable[Any]],
    told: str,
    form: Form | None = None,
    anchor: str = "",
) -> web.Response:
    """Let the desk do it; what it objects to is shown on the page of the notice."""
    name = request.match_info["notice"]
    try:
        done = await deed(notices.desk_of(looking), name)
    except UnknownError:
        raise web.HTTPNotFound from None
    except ExtractionError as fault:
        return await notices.page(request, looking, problems=[Objection("", str(fault), "")])
    except NoticeRefusedError as fault:
        return await notices.page(request, looking, form, _problems(fault))
    return forms.done(request, f"/notices/{name}{anchor}", told or str(done))


def _problems(fault: NoticeRefusedError) -> list[Objection]:
    if isinstance(fault, ReviewRefusedError) and fault.objections:
        return list(fault.objections)
    return [Objection("", str(fault).partition(": ")[2] or str(fault), "")]


def _number(request: web.Request) -> int:
    written = request.match_info["number"]
    if not written.isascii() or not written.isdecimal() or len(written) > 6:
        raise web.HTTPNotFound
    return int(written)


ONE: Final = notices.ONE
ROUTES = (
    web.post("/notices", upload),
    web.post(f"{ONE}/read", read),
    web.post(f"{ONE}/identity", identify),
    web.post(f"{ONE}/rest", drop_rest),
    web.get(f"{ONE}/candidates/{{number}}", show_candidate),
    web.post(f"{ONE}/candidates/{{number}}", change),
    web.post(f"{ONE}/candidates/{{number}}/verdict", judge),
    web.post(f"{ONE}/sign", sign),
    web.post(f"{ONE}/approve", approve),
    web.post(f"{ONE}/reject", turn_away),
    web.post(f"{ONE}/reopen", reopen),
    web.post(f"{ONE}/withdraw", withdraw),
)
