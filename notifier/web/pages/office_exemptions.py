"""One office: which duties an authority agrees do not apply to it; agreeing, and taking that back."""

from datetime import date
from typing import Final

from aiohttp import web

from notifier.domain.law import Law
from notifier.domain.obligations import State, obligations_of
from notifier.domain.roles import Deed
from notifier.errors import UnknownError
from notifier.steps.exempt import exempt, restore
from notifier.store import exemptions, office_records
from notifier.web import forms, staff
from notifier.web.forms import Form, Question
from notifier.web.pages import answer, office, office_facts
from notifier.web.staff import Staff

BINDING: Final = frozenset(
    {State.OPEN, State.WAITING_FOR_DATE, State.NEEDS_CLARIFICATION, State.LAPSED, State.WAITING_FOR_FACT}
)
LONGEST: Final = 500


async def show(request: web.Request) -> web.Response:
    """Show what does not apply to the office, with the form for another duty; `?deadline=` chooses one."""
    chosen = Form.filled(deadline=request.query.get("deadline", ""))
    return await page(request, staff.of(request), chosen)


async def page(
    request: web.Request, looking: Staff, form: Form, ending: tuple[str, Form] | None = None
) -> web.Response:
    """Return the page; `form` is the one for another duty, `ending` one for taking back, with its deadline."""
    head = await office.head_of(request, looking, "duties")
    law = await looking.law()
    async with looking.overview() as conn:
        found = await exemptions.of_office(conn, head.record.id)
    binding = await _binding(looking, law, head.record.number)
    titles = {name: each.title for name, each in law.deadlines.items()}
    return answer.page(
        request,
        "office_exemptions.html",
        "offices",
        status=forms.status_of(ending[1] if ending else form),
        head=head,
        found=found,
        titles=titles,
        recorders=await office_facts.recorders(looking, {each.source for each in found}),
        choices=[(name, titles[name]) for name in binding],
        form=form,
        ending=ending[1] if ending else Form(),
        ended=ending[0] if ending else "",
        may_restore=head.may_edit and looking.may(Deed.APPROVE),
    )


async def _binding(looking: Staff, law: Law, number: str) -> list[str]:
    """Return the deadlines that apply to the office, or may, the nearest first."""
    found = await office.dossier_of(looking, number)
    days: dict[str, date] = {}
    for each in obligations_of(law, found.office, looking.today()):
        if each.state in BINDING and each.decision is not None:
            day = each.decision.due.latest or date.max
            days[each.deadline] = min(day, days.get(each.deadline, day))
    return sorted(days, key=lambda name: (days[name], name))


async def agree(request: web.Request) -> web.Response:
    """Agree that a duty does not apply to the office, once that was confirmed."""
    looking, number = staff.requiring(request, Deed.EDIT), request.match_info["number"]
    head = await office.head_of(request, looking, "duties")
    form = await forms.read(request)
    law = await looking.law()
    deadline = form.one_of("deadline", "期限", await _binding(looking, law, number))
    reason = form.lines("reason", "理由", needed=True, longest=LONGEST)
    if not form.is_right:
        return await page(request, looking, form)
    if not form.is_ticked("confirmed"):
        question = Question(
            "この期限を対象外としますか",
            f"{head.record.name}（{number}）を、「{law.deadlines[deadline].title}」の対象外とします。",
            "対象外とする",
            request.path,
            f"/offices/{number}/exemptions",
            counts=[("送るのをやめるお知らせ", "この期限のすべて")],
            kept=[("deadline", deadline), ("reason", reason)],
            warning="この期限の送信待ちのお知らせも取りやめます。対象に戻せるのは承認者です。",
        )
        return forms.ask(request, "offices", question)
    done = await exempt(looking.tools, looking.tenant, number, deadline, reason, looking.actor)
    told = "対象外としました。" if done else "もう対象外になっています。"
    return forms.done(
        request, f"/offices/{number}/exemptions", f"「{law.deadlines[deadline].title}」を{told}"
    )


async def take_back(request: web.Request) -> web.Response:
    """Let a duty apply to the office again, once that was confirmed."""
    looking, number = staff.requiring(request, Deed.APPROVE), request.match_info["number"]
    head = await office.head_of(request, looking, "duties")
    form = await forms.read(request)
    law = await looking.law()
    deadline = form.one_of("deadline", "期限", law.deadlines)
    reason = form.lines("reason", "理由", needed=True, longest=LONGEST)
    if not form.is_right:
        return await page(request, looking, Form(), (deadline, form))
    title = law.deadlines[deadline].title
    if not form.is_ticked("confirmed"):
        return forms.ask(
            request, "offices", await _question(looking, head, (deadline, title, reason), request)
        )
    try:
        done = await restore(looking.tools, looking.tenant, number, deadline, reason, looking.actor)
    except UnknownError:
        raise web.HTTPNotFound from None
    told = "対象に戻しました。" if done else "もう対象に戻っています。"
    return forms.done(request, f"/offices/{number}/exemptions", f"「{title}」を{told}")


async def _question(
    looking: Staff, head: office.Head, said: tuple[str, str, str], request: web.Request
) -> Question:
    deadline, title, reason = said
    async with looking.reading() as conn:
        contacts = await office_records.contacts_of(conn, looking.tenant, head.record.id)
    return Question(
        "この期限の対象に戻しますか",
        f"{head.record.name}（{head.record.number}）を、「{title}」の対象に戻します。期限が残っていれば、あらためてお知らせします。",
        "対象に戻す",
        request.path,
        f"/offices/{head.record.number}/exemptions",
        counts=[("お知らせの宛先", f"{sum(each.active for each in contacts)}件")],
        kept=[("deadline", deadline), ("reason", reason)],
    )


_ALL: Final = "/offices/{number}/exemptions"
ROUTES = (web.get(_ALL, show), web.post(_ALL, agree), web.post(f"{_ALL}/end", take_back))
