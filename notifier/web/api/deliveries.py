"""Deliveries under /v1: what was said to whom, what came of it, and saying it once more."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from notifier.domain.traces import begun
from notifier.errors import UnknownError
from notifier.steps.resend import resend
from notifier.store import delivery_records
from notifier.store.delivery_records import DeliveryRecord, Wanted
from notifier.web.api.calls import Call, Reply, Route
from notifier.web.api.fields import (
    Day,
    Inside,
    Instant,
    OfficeNumber,
    Page,
    Paging,
    RowNumber,
    Shown,
    page_of,
)
from notifier.web.api.obligations import DeadlineId
from notifier.web.api.problems import RefusedError

State = Literal["planned", "sending", "accepted", "refused", "unknown", "failed", "unreachable", "cancelled"]
RESENDERS = frozenset({"municipality", "prefecture", "operator", "editor"})


class DeliveryPath(Inside):
    """Which delivery."""

    id: RowNumber


class DeliveryQuery(Paging):
    """Which deliveries."""

    state: State | None = None
    office: OfficeNumber | None = None
    deadline: DeadlineId | None = None
    occasion: Annotated[str | None, Field(pattern=r"^[a-z-]{1,30}$", description="きっかけ")] = None
    since: Annotated[Day | None, Field(description="この日以後")] = None
    until: Annotated[Day | None, Field(description="この日以前")] = None
    request: Annotated[
        str | None,
        Field(pattern=r"^[A-Za-z0-9._~-]{8,128}$", description="もとになった呼び出しのX-Request-Id"),
    ] = None
    traceparent: Annotated[
        str | None,
        Field(pattern=r"^[0-9a-f-]{55}$", description="もとになった呼び出しや出来事のtraceparent"),
    ] = None


class DeliveryLine(Shown, title="送付（一覧の1件）"):
    """One saying for one address."""

    id: int
    on: date
    occasion: Annotated[str, Field(description="announcement、change、reminderなど")]
    rung: str
    deadline: str
    occurrence: int
    party: Annotated[str, Field(description="誰に（office/番号、authority/団体コード、editor）")]
    office: OfficeNumber | None
    office_name: str | None
    channel: str
    recipient: Annotated[str, Field(description="宛先。空は宛先なし。")]
    state: str
    repeat: Annotated[int, Field(description="手で送り直した何回目か。最初のものは0。")]
    due_at: Instant
    finished_at: Instant | None


class Deliveries(Page[DeliveryLine], title="送付の一覧"):
    """Deliveries, the newest first."""


class Delivery(DeliveryLine, title="送付"):
    """One delivery with what was said and what was answered."""

    message: Annotated[str, Field(description="Message-IDの左側。まだ書かれていなければ空。")]
    subject: str
    attempts: int
    next_try_at: Instant | None
    code: Annotated[int | None, Field(description="相手の返した番号")]
    answer: Annotated[str, Field(description="相手の返した言葉")]
    content: Annotated[dict[str, Any], Field(description="述べた内容")]
    traceparent: Annotated[
        str | None,
        Field(description="もとになった呼び出しや出来事のtraceparent。日が来て送るものは空。"),
    ]


def _line(record: DeliveryRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in DeliveryLine.model_fields}


def shown(record: DeliveryRecord) -> Delivery:
    """Return a delivery as it is answered."""
    return Delivery(
        **_line(record),
        message=record.message,
        subject=record.subject,
        attempts=record.attempts,
        next_try_at=record.next_try_at if record.finished_at is None else None,
        code=record.code,
        answer=record.answer,
        content=dict(record.content),
        traceparent=record.traceparent,
    )


async def show_list(call: Call) -> Deliveries:
    """Answer with a page of deliveries."""
    query = call.query(DeliveryQuery)
    asked = query.model_dump(exclude={"limit", "cursor", "request"})
    if query.request is not None and query.traceparent is None:
        asked["traceparent"] = begun(query.request)  # as it does where a call brings none
    wanted = Wanted(**asked)
    (before,) = query.after(int) or (None,)
    async with call.reading() as conn:
        found = await delivery_records.deliveries(conn, call.tenant, wanted, before, query.limit + 1)
    rows, following = page_of(found, query.limit, lambda each: (each.id,))
    return Deliveries(items=[DeliveryLine(**_line(each)) for each in rows], next=following)


async def show(call: Call) -> Delivery:
    """Answer with one delivery."""
    return await _one(call, call.inside(DeliveryPath).id)


async def _one(call: Call, number: int) -> Delivery:
    async with call.reading() as conn:
        record = await delivery_records.delivery(conn, call.tenant, number)
    if record is None:
        raise UnknownError(f"no delivery {number} that the caller sees")
    return shown(record)


async def send_again(call: Call) -> Reply:
    """Plan a delivery anew."""
    anew = await resend(call.tools, call.tenant, call.inside(DeliveryPath).id, call.actor, _check)
    call.entrance.reception.wake()
    return Reply(await _one(call, anew), 201, f"/v1/deliveries/{anew}")


def _check(record: DeliveryRecord) -> None:
    """Refuse what has not left yet, what no longer holds, and addresses that were given up."""
    if not record.can_repeat:
        raise RefusedError("not-possible")


ROUTES = (
    Route(
        "GET",
        "/deliveries",
        "送付の一覧（新しい順）",
        show_list,
        "deliveries:read",
        answers={200: Deliveries},
        query=DeliveryQuery,
        group="送付",
    ),
    Route(
        "GET",
        "/deliveries/{id}",
        "送付（述べた内容と、相手の答え）",
        show,
        "deliveries:read",
        answers={200: Delivery},
        inside=DeliveryPath,
        group="送付",
    ),
    Route(
        "POST",
        "/deliveries/{id}/resend",
        "同じ内容を同じ宛先にもう一度送る（新しい送付になり、前の記録は残ります）",
        send_again,
        "deliveries:write",
        answers={201: Delivery},
        problems=("not-possible",),
        inside=DeliveryPath,
        roles=RESENDERS,
        creates=True,
        group="送付",
    ),
)
