"""POST /v1/events: events of other systems come in, each answered once it is kept."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import structlog
from aiohttp import web
from pydantic import BaseModel, Field

from notifier.domain.expressions import DUE_SET
from notifier.editorial import DECIDED
from notifier.intake import Inbound
from notifier.reception import Answer
from notifier.tools import law_on
from notifier.web.api import cloudevents
from notifier.web.api.calls import Call, Route
from notifier.web.api.cloudevents import CloudEvent, Envelope
from notifier.web.api.fields import Query
from notifier.web.api.problems import TITLES, Problem, RefusedError, Wrong, pointer, problem
from notifier.web.event_words import Awaits, awaits, told
from notifier.web.tracing import REQUEST_ID, traceparent

_log = structlog.get_logger("notifier.web")

_QUOTED: Final = json.JSONEncoder(ensure_ascii=False).encode
SCOPE: Final = "events:write"
COST: Final = 1
"""What an event takes of a key's allowance."""


class EventQuery(Query):
    """Whose signature it is, where events are signed instead of sent with a key."""

    sender: Annotated[
        str | None, Field(pattern=r"^ntf_[0-9a-f]{12}$", description="署名した鍵の名前（ntf_…）")
    ] = None


class Taken(BaseModel):
    """The event is kept; sending it again gets the same answer."""

    source: str
    id: str
    awaits: Annotated[
        Awaits | None,
        Field(
            description="approval: 通知と同じように、確認と、別の人の承認を待ちます（deadline.decided）。"
            "law: いまの規則では、その期限の日はその自治体に任されていません。保管し、任されれば使います（duty.due.set）"
        ),
    ] = None


class Item(BaseModel):
    """What became of one event of a batch, by its place in it, from 0."""

    index: int
    status: int
    source: str | None = None
    id: str | None = None
    awaits: Awaits | None = None
    problem: Problem | None = None


class Items(BaseModel):
    """What became of each event of a batch, in order."""

    results: list[Item]


async def post(call: Call) -> web.Response:
    """Take one event or a batch. 202 and 207 are sent after the database has kept what they speak of."""
    mode = cloudevents.mode_of(call.request)
    body = await call.raw()
    now, traced = call.entrance.now(), _trace_of(call)
    if mode == "batch":
        return await _batch(call, cloudevents.read_batch(body, now, traced))
    if mode == "structured":
        envelope = cloudevents.read_structured(body, now, traced)
    else:
        envelope = cloudevents.read_binary(call.request.headers, body, now, traced)
    if envelope.event is None:
        raise RefusedError("no-event", envelope.wrongs)
    (answer,) = await _take(call, [envelope.event])
    if answer.code:
        wrongs = _wrongs(answer)
        if mode == "binary":
            wrongs = [cloudevents.in_headers(each) for each in wrongs]
        raise RefusedError(answer.code, wrongs, more=_told(answer))
    waits_for = await _awaits(call, [envelope.event])
    return web.json_response(text=said_of(envelope.event, waits_for[0]), status=202)


def said_of(event: Inbound, waits_for: Awaits | None = None) -> str:
    """Return what is answered about an event that was taken."""
    # In the order of `Taken`, and many times as fast: nothing else is said to every event.
    more = f',"awaits":"{waits_for}"' if waits_for else ""
    return f'{{"source":{_QUOTED(event.source)},"id":{_QUOTED(event.id)}{more}}}'


async def _awaits(call: Call, events: Sequence[Inbound]) -> list[Awaits | None]:
    """Return for what each event that was taken has to wait; the law is read only where an authority sets a day."""
    if not any(each.type in {DECIDED, DUE_SET} for each in events):
        return [None] * len(events)
    async with call.overview() as conn:
        law = await law_on(conn, call.tools, call.today())
    return [awaits(law, each.type, each.authority or "", each.data.get("deadline")) for each in events]


def _trace_of(call: Call) -> cloudevents.Traced:
    """Return the id of the call, and the trace it belongs to."""
    request = call.request.get(REQUEST_ID, "")
    return cloudevents.Traced(request, traceparent(call.request))


async def _take(call: Call, events: Sequence[Inbound]) -> list[Answer]:
    answers = await call.entrance.reception.take(call.who, events)
    refused = [each.code for each in answers if each.code]
    _log.info("events came in", taken=len(answers) - len(refused), refused=sorted(set(refused)))
    return answers


async def _batch(call: Call, envelopes: Sequence[Envelope]) -> web.Response:
    call.spend(len(envelopes) - 1)
    events = [each.event for each in envelopes if each.event is not None]
    answers = iter(await _take(call, events))
    waits_for = iter(await _awaits(call, events))
    items = []
    for index, each in enumerate(envelopes):
        if each.event is None:
            items.append(_refused(index, "no-event", each.wrongs))
            continue
        answer, held_up = next(answers), next(waits_for)
        items.append(
            _refused(index, answer.code, _wrongs(answer), _told(answer))
            if answer.code
            else Item(index=index, status=202, source=each.event.source, id=each.event.id, awaits=held_up)
        )
    text = Items(results=items).model_dump_json(exclude_none=True)
    return web.json_response(text=text, status=207)


def _refused(index: int, code: str, wrongs: Sequence[Wrong], more: Mapping[str, str] | None = None) -> Item:
    said = Problem.model_validate({**problem(code, wrongs), **(more or {})})
    return Item(index=index, status=TITLES[code][0], problem=said)


def _told(answer: Answer) -> Mapping[str, str] | None:
    """Return why an event was set aside, in words that repeat nothing of it."""
    return {"detail": told("failed", answer.problem)} if answer.problem else None


def _wrongs(answer: Answer) -> list[Wrong]:
    return [Wrong(pointer(each.path), each.keyword) for each in answer.faults]


ROUTES = (
    Route(
        "POST",
        "/events",
        "出来事を1件、またはまとめて知らせる（CloudEvents 1.0）",
        post,
        SCOPE,
        takes={
            cloudevents.STRUCTURED: CloudEvent,
            cloudevents.BATCH: [CloudEvent],
        },
        answers={202: Taken, 207: Items},
        problems=(
            "no-json",
            "conflicting",
            "source-taken",
            "too-slow",
            "too-large",
            "unsupported-media-type",
            "no-event",
            "unavailable",
        ),
        group="出来事",
        query=EventQuery,
        signs=True,
        note=(
            "鍵の代わりに署名でも送れます（Standard Webhooks、v1またはv1a）。アドレスに?sender=鍵の名前を付け、"
            "notifier key signで示した秘密（v1）か、notifier key trustで公開鍵を登録した秘密鍵（v1a）で"
            "本文に署名してください。時刻のずれは5分まで。"
            "属性をce-で始まるヘッダーに、dataだけを本文（application/json）に入れて送ることもできます"
            "（CloudEventsのバイナリモード）。まとめて送ると、1件ごとの結果を207で返します。"
            "つながるかどうかは、何も変えないconnection.tested（subjectはauthority/団体コード）で確かめられます。"
            "idとsourceの組で見分けるので、同じものを送り直しても結果は変わりません。"
            "sourceは、初めて送った鍵の自治体（全国の鍵なら全国）のものになります。ほかの自治体の鍵でも使えますが、"
            "その自治体が同じidで別の内容を送っていれば409で、保管するsourceの末尾には団体コードが付きます。"
            "自治体ごとにsourceを分けておくと確かです。"
        ),
        cost=COST,
        queues=False,  # many senders share one transaction: they must wait side by side
    ),
)
