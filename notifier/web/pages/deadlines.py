"""One deadline: what the law says of it, on any day and as known on any day, and how far the offices have come."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from aiohttp import web

from notifier.domain.ladders import Occasion
from notifier.domain.law import Deadline, Law, Party
from notifier.domain.obligations import CohortKey, Decision, decide, shape_of
from notifier.store import board as store
from notifier.store import coverage, deadline_records, subscriptions
from notifier.store.deadline_records import Wanted
from notifier.web import forms, staff, wording
from notifier.web.forms import Form
from notifier.web.pages import answer, charts, histories, questions, standings
from notifier.web.staff import Staff
from notifier.web.supplies import SUPPLIES

FAMILY: Final = "/deadlines/{family}/{duty}"
STATES: Final = ("open", "settled", "lapsed", "waiting-for-date", "waiting-for-fact", "needs-clarification")
MOST_RUNGS: Final = 40


@dataclass(frozen=True, slots=True)
class RungLine:
    """One day on which something is said: `left` are the days from it to the due day; `is_past` on days gone by."""

    on: date
    occasion: str
    left: int | None
    is_past: bool
    to_editor: bool


def found(request: web.Request, law: Law) -> Deadline:
    """Return the deadline that an address names. Raises HTTPNotFound for one of which nothing is said."""
    name = f"{request.match_info['family']}/{request.match_info['duty']}"
    deadline = law.deadlines.get(name)
    if deadline is None or not law.said(name):
        raise web.HTTPNotFound
    return deadline


def tabs(deadline: Deadline, here: str, looking: Staff) -> list[tuple[str, str, bool]]:
    """Return the views of one deadline; `here` is the end of the address of the one shown."""
    address = f"/deadlines/{deadline.id}"
    views = [("内容と経過", "")]
    if Party.OFFICE in deadline.parties:
        views += [("事業所", "/offices"), ("進み具合", "/progress")]
    if looking.tenant.code:
        views.append(("自治体の設定", "/settings"))
    return [(label, address + end, end == here) for label, end in views]


async def show(request: web.Request) -> web.Response:
    """Show what the law says: today, or on the day asked for with what was known on the day asked for."""
    looking = staff.of(request)
    today = looking.today()
    law = await looking.law()
    form = Form({name: [request.query[name]] for name in ("on", "known_on") if request.query.get(name)})
    on, known_on = form.day("on", "見る日") or today, form.day("known_on", "知っていた日") or today
    deadline = found(request, law)
    if known_on > today:
        form.wrong(
            "known_on", "まだ来ていない日に何が知られているかは示せません。今日までの日を入力してください。"
        )
        known_on = today
    async with looking.overview() as conn:
        standing = await store.board(conn, today, looking.tenant, deadline.id)
    async with looking.reading() as conn:
        said = await store.said_about(conn, deadline.id, looking.tenant)
        untold = await subscriptions.not_told_counts(conn, today, looking.tenant)
    key = _key(deadline.id, standing, looking)
    is_now = on == known_on == today
    as_known = law if known_on == today else law.as_known(known_on)
    view = standings.view_of(as_known, deadline, standing if is_now else [], on, key)
    decision = decide(as_known, key, on)
    return answer.page(
        request,
        "deadline.html",
        "deadlines",
        status=forms.status_of(form),
        view=view,
        tabs=tabs(deadline, "", looking),
        form=form,
        on=on,
        known_on=known_on,
        is_now=is_now,
        question=questions.question_of(law, deadline, looking) if is_now else None,
        nothing_known=decision is None,
        untold=untold.get(deadline.id, 0),
        related=[law.deadlines[each] for each in deadline.related if each in law.deadlines],
        days=histories.timeline_of(as_known, deadline.id, on, key.authorities),
        rungs=_rungs(decision, on),
        is_own_day=_is_own_day(as_known, key),
        set_by=_name_of(law, decision.set_by if decision else None),
        **_said([line for line in said if line.on <= min(on, known_on)]),
    )


def _said(said: list[store.SaidLine]) -> dict[str, object]:
    told = [line for line in said if line.occasion != Occasion.ACKNOWLEDGEMENT]
    answered = [line for line in said if line.occasion == Occasion.ACKNOWLEDGEMENT]
    return {
        "said": told,
        "acknowledged": sum(sum(line.states.values()) for line in answered),
        "occasions": wording.OCCASIONS,
        "deliveries": wording.DELIVERIES,
    }


def _key(deadline: str, standing: list[store.Standing], looking: Staff) -> CohortKey:
    """Return the cohort of most offices concerned, without their own day: whose layers the page follows."""
    chief = max(standing, key=lambda each: each.members, default=None)
    own = standings.key_for(deadline, looking.tenant)
    if chief is None or looking.tenant.code:
        return own
    return CohortKey(deadline, 0, *chief.key.authorities, taken_up=True, anchor=None)


def _is_own_day(law: Law, key: CohortKey) -> bool:
    return shape_of(law, key.deadline, key.authorities)[0] is not None


def _name_of(law: Law, code: str | None) -> str:
    if code is None:
        return ""
    authority = law.authorities.get(code)
    return authority.name if authority else code or "国"


def _rungs(decision: Decision | None, today: date) -> list[RungLine]:
    if decision is None:
        return []
    last = decision.due.ladder_day
    lines = [
        RungLine(
            each.on,
            each.occasion.value,
            (last - each.on).days if last is not None and each.name else None,
            each.on < today,
            each.to_editor,
        )
        for each in decision.rungs
    ]
    return sorted(lines, key=lambda line: line.on)[:MOST_RUNGS]


# ---- who is concerned ----


async def show_offices(request: web.Request) -> web.Response:
    """Show whom the deadline concerns and how far each of them is."""
    looking = staff.of(request)
    today = looking.today()
    law = await looking.law()
    deadline = found(request, law)
    words, page, skip = answer.asked(request)
    filters = {name: request.query.get(name, "") for name in ("state", "service", "municipality")}
    filters["state"] = filters["state"] if filters["state"] in STATES else ""
    async with looking.reading() as conn:
        wanted = Wanted(deadline.id, None, **filters, words=words)
        count, lines = await deadline_records.concerned(conn, looking.tenant, wanted, today, skip=skip)
    async with looking.overview() as conn:
        standing = await store.board(conn, today, looking.tenant, deadline.id, reach=False)
    kept = [(name, value) for name, value in filters.items() if value]
    address = f"/deadlines/{deadline.id}/offices"
    return answer.page(
        request,
        "deadline_offices.html",
        "deadlines",
        view=standings.view_of(law, deadline, standing, today, _key(deadline.id, standing, looking)),
        tabs=tabs(deadline, "/offices", looking),
        form=Form.filled(q=words, **filters),
        lines=lines,
        paging=answer.Paging(address, words, page, count, kept),
        address=address,
        is_filtered=bool(words or kept),
        states=[(each, wording.STATES[each].text) for each in STATES],
        state_chips=wording.STATES,
        services=sorted(request.app[SUPPLIES].service_names.items()),
        places=places(law, looking),
        names={code: authority.name for code, authority in law.authorities.items()},
        unit=deadline.occurrence_unit,
    )


def places(law: Law, looking: Staff) -> list[tuple[str, str]]:
    """Return the municipalities among which offices can be chosen: none where there is only one."""
    code = looking.tenant.code
    inside = [
        (each.code, each.name)
        for each in sorted(law.authorities.values(), key=lambda each: each.code)
        if each.kind.value == "municipality" and (not code or code in {each.prefecture, each.union})
    ]
    return inside if len(inside) > 1 else []


# ---- how far they have come ----


async def show_progress(request: web.Request) -> web.Response:
    """Show completion over time as a chart with its numbers, and by service and by municipality."""
    looking = staff.of(request)
    today = looking.today()
    law = await looking.law()
    deadline = found(request, law)
    async with looking.overview() as conn:
        numbers = await coverage.occurrences(conn, deadline.id)
        occurrence = occurrence_of(request, numbers)
        standing = await store.board(conn, today, looking.tenant, deadline.id, reach=False)
        where = (conn, looking.tenant, deadline.id, occurrence)
        bound, settled = await deadline_records.completion(*where)
        services = await deadline_records.by_service(*where, today)
        municipalities = await deadline_records.by_municipality(*where, today)
    here = [each for each in standing if each.key.occurrence == occurrence]
    view = standings.view_of(law, deadline, here, today, _key(deadline.id, standing, looking))
    first = min((each.known_from for each in law.said(deadline.id)), default=today)
    due = view.day if not any(each.anchored for each in here) else None
    return answer.page(
        request,
        "deadline_progress.html",
        "deadlines",
        view=view,
        tabs=tabs(deadline, "/progress", looking),
        occurrences=[(each, f"{each}{deadline.occurrence_unit or '回目'}") for each in numbers if each],
        occurrence=occurrence,
        chart=charts.completion_of(bound, settled, first, today, due) if bound else None,
        services=[(*_named(each, request.app[SUPPLIES].service_names), each) for each in services],
        municipalities=[(each.key, _name_of(law, each.key), each) for each in municipalities if each.key],
        tomorrow=today + timedelta(days=1),
    )


def _named(share: deadline_records.Share, names: Any) -> tuple[str, str]:
    return share.key, names.get(share.key, share.key)


def occurrence_of(request: web.Request, known: list[int]) -> int:
    """Return which occurrence of a recurring duty is asked for, else the first of those that are `known`."""
    written = request.query.get("occurrence", "")
    return next((each for each in known if str(each) == written), known[0])


ROUTES = (
    web.get(FAMILY, show),
    web.get(f"{FAMILY}/offices", show_offices),
    web.get(f"{FAMILY}/progress", show_progress),
)
