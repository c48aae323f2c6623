"""Events that came in, under /v1: what became of them, and why some were set aside."""

from typing import Annotated, Any, Literal

from pydantic import Field

from notifier.errors import UnknownError
from notifier.store import event_records
from notifier.store.event_records import EventRecord, Wanted
from notifier.web.api.calls import Call, Route
from notifier.web.api.fields import Inside, Instant, Name, Page, Paging, RowNumber, Shown, page_of


class ArrivalPath(Inside):
    """Which event."""

    id: RowNumber


class ArrivalQuery(Paging):
    """Which events."""

    state: Annotated[
        Literal["received", "waiting", "applied", "failed"] | None,
        Field(description="waitingは事業所の登録待ち、failedは処理できず取り置いたもの"),
    ] = None
    type: Annotated[Name | None, Field(description="種類")] = None
    subject: Annotated[
        str | None,
        Field(pattern=r"^(office/[0-9A-Z]{10}|authority/[0-9]{6})$", description="対象"),
    ] = None


class ArrivalLine(Shown, title="届いた出来事（一覧の1件）"):
    """One event."""

    id: int
    source: str
    event_id: Annotated[str, Field(description="送り手の付けたid")]
    type: str
    subject: str
    sender: Annotated[str, Field(description="どの自治体のために送られたか。空は全国。")]
    key: Annotated[str, Field(description="使われた鍵の名前")]
    happened_at: Instant
    received_at: Instant
    state: str
    problem: Annotated[str, Field(description="取り置いた理由。なければ空。")]
    request: Annotated[str | None, Field(description="届けた呼び出しのX-Request-Id")]
    traceparent: Annotated[
        str | None, Field(description="属するトレース（W3C）。続いて起こる送付やWebhookに引き継ぎます。")
    ]


class Arrivals(Page[ArrivalLine], title="届いた出来事の一覧"):
    """Events, the newest first."""


class Arrival(ArrivalLine, title="届いた出来事"):
    """One event with its data."""

    data: dict[str, Any]


def _line(record: EventRecord) -> dict[str, Any]:
    names = [each for each in ArrivalLine.model_fields if each != "key"]
    return {name: getattr(record, name) for name in names} | {"key": record.key_prefix}


async def show_list(call: Call) -> Arrivals:
    """Answer with a page of events."""
    query = call.query(ArrivalQuery)
    wanted = Wanted(query.state, query.type, query.subject)
    (before,) = query.after(int) or (None,)
    async with call.reading() as conn:
        found = await event_records.events(conn, call.tenant, wanted, before, query.limit + 1)
    rows, following = page_of(found, query.limit, lambda each: (each.id,))
    return Arrivals(items=[ArrivalLine(**_line(each)) for each in rows], next=following)


async def show(call: Call) -> Arrival:
    """Answer with one event."""
    number = call.inside(ArrivalPath).id
    async with call.reading() as conn:
        record = await event_records.event(conn, call.tenant, number)
    if record is None:
        raise UnknownError(f"no event {number} that the caller sees")
    return Arrival(**_line(record), data=dict(record.data))


ROUTES = (
    Route(
        "GET",
        "/events",
        "届いた出来事の一覧（新しい順）。処理できず取り置いたものは理由も。",
        show_list,
        "events:read",
        answers={200: Arrivals},
        query=ArrivalQuery,
        group="出来事",
    ),
    Route(
        "GET",
        "/events/{id}",
        "届いた出来事",
        show,
        "events:read",
        answers={200: Arrival},
        inside=ArrivalPath,
        group="出来事",
    ),
)
