"""Ruling: the nation's editor settles what sources leave open; it is reviewed and approved as a notice is."""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from notifier.catalogue.sources import statement_as_data
from notifier.desk import Desk
from notifier.domain.roles import Deed
from notifier.reviewing import ReviewRefusedError
from notifier.web import forms, staff
from notifier.web.forms import Form
from notifier.web.pages import answer, candidate_forms, deadlines
from notifier.web.pages.questions import OWN, Question, question_of
from notifier.web.staff import Staff

ADDRESS: Final = f"{deadlines.FAMILY}/ruling"
HOWS: Final = tuple(each for each in candidate_forms.HOWS if each[0] in {"by", "month", "fiscal_year"})


async def show(request: web.Request) -> web.Response:
    """Show what is open, and ask how it is settled."""
    _, question = await _asked(request)
    first = question.sources[0].id if question.sources else OWN
    return _page(request, question, Form.filled(source=first, how="by"))


async def settle(request: web.Request) -> web.Response:
    """Draw the ruling up; it waits for a review of its effect and for a second person. Leads to that."""
    looking, question = await _asked(request)
    form = await forms.read(request)
    chosen = form.one_of("source", "よる資料", [value for value, *_ in question.choices])
    said = _own(form) if chosen == OWN else _of_source(question, chosen)
    target = form.day("target", "安全な期日")
    if target and said.get("due", {}).get("by", target.isoformat()) < target.isoformat():
        form.wrong("target", "安全な期日は、期日と同じ日か、それより前の日にしてください。")
    reason = form.lines("reason", "理由", needed=True, longest=1000)
    said |= {"remark": reason} | ({"target": target.isoformat()} if target else {})
    if form.is_right:
        try:
            desk = Desk(looking.tools, looking.actor, looking.tenant)
            name = await desk.rule(question.deadline, said, _minute(question, said, reason))
        except ReviewRefusedError as fault:
            form.wrong("", "、".join(str(each) for each in fault.objections) or str(fault))
        else:
            told = "判断を記録しました。だれに何が届くかを確かめて、確認を終えてください。"
            return forms.done(request, f"/notices/{name}/impact", told)
    return _page(request, question, form)


def _of_source(question: Question, chosen: str) -> dict[str, Any]:
    data = next((statement_as_data(each) for each in question.sources if each.id == chosen), {})
    return {name: data[name] for name in ("due", "tentative") if name in data}


def _own(form: Form) -> dict[str, Any]:
    due = candidate_forms.due_of_form(form)
    return {"due": due} if due else {}


def _minute(question: Question, said: Mapping[str, Any], reason: str) -> str:
    """Return the ruling as a paper to be kept: what was open, what is decided, and why."""
    lines = [f"判断の記録：{question.deadline.title}（{question.deadline.id}）", "", "資料の記載"]
    lines += [f"・{each}" for each in question.lines]
    lines += ["", f"決めた期日：{candidate_forms.due_in_words(said)}"]
    if "target" in said:
        lines.append(f"安全な期日：{said['target']}")
    return "\n".join([*lines, "", "理由", reason, ""])


async def _asked(request: web.Request) -> tuple[Staff, Question]:
    looking = staff.requiring(request, Deed.EDIT)
    law = await looking.law()
    question = question_of(law, deadlines.found(request, law), looking)
    if question is None:
        raise web.HTTPNotFound
    return looking, question


def _page(request: web.Request, question: Question, form: Form) -> web.Response:
    return answer.page(
        request,
        "ruling.html",
        "deadlines",
        status=forms.status_of(form),
        question=question,
        form=form,
        hows=HOWS,
        parts_of_month=candidate_forms.PARTS,
        halves=candidate_forms.HALVES,
    )


ROUTES = (web.get(ADDRESS, show), web.post(ADDRESS, settle))
