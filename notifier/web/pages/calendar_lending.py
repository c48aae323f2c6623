"""Calendars that are given out: secret addresses for calendar programs, made, renewed and taken back here."""

import re
import secrets
from typing import Final

from aiohttp import web

from notifier.almanac import WantedCalendar, Whose, open_calendar, renew_calendar
from notifier.domain.roles import Deed
from notifier.errors import CalendarRefusedError, UnknownError
from notifier.steps.lend import recall
from notifier.store import agendas
from notifier.store.agendas import CalendarAddress
from notifier.web import forms, settings_words, staff, wording
from notifier.web.forms import Form, Question
from notifier.web.pages import answer
from notifier.web.staff import Staff

HERE: Final = "settings/calendars"
ROOT: Final = "/settings/calendars"
SUBJECTS: Final = {
    Whose.OFFICE: ("事業所番号", re.compile(r"[0-9A-Z]{10}"), "事業所番号は10桁で入力してください。"),
    Whose.CONTACT: (
        "宛先のメールアドレス",
        re.compile(r"[^@\s]+@[^@\s]+"),
        "宛先は、登録されているメールアドレスで入力してください。",
    ),
    Whose.AUTHORITY: ("団体コード", re.compile(r"[0-9]{6}"), "団体コードは6桁の数字で入力してください。"),
}
MISSING: Final = {
    Whose.OFFICE: "この番号の事業所は見つかりません。番号を確かめてください。",
    Whose.CONTACT: "このアドレスは、どの事業所の宛先にも登録されていません。",
    Whose.AUTHORITY: "この団体コードの自治体は見つかりません。",
}


async def show_list(request: web.Request) -> web.Response:
    """Show all calendars that were given out, the newest first, and the form for another one."""
    looking = staff.requiring(request, Deed.ADMINISTER)
    return await _page(request, looking, Form.filled(whose="office"))


async def _page(request: web.Request, looking: Staff, form: Form) -> web.Response:
    async with looking.reading() as conn:
        found = await agendas.every(conn, looking.tenant)
    law = await looking.law()
    return answer.page(
        request,
        "calendars.html",
        HERE,
        status=forms.status_of(form),
        form=form,
        found=list(reversed(found)),
        kinds=settings_words.CALENDARS,
        names={code: each.name for code, each in law.authorities.items()},
        whose=[(each.value, settings_words.CALENDARS[each.value]) for each in Whose],
    )


async def lend(request: web.Request) -> web.Response:
    """Give out a calendar and show its address, this once."""
    looking = staff.requiring(request, Deed.ADMINISTER)
    form = await forms.read(request)
    kind = form.one_of("whose", "だれの予定か", [each.value for each in Whose])
    subject = form.text("subject", "番号またはアドレス", needed=True, longest=254)
    label = form.text("label", "渡す相手", needed=True)
    if form.is_right:
        _, shape, wrong = SUBJECTS[Whose(kind)]
        subject = subject.upper() if kind == Whose.OFFICE else subject
        if not shape.fullmatch(subject):
            form.wrong("subject", wrong)
    if form.is_right:
        wanted = WantedCalendar(Whose(kind), subject, label, looking.tenant.code)
        try:
            token = await open_calendar(looking.tools, wanted, secrets.token_bytes, looking.actor)
        except UnknownError:
            form.wrong("subject", MISSING[Whose(kind)])
        except CalendarRefusedError:
            form.wrong("label", "渡す相手は1行で入力してください。")
        else:
            return _made(request, looking, token, label, is_new=True)
    return await _page(request, looking, form)


def _made(request: web.Request, looking: Staff, token: str, label: str, *, is_new: bool) -> web.Response:
    address = f"{looking.tools.correspondent.base_url}/calendar/{token}.ics"
    return answer.page(request, "calendar_made.html", HERE, address=address, label=label, is_new=is_new)


async def _found(request: web.Request) -> tuple[Staff, Form, CalendarAddress]:
    looking = staff.requiring(request, Deed.ADMINISTER)
    form = await forms.read(request)
    async with looking.reading() as conn:
        found = await agendas.find(conn, request.match_info["name"], looking.tenant)
    if found is None:
        raise web.HTTPNotFound
    return looking, form, found


async def renew(request: web.Request) -> web.Response:
    """Change the secret of a calendar and show its new address; before that say what that means."""
    looking, form, found = await _found(request)
    if not form.is_ticked("confirmed"):
        question = Question(
            "カレンダーのアドレスを作り直します",
            "前のアドレスは読めなくなります。新しいアドレスは、次の画面で一度だけ表示します。",
            "作り直す",
            f"{ROOT}/{found.name}/renew",
            ROOT,
            counts=_about(found),
        )
        return forms.ask(request, HERE, question)
    token = await renew_calendar(
        looking.tools, looking.tenant, found.name, secrets.token_bytes, looking.actor
    )
    if token is None:
        return forms.done(request, ROOT, "このカレンダーは、すでに取り消されています。")
    return _made(request, looking, token, found.label, is_new=False)


async def revoke(request: web.Request) -> web.Response:
    """Take a calendar back for good; before that say whose it is and when it was read."""
    looking, form, found = await _found(request)
    if not form.is_ticked("confirmed"):
        question = Question(
            "カレンダーを取り消します",
            "取り消すと読めなくなり、元に戻せません。予定表に残った予定は、読む側で消してください。",
            "取り消す",
            f"{ROOT}/{found.name}/revoke",
            ROOT,
            counts=_about(found),
        )
        return forms.ask(request, HERE, question)
    await recall(looking.tools, looking.tenant, found.name, looking.actor)
    return forms.done(request, ROOT, f"「{found.label or found.subject}」のカレンダーを取り消しました。")


def _about(found: CalendarAddress) -> list[tuple[str, str]]:
    read = wording.western(found.last_read) if found.last_read else "まだ読まれていません"
    return [("渡した相手", found.label or "（記録なし）"), ("最後に読まれた日", read)]


_ONE: Final = f"{ROOT}/{{name:cal_[0-9a-f]{{12}}}}"
ROUTES: Final = (
    web.get(ROOT, show_list),
    web.post(ROOT, lend),
    web.post(f"{_ONE}/renew", renew),
    web.post(f"{_ONE}/revoke", revoke),
)
