"""Today: what needs a person now, what falls due, whom no mail reaches, what changed, how sending is doing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from aiohttp import web

from notifier.clock import civil_date
from notifier.domain.deadlines import Known, due_of
from notifier.domain.law import Law, Setting
from notifier.domain.roles import Deed
from notifier.domain.stages import Stage
from notifier.domain.statements import Statement
from notifier.store import (
    delivery_records,
    enquiries,
    event_records,
    halts,
    inbox,
    incoming,
    outlook,
    outreach,
    selections,
    tasks,
    wordings,
)
from notifier.store.database import Connection
from notifier.store.halts import Halt
from notifier.store.outlook import Coming, Sending
from notifier.store.outreach import Tried
from notifier.store.selections import OfficeLine, Order, Selected
from notifier.web import navigation, staff, wording
from notifier.web.pages import answer, office_notes, questions
from notifier.web.staff import Staff

AHEAD: Final = timedelta(days=30)
LATELY: Final = timedelta(days=7)
FARTHEST: Final = timedelta(days=90)
SHOWN, CHANGES, URGENT_DAYS = 8, 12, 7
LATE: Final = timedelta(minutes=15)
"""After so long a letter that should have left is told about."""
UNDELIVERED: Final = ("failed", "refused", "unknown")
STOPPED: Final = (
    wording.Chip("止めています", "bad"),
    "お知らせが続けて戻ってきたため、自動で止めました。再開するまで、お知らせは出ません。",
)


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that needs a person: how much of it in which unit, what to do, and where ("": there is no page)."""

    count: int
    what: str
    do: str
    link: str
    urgent: bool = False
    unit: str = "件"


@dataclass(frozen=True, slots=True)
class Change:
    """Something about a deadline that became known on a civil date: what it says now, and who said so."""

    on: date
    deadline: str
    title: str
    says: str
    source: str


@dataclass(frozen=True, slots=True)
class Row:
    """One deadline that falls due soon, on the nearest day `on`, and up to `until` where offices have days of their own.

    `reached` are the open ones that have an address.
    """

    deadline: str
    title: str
    on: date
    until: date
    days_left: str
    is_urgent: bool
    settled: int
    reached: int
    unreachable: int
    lapsed: int


async def show(request: web.Request) -> web.Response:
    """Show the day."""
    looking = staff.of(request)
    today, law = looking.today(), await looking.law()
    async with looking.overview() as conn:
        lost = await outlook.silent(conn, looking.tenant, today, SHOWN)
        coming = await outlook.coming(conn, looking.tenant, (today, today + AHEAD), today, lost)
        health = await outlook.sending(conn, looking.tenant, looking.now())
        seen = await outlook.visit_before(conn, looking.user.name)
        halted = await halts.in_force(conn, looking.tenant)
        needed = [*_halted(request, halted), *await _needed(conn, request, looking, law)]
        silent, tries = await _silent(conn, looking, lost.first, today)
        since = _since(request, seen, today)
        said = await outlook.said_since(conn, looking.tenant, since)
    changes = changes_of(looking, law, since, today)
    return answer.page(
        request,
        "today.html",
        "today",
        tasks=[each for each in needed if each.count],
        rows=rows_of(law, coming, today),
        until=today + AHEAD,
        silent=silent,
        silent_count=lost.count,
        tries=tries,
        ways=office_notes.WAYS,
        outcomes=office_notes.OUTCOMES,
        changes=changes[:CHANGES],
        more_changes=max(0, len(changes) - CHANGES),
        said=[
            (wording.chip(wording.OCCASIONS, each.occasion), each, _title(law, each.deadline))
            for each in said
        ][:CHANGES],
        since=since + timedelta(days=1),
        is_own_visit=seen is not None,
        health=STOPPED if halted and not looking.tenant.is_nation else health_of(health, looking),
    )


def _halted(request: web.Request, halted: Sequence[Halt]) -> list[Task]:
    what = "続けて戻ってきました。相手のサーバーの答えを確かめて、再開してください。"
    link = "/letters/halt" if "/letters/halt" in request.app[navigation.SERVED] else ""
    return [Task(len(halted), "お知らせの送信を止めています", what, link, urgent=True)]


async def _needed(conn: Connection, request: web.Request, looking: Staff, law: Law) -> list[Task]:
    """Return what needs a person now, also what there is none of."""
    tenant, served = looking.tenant, request.app[navigation.SERVED]

    def link(address: str, query: str = "") -> str:
        return address + query if address in served else ""

    waiting = await inbox.arrived(conn, [Stage.REVIEWED], tenant=tenant)
    arrived = await inbox.arrived(conn, [Stage.RECEIVED, Stage.READ], tenant=tenant)
    unclear = await outlook.unclear(conn, tenant)
    counted = await delivery_records.counts(conn, tenant, UNDELIVERED)
    asked = await enquiries.count_open(conn, tenant)
    found = [
        Task(
            len([each for each in waiting if each.moved_by != looking.user.name]),
            "承認を待っている通知",
            "内容と影響を確かめて、承認するか戻してください。"
            if looking.may(Deed.APPROVE)
            else "承認者の承認を待っています。",
            link("/notices"),
            urgent=True,
        ),
        Task(
            asked,
            "事業所からの申出・質問",
            "内容を確かめて、回答してください。",
            link("/enquiries"),
            urgent=True,
        ),
        Task(
            await incoming.count_unclear(conn, tenant),
            "事業所の分からない返信",
            "読んで、差出人に確かめてください。",
            link("/mails"),
        ),
        Task(
            await event_records.count_failed(conn, tenant),
            "保留した出来事",
            "ほかのシステムから届き、反映できなかったものです。理由を確かめてください。",
            link("/settings/events", "?state=failed"),
        ),
        Task(len(arrived), "届いた通知", "期限に関わるかを確かめてください。", link("/notices")),
        Task(
            sum(counted.values()),
            "届かなかったお知らせ",
            "宛先を直すか、電話やFAXで伝えてください。",
            link("/letters", "?state=trouble"),
        ),
    ]
    if tenant.is_nation:
        found += [
            Task(
                1,
                f"資料が食い違う期限：{each.title}",
                "どちらによるかを決めてください。",
                f"/deadlines/{each.id}",
            )
            for each in questions.contradicted(law, looking)
        ]
    found += [
        Task(
            count,
            f"期日を確認している期限：{_title(law, deadline)}",
            "発行元に確かめて、期日を決めてください。"
            if tenant.is_nation
            else "発行元に確かめて、規則の担当に知らせてください。",
            f"/deadlines/{deadline}",
            unit="事業所",
        )
        for deadline, count in unclear.items()
    ]
    troubled = await wordings.troubled(conn, tenant.code)
    if troubled is not None:
        found.append(
            Task(
                1,
                f"お知らせの文面の誤り（第{troubled.number}版）",
                "標準の文面で送っています。直した版を保存してください。",
                link("/letters/templates") and f"/letters/templates/{troubled.number}",
            )
        )
    if tenant.is_nation:
        found.append(
            Task(
                # The notices that arrived have a line of their own.
                await tasks.count_open(conn, besides=["notice.received"]),
                "規則の担当の作業",
                "順に片付けてください。",
                link("/tasks"),
            )
        )
    return found


async def _silent(
    conn: Connection, looking: Staff, numbers: tuple[str, ...], today: date
) -> tuple[Sequence[OfficeLine], dict[int, Tried]]:
    """Return the offices with these numbers, those whose duties are nearest first, and how they were tried last."""
    chosen = Selected(order=Order.DUE, among=numbers)
    lines = await selections.offices(conn, looking.tenant, chosen, today, limit=SHOWN) if numbers else []
    return lines, await outreach.last_tries(conn, looking.tenant, [each.id for each in lines])


def _since(request: web.Request, seen: datetime | None, today: date) -> date:
    """Return the civil date after which something is new: as asked for, else the last visit, else a week ago."""
    try:
        asked = date.fromisoformat(request.query.get("since", ""))
    except ValueError:
        asked = civil_date(seen) if seen is not None else today - LATELY
    return min(max(asked, today - FARTHEST), today) - timedelta(days=1)


def rows_of(law: Law, coming: Sequence[Coming], today: date) -> list[Row]:
    """Return what falls due as it is shown, the nearest first; all days of one deadline stand in one row."""
    together: dict[tuple[str, int], list[Coming]] = {}
    for each in coming:
        together.setdefault((each.deadline, each.occurrence), []).append(each)
    rows = []
    for (name, _), some in together.items():
        first, last = min(each.latest for each in some), max(each.latest for each in some)
        unreachable = sum(each.unreachable for each in some)
        rows.append(
            Row(
                name,
                _title(law, name),
                first,
                last,
                wording.days_left(first, today),
                (first - today).days <= URGENT_DAYS,
                sum(each.settled for each in some),
                sum(each.open for each in some) - unreachable,
                unreachable,
                sum(each.lapsed for each in some),
            )
        )
    return sorted(rows, key=lambda row: (row.on, row.deadline))


def changes_of(looking: Staff, law: Law, after: date, today: date) -> list[Change]:
    """Return what became known about deadlines after the civil date `after`, the newest first."""
    concerned = _layers(looking, law)
    found = [
        Change(said.known_from, name, _title(law, name), _says(said), said.notice.title)
        for name in law.deadlines
        for said in law.said(name)
        if after < said.known_from <= today and (not concerned or said.authority in concerned)
    ]
    found += [
        Change(
            each.fact.on,
            "",
            looking.supplies.fact_labels.get(each.fact.type, each.fact.type) + _about(law, each),
            "、".join(f"{name} {value}" for name, value in wording.values_of(each.fact)),
            law.authorities[each.authority].name if each.authority in law.authorities else "国",
        )
        for each in law.settings
        if after < each.fact.on <= today and (not concerned or each.authority in concerned)
    ]
    return sorted(found, key=lambda each: (each.on, each.title), reverse=True)


def _about(law: Law, setting: Setting) -> str:
    """Return in brackets the title of the deadline that a setting names, "" if it names none."""
    name = str(setting.fact.values.get("deadline", ""))
    return f"（{_title(law, name)}）" if name in law.deadlines else ""


def _layers(looking: Staff, law: Law) -> frozenset[str]:
    """Return whose words reach the offices of the tenant; empty for all."""
    code = looking.tenant.code
    if not code:
        return frozenset()
    mine = law.authorities.get(code)
    inside = {each.code for each in law.authorities.values() if code in {each.prefecture, each.union}}
    return frozenset({"", code, (mine.prefecture if mine else None) or "", *inside})


def _says(said: Statement) -> str:
    if said.withdraws:
        return "取り下げられました。"
    if said.due is None:
        return said.remark
    return due_of(said.due, Known(), tentative=said.tentative).wording


def _title(law: Law, name: str) -> str:
    deadline = law.deadlines.get(name)
    return deadline.title if deadline else name


def health_of(found: Sending, looking: Staff) -> tuple[wording.Chip, str]:
    """Return how sending is doing, in a word and in a sentence."""
    last = ""
    if found.last_accepted is not None:
        last = f"最後に相手のサーバーが受け取ったのは{wording.moment(found.last_accepted)}です。"
    if not looking.supplies.is_alive():
        told = "送信の時計が止まっています。運用担当者にすぐ知らせてください。"
        return wording.Chip("止まっています", "bad"), told + last
    if found.waits_since is not None and looking.now() - found.waits_since > LATE:
        told = (
            f"{wording.moment(found.waits_since)}に出るはずのお知らせが、まだ出ていません。"
            "続くときは運用担当者に知らせてください。"
        )
        return wording.Chip("遅れています", "warning"), told + last
    return wording.Chip("動いています", "good"), last or "送ったお知らせはまだありません。"


ROUTES = (web.get("/", show),)
