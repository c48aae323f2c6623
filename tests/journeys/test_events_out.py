"""From an approved notice to signed webhooks and a feed: what other systems are told."""

import json
from datetime import date
from typing import Any

from standardwebhooks import Webhook

from notifier.domain.messages import MessageType
from notifier.steps.post import post
from notifier.store import feed, listeners
from notifier.store.feed import Place, Told
from notifier.web.api.messages import DATA
from tests.builders import CITY, by, deadline, said, settlement
from tests.receivers import Receiver, attached, exchange, receiving
from tests.steps.workshop import A, B, Workshop, enrolled

DUE = date(2026, 6, 30)
SAID = said(by(DUE))
DUTY = deadline(settled_by=(settlement("example.report.filed"),))


async def feed_of(shop: Workshop, authority: str) -> list[Told]:
    async with shop.database.reading() as conn:
        listener = await listeners.find(conn, authority)
        return [] if listener is None else await feed.read(conn, listener.id, Place(), 1000)


async def listen(shop: Workshop, *authorities: str) -> None:
    async with shop.database.transaction() as conn:
        for authority in authorities:
            await listeners.listen(conn, authority, "", shop.tools.now())


async def test_an_announced_deadline_becomes_messages_and_they_arrive_signed(shop: Workshop) -> None:
    receiver = Receiver()
    async with receiving(receiver), exchange() as way:
        _, secret = await attached(shop.tools, way, receiver, CITY)
        await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B))
        await shop.publish(SAID, deadlines=[DUTY])
        await shop.run()
        await post(shop.tools, way)
    assert receiver.brief == [
        ("deadline.announced", None),
        ("obligation.created", f"office/{A}"),
        ("obligation.created", f"office/{B}"),
    ]
    for headers, body in receiver.posts[1:]:
        lower = {name.lower(): value for name, value in headers.items()}
        event: Any = json.loads(body)
        assert lower["webhook-id"] == event["id"]
        assert lower["webhook-signature"].startswith("v1,")
    assert secret.startswith("whsec_")
    assert Webhook(secret) is not None


async def test_the_whole_life_of_an_obligation_is_told_in_its_order(shop: Workshop) -> None:
    await listen(shop, CITY)
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
    await shop.publish(SAID, deadlines=[DUTY])
    await shop.live_until(date(2026, 5, 10))
    await shop.note("example.report.filed", A)
    await shop.live_until(date(2026, 7, 2))
    told = await feed_of(shop, CITY)
    about = [each.type for each in told if each.subject == f"office/{A}"]
    assert about == [
        "obligation.created",
        "reminder.sent",
        "reminder.sent",
        "obligation.settled",
        "reminder.sent",
    ]
    of_other = [each.type for each in told if each.subject == f"office/{B}"]
    assert of_other[-2:] == ["obligation.overdue", "reminder.sent"]
    settled = next(each for each in told if each.type == "obligation.settled")
    assert settled.data["settled_on"] == "2026-05-10"
    assert settled.data["state"] == "settled"


async def test_what_is_told_is_what_the_description_of_the_api_says(shop: Workshop) -> None:
    await listen(shop, CITY)
    await shop.enrol(enrolled(A, "a@example.jp"), enrolled(B, "b@example.jp"))
    await shop.publish(SAID, deadlines=[DUTY])
    await shop.live_until(date(2026, 5, 10))
    await shop.publish(said(by(date(2026, 7, 31)), date(2026, 5, 10)), deadlines=[DUTY])
    await shop.note("example.report.filed", A)
    await shop.live_until(date(2026, 8, 3))
    told = await feed_of(shop, CITY)
    assert {each.type for each in told} >= {
        "deadline.announced",
        "deadline.changed",
        "obligation.created",
        "obligation.settled",
        "obligation.overdue",
        "reminder.sent",
    }
    for each in told:
        model = DATA[MessageType(each.type)]
        assert each.data.keys() <= model.model_fields.keys(), each.type
        model.model_validate_json(json.dumps(each.data), strict=True)
