"""The page on which an office's number and the code from a letter are typed, where links in mails do not arrive.

What is wrong is not told apart: nobody learns here whether there is such an office or such a code.
"""

from datetime import timedelta
from http import HTTPStatus
from math import ceil
from typing import Final

from aiohttp import web

from notifier.counter import read_code
from notifier.domain.codes import read_code as read_item_code
from notifier.web.forms import Form
from notifier.web.office import door
from notifier.web.origins import origin_of
from notifier.web.supplies import SUPPLIES

WRONG: Final = (
    "事業所番号と確認番号の組み合わせを確かめられませんでした。"
    "いちばん新しいメールの番号を、もう一度入力してください。"
)
OTHER_CODE: Final = (
    "入力されたのは整理番号のようです。"
    "メールの末尾の「事業所のページ」にある確認番号（8文字）を入力してください。"
)


async def show(request: web.Request) -> web.Response:
    """Show the form."""
    return _form(request, Form())


async def enter(request: web.Request) -> web.Response:
    """Lead whoever typed what fits to the office's page."""
    counter = request.app[SUPPLIES].counter
    if counter is None or not door.is_from_here(request):
        raise web.HTTPForbidden
    sent = await request.post()
    form = Form.filled(number=str(sent.get("number", "")), code=str(sent.get("code", "")))
    number = form.text("number", "事業所番号", needed=True, longest=40)
    code = form.text("code", "確認番号", needed=True, longest=40)
    if form.is_right and not read_code(code) and read_item_code(code) is not None:
        form.wrong("code", OTHER_CODE)
    if not form.is_right:
        return _form(request, form)
    found = await counter.typed(number, code, origin_of(request))
    if isinstance(found, str):
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={"Location": f"/o/{found}", **door.HEADERS})
    if isinstance(found, timedelta):
        form.wrong(
            "", f"間違いが続いたため、入力を止めています。{_spoken(found)}後に、もう一度お試しください。"
        )
        answer = _form(request, form, HTTPStatus.TOO_MANY_REQUESTS)
        answer.headers["Retry-After"] = str(ceil(found.total_seconds()))
        return answer
    form.wrong("", WRONG)
    return _form(request, form)


def _form(request: web.Request, form: Form, status: HTTPStatus | None = None) -> web.Response:
    if request.app[SUPPLIES].counter is None:
        raise web.HTTPNotFound
    usual = HTTPStatus.OK if form.is_right else HTTPStatus.UNPROCESSABLE_ENTITY
    return door.page(request, "code.html", form=form, status=status or usual)


def _spoken(wait: timedelta) -> str:
    seconds = ceil(wait.total_seconds())
    return f"{ceil(seconds / 60)}分" if seconds > 90 else f"{seconds}秒"


ROUTES: Final = (web.get("/code", show), web.post("/code", enter))
