"""What if: choose a deadline and another day for it, and see who would get what when. Nothing is saved or sent."""

from typing import Final

from aiohttp import web

from notifier.domain.law import Party
from notifier.errors import NotifierError
from notifier.rehearsal import what_if
from notifier.web import forms, staff
from notifier.web.forms import Form
from notifier.web.pages import answer, candidate_forms, impacts, notices
from notifier.web.staff import Staff

HOWS: Final = tuple(each for each in candidate_forms.HOWS if each[0] in {"by", "month", "fiscal_year"})
MONTHS: Final = (("1", "1か月"), ("3", "3か月"), ("6", "6か月"), ("12", "12か月"))
FIELDS: Final = ("deadline", "how", "by", "opens", "month", "part", "fiscal_year", "half", "months")


async def show(request: web.Request) -> web.Response:
    """Show the form and, if it was filled in, what would happen."""
    looking = staff.of(request)
    law = await looking.law()
    form = Form(
        {name: [request.query[name]] for name in FIELDS if request.query.get(name)}
        | ({"marks": request.query.getall("marks")} if "marks" in request.query else {})
    )
    choices = sorted(
        (each.title, each.id)
        for each in law.deadlines.values()
        if Party.OFFICE in each.parties and law.said(each.id)
    )
    impact = None
    if "deadline" in request.query:
        name = form.one_of("deadline", "期限", [each for _, each in choices])
        due = candidate_forms.due_of_form(form)
        months = int(form.one_of("months", "見る期間", [value for value, _ in MONTHS], needed=False) or 3)
        if form.is_right and due:
            try:
                found = await what_if(
                    looking.tools,
                    name,
                    due,
                    tenant=looking.tenant,
                    authority=looking.tenant.code,
                    months=months,
                )
                impact = impacts.shown(found)
            except (NotifierError, ValueError) as fault:
                form.wrong("", f"この内容では試算できません。{fault}")
    return answer.page(
        request,
        "what_if.html",
        "notices",
        status=forms.status_of(form),
        form=form if form.typed else Form.filled(how="by", months="3"),
        deadlines=[(name, title) for title, name in choices],
        hows=HOWS,
        parts_of_month=candidate_forms.PARTS,
        halves=candidate_forms.HALVES,
        months=MONTHS,
        impact=impact,
        in_sum=looking.tenant.is_prefecture,
        waiting=await _waiting(looking),
    )


async def _waiting(looking: Staff) -> list[tuple[str, str]]:
    """Return the notices that wait, whose own page shows what approving them would do."""
    if looking.supplies.tools is None:
        return []
    found = await notices.desk_of(looking).arrived(notices.WAITING)
    return [(each.notice, each.title or each.notice) for each in found]


ROUTES = (web.get("/what-if", show),)
