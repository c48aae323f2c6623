"""A trace from a call of another system, through the database, to the letters and webhooks that follow from it."""

import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import Any, cast

from aiohttp import ClientSession, web

from notifier.catalogue import load
from notifier.catalogue.services import ServiceType
from notifier.domain.actors import Actor
from notifier.domain.traces import accepted, begun, trace_of
from notifier.intake import Inbound
from notifier.keyring import Keyring, WantedKey, create_key
from notifier.reception import Reception
from notifier.steps.accept import accept
from notifier.steps.approve import approve
from notifier.steps.enrol import enrol
from notifier.steps.post import post
from notifier.steps.record import record
from notifier.store.tables import DeliveryRow, EventRow, FactRow
from notifier.web import tracing
from notifier.web.api.application import make_api
from notifier.web.api.calls import Entrance
from tests.builders import (
    CITY,
    PREFECTURE,
    by,
    city,
    deadline,
    prefecture,
    said,
    set_by_prefecture,
    settlement,
)
from tests.journeys.test_events_out import DUE
from tests.receivers import Receiver, attached, exchange, receiving
from tests.steps.workshop import A, B, Workshop, enrolled

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
OTHER = f"00-{'c' * 32}-b7ad6b7169203331-00"
DUTY = deadline(settled_by=(settlement("example.report.filed"),))


def filed(office: str, **more: Any) -> dict[str, Any]:
    event = {"specversion": "1.0", "id": office, "source": "/test", "type": "example.report.filed"}
    return event | {"subject": f"office/{office}", "data": {}, **more}


@asynccontextmanager
async def calling(shop: Workshop, role: str, *scopes: str) -> AsyncIterator[Callable[..., Any]]:
    """The real API, called with a key of its own."""
    wanted = WantedKey("", role, scopes, "test")
    key = await create_key(shop.tools, wanted, secrets.token_bytes, "test")
    application = web.Application(middlewares=[tracing.identify])
    entrance = Entrance(Reception(shop.tools), Keyring(shop.tools), shop.tools.now)
    application.add_subapp("/v1", make_api(entrance))
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/"
    try:
        async with ClientSession(address, headers={"Authorization": f"Bearer {key}"}) as session:
            yield session.request
    finally:
        await runner.cleanup()


async def sent(shop: Workshop, body: Any, kind: str, **headers: str) -> str:
    """Post events to the real API and return the id of the call."""
    told = {"Content-Type": f"application/{kind}", **headers}
    async with (
        calling(shop, "editor", "events:write") as call,
        call("POST", "events", data=json.dumps(body), headers=told) as answer,
    ):
        assert answer.status in {202, 207}, await answer.text()
        return str(answer.headers["X-Request-Id"])


async def test_a_trace_goes_on_with_the_webhooks_that_follow(shop: Workshop) -> None:
    receiver = Receiver()
    async with receiving(receiver), exchange() as way:
        await attached(shop.tools, way, receiver, CITY)
        await shop.enrol(enrolled(A), enrolled(B))
        await shop.publish(said(by(DUE)), deadlines=[DUTY])
        await shop.run()
        await post(shop.tools, way)
        before = len(receiver.posts)
        batch = [filed(A, traceparent=OTHER), filed(B, traceparent="nonsense")]
        request = await sent(
            shop, batch, "cloudevents-batch+json", **{"X-Request-Id": "their-own-id-1", "traceparent": PARENT}
        )
        await shop.run()
        await post(shop.tools, way)
    assert request == "their-own-id-1"
    # An event's own trace goes before that of the call that carries it; what is none counts as absent.
    assert [(row.request, row.traceparent) for row in await shop.all(EventRow)] == [
        ("their-own-id-1", OTHER),
        ("their-own-id-1", PARENT),
    ]
    assert [row.traceparent for row in await shop.all(FactRow)] == [OTHER, PARENT]
    told: dict[str, str] = {}
    for headers, body in receiver.posts[before:]:
        event = json.loads(body)
        header = {name.lower(): value for name, value in headers.items()}["traceparent"]
        assert header == event["traceparent"] == accepted(header)
        assert header not in {OTHER, PARENT}
        told[event["subject"]] = trace_of(header)
    assert told == {f"office/{A}": "c" * 32, f"office/{B}": TRACE}
    assert all(b"traceparent" not in body for _, body in receiver.posts[:before])


async def test_an_event_that_waited_for_its_office_keeps_its_trace(shop: Workshop) -> None:
    await sent(shop, filed(A, traceparent=PARENT), "cloudevents+json")
    await shop.enrol(enrolled(A))
    assert [row.traceparent for row in await shop.all(FactRow)] == [PARENT]


async def test_a_call_without_a_trace_begins_one_that_follows_from_its_id(shop: Workshop) -> None:
    await shop.enrol(enrolled(A))
    request = await sent(shop, filed(A), "cloudevents+json", **{"X-Request-Id": "no id"})
    [row] = await shop.all(EventRow)
    assert (row.request, row.traceparent, len(request)) == (request, begun(request), 24)
    assert accepted(begun(request)) == begun(request) != begun("another")
    assert Inbound("a", "b", "c", row.received_at).traceparent == ""


async def test_the_letters_that_follow_from_a_call_are_found_by_its_id(shop: Workshop) -> None:
    receiver = Receiver()
    shop.turn_to(date(2026, 4, 6), hour=10)  # letters leave at once
    duty = deadline(settled_by=DUTY.settled_by, acknowledge=True)
    async with receiving(receiver), exchange() as way:
        await attached(shop.tools, way, receiver, CITY)
        await shop.keep(city(), prefecture())
        await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
        statement = said(set_by_prefecture())
        await accept(shop.tools, [statement.notice], [statement], [duty], "one person")
        # A second person approves by a call; a day is set by another; an office files its report by a third.
        await approve(shop.tools, [statement.notice.id], Actor("another person", trace=begun("approved-1")))
        await shop.run()
        event = shop.event("example.due.set", None, PREFECTURE, values={"due": DUE})
        await record(shop.tools, [replace(event, traceparent=begun("day-was-set-1"))])
        await shop.run()
        await sent(shop, filed(A), "cloudevents+json", **{"X-Request-Id": "was-filed-1"})
        await shop.run()
        before = len(receiver.posts)
        await post(shop.tools, way)
        async with calling(shop, "editor", "deliveries:read", "deliveries:write") as call:
            told = {}
            for request in ("approved-1", "day-was-set-1", "was-filed-1", "never-called"):
                async with call("GET", "deliveries", params={"request": request}) as answer:
                    found = await answer.json()
                told[request] = sorted((each["occasion"], each["office"]) for each in found["items"])
            async with call("GET", "deliveries", params={"traceparent": begun("was-filed-1")}) as answer:
                [line] = (await answer.json())["items"]
            async with call("GET", f"deliveries/{line['id']}") as answer:
                assert (await answer.json())["traceparent"] == begun("was-filed-1")
            again = {"X-Request-Id": "once-more-1", "Idempotency-Key": "1"}
            async with call("POST", f"deliveries/{line['id']}/resend", headers=again) as answer:
                assert answer.status == 201, await answer.text()
                assert (await answer.json())["traceparent"] == begun("once-more-1")
    assert told == {
        "approved-1": [("announcement", A), ("announcement", B)],
        "day-was-set-1": [("change", A), ("change", B)],
        "was-filed-1": [("acknowledgement", A)],
        "never-called": [],
    }
    # What other systems hear of the letters, and of the deadline, belongs to the same traces.
    heard: dict[str, set[str]] = {}
    for _, body in receiver.posts[before:]:
        event = json.loads(body)
        if "traceparent" in event:
            heard.setdefault(trace_of(event["traceparent"]), set()).add(event["type"])
    assert heard == {
        trace_of(begun("approved-1")): {"deadline.announced", "obligation.created", "reminder.sent"},
        trace_of(begun("day-was-set-1")): {"deadline.announced", "reminder.sent"},
        trace_of(begun("was-filed-1")): {"obligation.settled", "reminder.sent"},
    }


async def test_a_letter_that_its_day_brought_belongs_to_no_call(shop: Workshop) -> None:
    await shop.enrol(enrolled(A, "a@example.jp"))
    await shop.publish(said(by(DUE)), deadlines=[DUTY])
    await shop.live_until(date(2026, 6, 5))
    rows = await shop.all(DeliveryRow)
    assert {row.traceparent for row in rows} == {None}
    assert len(rows) > 1


async def test_what_offices_are_told_that_a_call_enrolled_leads_back_to_it(shop: Workshop) -> None:
    shop.turn_to(date(2026, 4, 6), hour=10)
    cast("dict[str, ServiceType]", shop.tools.catalogue.services).update(load().services)
    await shop.publish(said(by(DUE)), deadlines=[DUTY])
    await shop.run()
    await enrol(shop.tools, [enrolled(A)], Actor("a clerk", trace=begun("enrolled-1")))
    await shop.run()
    listed = f"事業所番号,事業所名,サービス種類,市区町村コード\n{B},二つ目,11,121002\n".encode()
    async with calling(shop, "editor", "offices:write", "offices:read") as call:
        sheet = {"X-Request-Id": "was-listed-1", "Content-Type": "text/csv"}
        async with call("POST", "./offices:import", data=listed, headers=sheet) as answer:
            assert answer.status == 202, await answer.text()
            key = (await answer.json())["key"]
        await shop.run()
        sheet = {"X-Request-Id": "taken-over-1", "Content-Type": "application/json"}
        async with call("POST", f"imports/{key}/take-over", data="{}", headers=sheet) as answer:
            assert answer.status == 202, await answer.text()
        await shop.run()
    found = [(row.party, row.traceparent) for row in await shop.all(DeliveryRow)]
    assert sorted(found) == [
        (f"office/{A}", begun("enrolled-1")),
        (f"office/{B}", begun("taken-over-1")),
    ]
