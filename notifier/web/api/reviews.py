"""Reviews under /v1: a notice is handed in, its candidates are decided on, and two persons let it speak."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Final

from pydantic import Field

from notifier.desk import Desk
from notifier.errors import NoticeRefusedError, SecondPersonError
from notifier.reading.extraction import LIMITS, ExtractionError
from notifier.reviewing import ReviewRefusedError
from notifier.steps.enact import DriftError
from notifier.steps.revise import Check
from notifier.steps.take_in import Handed
from notifier.store.reviews import Review
from notifier.web.api.calls import JSON, MERGE, Call, Reply, Route
from notifier.web.api.fields import RowNumber
from notifier.web.api.notices import NoticePath
from notifier.web.api.problems import RefusedError
from notifier.web.api.review_forms import (
    VERDICTS,
    Identity,
    ImpactShown,
    Judgement,
    Nothing,
    PreviewQuery,
    ReviewShown,
    Statement,
    Turning,
    UploadQuery,
    Withdrawing,
    impact_shown,
    objection_fields,
    review_shown,
)

GROUP: Final = "文書の確認と承認"
WRITERS: Final = frozenset({"municipality", "prefecture", "operator", "editor", "ministry"})
DECIDERS: Final = WRITERS - {"operator"}
FILES: Final = {
    "application/pdf": bytes,
    "text/html": bytes,
    "text/plain": bytes,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": bytes,
    "application/octet-stream": bytes,
}
"""As what a notice may be sent."""


class CandidatePath(NoticePath):
    """Which candidate of which notice."""

    number: Annotated[RowNumber, Field(description="候補の番号")]


def _desk(call: Call) -> Desk:
    return Desk(call.tools, call.actor, call.tenant)


@asynccontextmanager
async def _refusing() -> AsyncIterator[None]:
    """Turn what the desk refuses into problems; a review's objections go with it."""
    try:
        yield
    except ReviewRefusedError as refused:
        objections = [objection_fields(each) for each in refused.objections]
        raise RefusedError("review-unfit", more={"objections": objections}) from None
    except DriftError:
        raise RefusedError("drifted") from None
    except SecondPersonError:
        raise RefusedError("second-person") from None
    except NoticeRefusedError:
        raise RefusedError("not-possible") from None
    except ExtractionError:
        raise RefusedError("no-text") from None


async def _seen(call: Call, name: str) -> tuple[Review | None, ReviewShown]:
    desk = _desk(call)
    arrived = await desk.find(name)
    review = await desk.review_or_none(name)
    objections = await desk.objections(name) if review is not None else []
    return review, review_shown(arrived, review, objections)


async def _shown(call: Call, name: str) -> ReviewShown:
    return (await _seen(call, name))[1]


def _check(call: Call, before: Review | None, shown: ReviewShown) -> Check:
    """Refuse a change unless the caller has seen the review as it is shown, and nothing has changed since."""

    def check(review: Review) -> None:
        call.check(shown)
        if review != before:
            raise RefusedError("changed-meanwhile")

    return check


def _address(name: str) -> str:
    return f"/v1/notices/{name.replace('/', '%2F')}/review"


async def upload(call: Call) -> Reply:
    """Take a notice in and read it; the same file again is the same notice."""
    if call.request.content_type not in FILES:
        raise RefusedError("unsupported-media-type")
    query = call.query(UploadQuery)
    said = query.title, query.issuer, query.number, query.issued
    handed = Handed(query.name, await call.raw(), *said, notice=query.notice)
    async with _refusing():
        name, is_new = await _desk(call).add(handed)
    return Reply(await _shown(call, name), 201 if is_new else 200, _address(name))


async def show(call: Call) -> ReviewShown:
    """Answer with the review of a notice; without candidates while nobody has read it."""
    return await _shown(call, call.inside(NoticePath).id)


async def read(call: Call) -> ReviewShown:
    """Read a notice that a source has brought; once it was read, nothing changes."""
    await call.body(Nothing)
    name = call.inside(NoticePath).id
    async with _refusing():
        await _desk(call).read(name)
    return await _shown(call, name)


async def correct(call: Call) -> ReviewShown:
    """Say what a notice is."""
    name, wanted = call.inside(NoticePath).id, await call.body(Identity)
    said = wanted.model_dump(mode="json", exclude_unset=True)
    check = _check(call, *await _seen(call, name))
    async with _refusing():
        await _desk(call).correct(name, said, check)
    return await _shown(call, name)


async def judge(call: Call) -> ReviewShown:
    """Keep, drop, leave open or rewrite a candidate."""
    place, wanted = call.inside(CandidatePath), await call.body(Judgement)
    review, shown = await _seen(call, place.id)
    check, desk = _check(call, review, shown), _desk(call)
    async with _refusing():
        if wanted.said is not None:
            await desk.change(place.id, place.number, wanted.said.said, check)
        elif wanted.verdict is not None:
            await desk.judge(place.id, [place.number], VERDICTS[wanted.verdict], check)
        else:
            call.check(shown)
    return await _shown(call, place.id)


async def supply(call: Call) -> Reply:
    """Add what the machine has missed."""
    name, wanted = call.inside(NoticePath).id, await call.body(Statement)
    async with _refusing():
        await _desk(call).supply(name, wanted.said)
    return Reply(await _shown(call, name), 201, _address(name))


async def preview(call: Call) -> ImpactShown:
    """Answer with what approving would do now."""
    name, query = call.inside(NoticePath).id, call.query(PreviewQuery)
    async with _refusing():
        return impact_shown(await _desk(call).preview(name, query.months, query.samples))


async def sign_off(call: Call) -> ImpactShown:
    """Vouch for what a notice is to say and for whom."""
    await call.body(Nothing)
    async with _refusing():
        return impact_shown(await _desk(call).sign_off(call.inside(NoticePath).id))


async def approve(call: Call) -> ImpactShown:
    """Let a reviewed notice speak, as a second person."""
    await call.body(Nothing)
    async with _refusing():
        impact = await _desk(call).approve(call.inside(NoticePath).id)
    call.entrance.reception.wake()
    return impact_shown(impact)


async def reject(call: Call) -> ReviewShown:
    """Turn a notice away."""
    name, wanted = call.inside(NoticePath).id, await call.body(Turning)
    async with _refusing():
        await _desk(call).turn_away(name, wanted.reason, relevant=not wanted.not_relevant)
    return await _shown(call, name)


async def withdraw(call: Call) -> Reply:
    """Begin to take an approved notice back."""
    name, wanted = call.inside(NoticePath).id, await call.body(Withdrawing)
    async with _refusing():
        back = await _desk(call).withdraw(name, wanted.reason)
    return Reply(await _shown(call, back), 201, _address(back))


_deed = partial(Route, "POST", group=GROUP, cost=20)
REVIEW: Final = "/notices/{id}/review"
ROUTES = (
    _deed(
        "/notices",
        "文書（PDF・HTML・Word・テキスト）を送る。読み取って候補を作るだけで、承認まで何も出ない",
        upload,
        "notices:write",
        takes=FILES,
        answers={201: ReviewShown, 200: ReviewShown},
        problems=("no-text",),
        query=UploadQuery,
        roles=WRITERS,
        largest=LIMITS.size,
    ),
    _deed(
        "/notices/{id}/read",
        "情報源から届いた文書を読み取る",
        read,
        "notices:write",
        takes={JSON: Nothing},
        answers={200: ReviewShown},
        problems=("no-text",),
        inside=NoticePath,
        roles=WRITERS,
    ),
    Route(
        "GET",
        REVIEW,
        "文書の確認の状態と候補",
        show,
        "notices:read",
        answers={200: ReviewShown},
        inside=NoticePath,
        group=GROUP,
    ),
    Route(
        "PATCH",
        REVIEW,
        "文書の情報（題名、発出者、発出日など）を直す",
        correct,
        "notices:write",
        takes={MERGE: Identity, JSON: Identity},
        answers={200: ReviewShown},
        problems=("not-possible", "review-unfit"),
        inside=NoticePath,
        roles=WRITERS,
        guarded=True,
        group=GROUP,
    ),
    Route(
        "PATCH",
        "/notices/{id}/candidates/{number}",
        "候補を採用する、除く、書き直す",
        judge,
        "notices:write",
        takes={MERGE: Judgement, JSON: Judgement},
        answers={200: ReviewShown},
        problems=("not-possible", "review-unfit"),
        inside=CandidatePath,
        roles=WRITERS,
        guarded=True,
        group=GROUP,
    ),
    Route(
        "POST",
        "/notices/{id}/candidates",
        "読み取れなかった記載を加える",
        supply,
        "notices:write",
        takes={JSON: Statement},
        answers={201: ReviewShown},
        problems=("not-possible", "review-unfit"),
        inside=NoticePath,
        roles=WRITERS,
        creates=True,
        group=GROUP,
    ),
    Route(
        "GET",
        "/notices/{id}/preview",
        "承認すると何が起きるか（何も保存しない）",
        preview,
        "notices:read",
        answers={200: ImpactShown},
        problems=("not-possible", "review-unfit"),
        inside=NoticePath,
        query=PreviewQuery,
        group=GROUP,
        cost=20,
    ),
    _deed(
        REVIEW,
        "確認を終える。承認は別の人が行う",
        sign_off,
        "notices:write",
        takes={JSON: Nothing},
        answers={200: ImpactShown},
        problems=("not-possible", "review-unfit"),
        inside=NoticePath,
        roles=WRITERS,
    ),
    _deed(
        "/notices/{id}/approve",
        "確認した人とは別の人として承認する",
        approve,
        "approvals:write",
        takes={JSON: Nothing},
        answers={200: ImpactShown},
        problems=("not-possible", "second-person", "drifted", "review-unfit"),
        inside=NoticePath,
        roles=DECIDERS,
    ),
    _deed(
        "/notices/{id}/reject",
        "却下する、または対象外とする",
        reject,
        "notices:write",
        takes={JSON: Turning},
        answers={200: ReviewShown},
        problems=("not-possible",),
        inside=NoticePath,
        roles=WRITERS,
    ),
    _deed(
        "/notices/{id}/withdraw",
        "承認した文書の取下げを始める。別の人の承認で効力を持つ",
        withdraw,
        "notices:write",
        takes={JSON: Withdrawing},
        answers={201: ReviewShown},
        problems=("not-possible", "review-unfit"),
        inside=NoticePath,
        roles=WRITERS,
    ),
)
