"""One's own password: every user changes it, asked for by the old one."""

from math import ceil
from typing import Final

from aiohttp import web

from notifier.domain.accounts import SHORTEST
from notifier.errors import AccountRefusedError
from notifier.gatehouse import Gatehouse, Refused
from notifier.steps.admit import Try
from notifier.web import forms, gate, staff
from notifier.web.forms import Form
from notifier.web.origins import origin_of
from notifier.web.pages import answer, login
from notifier.web.staff import Staff

ADDRESS: Final = "/password"


def _house(request: web.Request) -> tuple[Staff, Gatehouse]:
    looking = staff.of(request)
    if looking.supplies.gatehouse is None:
        raise web.HTTPNotFound
    return looking, looking.supplies.gatehouse


async def show(request: web.Request) -> web.Response:
    """Show the form."""
    _house(request)
    return _page(request, Form())


def _page(request: web.Request, form: Form) -> web.Response:
    looking = staff.of(request)
    status = forms.status_of(form)
    values = {"form": form, "account": looking.user.name, "shortest": SHORTEST}
    return answer.page(request, "own_password.html", "", status=status, **values)


async def change(request: web.Request) -> web.Response:
    """Change the password; the sessions of other browsers end, this one goes on."""
    looking, house = _house(request)
    form = await forms.read(request)
    old, new, again = (form.value(name) for name in ("old", "new", "again"))
    for name, label in (
        ("old", "いまのパスワード"),
        ("new", "新しいパスワード"),
        ("again", "新しいパスワード（もう一度）"),
    ):
        if not form.value(name):
            form.wrong(name, f"{label}を入力してください。")
    if form.is_right and new != again:
        form.wrong("again", "2回入力した新しいパスワードが同じではありません。")
    if form.is_right:
        tried = Try(looking.user.name, origin_of(request), login.place_of(request, looking.user.name))
        token = request.cookies.get(gate.session_cookie(looking.supplies), "")
        try:
            _tell(form, await house.change_password(tried, token, old, new))
        except AccountRefusedError as fault:
            form.wrong("new", str(fault))
    if not form.is_right:
        return _page(request, form)
    return forms.done(request, ADDRESS, "パスワードを変えました。ほかの端末でのログインは終わりました。")


def _tell(form: Form, refused: Refused | None) -> None:
    if refused is None:
        return
    if refused.wait is None:
        form.wrong("old", "いまのパスワードが違います。")
    else:
        minutes = ceil(refused.wait.total_seconds() / 60)
        form.wrong("old", f"間違いが続いたため、変更を止めています。{minutes}分後にもう一度お試しください。")


ROUTES = (web.get(ADDRESS, show), web.post(ADDRESS, change))
