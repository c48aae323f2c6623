"""The office's own calendar: its page gives out secret addresses for calendar programs, told once, and takes them back."""

from http import HTTPStatus
from typing import Final

from aiohttp import web

from notifier.almanac import WantedCalendar, Whose, open_calendar
from notifier.domain.callers import Tenant
from notifier.errors import CalendarRefusedError
from notifier.steps.declare import Declared
from notifier.steps.lend import recall
from notifier.store import agendas
from notifier.web.forms import Form
from notifier.web.office.asking import Asked, Field, Ready, deed
from notifier.web.office.deeds import declared_by
from notifier.web.office.door import Caller

MOST: Final = 10
TOO_MANY: Final = "発行できるのは10件までです。使っていないものを「使うのをやめる」で減らしてください。"
GIVEN: Final = "すでに発行しました。アドレスを控えていないときは、使うのをやめて、もう一度発行してください。"


async def give_out(caller: Caller, form: Form) -> Asked:
    """Give out an address; whoever knows it reads this one calendar."""
    note = "アドレスは、発行した画面で一度だけ表示されます。知っている人はだれでも、この事業所の期限を見られます。"
    label = Field("text", "label", "名前（どこで使うか）", "例：事務室のパソコン、施設長のスマートフォン")
    asked = Asked("カレンダーのアドレスを発行する", caller.visit.guest.name, (label,), note=note)
    async with caller.counter.tools.database.reading() as conn:
        known = await agendas.of_office(conn, caller.visit.guest.number)
    if not form.typed:
        return asked
    written = form.text("label", "名前", needed=True, longest=60)
    if len(known) >= MOST:
        form.wrong("", TOO_MANY)
    if not form.is_right:
        return asked

    async def perform(nonce: str) -> str | web.Response | None:
        kept = await declared_by(caller, Declared("calendar", nonce))
        if kept is None or not kept.is_new:
            return None if kept is None else GIVEN
        visit, counter = caller.visit, caller.counter
        wanted = WantedCalendar(Whose.OFFICE, visit.guest.number, written, visit.guest.municipality)
        try:
            token = await open_calendar(counter.tools, wanted, counter.chance, visit.actor(caller.origin))
        except CalendarRefusedError:
            form.wrong("label", "名前に使えない文字があります。")
            return caller.page("ask.html", asked=asked, form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        address = f"{counter.tools.correspondent.base_url}/calendar/{token}.ics"
        return caller.page("calendar.html", address=address, subscribe=_for_programs(address), label=written)

    ready = Ready([("名前", written)], note, "発行する", perform)
    return Asked(asked.title, asked.lead, (label,), ready, note=note)


def _for_programs(address: str) -> str:
    return "webcal://" + address.partition("://")[2]


async def take_back(caller: Caller, _: Form) -> Asked:
    """Let an address be read no more."""
    name, visit = caller.request.match_info["calendar"], caller.visit
    async with caller.counter.tools.database.reading() as conn:
        found = [each for each in await agendas.of_office(conn, visit.guest.number) if each.name == name]
    if not found:
        raise web.HTTPNotFound
    known = found[0]

    async def perform(nonce: str) -> str | None:
        kept = await declared_by(caller, Declared("calendar-stop", nonce))
        if kept is None:
            return None
        await recall(caller.counter.tools, Tenant(known.authority), name, visit.actor(caller.origin))
        return "カレンダーのアドレスを使えなくしました。"

    follows = "このアドレスを登録したカレンダーは、期限を表示しなくなります。元には戻せません。"
    ready = Ready([("名前", known.label or "カレンダー")], follows, "使うのをやめる", perform)
    return Asked("カレンダーのアドレスを使うのをやめる", visit.guest.name, ready=ready)


ROUTES: Final = (
    *deed("calendar", give_out),
    *deed("calendar/{calendar:cal_[0-9a-f]{12}}", take_back),
)
