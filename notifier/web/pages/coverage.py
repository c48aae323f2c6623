"""Coverage: of each deadline every office is in exactly one place; in numbers, in lists, and on paper as proof."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from notifier.domain.law import Deadline, Law, Party
from notifier.domain.roles import Deed
from notifier.store import board, coverage, outlines
from notifier.store.coverage import Asked, Covered, Line, Why
from notifier.store.outlines import Outline
from notifier.web import staff
from notifier.web.pages import answer, deadlines, standings
from notifier.web.pages.standings import DeadlineView, Group
from notifier.web.staff import Staff
from notifier.web.wording import Chip

PLACES: Final[Mapping[Covered, Chip]] = {
    Covered.TOLD: Chip("知らせた", "busy"),
    Covered.SETTLED: Chip("完了", "good"),
    Covered.UNTOLD: Chip("まだ知らせていない", "warning"),
    Covered.UNREACHABLE: Chip("届かない", "bad"),
    Covered.EXCLUDED: Chip("配信停止", "warning"),
    Covered.NOT_APPLICABLE: Chip("対象外"),
}
LISTED: Final[Mapping[Covered, str]] = {
    Covered.TOLD: "知らせた事業所",
    Covered.SETTLED: "完了した事業所",
    Covered.UNTOLD: "まだ知らせていない事業所",
    Covered.UNREACHABLE: "届かない事業所",
    Covered.EXCLUDED: "配信を止めている事業所",
    Covered.NOT_APPLICABLE: "対象外の事業所",
}
REASONS: Final[Mapping[Why, str]] = {
    Why.NEW: "登録されたばかりで、まだ計算していません",
    Why.NOT_CONCERNED: "対象のサービスではありません",
    Why.EXEMPTED: "対象外と認めました",
    Why.DECLINED: "辞退・不要の登録があります",
    Why.ELSEWHERE: "この地域には示されていません",
    Why.SETTLED: "完了が登録されています",
    Why.WITHDRAWN: "期限そのものが取り下げられました",
    Why.NOT_TAKEN_UP: "対象になる登録（申請など）がありません",
    Why.EXCLUDED: "配信しないと決められています",
    Why.ADDRESS_LOST: "登録した宛先が使えなくなりました",
    Why.NO_ADDRESS: "宛先の登録がありません",
    Why.TOLD_NOW: "いまの内容を知らせました",
    Why.IN_THE_POST: "送信待ちです",
    Why.NOT_DELIVERED: "送りましたが、受け取られませんでした",
    Why.TOLD_BEFORE: "以前の内容を知らせました（その後、知らせる変更はありません）",
    Why.OVER: "期限を過ぎてから対象になりました",
    Why.NO_DAY: "日が決まり次第、知らせます",
    Why.NOT_YET: "次に知らせる日を待っています",
}
ADVICE: Final[Mapping[Covered, str]] = {
    Covered.UNREACHABLE: "電話かFAXで知らせ、宛先を登録してください。",
    Covered.EXCLUDED: "配信を止めた理由がいまも続いているか、確かめてください。",
}
_GROUPS: Final = (Group.SOON, Group.LATER, Group.UNDATED, Group.PAST)
COLUMNS: Final = (
    "事業所番号",
    "名称",
    "市区町村",
    "区分",
    "理由",
    "完了した日",
    "最後に知らせた日",
    "配信停止・対象外の決定",
)
MOST_ROWS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Row:
    """One deadline in the overview: those left over (`rest`) are told, or will be; all numbers add up to all offices."""

    view: DeadlineView
    outline: Outline
    not_applicable: int


@dataclass(frozen=True, slots=True)
class Place:
    """One place with its number, and the reasons that lead to it with theirs."""

    place: Covered
    chip: Chip
    count: int
    reasons: tuple[tuple[Why, str, int], ...]
    advice: str


async def show(request: web.Request) -> web.Response:
    """Show all deadlines of the authority with where its offices are."""
    looking = staff.of(request)
    today = looking.today()
    law = await looking.law()
    async with looking.overview() as conn:
        standing = await board.board(conn, today, looking.tenant, reach=False)
        found = await outlines.outlines(conn, looking.tenant, today, in_sum=True, standing=standing)
        offices = await coverage.open_offices(conn, looking.tenant, in_sum=True)
    views = {view.deadline.id: view for view in standings.views_of(law, standing, today, looking.tenant)}
    rows = [_row(views[each.deadline], each, offices) for each in found if each.deadline in views]
    rows.sort(key=lambda row: (_order(row.view), row.view.day is None, row.view.day, row.outline.occurrence))
    return answer.page(
        request,
        "coverage.html",
        "coverage",
        current=[row for row in rows if row.view.group is not Group.PAST],
        past=[row for row in rows if row.view.group is Group.PAST][::-1],
        offices=offices,
        whose=whose(law, looking),
    )


def _order(view: DeadlineView) -> int:
    return _GROUPS.index(view.group) if view.group in _GROUPS else len(_GROUPS)


def _row(view: DeadlineView, each: Outline, offices: int) -> Row:
    members = each.settled + each.not_bound + each.unreachable + each.excluded + each.others
    return Row(view, each, offices - members + each.not_bound)


def whose(law: Law, looking: Staff) -> str:
    """Return whose offices are counted, in words."""
    code = looking.tenant.code
    authority = law.authorities.get(code)
    return authority.name if authority else code or "全国"


# ---- one deadline ----


async def show_one(request: web.Request) -> web.Response:
    """Show where the offices are about one deadline, and the list behind a number; all of it on paper."""
    looking = staff.of(request)
    law = await looking.law()
    deadline = _concerning_offices(request, law)
    place = _place(request.query.get("place", ""))
    _, page, skip = answer.asked(request)
    async with looking.overview() as conn:
        numbers = await coverage.occurrences(conn, deadline.id)
        standing = await board.board(conn, looking.today(), looking.tenant, deadline.id, reach=False)
        asked = Asked(deadline, deadlines.occurrence_of(request, numbers), looking.today(), _whys(place))
        counts = await coverage.counts(conn, looking.tenant, asked, in_sum=True)
    lines: Sequence[Line] = ()
    own = counts
    if place is not None:
        async with looking.reading() as conn:
            if looking.tenant.is_prefecture:
                own = await coverage.counts(conn, looking.tenant, asked)
            lines = await coverage.offices(conn, looking.tenant, asked, skip=skip, limit=answer.PAGE_SIZE)
    counted = sum(count for why, count in own.items() if why.place is place)
    kept = [("place", place.value)] if place else []
    kept += [("occurrence", str(asked.occurrence))] if asked.occurrence else []
    key = standings.key_for(deadline.id, looking.tenant)
    here = [each for each in standing if each.key.occurrence == asked.occurrence]
    return answer.page(
        request,
        "coverage_one.html",
        "coverage",
        view=standings.view_of(law, deadline, here, asked.today, key),
        places=places_of(counts),
        total=sum(counts.values()),
        shown=place,
        listed=LISTED,
        reasons=REASONS,
        lines=lines,
        paging=answer.Paging(f"/coverage/{deadline.id}", "", page, counted, kept),
        occurrences=[(each, f"{each}{deadline.occurrence_unit or '回目'}") for each in numbers if each],
        occurrence=asked.occurrence,
        names={code: authority.name for code, authority in law.authorities.items()},
        whose=whose(law, looking),
        only_sums=looking.tenant.is_prefecture,
        sources=_sources(law, deadline),
        now=looking.now(),
    )


def places_of(counts: Mapping[Why, int]) -> list[Place]:
    """Return the places with their numbers, also those where nobody is; together they are all offices."""
    found = []
    for place, chip in PLACES.items():
        reasons = tuple((why, REASONS[why], count) for why, count in counts.items() if why.place is place)
        total = sum(count for _, _, count in reasons)
        found.append(Place(place, chip, total, reasons, ADVICE.get(place, "") if total else ""))
    return found


def _sources(law: Law, deadline: Deadline) -> list[str]:
    """Return the papers on which the deadline rests, the newest first."""
    papers = {
        "、".join(part for part in (each.notice.title, each.notice.issuer, each.notice.number) if part): None
        for each in reversed(law.said(deadline.id))
    }
    return list(papers)


async def send_file(request: web.Request) -> web.Response:
    """Answer with all offices of one deadline as CSV that Excel opens (UTF-8 with a mark)."""
    looking = staff.requiring(request, Deed.READ)
    law = await looking.law()
    deadline = _concerning_offices(request, law)
    async with looking.overview() as conn:
        numbers = await coverage.occurrences(conn, deadline.id)
    asked = Asked(deadline, deadlines.occurrence_of(request, numbers), looking.today())
    async with looking.reading() as conn:
        lines = await coverage.offices(conn, looking.tenant, asked, limit=MOST_ROWS)
    name = f"coverage-{deadline.id.replace('/', '-')}-{asked.today.isoformat()}.csv"
    return web.Response(
        body=_table(lines, law).encode("utf-8-sig"),
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _table(lines: Iterable[Line], law: Law) -> str:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in lines:
        authority = law.authorities.get(each.municipality)
        writer.writerow(
            _harmless(cell)
            for cell in (
                each.number,
                each.name,
                authority.name if authority else each.municipality,
                PLACES[each.why.place].text,
                REASONS[each.why],
                each.settled_on.isoformat() if each.settled_on else "",
                each.told_on.isoformat() if each.told_on else "",
                each.decision,
            )
        )
    return written.getvalue()


def _harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _concerning_offices(request: web.Request, law: Law) -> Deadline:
    deadline = deadlines.found(request, law)
    if Party.OFFICE not in deadline.parties:
        raise web.HTTPNotFound
    return deadline


def _place(written: str) -> Covered | None:
    return next((each for each in Covered if each.value == written), None)


def _whys(place: Covered | None) -> tuple[Why, ...]:
    return tuple(why for why in Why if why.place is place) if place else ()


ROUTES = (
    web.get("/coverage", show),
    web.get("/coverage/{family}/{duty}", show_one),
    web.get("/coverage/{family}/{duty}/list.csv", send_file),
)
