"""Turning the clock: only in the demonstration, where a visitor wants to see what comes next."""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from aiohttp import web
from itsdangerous import BadSignature, Signer

from notifier.domain import dates
from notifier.domain.ladders import Occasion
from notifier.store import board as store
from notifier.store.board import SaidLine
from notifier.web import wording
from notifier.web.pages import answer
from notifier.web.supplies import SUPPLIES, Supplies

FARTHEST = 400
"""Days that one turn may skip."""


class Turning:
    """Lets one visitor at a time turn the clock."""

    def __init__(self) -> None:
        """Stand ready."""
        self.lock = asyncio.Lock()


TURNING = web.AppKey("turning", Turning)


async def show(request: web.Request) -> web.Response:
    """Show the form and, after a turn, what it brought."""
    after, until = (_day(request.query.get(name, "")) for name in ("after", "until"))
    return await _page(request, after=after, until=until)


async def turn(request: web.Request) -> web.Response:
    """Turn the clock to the day asked for, then show what changed; never back, never from elsewhere."""
    supplies = request.app[SUPPLIES]
    if supplies.turn_clock is None or not _is_from_here(request):
        raise web.HTTPForbidden
    form = await request.post()
    written, token = str(form.get("to", "")), str(form.get("token", ""))
    turning = request.app[TURNING]
    if turning.lock.locked():
        problem = "いま時計を進めています。終わってから、もう一度お試しください。"
        return await _page(request, problem=problem, written=written, status=HTTPStatus.CONFLICT)
    async with turning.lock:
        today = supplies.today()
        problem = _problem(supplies, written, token, today)
        to = _day(written)
        if problem or to is None:
            return await _page(
                request, problem=problem, written=written, status=HTTPStatus.UNPROCESSABLE_ENTITY
            )
        await supplies.turn_clock(to)
    shown = urlencode({"after": today.isoformat(), "until": to.isoformat()})
    raise web.HTTPSeeOther(f"/clock?{shown}")


def _problem(supplies: Supplies, written: str, token: str, today: date) -> str:
    """Return what is wrong with the form, in words for the visitor, or ""."""
    to = _day(written)
    if not _is_signed(supplies, token, today):
        return "この画面を開いてから時計が進みました。いまの日付を確かめて、もう一度選んでください。"
    if to is None:
        return "日付を 2026-12-01 の形で入力してください。"
    if to <= today:
        return f"時計は戻せません。{wording.western(today)}より後の日付を選んでください。"
    if (to - today).days > FARTHEST:
        return f"一度に進められるのは{FARTHEST}日までです。"
    return ""


def _is_from_here(request: web.Request) -> bool:
    """Tell whether the form was sent from our own page: by the browser's word, else by the origin."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _signer(supplies: Supplies) -> Signer:
    return Signer(supplies.secret, salt="turn the clock")


def _is_signed(supplies: Supplies, token: str, today: date) -> bool:
    """Tell whether the form was made by us while the clock stood where it stands."""
    try:
        return _signer(supplies).unsign(token) == today.isoformat().encode()
    except BadSignature:
        return False


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written) if len(written) == len("2026-12-01") else None
    except ValueError:
        return None


def _steps(today: date) -> list[tuple[str, date]]:
    return [
        ("翌日", today + timedelta(days=1)),
        ("1週間後", today + timedelta(days=7)),
        ("1か月後", dates.add_months(today, 1)),
    ]


async def _page(
    request: web.Request,
    *,
    after: date | None = None,
    until: date | None = None,
    problem: str = "",
    written: str = "",
    status: HTTPStatus = HTTPStatus.OK,
) -> web.Response:
    supplies = request.app[SUPPLIES]
    today = supplies.today()
    said: list[SaidLine] = []
    if after and until:
        async with supplies.database.reading() as conn:
            said = await store.said_between(conn, after, until)
    law = await supplies.law()
    return answer.page(
        request,
        "clock.html",
        "clock",
        status=status,
        token=_signer(supplies).sign(today.isoformat()).decode(),
        steps=_steps(today),
        tomorrow=today + timedelta(days=1),
        problem=problem,
        written=written,
        after=after,
        until=until,
        said=sorted(said, key=lambda line: line.occasion == Occasion.ACKNOWLEDGEMENT),
        summary=_summary(said),
        titles={name: deadline.title for name, deadline in law.deadlines.items()},
        occasions=wording.OCCASIONS,
        deliveries=wording.DELIVERIES,
    )


def _summary(said: Sequence[SaidLine]) -> list[tuple[str, int]]:
    """Return how much was said by occasion, the most first."""
    counts: dict[str, int] = {}
    for line in said:
        counts[line.occasion] = counts.get(line.occasion, 0) + sum(line.states.values())
    return sorted(counts.items(), key=lambda pair: -pair[1])
