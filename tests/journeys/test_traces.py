"""A trace from an event of another system, through the database, to the webhooks that follow from it."""

import json
from typing import Any

from aiohttp import ClientSession, web

from notifier.domain.traces import accepted, begun, trace_of
from notifier.intake import Inbound
from notifier.keyring import Keyring, WantedKey, create_key
from notifier.reception import Reception
from notifier.steps.post import post
from notifier.store.tables import EventRow, FactRow
from notifier.web import tracing
from notifier.web.api.application import make_api
from notifier.web.api.calls import Entrance
from tests.builders import CITY, by, deadline, said, settlement
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


async def sent(shop: Workshop, body: Any, kind: str, **headers: str) -> str:
    """Post events to the real API and return the id of the call."""
    wanted = WantedKey("", "editor", ("events:write",), "test")
    key = await create_key(shop.tools, wanted, lambda length: b"k" * length, "test")
    application = web.Application(middlewares=[tracing.identify])
    entrance = Entrance(Reception(shop.tools), Keyring(shop.tools), shop.tools.now)
    application.add_subapp("/v1", make_api(entrance))
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/events"
    told = {"Authorization": f"Bearer {key}", "Content-Type": f"application/{kind}", **headers}
    try:
        async with (
            ClientSession() as session,
            session.post(address, data=json.dumps(body), headers=told) as answer,
        ):
            assert answer.status in {202, 207}, await answer.text()
            return answer.headers["X-Request-Id"]
    finally:
        await runner.cleanup()


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
