"""One office: the facts that are recorded about it and who said so, and recording another one.

The form is made from the schema of the fact's data. What only the office may assert is recorded as heard from it.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from aiohttp import web

from notifier.catalogue.vocabulary import FactType
from notifier.clock import japan_time
from notifier.domain import exemptions
from notifier.domain.callers import Caller
from notifier.domain.law import Law
from notifier.domain.origins import source_of_user
from notifier.domain.roles import Deed
from notifier.intake import DEALT_WITH, Inbound
from notifier.reception import Answer, Reception
from notifier.web import forms, staff, wording
from notifier.web.forms import Form
from notifier.web.pages import answer, office
from notifier.web.staff import Staff

HEARD: Final = "office"
"""As whom something is asserted that the office has told, by telephone, FAX or at the counter."""
APART: Final = frozenset(DEALT_WITH) | exemptions.TYPES
"""Types that have pages of their own."""
DONE: Final = "duty.done"
Options = tuple[tuple[str, str], ...]
YES_NO: Final = (("yes", "はい"), ("no", "いいえ"))
LONGEST: Final = 100


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a fact, as the form asks for it; `kind` is boolean, day, number, choice or text."""

    name: str
    label: str
    kind: str
    needed: bool
    options: Options = ()


async def show(request: web.Request) -> web.Response:
    """Show the facts, and the form for the type that is asked for."""
    return await page(request, staff.of(request))


async def page(request: web.Request, looking: Staff, form: Form | None = None) -> web.Response:
    """Return the page; `form` is the one for a new fact, as it was sent."""
    head = await office.head_of(request, looking, "facts")
    found = await office.dossier_of(looking, head.record.number)
    supplies = looking.supplies
    named = deadlines_named(await looking.law())
    kinds = recordable(looking, named) if head.may_edit else {}
    kind = kinds.get(form.value("type") if form else request.query.get("type", ""))
    return answer.page(
        request,
        "office_facts.html",
        "offices",
        status=forms.status_of(form or Form()),
        head=head,
        facts=[
            (line, supplies.fact_labels.get(line.fact.type, line.fact.type), wording.values_of(line.fact))
            for line in reversed(found.facts)
        ],
        sources=await recorders(looking, {line.source for line in found.facts}),
        kinds=sorted(((each.type, each.label) for each in kinds.values()), key=lambda each: each[1]),
        kind=kind,
        asked=fields_of(kind, named) if kind else [],
        asserters=_asserters(looking, kind) if kind else [],
        form=form or Form.filled(on=looking.today().isoformat(), by=HEARD),
        yes_no=YES_NO,
        once=secrets.token_hex(16),
    )


async def record(request: web.Request) -> web.Response:
    """Record a fact; what follows from it is worked out at once. The same form sent twice records it once."""
    looking, number = staff.requiring(request, Deed.EDIT), request.match_info["number"]
    await office.head_of(request, looking, "facts")
    form = await forms.read(request)
    named = deadlines_named(await looking.law())
    kinds = recordable(looking, named)
    kind = kinds.get(form.one_of("type", "事実の種類", kinds))
    if kind is None:
        return await page(request, looking, form)
    on = form.day("on", "日付", needed=True)
    by = form.one_of("by", "だれの申告か", [value for value, _ in _asserters(looking, kind)])
    data = {each.name: read for each in fields_of(kind, named) if (read := _read(form, each)) is not None}
    if on is None or not form.is_right:
        return await page(request, looking, form)
    once = form.value("once")
    name = once if re.fullmatch(r"[0-9a-f]{32}", once) else secrets.token_hex(16)
    source = source_of_user(looking.user.name, heard=by == HEARD)
    caller = Caller("", by, looking.user.authority)
    event = Inbound(
        source,
        name,
        kind.type,
        japan_time(on, 0),
        number,
        None,
        data,
        sender=looking.user.authority,
        traceparent=looking.trace,
    )
    reception = looking.supplies.entrance.reception if looking.supplies.entrance else Reception(looking.tools)
    (told,) = await reception.take(caller, [event])
    if told.code:
        _explain(form, told)
        return await page(request, looking, form)
    return forms.done(
        request, f"/offices/{number}/facts", f"「{kind.label}」を登録しました。期限に反映します。"
    )


def deadlines_named(law: Law) -> Options:
    """Return the deadlines that are done by naming them, as (id, title): those that notices brought in."""
    found = [
        (each.id, each.title)
        for each in law.deadlines.values()
        if any(DONE in settlement.pattern.types for settlement in each.settled_by)
    ]
    return tuple(sorted(found, key=lambda each: each[1]))


def recordable(looking: Staff, named: Options) -> Mapping[str, FactType]:
    """Return the types of facts about an office that somebody may record here, by name."""
    return {
        name: kind
        for name, kind in looking.tools.catalogue.facts.items()
        if kind.subject == "office"
        and name not in APART
        and (name != DONE or named)
        and _asserters(looking, kind)
    }


def _own_role(looking: Staff) -> str:
    """Return as whom the user's authority asserts things."""
    if looking.tenant.is_nation:
        return "editor"
    return "prefecture" if looking.tenant.is_prefecture else "municipality"


def _asserters(looking: Staff, kind: FactType) -> list[tuple[str, str]]:
    """Return as whom this may be asserted here, as (value, label)."""
    found = []
    if HEARD in kind.asserted_by and not looking.tenant.is_nation:
        found.append((HEARD, "事業所から聞いた（電話・FAX・窓口）"))
    if _own_role(looking) in kind.asserted_by:
        found.append((_own_role(looking), "自治体として確かめた（届出・審査の結果など）"))
    return found


def fields_of(kind: FactType, named: Options) -> list[Field]:
    """Return what the form asks for, from the schema of the data; a deadline is chosen among those `named`."""
    needed = set(kind.schema.get("required", ()))
    return [
        Field(name, "期限", "choice", needed=True, options=named)
        if name == "deadline"
        else _field(name, said, needed=name in needed)
        for name, said in kind.schema.get("properties", {}).items()
        if said.get("type") not in {"array", "object"}
    ]


def _field(name: str, said: Mapping[str, Any], *, needed: bool) -> Field:
    label = wording.VALUES.get(name, name)
    if "enum" in said:
        options = tuple((str(each), wording.CHOICES.get(str(each), str(each))) for each in said["enum"])
        return Field(name, label, "choice", needed, options)
    if said.get("format") == "date":
        return Field(name, label, "day", needed)
    kinds = {"boolean": "boolean", "integer": "number"}
    return Field(name, label, kinds.get(said.get("type", ""), "text"), needed)


def _read(form: Form, field: Field) -> bool | int | str | None:
    """Return what was typed into a field, as JSON has it; None for nothing."""
    match field.kind:
        case "boolean":
            chosen = form.one_of(field.name, field.label, dict(YES_NO), needed=field.needed)
            return {"yes": True, "no": False}.get(chosen)
        case "day":
            day: date | None = form.day(field.name, field.label, needed=field.needed)
            return day.isoformat() if day else None
        case "number":
            return form.number(field.name, field.label, needed=field.needed)
        case "choice":
            return form.one_of(field.name, field.label, dict(field.options), needed=field.needed) or None
    return form.text(field.name, field.label, needed=field.needed, longest=LONGEST) or None


WRONG: Final = {
    "time-out-of-range": ("on", "日付が遠すぎます。2000年4月1日以後の日を入力してください。"),
    "in-the-future": ("on", "400日より先の日付は登録できません。"),
}


def _explain(form: Form, told: Answer) -> None:
    """Note in a form why an event was not taken, at the fields that it is about."""
    for fault in told.faults:
        if fault.path[:1] == ("data",) and len(fault.path) > 1:
            form.wrong(
                fault.path[1], f"「{wording.VALUES.get(fault.path[1], fault.path[1])}」の書き方が違います。"
            )
    name, text = WRONG.get(told.code, ("", "登録できませんでした。入力の内容を確かめてください。"))
    if form.is_right or name:
        form.wrong(name, text)


async def recorders(looking: Staff, sources: set[str]) -> dict[str, str]:
    """Return in Japanese who has recorded what, by source."""
    known = await staff.people(looking)
    return {source: wording.recorded_by(source, known) for source in sources}


ROUTES = (
    web.get("/offices/{number}/facts", show),
    web.post("/offices/{number}/facts", record),
)
