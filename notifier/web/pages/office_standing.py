"""One office: the services it is designated for, and whether it is open; changing both, after it was said what follows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import web

from notifier.domain.callers import NATION
from notifier.domain.law import Law
from notifier.domain.obligations import State, obligations_of
from notifier.domain.offices import Office
from notifier.domain.roles import Deed
from notifier.errors import UnknownError
from notifier.steps import designate
from notifier.steps.designate import Closing, Terms
from notifier.store import enrolment, office_records
from notifier.store.differences import Days
from notifier.web import forms, staff, wording
from notifier.web.forms import Form, Question
from notifier.web.pages import answer, office
from notifier.web.staff import Staff

BINDING: Final = frozenset({State.OPEN, State.WAITING_FOR_DATE, State.NEEDS_CLARIFICATION, State.LAPSED})
KINDS: Final = (
    ("closed", "廃止", "指定がなくなったとき"),
    ("suspended", "休止", "しばらく休むとき。再開したら、この画面で戻します。"),
)
LONGEST: Final = 500
SAMPLE: Final = 8


@dataclass(frozen=True, slots=True)
class Designated:
    """The services (codes) for which an office answers to who looks, with their days, and those of others alone."""

    terms: Mapping[str, Days]
    elsewhere: frozenset[str]

    @property
    def own(self) -> frozenset[str]:
        """Return the services for which it answers to who looks."""
        return frozenset(self.terms)


async def show(request: web.Request) -> web.Response:
    """Show the services of an office and whether it is open, with the forms that change them."""
    return await page(request, staff.of(request))


async def page(
    request: web.Request,
    looking: Staff,
    services: Form | None = None,
    closing: Form | None = None,
    term: Form | None = None,
) -> web.Response:
    """Return the page; `services`, `closing` and `term` are its forms as they were sent."""
    head = await office.head_of(request, looking, "record")
    known = await _designated(looking, head)
    names = looking.supplies.service_names
    return answer.page(
        request,
        "office_standing.html",
        "offices",
        status=forms.status_of(services or closing or term or Form()),
        head=head,
        choices=[(code, f"{names[code]}（{code}）") for code in sorted(names)],
        others=[names.get(code, code) for code in sorted(known.elsewhere - known.own)],
        services=services or Form.filled(service=sorted(known.own)),
        own=[(code, f"{names.get(code, code)}（{code}）") for code in sorted(known.own)],
        terms=[
            (names.get(code, code), since, until)
            for code, (since, until) in sorted(known.terms.items())
            if since or until
        ],
        term=term or Form(),
        closing=closing or Form.filled(on=looking.today().isoformat()),
        kinds=KINDS,
    )


async def _designated(looking: Staff, head: office.Head) -> Designated:
    async with looking.overview() as conn:
        line = await enrolment.enrolled(conn, head.record.number, looking.tenant.code)
        every = await office_records.designations_of(conn, NATION, head.record.id)
    if line is None:
        raise web.HTTPNotFound
    others = frozenset(each.service for each in every if each.authority != line.owner)
    terms = {each.service: (each.since, each.until) for each in every if each.authority == line.owner}
    return Designated(terms, others)


async def change(request: web.Request) -> web.Response:
    """Let the office provide other services, once it was said which duties come and go with that."""
    looking, head = await _of(request)
    form = await forms.read(request)
    chosen = form.some_of("service", "サービスの種類", looking.supplies.service_names, needed=True)
    reason = form.lines("why", "理由", needed=True, longest=LONGEST)
    known = await _designated(looking, head)
    if form.is_right and set(chosen) == known.own:
        form.wrong("service", "いまのサービスと同じです。加えるか外すサービスに印を付け直してください。")
    if not form.is_right:
        return await page(request, looking, services=form)
    if not form.is_ticked("confirmed"):
        return forms.ask(request, "offices", await _services_question(looking, head, known, (chosen, reason)))
    number = head.record.number
    try:
        await designate.designate(looking.tools, looking.tenant, number, chosen, reason, looking.actor)
    except UnknownError:
        raise web.HTTPNotFound from None
    return forms.done(request, f"/offices/{number}/standing", "サービスを変えました。期限に反映します。")


async def _services_question(
    looking: Staff, head: office.Head, known: Designated, said: tuple[Collection[str], str]
) -> Question:
    chosen, reason = said
    law, names = await looking.law(), looking.supplies.service_names
    found = (await office.dossier_of(looking, head.record.number)).office
    possible = BINDING | {State.WAITING_FOR_FACT}
    now = _titles(looking, law, found, possible)
    then = _titles(looking, law, replace(found, services=frozenset(chosen) | known.elsewhere), possible)
    coming, going = sorted(then - now), sorted(now - then)
    more = [f"加える：{names[code]}" for code in sorted(set(chosen) - known.own)]
    less = [f"外す：{names.get(code, code)}" for code in sorted(known.own - set(chosen))]
    return Question(
        "サービスを変えますか",
        f"{head.record.name}（{head.record.number}）。{'、'.join(more + less)}。",
        "サービスを変える",
        f"/offices/{head.record.number}/services",
        f"/offices/{head.record.number}/standing",
        counts=[
            ("新しく対象になる（なりうる）期限", f"{len(coming)}件"),
            ("対象でなくなる期限", f"{len(going)}件"),
        ],
        kept=[("why", reason), *(("service", code) for code in chosen)],
        warning="対象でなくなる期限の、送信待ちのお知らせは取りやめます。" if going else "",
        sample=[f"新しく対象：{each}" for each in coming[:SAMPLE]]
        + [f"対象外に：{each}" for each in going[:SAMPLE]],
    )


def _titles(looking: Staff, law: Law, found: Office, states: Collection[State] = BINDING) -> set[str]:
    """Return the titles of an office's duties that are in one of `states`."""
    owed = obligations_of(law, found, looking.today())
    return {law.deadlines[each.deadline].title for each in owed if each.state in states}


async def set_term(request: web.Request) -> web.Response:
    """Write from when to when the office is designated for one service."""
    looking, head = await _of(request)
    known = await _designated(looking, head)
    form = await forms.read(request)
    service = form.one_of("of", "サービス", sorted(known.own))
    since, until = form.day("since", "指定の最初の日"), form.day("until", "指定の最後の日")
    if since is not None and since > looking.today():
        form.wrong("since", "先の日は登録できません。その日になってから登録してください。")
    if until is not None and until < looking.today():
        form.wrong("until", "過ぎた日です。終わった指定は、「サービスの種類」から外してください。")
    if not form.is_right:
        return await page(request, looking, term=form)
    number, terms = head.record.number, Terms({**known.terms, service: (since, until)}, "指定の期間の登録")
    try:
        await designate.set_terms(looking.tools, looking.tenant, number, terms, looking.actor, lambda _: None)
    except UnknownError:
        raise web.HTTPNotFound from None
    return forms.done(request, f"/offices/{number}/standing", "指定の期間を登録しました。")


async def shut(request: web.Request) -> web.Response:
    """Note that the office has closed, once it was said what goes with that."""
    looking, head = await _of(request)
    form = await forms.read(request)
    kind = form.one_of("kind", "廃止か休止か", [value for value, _, _ in KINDS])
    on = form.day("on", "いつから", needed=True)
    reason = form.lines("reason", "理由", needed=True, longest=LONGEST)
    if on is not None and on > looking.today():
        form.wrong("on", "先の日付は登録できません。その日になってから登録してください。")
    if on is None or not form.is_right:
        return await page(request, looking, closing=form)
    number, label = head.record.number, next(label for value, label, _ in KINDS if value == kind)
    if not form.is_ticked("confirmed"):
        kept = [("kind", kind), ("on", on.isoformat()), ("reason", reason)]
        question = await _closing_question(looking, head, f"{wording.full(on)}からの{label}", kept)
        return forms.ask(request, "offices", question)
    closing = Closing(on, kind == "closed", reason)
    done = await designate.close(looking.tools, looking.tenant, number, closing, looking.actor)
    told = f"{label}を登録しました。" if done else "もう休廃止として登録されています。"
    return forms.done(request, f"/offices/{number}/standing", told)


async def _closing_question(
    looking: Staff, head: office.Head, what: str, kept: list[tuple[str, str]]
) -> Question:
    law = await looking.law()
    found = (await office.dossier_of(looking, head.record.number)).office
    going = sorted(_titles(looking, law, found))
    async with looking.reading() as conn:
        contacts = await office_records.contacts_of(conn, looking.tenant, head.record.id)
    others = (await _designated(looking, head)).elsewhere
    names = looking.supplies.service_names
    shared = "、".join(names.get(code, code) for code in sorted(others))
    return Question(
        "休止・廃止を登録しますか",
        f"{head.record.name}（{head.record.number}）を、{what}とします。",
        f"{what}を登録する",
        f"/offices/{head.record.number}/closing",
        f"/offices/{head.record.number}/standing",
        counts=[
            ("なくなる期限", f"{len(going)}件"),
            ("送らなくなる宛先", f"{sum(each.active for each in contacts)}件"),
        ],
        kept=kept,
        warning="送信待ちのお知らせは取りやめ、集計と網羅状況の対象から外れます。記録は残り、この画面で再開に戻せます。"
        + (
            f"ほかの自治体が指定しているサービス（{shared}）の期限もなくなります。先に相談してください。"
            if shared
            else ""
        ),
        sample=going[:SAMPLE],
    )


async def open_again(request: web.Request) -> web.Response:
    """Note that the office is open again, once it was said what comes back with that."""
    looking, head = await _of(request)
    form = await forms.read(request)
    reason = form.lines("reason", "理由", needed=True, longest=LONGEST)
    if not form.is_right:
        return await page(request, looking, closing=form)
    number = head.record.number
    if not form.is_ticked("confirmed"):
        found = (await office.dossier_of(looking, number)).office
        coming = sorted(_titles(looking, await looking.law(), found))
        question = Question(
            "再開を登録しますか",
            f"{head.record.name}（{number}）を、営業中に戻します。",
            "再開を登録する",
            request.path,
            f"/offices/{number}/standing",
            counts=[("対象になる期限", f"{len(coming)}件")],
            kept=[("reason", reason)],
            warning="期限が残っているものは、あらためてお知らせします。",
            sample=coming[:SAMPLE],
        )
        return forms.ask(request, "offices", question)
    done = await designate.reopen(looking.tools, looking.tenant, number, reason, looking.actor)
    told = "再開を登録しました。" if done else "もう営業中に戻っています。"
    return forms.done(request, f"/offices/{number}/standing", told)


async def _of(request: web.Request) -> tuple[Staff, office.Head]:
    looking = staff.requiring(request, Deed.EDIT)
    return looking, await office.head_of(request, looking, "record")


_ONE: Final = "/offices/{number}"
ROUTES = (
    web.get(f"{_ONE}/standing", show),
    web.post(f"{_ONE}/services", change),
    web.post(f"{_ONE}/term", set_term),
    web.post(f"{_ONE}/closing", shut),
    web.post(f"{_ONE}/reopening", open_again),
)
