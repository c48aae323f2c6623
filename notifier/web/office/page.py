"""The office's page: what is due, what changed, what is settled, what was sent, whom to ask. Looking changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from aiohttp import web

from notifier.clock import civil_date
from notifier.domain.deadlines import Shape
from notifier.domain.ladders import Occasion
from notifier.domain.letters import Content
from notifier.domain.origins import OFFICE_MAIL, OFFICE_PAGE
from notifier.store.declarations import APPLIED, PENDING, UNDONE, Declaration
from notifier.store.dossiers import LetterLine
from notifier.store.enquiries import DECLINED, OPEN, UPHELD, WITHDRAWN
from notifier.web import wording
from notifier.web.office.covering import covered
from notifier.web.office.door import Caller, let_in
from notifier.web.office.duties import GROUPS, Card
from notifier.web.office.seeing import Seen, see
from notifier.web.wording import Chip

LATELY: Final = timedelta(days=90)
SHOWN_DECLARED: Final = timedelta(days=14)
MOST_SENT: Final = 10

ANSWERS: Final = {
    OPEN: Chip("確認中", "busy"),
    UPHELD: Chip("認められました", "good"),
    DECLINED: Chip("対象です", "warning"),
    WITHDRAWN: Chip("取り下げ"),
}
REPLIED: Final = Chip("回答あり", "good")
DECLARED: Final = {
    "done": "済んだことの登録",
    "facts": "当てはまることの登録",
    "seen": "内容を見た",
    "not-applicable": "対象ではないと伝えた",
    "reminder": "この日に知らせる",
    "message": "市町村に伝えた",
    "contact": "連絡先の変更",
    "address": "宛先の追加・変更",
    "stop": "宛先の停止",
    "calendar": "カレンダーのアドレスの発行",
    "calendar-stop": "カレンダーのアドレスの停止",
}
STATES: Final = {
    PENDING: Chip("取り消せます", "busy"),
    APPLIED: Chip("登録済み", "good"),
    UNDONE: Chip("取り消し"),
}
CHANGING: Final = {"reminder", "not-applicable", "message", "contact"}


@dataclass(frozen=True, slots=True)
class Group:
    """Duties under one heading."""

    name: str
    heading: str
    cards: Sequence[Card]


@dataclass(frozen=True, slots=True)
class Changed:
    """A change that was told lately: on which civil date, of what, from which wording to which."""

    on: date
    title: str
    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail that was sent, or should have been: to whom (covered), and what came of it."""

    on: date
    occasion: Chip
    title: str
    to: str
    state: Chip


@dataclass(frozen=True, slots=True)
class Line:
    """Something the office declared: what, about which duty, how it stands, and whether it can be taken back."""

    id: int
    declared: Declaration
    label: str
    about: str
    chip: Chip
    can_undo: bool


async def show(caller: Caller) -> web.Response:
    """Show the page of the office."""
    seen = await see(caller)
    view, record = seen.view, seen.record
    cards = view.cards()
    groups = [
        Group(name, heading, found)
        for name, heading, _ in GROUPS
        if (found := [card for card in cards if card.group == name])
    ]
    kinds, services = view.tools.catalogue.facts, view.tools.catalogue.services
    authority = view.law.authorities.get(record.office.municipality)
    return caller.page(
        "page.html",
        record=record,
        groups=groups,
        counts={group.name: len(group.cards) for group in groups},
        services=[
            services[code].name if code in services else code for code in sorted(record.office.services)
        ],
        changes=_changes(seen),
        sent=_sent(seen),
        most_sent=MOST_SENT,
        lines=_lines(seen),
        enquiries=[(each, _answer(each.kind, each.state)) for each in seen.enquiries],
        contacts=[(each, covered(each.address)) for each in seen.contacts],
        in_use=sum(each.active for each in seen.contacts),
        calendars=seen.calendars,
        facts=[
            (line, kinds[line.fact.type].label if line.fact.type in kinds else line.fact.type)
            for line in reversed(record.facts)
        ],
        values_of=wording.values_of,
        came_from={OFFICE_PAGE: "このページから", OFFICE_MAIL: "メールの返信から"},
        municipality=authority.name if authority else "",
        correspondent=view.tools.correspondent,
        is_closed=record.closed_on is not None and record.closed_on <= view.today,
    )


def _changes(seen: Seen) -> list[Changed]:
    since = seen.view.today - LATELY
    found: dict[tuple[date, str, str], Changed] = {}
    for line in seen.letters:
        if line.occasion != "change" or line.on < since:
            continue
        said = Content.from_data(line.content)
        if said.change is not None:
            change = said.change
            title = f"{said.title}（{said.occurrence_label}）" if said.occurrence_label else said.title
            changed = Changed(line.on, title, change.label, change.old, change.new)
            found.setdefault((line.on, title, change.new), changed)
    return list(found.values())


def _sent(seen: Seen) -> list[Sent]:
    return [_sent_of(line) for line in seen.letters if line.state != "cancelled"]


def _sent_of(line: LetterLine) -> Sent:
    said = Content.from_data(line.content)
    # Where nothing opens, the mail was headed お知らせ, too.
    is_window = line.occasion != Occasion.OPENING or said.due.shape is Shape.WINDOW
    return Sent(
        line.on,
        wording.chip(wording.OCCASIONS, line.occasion) if is_window else Chip("お知らせ"),
        said.title,
        covered(line.recipient) if line.recipient else "宛先がありません",
        wording.chip(wording.DELIVERIES, line.state),
    )


def _lines(seen: Seen) -> list[Line]:
    since = seen.view.today - SHOWN_DECLARED
    waiting = {(each.deadline, each.occurrence) for each in seen.view.wishes}
    asked = {(each.kind, each.at) for each in seen.enquiries if each.state == OPEN}
    found = []
    for each in seen.view.declarations:
        if civil_date(each.at) < since:
            continue
        duty = (each.deadline, each.occurrence)
        can_undo = each.state == PENDING or (
            each.state == APPLIED
            and ((each.kind == "reminder" and duty in waiting) or (each.kind, each.at) in asked)
        )
        chip = STATES[each.state]
        if each.state == APPLIED and each.kind in CHANGING:
            chip = Chip("受付済み", "good")
        label = DECLARED.get(each.kind, each.kind)
        found.append(Line(each.id, each, label, str(each.detail.get("title", "")), chip, can_undo))
    return found


def _answer(kind: str, state: str) -> Chip:
    if kind != "not-applicable" and state in {UPHELD, DECLINED}:
        return REPLIED
    return ANSWERS[state]


ROUTES: Final = (web.get("/o/{token}", let_in(show)),)
