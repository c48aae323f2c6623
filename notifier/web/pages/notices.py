"""Notices: what came in and where it stands, its text beside what was read in it, what approving it would do."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web
from aiohttp.helpers import content_disposition_header

from notifier.catalogue.sources import RANKS
from notifier.desk import Desk, Opened
from notifier.domain.law import Law
from notifier.domain.reviews import Objection
from notifier.domain.roles import Deed
from notifier.domain.stages import Stage
from notifier.errors import NoticeRefusedError, UnknownError
from notifier.reading.extraction import ExtractionError
from notifier.store import audit_records, papers, reviews
from notifier.store.reviews import Candidate, Review
from notifier.web import forms, staff
from notifier.web.forms import Form
from notifier.web.pages import answer, candidate_forms, impacts, marks
from notifier.web.staff import Staff
from notifier.web.wording import Chip

ONE: Final = "/notices/{notice}"
WAITING: Final = (Stage.RECEIVED, Stage.READ, Stage.REVIEWED)
WAY: Final = (Stage.RECEIVED, Stage.READ, Stage.REVIEWED, Stage.APPROVED)
STAGES: Final[Mapping[Stage, Chip]] = {
    Stage.RECEIVED: Chip(Stage.RECEIVED.label, "warning"),
    Stage.READ: Chip("確認待ち", "warning"),
    Stage.REVIEWED: Chip("承認待ち", "busy"),
    Stage.APPROVED: Chip(Stage.APPROVED.label, "good"),
    Stage.REJECTED: Chip(Stage.REJECTED.label, "bad"),
    Stage.NOT_RELEVANT: Chip(Stage.NOT_RELEVANT.label),
    Stage.WITHDRAWN: Chip(Stage.WITHDRAWN.label, "bad"),
}
ACTIONS: Final = {
    "notice.received": "受け付けました",
    "notice.read": "読み取りました",
    "notice.revised": "内容を直しました",
    "notice.reviewed": "確認しました",
    "notice.approved": "承認しました",
    "notice.rejected": "却下しました",
    "notice.not-relevant": "対象外にしました",
    "notice.withdrawn": "取り下げました",
    "notice.reopened": "確認をやり直すことにしました",
    "notice.withdrawal-begun": "取下げの手続を始めました",
}
MOST_OPEN: Final = 8
"""Texts that are kept at hand: files never change, and taking a PDF apart takes a while."""
MOST_LINES: Final = 400


@dataclass(frozen=True, slots=True)
class Shown:
    """One candidate as the page shows it: what it says in words, and what is wrong with it."""

    candidate: Candidate
    title: str
    is_new: bool
    due: str
    old: str
    label: str
    sentence: str
    reasons: tuple[str, ...]
    line: int | None
    objections: tuple[Objection, ...]


class Shelf:
    """Texts that were opened lately."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: OrderedDict[tuple[str, date | None], Opened] = OrderedDict()

    async def open(self, desk: Desk, notice: str) -> Opened:
        """Return a notice with its text, taken apart once. Raises as `Desk.open` does."""
        found = await desk.find(notice)
        key = (notice, found.issued)
        known = self._kept.pop(key, None) or await desk.open(notice)
        self._kept[key] = known
        while len(self._kept) > MOST_OPEN:
            self._kept.popitem(last=False)
        return known


SHELF: Final = Shelf()


def desk_of(looking: Staff) -> Desk:
    """Return the desk at which the user sits."""
    return Desk(looking.tools, looking.actor, looking.tenant)


async def show_list(request: web.Request) -> web.Response:
    """Show what came in: what waits, or everything."""
    looking = staff.of(request)
    every = request.query.get("show") == "all"
    found = await desk_of(looking).arrived(tuple(Stage) if every else WAITING)
    async with looking.overview() as conn:
        titles = await reviews.titles(conn, [each.notice for each in found])
    return answer.page(
        request,
        "notices.html",
        "notices",
        found=[(each, titles.get(each.notice) or each.title or each.notice) for each in found],
        stages=STAGES,
        tabs=[("待っているもの", "/notices", not every), ("すべて", "/notices?show=all", every)],
        every=every,
    )


async def show_upload(request: web.Request) -> web.Response:
    """Show the form on which a notice is handed in."""
    staff.requiring(request, Deed.EDIT)
    waiting = request.query.get("for", "")
    return answer.page(
        request, "notice_new.html", "notices", form=Form.filled(notice=waiting) if waiting else Form()
    )


async def show(request: web.Request) -> web.Response:
    """Show one notice: its text with the marks, and beside it what was read, candidate by candidate."""
    return await page(request, staff.of(request))


async def page(
    request: web.Request, looking: Staff, form: Form | None = None, problems: Sequence[Objection] = ()
) -> web.Response:
    """Return the page of one notice; `form` is the one that describes the notice itself, as it was sent."""
    name = request.match_info["notice"]
    desk = desk_of(looking)
    law = await looking.law()
    text_problem, lacks_file = "", False
    lines: list[marks.Line] = []
    arrived, review = await _found(desk, name)
    objections = await desk.objections(name) if review else []
    try:
        opened = await SHELF.open(desk, name)
        at = _places(review)
        lines = (
            list(marks.lines_of(opened.reading, opened.document.pages, at)) if opened.document.text else []
        )
        warnings: Sequence[str] = opened.document.warnings
        meanings = [
            (marks.mark_of(each, number), each.line, " ".join(each.text.split()))
            for number, each in enumerate(opened.reading.expressions, 1)
        ]
    except (ExtractionError, UnknownError) as fault:
        text_problem, warnings, meanings = str(fault).partition(": ")[2] or str(fault), (), []
        lacks_file = isinstance(fault, UnknownError)
    filled = form or _identity_form(review)
    return answer.page(
        request,
        "notice.html",
        "notices",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if problems else forms.status_of(filled),
        form=filled,
        problems=problems,
        arrived=arrived,
        review=review,
        **_head(arrived, review),
        way=_way(arrived.stage),
        candidates=shown(review, law, objections),
        objections=[each for each in objections if each.number is None],
        errors=sum(each.is_error for each in objections),
        lines=lines[:MOST_LINES] if request.query.get("text") != "all" else lines,
        is_cut=len(lines) > MOST_LINES and request.query.get("text") != "all",
        line_count=len(lines),
        most_lines=MOST_LINES,
        warnings=warnings,
        meanings=[each for each in meanings if each[0].labels],
        text_problem=text_problem,
        lacks_file=lacks_file,
        ranks=[(name, rank.label) for name, rank in RANKS.items()],
        suggested=review.suggested if review else {},
        anomalies=review.anomalies if review else (),
        address=f"/notices/{name}",
        may=_may(looking, arrived.stage, review.reviewed_by if review else "", arrived.moved_by),
        people=await staff.people(looking),
    )


async def _found(desk: Desk, name: str) -> tuple[Any, Review | None]:
    try:
        arrived = await desk.find(name)
        review = await desk.review_or_none(name)
        if review is None and arrived.stage is Stage.RECEIVED:
            return arrived, None
    except UnknownError:
        raise web.HTTPNotFound from None
    return arrived, review


def _head(arrived: Any, review: Review | None) -> dict[str, Any]:
    """Return what stands at the top of each page of a notice; what its reviewer says of it comes first."""
    said = review.identity if review else {}
    return {
        "chip": STAGES[arrived.stage],
        "title": said.get("title") or arrived.title or arrived.notice,
        "issuer": said.get("issuer") or arrived.issuer,
    }


def _way(stage: Stage) -> list[tuple[str, str]]:
    """Return the steps of a notice with how far it is: done, here or ahead."""
    if stage not in WAY:
        return []
    place = WAY.index(stage)
    names = ("受付", "読み取り", "確認", "承認")
    return [(name, "done" if number <= place else "ahead") for number, name in enumerate(names)]


def _may(looking: Staff, stage: Stage, reviewer: str, moved_by: str) -> Mapping[str, bool]:
    """Return what the user may do with a notice at this stage; approving is for a second person."""
    edits, approves = looking.may("edit"), looking.may("approve")
    return {
        "read": edits and stage is Stage.RECEIVED,
        "revise": edits and stage in {Stage.READ, Stage.REVIEWED},
        "sign": edits and stage is Stage.READ,
        "approve": approves and stage is Stage.REVIEWED and looking.user.name != (reviewer or moved_by),
        "second": stage is Stage.REVIEWED and looking.user.name == (reviewer or moved_by),
        "reject": edits and stage in WAITING,
        "reopen": edits and stage in {Stage.REJECTED, Stage.NOT_RELEVANT},
        "withdraw": edits and stage is Stage.APPROVED,
    }


def _places(review: Review | None) -> list[tuple[int, int]]:
    candidates = review.candidates if review else ()
    return [(int(each.found["line"]), each.number) for each in candidates if each.found.get("line")]


def _identity_form(review: Review | None) -> Form:
    if review is None:
        return Form()
    return Form.filled(**{name: str(value or "") for name, value in review.identity.items()})


def shown(review: Review | None, law: Law, objections: Sequence[Objection]) -> list[Shown]:
    """Return the candidates as the page shows them."""
    return [_shown(each, law, objections) for each in (review.candidates if review else ())]


def _shown(each: Candidate, law: Law, objections: Sequence[Objection]) -> Shown:
    name = str(each.said.get("deadline", ""))
    definition = each.said.get("definition")
    known = law.deadlines.get(name)
    amends: Mapping[str, Any] = (each.found.get("amends") or [{}])[0]
    title = known.title if known else str((definition or {}).get("title", name))
    due = candidate_forms.due_in_words(each.said.get("statement", {}))
    is_old = amends.get("deadline") == name and amends.get("change")
    return Shown(
        each,
        title,
        definition is not None,
        due,
        str(amends.get("old", "")) if is_old else "",
        impacts.CHANGES.get(str(amends.get("change", "")), "") if is_old else "",
        " ".join(str(each.found.get("sentence", "")).split()),
        tuple(amends.get("reasons", ())),
        each.found.get("line"),
        tuple(found for found in objections if found.number == each.number),
    )


async def show_impact(request: web.Request) -> web.Response:
    """Show what approving would do now: for whom, which letters leave when, who is not reached. Nothing is saved."""
    looking = staff.of(request)
    name = request.match_info["notice"]
    desk = desk_of(looking)
    arrived, review = await _found(desk, name)
    problem, impact = "", None
    try:
        impact = await desk.preview(name)
    except (NoticeRefusedError, UnknownError) as fault:
        problem = str(fault)
    objections = await desk.objections(name) if review else []
    return answer.page(
        request,
        "notice_impact.html",
        "notices",
        arrived=arrived,
        **_head(arrived, review),
        impact=impacts.shown(impact) if impact else None,
        in_sum=looking.tenant.is_prefecture,
        problem=problem,
        errors=[each for each in objections if each.is_error],
        address=f"/notices/{name}",
        may=_may(looking, arrived.stage, review.reviewed_by if review else "", arrived.moved_by),
    )


async def show_history(request: web.Request) -> web.Response:
    """Show who did what with a notice, the newest first."""
    looking = staff.of(request)
    name = request.match_info["notice"]
    arrived, review = await _found(desk_of(looking), name)
    async with looking.overview() as conn:
        wanted = audit_records.Wanted(subject=f"notice/{name}")
        rows = await audit_records.rows(conn, looking.tenant, wanted, None, 200)
    return answer.page(
        request,
        "notice_history.html",
        "notices",
        arrived=arrived,
        **_head(arrived, review),
        rows=[(row, ACTIONS.get(row.action, row.action)) for row in rows],
        people=await staff.people(looking),
        address=f"/notices/{name}",
    )


async def send_original(request: web.Request) -> web.Response:
    """Answer with the file as it came, to be saved; a browser never opens it as a page of ours."""
    looking = staff.of(request)
    name = request.match_info["notice"]
    await _found(desk_of(looking), name)
    async with looking.overview() as conn:
        kept = await papers.document_of(conn, name)
    if kept is None:
        raise web.HTTPNotFound
    file, content = kept
    return web.Response(
        body=content,
        content_type="application/octet-stream",
        headers={"Content-Disposition": content_disposition_header("attachment", filename=file)},
    )


ROUTES = (
    web.get("/notices", show_list),
    web.get("/notices/new", show_upload),
    web.get(ONE, show),
    web.get(f"{ONE}/impact", show_impact),
    web.get(f"{ONE}/history", show_history),
    web.get(f"{ONE}/original", send_original),
)
