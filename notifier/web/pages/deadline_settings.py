"""What an authority sets itself for a deadline: days that the law leaves to it, on which days is told, closed days.

Days go in as events, choices through the step that amends an authority, as over the API. Both are asked for once more,
with how many offices they concern, before anything is worked out anew.
"""

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from aiohttp import web

from notifier.catalogue.vocabulary import FactType
from notifier.clock import japan_time
from notifier.domain.calendar import Roll
from notifier.domain.callers import Caller
from notifier.domain.expressions import DUE_SET
from notifier.domain.ladders import Ladder
from notifier.domain.law import Authority, Deadline, Law
from notifier.domain.origins import source_of_user
from notifier.domain.roles import Deed
from notifier.intake import Inbound
from notifier.reception import Reception
from notifier.steps.amend import amend_authority
from notifier.store import audit_records, board
from notifier.web import forms, staff, wording
from notifier.web.forms import Form, Question
from notifier.web.pages import answer, deadlines, standings
from notifier.web.pages.office_facts import recorders
from notifier.web.staff import Staff
from notifier.web.standing_words import LADDERS, ROLLS, roll_names

ADDRESS: Final = f"{deadlines.FAMILY}/settings"
SHIPPED: Final = ""
"""What stands in a choice for what the law has anyway."""


@dataclass(frozen=True, slots=True)
class Settable:
    """A kind of day that may be set: which values the form asks for, and whether this authority may set it."""

    kind: FactType
    days: tuple[str, ...]
    has_year: bool
    is_ours: bool

    @property
    def whose(self) -> str:
        """Return who sets it, in words."""
        names = {"prefecture": "都道府県", "municipality": "市区町村"}
        return "または".join(names[each] for each in self.kind.asserted_by if each in names) or "国"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a choice: what it was and what it became, with the value that would undo it."""

    at: datetime
    who: str
    name: str
    before: str
    after: str
    undo: str


async def show(request: web.Request) -> web.Response:
    """Show what is set, and the forms to set it."""
    return await _page(request, staff.of(request))


async def _page(request: web.Request, looking: Staff, form: Form | None = None) -> web.Response:
    law = await looking.law()
    deadline, authority = _found(request, looking, law)
    async with looking.overview() as conn:
        standing = await board.board(conn, looking.today(), looking.tenant, deadline.id)
    async with looking.reading() as conn:
        wanted = audit_records.Wanted(action="authority.amended", subject=f"authority/{authority.code}")
        rows = await audit_records.rows(conn, looking.tenant, wanted, None, 50)
    set_before = _set_before(law, deadline, authority)
    key = standings.key_for(deadline.id, looking.tenant)
    roll = authority.rolls.get(deadline.id)
    filled = form or Form.filled(
        ladder=authority.ladders.get(deadline.id, SHIPPED), roll=roll.value if roll else SHIPPED
    )
    return answer.page(
        request,
        "deadline_settings.html",
        "deadlines",
        status=forms.status_of(filled),
        view=standings.view_of(law, deadline, standing, looking.today(), key),
        tabs=deadlines.tabs(deadline, "/settings", looking),
        authority=authority,
        form=filled,
        settables=settables(looking, law, deadline),
        for_all=law.is_left_to_designators(deadline.id) and not looking.tenant.is_prefecture,
        set_before=set_before,
        recorded_by=await recorders(looking, {fact.source for _, fact, _ in set_before}),
        value_names=wording.VALUES,
        ladders=_ladders(law, deadline),
        rolls=roll_names(deadline.roll),
        years=sorted(
            (name.partition("@")[2], ROLLS[each.value])
            for name, each in authority.rolls.items()
            if name.startswith(f"{deadline.id}@")
        ),
        changes=list(_changes(rows, deadline.id)),
        once=secrets.token_hex(16),
        address=f"/deadlines/{deadline.id}/settings",
    )


def _found(request: web.Request, looking: Staff, law: Law) -> tuple[Deadline, Authority]:
    """Return the deadline and the user's authority. Raises HTTPNotFound for who has none."""
    authority = law.authorities.get(looking.tenant.code)
    if authority is None:
        raise web.HTTPNotFound
    return deadlines.found(request, law), authority


def settables(looking: Staff, law: Law, deadline: Deadline) -> list[Settable]:
    """Return the kinds of days on which `deadline` depends and that authorities set."""
    role = "prefecture" if looking.tenant.is_prefecture else "municipality"
    kinds = [looking.tools.catalogue.facts.get(name) for name in sorted(law.event_types_of(deadline.id))]
    return [
        Settable(
            kind,
            tuple(name for name in kind.schema.get("properties", {}) if name in kind.date_names),
            "fiscal_year" in kind.value_names,
            role in kind.asserted_by
            and (kind.type != DUE_SET or law.may_set(deadline.id, looking.tenant.code)),
        )
        for kind in kinds
        if kind is not None and kind.subject == "authority"
    ]


def _set_before(
    law: Law, deadline: Deadline, authority: Authority
) -> list[tuple[str, Any, list[tuple[str, str]]]]:
    """Return the days that hold for the authority and who set them, the newest first."""
    near = {*law.nearby((authority.code, authority.prefecture or "")), ""}
    kept = [each for each in law.set_about(deadline.id) if each.authority in near]
    kept.sort(key=lambda each: each.fact.on, reverse=True)
    return [
        (
            law.authorities[each.authority].name if each.authority in law.authorities else "国",
            each.fact,
            wording.values_of(each.fact),
        )
        for each in kept
    ]


def _ladders(law: Law, deadline: Deadline) -> list[tuple[str, str, str]]:
    usual = law.ladders[deadline.ladder]
    found = [(SHIPPED, f"標準（{LADDERS.get(usual.id, usual.id)}）", _days_of(usual))]
    return found + [
        (name, LADDERS.get(name, name), _days_of(ladder))
        for name, ladder in law.ladders.items()
        if name != deadline.ladder and name in LADDERS
    ]


def _days_of(ladder: Ladder) -> str:
    """Return on which days a ladder speaks, in words."""
    if not ladder.days:
        return "期限前のお知らせはしません。"
    days = "、".join("当日" if each == 0 else f"{each}日前" for each in ladder.days)
    return f"{days}に知らせます。"


def _changes(rows: Sequence[audit_records.AuditRecord], deadline: str) -> Iterator[Change]:
    for row in rows:
        before, after = row.detail.get("before", {}), row.detail.get("after", {})
        for name, names in (("ladders", LADDERS), ("rolls", ROLLS)):
            old = (before.get(name) or {}).get(deadline, SHIPPED)
            new = (after.get(name) or {}).get(deadline, SHIPPED)
            if name in after and old != new:
                was, became = (names.get(each, each) if each else "標準" for each in (old, new))
                yield Change(row.at, row.who, name.removesuffix("s"), was, became, old)


# ---- setting a day ----


async def set_day(request: web.Request) -> web.Response:
    """Set days that the law leaves to the authority, after asking once more."""
    looking = staff.requiring(request, Deed.EDIT)
    law = await looking.law()
    deadline, authority = _found(request, looking, law)
    form = await forms.read(request)
    known = {each.kind.type: each for each in settables(looking, law, deadline) if each.is_ours}
    wanted = known.get(form.value("type"))
    if wanted is None:
        raise web.HTTPForbidden
    data = _typed(form, wanted, deadline)
    if data is None or not form.is_right:
        return await _page(request, looking, form)
    address = f"/deadlines/{deadline.id}/settings"
    once = form.value("once")
    if not re.fullmatch(r"[0-9a-f]{32}", once):
        once = secrets.token_hex(16)
    if not form.is_ticked("confirmed"):
        kept = [("type", wanted.kind.type), ("once", once)]
        kept += [(name, str(value)) for name, value in data.items()]
        said = "、".join(
            f"{wording.VALUES.get(name, name)} {_in_words(value)}"
            for name, value in data.items()
            if name != "deadline"
        )
        return await _ask(
            request,
            looking,
            deadline,
            f"{wanted.kind.label}：{said}",
            kept,
            "この日に決める",
            address + "/day",
        )
    event = Inbound(
        source_of_user(looking.user.name),
        once,
        wanted.kind.type,
        japan_time(looking.today(), 0),
        None,
        authority.code,
        data,
        sender=authority.code,
        traceparent=looking.trace,
    )
    caller = Caller("", "prefecture" if looking.tenant.is_prefecture else "municipality", authority.code)
    entrance = looking.supplies.entrance
    (told,) = await (entrance.reception if entrance else Reception(looking.tools)).take(caller, [event])
    if told.code:
        form.wrong("", "この内容では登録できませんでした。日付を確かめて、もう一度登録してください。")
        return await _page(request, looking, form)
    return forms.done(request, address, "日を登録しました。対象の事業所の期限に、まもなく反映します。")


def _typed(form: Form, wanted: Settable, deadline: Deadline) -> Mapping[str, str | int] | None:
    """Return the values of the form, or None with what is wrong noted."""
    data: dict[str, str | int] = {}
    found: dict[str, date] = {}
    for name in wanted.days:
        needed = name in wanted.kind.schema.get("required", ())
        day = form.day(name, wording.VALUES.get(name, name), needed=needed)
        if day is not None:
            found[name], data[name] = day, day.isoformat()
    opens, closes = found.get("opens"), found.get("closes") or found.get("due")
    if opens and closes and closes < opens:
        form.wrong(
            "closes" if "closes" in found else "due",
            "締切日は開始日と同じ日か、それより後の日にしてください。",
        )
    if wanted.has_year:
        year = form.number("fiscal_year", "年度（西暦）", low=2019, high=2100, needed=True)
        if year is not None:
            data["fiscal_year"] = year
    if wanted.kind.type == DUE_SET:
        data["deadline"] = deadline.id
    return data if form.is_right else None


def _in_words(value: str | int) -> str:
    return wording.western(date.fromisoformat(value)) if isinstance(value, str) else f"{value}年度"


# ---- choosing ladder and roll ----


async def choose(request: web.Request) -> web.Response:
    """Choose on which days is told, and what becomes of a day on which the authority is closed, after asking once more."""
    looking = staff.requiring(request, Deed.ADMINISTER)
    law = await looking.law()
    deadline, authority = _found(request, looking, law)
    form = await forms.read(request)
    ladder = form.one_of(
        "ladder", "知らせる日", ["", *(name for name, _, _ in _ladders(law, deadline))], needed=False
    )
    roll = form.one_of("roll", "閉庁日にあたる期日", ["", *(each.value for each in Roll)], needed=False)
    if not form.is_right:
        return await _page(request, looking, form)
    address = f"/deadlines/{deadline.id}/settings"
    if not form.is_ticked("confirmed"):
        said = f"知らせる日は「{LADDERS.get(ladder, '標準')}」、閉庁日にあたる期日は「{ROLLS.get(roll, '標準')}」"
        kept = [("ladder", ladder), ("roll", roll)]
        return await _ask(request, looking, deadline, said, kept, "この内容に変える", address)
    wanted = {
        "ladders": _with(authority.ladders, deadline.id, ladder),
        "rolls": _with({name: each.value for name, each in authority.rolls.items()}, deadline.id, roll),
    }
    await amend_authority(
        looking.tools, looking.tenant, authority.code, wanted, looking.actor, lambda _: None
    )
    return forms.done(request, address, "設定を変えました。期限と知らせる日を、まもなく計算し直します。")


def _with(known: Mapping[str, str], name: str, value: str) -> dict[str, str]:
    kept = {each: chosen for each, chosen in known.items() if each != name}
    return {**kept, name: value} if value else kept


async def except_year(request: web.Request) -> web.Response:
    """Choose what becomes of a day on which the authority is closed in one fiscal year only, after asking once more."""
    looking = staff.requiring(request, Deed.ADMINISTER)
    law = await looking.law()
    deadline, authority = _found(request, looking, law)
    form = await forms.read(request)
    year = form.number("year", "年度（西暦）", low=2019, high=2100, needed=True)
    roll = form.one_of("year_roll", "その年度の扱い", ["", *(each.value for each in Roll)], needed=False)
    if year is None or not form.is_right:
        return await _page(request, looking, form)
    address = f"/deadlines/{deadline.id}/settings"
    if not form.is_ticked("confirmed"):
        said = f"{year}年度だけ、閉庁日にあたる期日は「{ROLLS.get(roll, 'ほかの年度と同じ')}」"
        kept = [("year", str(year)), ("year_roll", roll)]
        return await _ask(request, looking, deadline, said, kept, "この内容に変える", f"{address}/year")
    rolls = {name: each.value for name, each in authority.rolls.items()}
    wanted = {"rolls": _with(rolls, f"{deadline.id}@{year}", roll)}
    await amend_authority(
        looking.tools, looking.tenant, authority.code, wanted, looking.actor, lambda _: None
    )
    return forms.done(request, address, f"{year}年度の扱いを変えました。期限を、まもなく計算し直します。")


async def _ask(  # noqa: PLR0913, PLR0917 -- each is said on the page
    request: web.Request,
    looking: Staff,
    deadline: Deadline,
    said: str,
    kept: list[tuple[str, str]],
    button: str,
    action: str,
) -> web.Response:
    async with looking.overview() as conn:
        standing = await board.board(conn, looking.today(), looking.tenant, deadline.id)
    tally = standings.tally_of(standing)
    return forms.ask(
        request,
        "deadlines",
        Question(
            f"「{deadline.title}」の設定を変えます",
            said,
            button,
            action,
            f"/deadlines/{deadline.id}/settings",
            counts=[
                ("対象の事業所", f"{tally.bound:,}"),
                ("まだ終えていない事業所", f"{tally.open + tally.waiting:,}"),
                ("そのうち宛先なし", f"{tally.unreachable:,}"),
            ],
            kept=kept,
            warning="期日が変わると、まだ終えていない事業所に、変更前と変更後を並べたお知らせが次の開庁日の9時に届きます。",
        ),
    )


ROUTES = (
    web.get(ADDRESS, show),
    web.post(ADDRESS, choose),
    web.post(f"{ADDRESS}/day", set_day),
    web.post(f"{ADDRESS}/year", except_year),
)
