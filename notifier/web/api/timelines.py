"""GET /v1/offices/{number}/timeline: what happened about one office, whatever it was."""

from datetime import datetime
from typing import Annotated, Any, Literal, cast

from pydantic import Field

from notifier.store import timelines
from notifier.store.timelines import KINDS
from notifier.web.api.calls import Call, Route
from notifier.web.api.fields import Instant, Page, Paging, Shown, page_of, wrong_cursor
from notifier.web.api.offices import OfficePath, seen

Kind = Literal["fact", "said", "deed"]


class Moment(Shown, title="経過の1件"):
    """One thing that happened."""

    at: Instant
    kind: Annotated[
        Kind, Field(description="factは知らされた事実、saidは送ったお知らせ、deedは職員や仕組みがしたこと")
    ]
    id: Annotated[int, Field(description="種類ごとのid（saidは送付のid）")]
    name: Annotated[str, Field(description="事実の種類、お知らせのきっかけ、したこと")]
    detail: dict[str, Any]


class Moments(Page[Moment], title="事業所の経過"):
    """What happened, the newest first."""


async def show(call: Call) -> Moments:
    """Answer with a page of what happened about an office."""
    query = call.query(Paging)
    before = _read(query)
    async with call.reading() as conn:
        office = await seen(call, conn)
        found = await timelines.moments(
            conn, call.tenant, (office.id, office.number), before, query.limit + 1
        )
    rows, following = page_of(found, query.limit, lambda each: (each.at.isoformat(), each.kind, each.id))
    items = [
        Moment(at=each.at, kind=cast("Kind", each.kind), id=each.id, name=each.name, detail=dict(each.detail))
        for each in rows
    ]
    return Moments(items=items, next=following)


def _read(query: Paging) -> tuple[datetime, str, int] | None:
    place = query.after(str, str, int)
    if place is None:
        return None
    at, kind, last = place
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        raise wrong_cursor() from None
    if instant.tzinfo is None or kind not in KINDS:
        raise wrong_cursor()
    return instant, kind, last


ROUTES = (
    Route(
        "GET",
        "/offices/{number}/timeline",
        "事業所の経過：知らされた事実、送ったお知らせ、したこと（新しい順）",
        show,
        "offices:read",
        answers={200: Moments},
        inside=OfficePath,
        query=Paging,
        group="事業所",
    ),
)
