"""Notices and approvals under /v1: the papers, those that wait for a second person, and the approval itself."""

from datetime import date
from typing import Annotated

from pydantic import Field

from notifier.domain.notices import Rank
from notifier.errors import NoticeRefusedError, UnknownError
from notifier.steps.approve import approve
from notifier.store import notice_records
from notifier.store.notice_records import NoticeRecord
from notifier.web.api.calls import JSON, Call, Reply, Route
from notifier.web.api.fields import Body, Inside, Instant, Page, Paging, Shown, page_of
from notifier.web.api.obligations import DeadlineId
from notifier.web.api.problems import RefusedError

APPROVERS = frozenset({"editor", "ministry"})
NoticeId = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,199}$", description="文書のid（アドレスでは/を%2Fと書きます）"
    ),
]


class NoticePath(Inside):
    """Which notice."""

    id: NoticeId


class NoticeQuery(Paging):
    """Which notices."""

    approved: Annotated[bool | None, Field(description="承認済みかどうか")] = None
    deadline: Annotated[DeadlineId | None, Field(description="この期限について述べているもの")] = None


class Notice(Shown, title="文書"):
    """One notice, or a dated part of one."""

    id: str
    title: str
    issuer: str
    number: str
    issued: date | None
    known_from: Annotated[date, Field(description="この仕組みが使える最初の日")]
    rank: Annotated[str, Field(description="文書の格")]
    in_hand: Annotated[bool, Field(description="手元にあるかどうか")]
    deadlines: Annotated[list[str], Field(description="述べている期限")]
    accepted_at: Instant
    accepted_by: Annotated[str | None, Field(description="受け入れた人。全国の鍵だけに見えます。")]
    approved_at: Instant | None
    approved_by: Annotated[str | None, Field(description="承認した人。全国の鍵だけに見えます。")]


class Notices(Page[Notice], title="文書の一覧"):
    """Notices, by id."""


class Approving(Body, title="承認"):
    """Which notice shall speak from now on."""

    notice: NoticeId


def _shown(record: NoticeRecord, deadlines: list[str], call: Call) -> Notice:
    sees_names = call.tenant.is_nation
    return Notice(
        id=record.id,
        title=record.title,
        issuer=record.issuer,
        number=record.number,
        issued=record.issued,
        known_from=record.known_from,
        rank=Rank(record.rank).label,
        in_hand=record.in_hand,
        deadlines=deadlines,
        accepted_at=record.accepted_at,
        accepted_by=record.accepted_by if sees_names else None,
        approved_at=record.approved_at,
        approved_by=record.approved_by if sees_names else None,
    )


async def _page(call: Call, query: Paging, *, approved: bool | None, deadline: str | None = None) -> Notices:
    (after,) = query.after(str) or ("",)
    async with call.overview() as conn:
        found = await notice_records.notices(
            conn, after, query.limit + 1, tenant=call.tenant, approved=approved, deadline=deadline
        )
        rows, following = page_of(found, query.limit, lambda each: (each.id,))
        deadlines = await notice_records.deadlines_of(conn, [each.id for each in rows])
    return Notices(items=[_shown(each, deadlines[each.id], call) for each in rows], next=following)


async def show_list(call: Call) -> Notices:
    """Answer with a page of notices."""
    query = call.query(NoticeQuery)
    return await _page(call, query, approved=query.approved, deadline=query.deadline)


async def show_waiting(call: Call) -> Notices:
    """Answer with a page of those that wait for a second person."""
    return await _page(call, call.query(Paging), approved=False)


async def show(call: Call) -> Notice:
    """Answer with one notice."""
    return await _one(call, call.inside(NoticePath).id)


async def _one(call: Call, name: str) -> Notice:
    async with call.overview() as conn:
        record = await notice_records.notice(conn, name, call.tenant)
        if record is None:
            raise UnknownError(f"no notice {name}")
        deadlines = await notice_records.deadlines_of(conn, [name])
    return _shown(record, deadlines[name], call)


async def approve_one(call: Call) -> Reply:
    """Let a notice speak, as a second person."""
    wanted = await call.body(Approving)
    if not call.tenant.is_nation:
        raise RefusedError("not-for-the-nation")
    known = await _one(call, wanted.notice)
    if known.approved_at is not None:
        raise RefusedError("not-possible")
    if known.accepted_by == call.actor.name:
        raise RefusedError("second-person")
    try:
        await approve(call.tools, [wanted.notice], call.actor)
    except NoticeRefusedError:  # it came into the inbox: POST /notices/{id}/approve
        raise RefusedError("not-possible") from None
    call.entrance.reception.wake()
    return Reply(await _one(call, wanted.notice), 201, f"/v1/notices/{wanted.notice.replace('/', '%2F')}")


ROUTES = (
    Route(
        "GET",
        "/notices",
        "文書の一覧",
        show_list,
        "notices:read",
        answers={200: Notices},
        query=NoticeQuery,
        group="文書と承認",
    ),
    Route(
        "GET",
        "/notices/{id}",
        "文書",
        show,
        "notices:read",
        answers={200: Notice},
        inside=NoticePath,
        group="文書と承認",
    ),
    Route(
        "GET",
        "/approvals",
        "承認を待っている文書の一覧",
        show_waiting,
        "notices:read",
        answers={200: Notices},
        query=Paging,
        group="文書と承認",
    ),
    Route(
        "POST",
        "/approvals",
        "文書を、受け入れた人とは別の人として承認する",
        approve_one,
        "approvals:write",
        takes={JSON: Approving},
        answers={201: Notice},
        problems=("not-found", "not-possible", "second-person", "not-for-the-nation"),
        roles=APPROVERS,
        creates=True,
        group="文書と承認",
    ),
)
