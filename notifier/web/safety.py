"""What surrounds every page: headers against misuse, time limits, pages for errors."""

import asyncio
from http import HTTPStatus

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from notifier.errors import NotifierError
from notifier.web import frame, staff
from notifier.web.connections import GUARD
from notifier.web.headers import HEADERS
from notifier.web.supplies import PAGES

PAGE_SECONDS = 30.0
TURNING_SECONDS = 600.0
LARGEST_FORM = 16_384

TOLD = {
    404: ("ページが見つかりません", "アドレスをご確認いただくか、一覧からお探しください。"),
    405: ("この操作はできません", "画面のボタンやリンクから操作してください。"),
    408: ("時間切れです", "もう一度お試しください。"),
    413: ("送られた内容が大きすぎます", "入力の内容を減らしてからお試しください。"),
    410: (
        "このカレンダーの配信は終わりました",
        "カレンダーの購読を解除してください。続けて使うときは、新しいアドレスを運用担当者にお求めください。",
    ),
    403: ("この操作は受け付けられません", "画面を開き直してから、もう一度お試しください。"),
    503: (
        "ただいま込み合っています",
        "しばらくしてからお試しください。お知らせの送信は止まっていません。",
    ),
}
LACKING = "この操作をする権限がありません"
ELSE = ("表示できません", "しばらくしてからお試しください。続くときは運用担当者にお知らせください。")

_log = structlog.get_logger("notifier.web")


@web.middleware
async def dress(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Set the headers on every answer; what a handler has set itself stays."""
    guard = request.app[GUARD]
    guard.header_came(request.transport)
    try:
        answer = await handler(request)
    except web.HTTPException as fault:
        for name, value in HEADERS.items():
            fault.headers.setdefault(name, value)
        raise
    finally:
        guard.await_header(request.transport)
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer


@web.middleware
async def mend(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what goes wrong with a page in Japanese; details go to the log, never to the page."""
    if len(request.match_info.apps) > 1:  # the API has its own limit, and its own words
        return await handler(request)
    return await _mended(request, handler)


async def _mended(request: web.Request, handler: Handler) -> web.StreamResponse:
    seconds = TURNING_SECONDS if request.path == "/clock" else PAGE_SECONDS
    try:
        async with asyncio.timeout(seconds):
            return await handler(request)
    except staff.LackingRightError as fault:
        advice = await staff.whom_to_ask(staff.of(request), fault.deed)
        return error_page(request, fault.status, told=(LACKING, advice))
    except web.HTTPException as fault:
        if fault.status < HTTPStatus.BAD_REQUEST:
            raise
        allowed = {"Allow": fault.headers["Allow"]} if "Allow" in fault.headers else {}
        return error_page(request, fault.status, allowed)
    except TimeoutError:
        _log.warning("page took too long", page=_page(request), seconds=seconds)
        return error_page(request, 503)
    except NotifierError as fault:
        _log.error("page failed", page=_page(request), problem=str(fault))
        return error_page(request, 503)
    except Exception as fault:
        # The last one to answer: whatever went wrong is logged, and the visitor gets a page.
        if isinstance(fault, ConnectionResetError) and request.transport is None:
            raise  # whoever asked went away before the form had come: nothing is wrong here
        _log.exception("page failed", page=_page(request))
        return error_page(request, 500)


def _page(request: web.Request) -> str:
    """Return the pattern of the address: the address itself may hold a secret, or somebody's search."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "(none)"


def error_page(
    request: web.Request,
    status: int,
    headers: dict[str, str] | None = None,
    told: tuple[str, str] | None = None,
) -> web.Response:
    """Return the page that says what went wrong and what to do; `told` is its heading and advice, if not the usual."""
    heading, advice = told or TOLD.get(status, ELSE)
    text = request.app[PAGES].render(
        "error.html", **frame.around(request, ""), heading=heading, advice=advice, status=status
    )
    return web.Response(text=text, content_type="text/html", status=status, headers=headers)
