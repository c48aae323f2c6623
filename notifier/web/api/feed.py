"""The feed under /v1: everything that an authority is told, in one order, for networks that nothing can be posted into."""

import asyncio
import json
from time import monotonic
from typing import Annotated, Any, Final

from pydantic import Field

from notifier.channels.webhook import event_body
from notifier.store import feed, listeners
from notifier.store.feed import Place, Told
from notifier.web.api.calls import Call, Route
from notifier.web.api.fields import Query, Shown
from notifier.web.api.problems import RefusedError, Wrong

MOST: Final = 500
LONGEST_WAIT: Final = 20
LOOK: Final = 0.5
"""Seconds between two looks while a call waits."""
WAITING: Final = 200
"""Calls that wait at once; any more are answered without waiting."""


class FeedQuery(Query):
    """From where on, how much, and how long to wait if there is nothing."""

    after: Annotated[
        str,
        Field(
            max_length=23,
            description="前回のnextの値。その続きから読みます。初回は付けずに、保管されている最初から。",
        ),
    ] = ""
    limit: Annotated[int, Field(ge=1, le=MOST, description="件数（1～500）")] = 100
    wait: Annotated[
        int, Field(ge=0, le=LONGEST_WAIT, description="新しいものがないとき、待つ秒数（0～20）")
    ] = 0


class Feed(Shown, title="フィード"):
    """Messages in their order; `next` is what to ask with the next time, whether or not there are any."""

    items: Annotated[list[dict[str, Any]], Field(description="CloudEvents 1.0（JSON）の並び")]
    next: Annotated[str, Field(description="次の呼び出しのafterに渡す値。いつでも入っています。")]


class _Waiting:
    """How many calls wait."""

    count = 0


async def show(call: Call) -> Feed:
    """Answer with what stands behind a place; wait for it if asked to, and if not too many wait already."""
    query = call.query(FeedQuery)
    place = _place(query.after)
    until = monotonic() + query.wait
    found = await _read(call, place, query.limit)
    if not found and query.wait and _Waiting.count < WAITING:
        _Waiting.count += 1
        try:
            while not found and monotonic() < until:
                await _pause()
                found = await _read(call, place, query.limit)
        finally:
            _Waiting.count -= 1
    exchange = call.entrance.exchange
    items = [json.loads(event_body(exchange.event(each))) for each in found] if exchange else []
    return Feed(items=items, next=str(found[-1].place) if found else str(place))


async def _pause() -> None:
    try:
        await asyncio.wait_for(asyncio.Event().wait(), LOOK)
    except TimeoutError:
        return


def _place(written: str) -> Place:
    if not written:
        return Place()
    try:
        return Place.read(written)
    except ValueError:
        raise RefusedError("wrong-parameters", [Wrong("after", "cursor", "query")]) from None


async def _read(call: Call, place: Place, limit: int) -> list[Told]:
    async with call.overview() as conn:  # how far it has been written stands in no tenant's table
        if place.batch > await feed.reached(conn):  # handed out before a backup was restored, or elsewhere
            raise RefusedError("no-such-page", [Wrong("after", "cursor", "query")])
        if place != Place() and place.batch < await feed.forgotten(conn):
            raise RefusedError("forgotten")
        listener = await listeners.find(conn, call.tenant.code, call.who.vendor)
        return [] if listener is None else await feed.read(conn, listener.id, place, limit)


ROUTES = (
    Route(
        "GET",
        "/feed",
        "自治体に知らせることを、起きた順に読む（90日保管。waitを付けると新しいものを待つ）",
        show,
        "feed:read",
        answers={200: Feed},
        problems=("wrong-parameters", "no-such-page", "forgotten"),
        query=FeedQuery,
        group="外部への通知",
        note="業者の鍵（notifier key create --vendor）では、その業者が受け持つ事業所についてと、期限そのものの変更"
        "（subjectなし。鍵を出した自治体に関わるもの）を読みます。ほかの自治体の事業所は、名指しても読めません。",
        queues=False,
    ),
)
