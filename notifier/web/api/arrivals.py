"""Events that came in, under /v1: what became of them, and why some were set aside."""

from typing import Annotated, Any, Literal

from pydantic import Field

from notifier.arrears import try_again
from notifier.domain.law import Law
from notifier.errors import UnknownError
from notifier.store import event_records
from notifier.store.event_records import EventRecord, Wanted
from notifier.tools import law_on
from notifier.web import event_words
from notifier.web.api.calls import Call, Reply, Route
from notifier.web.api.fields import Inside, Instant, Name, Page, Paging, RowNumber, Shown, page_of
from notifier.web.api.problems import RefusedError
from notifier.web.event_words import Awaits


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
    problem: Annotated[str, Field(description="取り置いた理由（記録のまま）。なければ空。")]
    awaits: Annotated[Awaits | None, Field(description="受け付けた後に待つもの（送ったときの答えと同じ）。")]
    detail: Annotated[
        str, Field(description="取り置いた理由や待つものの説明と、どうすればよいか。なければ空。")
    ]
    request: Annotated[str | None, Field(description="届けた呼び出しのX-Request-Id")]
    traceparent: Annotated[
        str | None, Field(description="属するトレース（W3C）。続いて起こる送付やWebhookに引き継ぎます。")
    ]


class Arrivals(Page[ArrivalLine], title="届いた出来事の一覧"):
    """Events, the newest first."""


class Arrival(ArrivalLine, title="届いた出来事"):
    """One event with its data."""

    data: dict[str, Any]


def _line(record: EventRecord, law: Law) -> dict[str, Any]:
    names = ArrivalLine.model_fields.keys() - {"key", "awaits", "detail"}
    held_up = event_words.awaits(law, record.type, record.subject, record.data.get("deadline"))
    more = {"key": record.key_prefix, "awaits": held_up}
    more["detail"] = event_words.told(record.state, record.problem, held_up)
    return {name: getattr(record, name) for name in names} | more


async def _law(call: Call) -> Law:
    async with call.overview() as conn:
        return await law_on(conn, call.tools, call.today())


async def show_list(call: Call) -> Arrivals:
    """Answer with a page of events."""
    query = call.query(ArrivalQuery)
    wanted = Wanted(query.state, query.type, query.subject)
    (before,) = query.after(int) or (None,)
    async with call.reading() as conn:
        found = await event_records.events(conn, call.tenant, wanted, before, query.limit + 1)
    rows, following = page_of(found, query.limit, lambda each: (each.id,))
    law = await _law(call)
    return Arrivals(items=[ArrivalLine(**_line(each, law)) for each in rows], next=following)


async def show(call: Call) -> Arrival:
    """Answer with one event."""
    record = await _seen(call)
    return Arrival(**_line(record, await _law(call)), data=dict(record.data))


async def replay(call: Call) -> Reply:
    """Have an event that was set aside tried again, by the worker."""
    if (await _seen(call)).state != "failed":
        raise RefusedError("not-possible")
    try:
        await try_again(call.tools, call.inside(ArrivalPath).id, call.actor)
    except UnknownError:  # somebody else was faster
        raise RefusedError("not-possible") from None
    call.entrance.reception.wake()
    return Reply(await show(call), 202)


async def _seen(call: Call) -> EventRecord:
    number = call.inside(ArrivalPath).id
    async with call.reading() as conn:
        record = await event_records.event(conn, call.tenant, number)
    if record is None:
        raise UnknownError(f"no event {number} that the caller sees")
    return record


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
    Route(
        "POST",
        "/events/{id}/replay",
        "取り置いた出来事をもう一度試す（原因を除いた後に）",
        replay,
        "events:write",
        answers={202: Arrival},
        problems=("not-possible",),
        inside=ArrivalPath,
        group="出来事",
    ),
)
