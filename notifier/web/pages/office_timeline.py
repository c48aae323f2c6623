"""One office: what happened, the newest first: what was said, what was learned, what staff did."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from notifier.domain.law import Law
from notifier.store import timelines
from notifier.store.timelines import FACT, SAID, Moment
from notifier.web import navigation, staff, wording
from notifier.web.pages import answer, office
from notifier.web.staff import Staff
from notifier.web.wording import Chip

AT_ONCE: Final = 50
DEEDS: Final = {
    "contact.entered": "宛先を登録",
    "contact.amended": "宛先の設定を変更",
    "contact.removed": "宛先を取り除いた",
    "contact.confirmed": "宛先を本人が確認",
    "contact.muted": "メールの受け取りを断った",
    "contact.bounced": "メールが届かないため、宛先を停止",
    "reply.understood": "メールの返信を受け付けた",
    "reply.left-to-people": "メールの返信を担当者に渡した",
    "office.amended": "登録内容を訂正",
    "office.contacted": "電話・FAXなどで連絡",
    "office.closed": "廃止を登録",
    "office.suspended": "休止を登録",
    "office.reopened": "再開を登録",
    "office.designated": "サービスを変更",
    "office.exempted": "期限を対象外に決定",
    "office.exemption-ended": "期限の対象に戻した",
    "office.declared": "事業所からの届け出",
    "office.undeclared": "事業所が届け出を取り消し",
    "office-page.sent": "事業所のページのアドレスを送った",
    "office-page.read-out": "ページの確認番号を電話などで伝えた",
    "office-page.code-refused": "ページの確認番号の誤り",
    "office-page.revoked": "配ったページのアドレスを無効にした",
    "enquiry.answered": "申出・質問に回答",
    "note.written": "メモを書いた",
    "note.withdrawn": "メモを取り下げた",
    "delivery.repeated": "お知らせを送り直した",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the timeline: when, what, and where it leads ("" nowhere)."""

    at: datetime
    chip: Chip
    title: str
    under: str
    link: str


async def show(request: web.Request) -> web.Response:
    """Show a part of the timeline; `before` in the address leads further back."""
    looking = staff.of(request)
    head = await office.head_of(request, looking, "timeline")
    place = (head.record.id, head.record.number)
    async with looking.reading() as conn:
        found = await timelines.moments(
            conn, looking.tenant, place, _before(request.query.get("before", "")), AT_ONCE + 1
        )
    law = await looking.law()
    people = await staff.people(looking)
    shown = found[:AT_ONCE]
    older = ""
    if len(found) > AT_ONCE:
        last = shown[-1]
        before = {"before": f"{last.at.isoformat()}~{last.kind}~{last.id}"}
        older = f"/offices/{head.record.number}/timeline?{urlencode(before)}"
    has_letters = "/letters/{number}" in request.app[navigation.SERVED]
    return answer.page(
        request,
        "office_timeline.html",
        "offices",
        head=head,
        lines=[line_of(each, looking, law, people, has_letters=has_letters) for each in shown],
        older=older,
        is_first="before" not in request.query,
    )


def _before(written: str) -> tuple[datetime, str, int] | None:
    """Return the place in the timeline that an address names, None if it makes no sense."""
    at, _, rest = written.partition("~")
    kind, _, last = rest.partition("~")
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        return None
    is_place = kind in timelines.KINDS and last.isascii() and last.isdigit() and len(last) <= 15
    return (instant, kind, int(last)) if is_place and instant.tzinfo is not None else None


def line_of(
    moment: Moment, looking: Staff, law: Law, people: Mapping[str, str], *, has_letters: bool
) -> Line:
    """Return one thing that happened as a reader wants it."""
    detail = moment.detail
    if moment.kind == SAID:
        duty = law.deadlines.get(detail["deadline"])
        state = wording.chip(wording.DELIVERIES, detail["state"])
        channel = wording.CHANNELS.get(detail["channel"], detail["channel"])
        return Line(
            moment.at,
            wording.chip(wording.OCCASIONS, moment.name),
            duty.title if duty else detail["deadline"],
            f"{state.text}　{channel}",
            f"/letters/{moment.id}" if has_letters else "",
        )
    if moment.kind == FACT:
        label = looking.supplies.fact_labels.get(moment.name, moment.name)
        return Line(moment.at, Chip("事実", "strong"), label, f"{wording.full(detail['on'])}から", "")
    under = "　".join(
        part
        for part in (people.get(detail["who"], detail["who"]), detail["detail"].get("reason", ""))
        if part
    )
    return Line(moment.at, Chip("操作"), DEEDS.get(moment.name, moment.name), under, "")


ROUTES = (web.get("/offices/{number}/timeline", show),)
