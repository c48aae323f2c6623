"""One office: what it owes and may claim, until when, and why; the head that all pages about it share."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from aiohttp import web

from notifier.domain import dates
from notifier.domain.deadlines import Due, Known, due_of
from notifier.domain.exemptions import exemption
from notifier.domain.law import Deadline, Law
from notifier.domain.obligations import Decision, Obligation, State, obligations_of
from notifier.domain.roles import Deed
from notifier.domain.statements import Statement
from notifier.store import dossiers, office_records
from notifier.store.dossiers import OfficePage
from notifier.store.office_records import OfficeRecord
from notifier.web import staff, wording
from notifier.web.pages import answer
from notifier.web.pages.standings import chips_of
from notifier.web.staff import Staff
from notifier.web.wording import Chip

HEADINGS: Final = (
    ("いま対応すること", (State.OPEN,)),
    ("期日や確認を待っているもの", (State.WAITING_FOR_DATE, State.NEEDS_CLARIFICATION)),
    ("期限を過ぎたもの", (State.LAPSED,)),
    ("完了したもの", (State.SETTLED,)),
    ("登録があれば対象になるもの", (State.WAITING_FOR_FACT,)),
    ("取り下げられたもの", (State.WITHDRAWN,)),
)


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of the answer to "why": its name and what it says."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Duty:
    """One obligation as the page shows it; `day` is the day it runs to, None if there is none."""

    deadline: Deadline
    occurrence: str
    day: date | None
    days_left: str
    wording: str
    chips: tuple[Chip, ...]
    progress: str
    settled_on: date | None
    reasons: tuple[Reason, ...]


TABS: Final = (
    ("duties", "期限", ""),
    ("record", "宛先・登録内容", "/record"),
    ("facts", "事実", "/facts"),
    ("timeline", "経過", "/timeline"),
    ("notes", "メモ・電話の記録", "/notes"),
)


@dataclass(frozen=True, slots=True)
class Head:
    """The head of every page about an office: its record as the tenant sees it, and the views of it."""

    record: OfficeRecord
    services: list[tuple[str, str]]
    authorities: list[str]
    tabs: list[tuple[str, str, bool]]
    may_edit: bool
    evidence: str


async def head_of(request: web.Request, looking: Staff, here: str) -> Head:
    """Return the head of the page `here` of the office in the address. 404 if the tenant sees no such office."""
    number = request.match_info["number"]
    async with looking.reading() as conn:
        record = await office_records.office(conn, looking.tenant, number)
    if record is None:
        raise web.HTTPNotFound
    law = await looking.law()
    names = looking.supplies.service_names
    codes = [code for code in (record.municipality, record.prefecture) if code in law.authorities]
    supplies = looking.supplies
    has_evidence = (
        supplies.tools is not None and supplies.assemble is not None and supplies.exchange is not None
    )
    may_prove = looking.may(Deed.EDIT) or looking.may(Deed.READ_HISTORY)
    return Head(
        record,
        [(code, names.get(code, code)) for code in record.services],
        [law.authorities[code].name for code in codes],
        [(label, f"/offices/{number}{path}", name == here) for name, label, path in TABS],
        looking.may(Deed.EDIT) and looking.supplies.tools is not None,
        f"/offices/{number}/evidence" if has_evidence and may_prove else "",
    )


async def show(request: web.Request) -> web.Response:
    """Show what an office owes, until when, and why."""
    looking = staff.of(request)
    head = await head_of(request, looking, "duties")
    found = await dossier_of(looking, head.record.number)
    law, today = await looking.law(), looking.today()
    owed = obligations_of(law, found.office, today)
    agreed = {each.deadline for each in owed if exemption(each.deadline, found.office.facts) is not None}
    groups = []
    for heading, states in HEADINGS:
        duties = [duty_of(law, each, today) for each in owed if each.state in states]
        if duties:
            duties.sort(key=lambda duty: (duty.day or date.max, duty.deadline.id))
            groups.append((heading, duties))
    return answer.page(
        request,
        "office.html",
        "offices",
        head=head,
        groups=groups,
        exempted=[
            (law.deadlines[each.deadline], each.reason)
            for each in owed
            if each.reason and each.deadline in agreed
        ],
        others=[
            (law.deadlines[each.deadline], each.reason)
            for each in owed
            if each.reason and each.deadline not in agreed
        ],
    )


async def dossier_of(looking: Staff, number: str) -> OfficePage:
    """Return the office with its facts, which belong to the office and are seen by all it answers to. Else 404."""
    async with looking.overview() as conn:
        found = await dossiers.office_page(conn, number)
    if found is None:
        raise web.HTTPNotFound
    return found


def duty_of(law: Law, owed: Obligation, today: date) -> Duty:
    """Return an obligation that applies as the page shows it."""
    deadline, decision = law.deadlines[owed.deadline], owed.decision
    if decision is None:
        message = f"{owed.deadline} applies to {owed.office} without a decision"
        raise ValueError(message)
    due = decision.due
    day = due.ladder_day or (due.latest if due.ends else None)
    occurrence = ""
    if owed.occurrence and due.opens is not None:
        occurrence = dates.fiscal_year_label(dates.fiscal_year_of(due.opens)) + "分"
    return Duty(
        deadline,
        occurrence,
        day,
        wording.days_left(day, today) if day and owed.state is State.OPEN else "",
        due.wording,
        chips_of(deadline, decision),
        f"{owed.progress}/{owed.needed}" if owed.needed else "",
        owed.settled_on,
        tuple(reasons_of(law, deadline, decision)),
    )


def reasons_of(law: Law, deadline: Deadline, decision: Decision) -> list[Reason]:
    """Return why the law says so: for whom, by which statement, through which layers, by which arithmetic."""
    resolution, due = decision.resolution, decision.due
    found = [Reason("対象", deadline.taken_up_wording or deadline.concerns_wording or "すべての介護事業所")]
    found.append(Reason("根拠", _cited(resolution.prevailing)))
    if resolution.prevailing.remark:
        found.append(Reason("内容", resolution.prevailing.remark))
    names = [
        "国" if not code else law.authorities[code].name if code in law.authorities else code
        for code in resolution.layers
    ]
    found.append(Reason("適用した段階", " → ".join(names)))
    if decision.set_by is not None:
        setter = law.authorities.get(decision.set_by)
        found.append(Reason("日を定めた者", setter.name if setter else decision.set_by or "国"))
    if resolution.inherited:
        found.append(Reason("予定の扱い", "以前の通知の「予定」が取り消されていないため、予定のままです。"))
    if due.later_reading is not None:
        found.append(
            Reason(
                "数え方",
                f"初日を算入して数えました。算入しなければ{dates.day_label(due.later_reading)}です。早いほうを使います。",
            )
        )
    if due.target is not None and due.target != due.latest:
        found.append(Reason("安全な日", f"{dates.day_label(due.target)}までに済ませると確実です。"))
    found.extend(Reason("食い違う資料", f"{each.wording}（{source}）") for each, source in _against(decision))
    found.extend(Reason("以前の内容", f"{_old(each)}（{_cited(each)}）") for each in resolution.superseded)
    climbed = [dates.short_label(rung.on) for rung in decision.rungs if not rung.to_editor]
    if climbed:
        found.append(Reason("お知らせする日", "、".join(climbed)))
    unknown = [point for each in (resolution.prevailing, *resolution.remarks) for point in each.unknown]
    if unknown:
        found.append(Reason("わかっていないこと", "、".join(dict.fromkeys(unknown))))
    return found


def _against(decision: Decision) -> list[tuple[Due, str]]:
    dated = [each for each in decision.resolution.against if each.due is not None]
    return [(due, _cited(said)) for due, said in zip(decision.contradicting, dated, strict=True)]


def _old(said: Statement) -> str:
    return due_of(said.due, Known(), tentative=said.tentative).wording if said.due is not None else "取下げ"


def _cited(said: Statement) -> str:
    issued = f"{dates.wareki(said.notice.issued)}" if said.notice.issued else "日付なし"
    return "、".join(part for part in (said.notice.title, said.notice.number, issued, said.place) if part)


ROUTES = (web.get("/offices/{number}", show),)
