"""Messages to endpoints that do everything an endpoint may do, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest_asyncio
from aiohttp import web
from cloudevents.core.bindings.http import HTTPMessage, from_http
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks import Webhook

from notifier.channels.webhook import WebhookChannel
from notifier.domain.breaker import DEAD_AFTER, FAILURES
from notifier.domain.messages import MessageType
from notifier.exchange import Exchange
from notifier.steps.herald import herald
from notifier.steps.post import post
from notifier.store import attempts, backlogs, endpoints, happenings, listeners, postings
from notifier.store.endpoints import Endpoint
from notifier.store.happenings import Notice
from notifier.store.memos import MemoRow
from notifier.store.postings import AttemptRow, PostingRow
from notifier.store.tables import OutboxRow
from tests.builders import CITY
from tests.receivers import Receiver, attached, exchange, fails_with, receiving, switchboard
from tests.steps.workshop import OTHER_CITY, Workshop

DATA = {"deadline": "example/report", "occurrence": 0, "title": "例"}


@pytest_asyncio.fixture
async def way() -> AsyncIterator[Exchange]:
    async with exchange() as opened:
        yield opened


async def happen(
    shop: Workshop, *subjects: str, authority: str = CITY, deadline: str = "example/report"
) -> None:
    """Let something happen about each subject, and fan it out."""
    now = shop.tools.now()
    async with shop.database.transaction() as conn:
        listener = await listeners.listen(conn, authority, "", now)
        happening = await happenings.note(conn, now, DATA | {"deadline": deadline})
        kind = MessageType.OBLIGATION_CREATED
        notices = [Notice(kind, listener.id, each, happening, deadline) for each in subjects]
        await happenings.tell_listeners(conn, notices, now)
    await herald(shop.tools)


async def endpoint(shop: Workshop, number: int) -> Endpoint:
    async with shop.database.reading() as conn:
        found = await endpoints.find(conn, number)
    assert found is not None
    return found


async def states(shop: Workshop) -> list[str]:
    return [row.state for row in sorted(await shop.all(PostingRow), key=lambda row: row.id)]


def later(shop: Workshop, wait: timedelta) -> datetime:
    shop.clock.turn_to(shop.tools.now() + wait)
    return shop.tools.now()


async def test_what_arrives_verifies_with_the_libraries_of_others(shop: Workshop, way: Exchange) -> None:
    receiver = Receiver()
    async with receiving(receiver):
        _, secret = await attached(shop.tools, way, receiver, CITY)
        await happen(shop, "office/1", "office/2")
        shop.clock.turn_to(datetime.now(shop.tools.now().tzinfo))  # the library reads the clock itself
        await post(shop.tools, way)
    assert len(receiver.events) == 2
    for headers, body in receiver.posts[1:]:
        assert Webhook(secret).verify(body, {name.lower(): value for name, value in headers.items()})
        event = from_http(HTTPMessage(headers, body), JSONFormat())
        assert event.get_type() == "obligation.created"
        assert event.get_id() == headers["webhook-id"]
        assert event.get_extension("sequence")


async def test_a_message_is_posted_once_and_shown_with_status_and_answer(
    shop: Workshop, way: Exchange
) -> None:
    receiver = Receiver()
    async with receiving(receiver):
        added, _ = await attached(shop.tools, way, receiver, CITY)
        await happen(shop, "office/1")
        assert await post(shop.tools, way) is None
        assert await post(shop.tools, way) is None
    assert receiver.brief == [("obligation.created", "office/1")]
    async with shop.database.reading() as conn:
        tried = await backlogs.attempts(conn, added.id)
        assert await backlogs.counts(conn, added.id) == {"waiting": 0, "dead": 0}
    last = tried[0]
    assert (last.code, last.verdict, last.answer) == (204, "accepted", "No Content")


async def test_w1_a_failure_is_tried_again_with_the_same_id_and_body_and_a_fresh_signature(
    shop: Workshop, way: Exchange
) -> None:
    receiver = Receiver(fails_with(500, 2))
    async with receiving(receiver):
        await attached(shop.tools, way, receiver, CITY)
        await happen(shop, "office/1")
        following = await post(shop.tools, way)
        assert following == shop.tools.now() + timedelta(seconds=9)  # the jitter of the workshop is a half
        later(shop, timedelta(seconds=8))
        await post(shop.tools, way)
        assert len(receiver.posts) == 2
        later(shop, timedelta(seconds=1))
        await post(shop.tools, way)
        later(shop, timedelta(seconds=30))
        await post(shop.tools, way)
    tries = receiver.posts[1:]
    assert len({headers["webhook-id"] for headers, _ in tries}) == 1
    assert len({body for _, body in tries}) == 1
    assert len({headers["webhook-signature"] for headers, _ in tries}) == 3
    assert await states(shop) == ["delivered"]


async def test_w1_after_twenty_four_tries_it_is_a_dead_letter_with_its_reason(
    shop: Workshop, way: Exchange
) -> None:
    receiver = Receiver(fails_with(500))
    async with receiving(receiver):
        added, _ = await attached(shop.tools, way, receiver, CITY, owner="owner@example.jp")
        await happen(shop, "office/1")
        began = shop.tools.now()
        for _ in range(60):
            following = await post(shop.tools, way)
            if following is None:
                break
            shop.clock.turn_to(following)
    assert len(receiver.posts) == 1 + 24
    assert timedelta(days=5) < shop.tools.now() - began < timedelta(days=8)
    assert (await states(shop))[0] == "dead"
    async with shop.database.reading() as conn:
        (dead,) = await backlogs.dead_letters(conn, added.id)
        assert await backlogs.counts(conn, added.id) == {"waiting": 0, "dead": 1}
    assert dead.problem == "500 something is wrong here"
    assert dead.attempts == 24
    subjects = [row.subject for row in await shop.all(MemoRow)]
    assert subjects == [
        "【送信先1】送信先に届きません",
        "【送信先1】送信を断念した通知があります",
    ]


async def test_w2_410_disables_at_once_and_what_happens_is_kept(shop: Workshop, way: Exchange) -> None:
    receiver = Receiver(fails_with(410, 1))
    async with receiving(receiver):
        added, _ = await attached(shop.tools, way, receiver, CITY, owner="owner@example.jp", in_flight=1)
        await happen(shop, "office/1", "office/2")
        await post(shop.tools, way)
        assert (await endpoint(shop, added.id)).state == "disabled"
        assert len(receiver.posts) == 2
        await happen(shop, "office/3")
        assert await post(shop.tools, way) is None
        assert len(receiver.posts) == 2
        await switchboard(shop.tools, way).enable(added.id)
        await post(shop.tools, way)
    assert sorted(each["subject"] for each in receiver.events) == ["office/1", "office/2", "office/3"]
    (mail,) = await shop.all(MemoRow)
    assert mail.recipient == "owner@example.jp"
    assert "410" in mail.text
    assert "herald" in {row.step for row in await shop.all(OutboxRow)}


async def test_w8_an_endpoint_enabled_again_may_ask_for_the_latest_alone(
    shop: Workshop, way: Exchange
) -> None:
    receiver = Receiver()
    async with receiving(receiver):
        added, _ = await attached(shop.tools, way, receiver, CITY)
        board = switchboard(shop.tools, way)
        await board.disable(added.id, "maintenance")
        await happen(shop, "office/1", "office/2")
        await happen(shop, "office/1")
        enabled, passed = await board.enable(added.id, latest_only=True)
        await post(shop.tools, way)
    assert (enabled.state, passed) == ("enabled", 1)
    assert sorted(each["subject"] for each in receiver.events) == ["office/1", "office/2"]


async def test_w3_a_redirect_is_a_failure(shop: Workshop, way: Exchange) -> None:
    other = Receiver()
    async with receiving(other):
        receiver = Receiver(fails_with(302, 1, Location=other.url))
        async with receiving(receiver):
            await attached(shop.tools, way, receiver, CITY)
            await happen(shop, "office/1")
            await post(shop.tools, way)
    assert other.posts == []
    assert await states(shop) == ["waiting"]


async def test_w4_an_endpoint_that_asks_for_time_gets_it_for_everything(
    shop: Workshop, way: Exchange
) -> None:
    receiver = Receiver(fails_with(429, 1, Retry_After="600"))
    async with receiving(receiver):
        await attached(shop.tools, way, receiver, CITY, in_flight=1)
        await happen(shop, "office/1", "office/2")
        began = shop.tools.now()
        assert await post(shop.tools, way) == began + timedelta(seconds=600)
        assert len(receiver.posts) == 2
        later(shop, timedelta(seconds=599))
        await post(shop.tools, way)
        assert len(receiver.posts) == 2
        later(shop, timedelta(seconds=1))
        await post(shop.tools, way)
    assert sorted(each["subject"] for each in receiver.events) == ["office/1", "office/2"]


async def test_w5_of_a_huge_answer_only_the_beginning_is_kept(shop: Workshop, way: Exchange) -> None:
    async def pour(_: Receiver, __: dict[str, Any]) -> web.StreamResponse:
        return web.Response(text="x" * 5_000_000)

    receiver = Receiver(pour)
    async with receiving(receiver):
        await attached(shop.tools, way, receiver, CITY)
        await happen(shop, "office/1")
        await post(shop.tools, way)
    assert await states(shop) == ["delivered"]
    answers = [row.answer for row in await shop.all(AttemptRow) if row.message_id is not None]
    assert answers == ["x" * 500]


async def test_w6_a_slow_endpoint_keeps_nobody_waiting(shop: Workshop) -> None:
    release = asyncio.Event()

    async def stall(_: Receiver, __: dict[str, Any]) -> web.StreamResponse:
        await release.wait()
        return web.Response(status=204)

    served = asyncio.Event()

    async def count(receiver: Receiver, _: dict[str, Any]) -> web.StreamResponse:
        if len(receiver.events) == 199:
            served.set()
        return web.Response(status=204)

    slow, quick = Receiver(stall), Receiver(count)
    async with receiving(slow, quick), exchange(seconds=20) as way:
        await attached(shop.tools, way, slow, CITY, in_flight=2)
        await attached(shop.tools, way, quick, OTHER_CITY)
        await happen(shop, *(f"office/{number}" for number in range(20)))
        await happen(shop, *(f"office/{number}" for number in range(200)), authority=OTHER_CITY)
        round_ = asyncio.create_task(post(shop.tools, way))
        async with asyncio.timeout(30):
            await served.wait()
        assert slow.events == []
        assert slow.most_at_once == 2
        release.set()
        await round_
    assert len(slow.events) == 20


async def test_w7_a_posting_whose_worker_died_goes_out_again_under_the_same_id(
    shop: Workshop, way: Exchange
) -> None:
    receiver = Receiver()
    async with receiving(receiver):
        added, _ = await attached(shop.tools, way, receiver, CITY)
        await happen(shop, "office/1")
        async with shop.database.transaction() as conn:
            now = shop.tools.now()
            (lost,) = await postings.claim(conn, {added.id: 10}, now, "dead", timedelta(minutes=10))
        await post(shop.tools, way)
        assert receiver.events == []
        later(shop, timedelta(minutes=10))
        await post(shop.tools, way)
        async with shop.database.transaction() as conn:
            outcome = attempts.Outcome(lost, "dead", now, now, 1, "deferred", 500, "late", "late")
            await attempts.record(conn, [outcome], "dead")
    assert [each["id"] for each in receiver.events] == [lost.told.id]
    assert await states(shop) == ["delivered"]


async def test_messages_about_the_same_wait_for_each_other_and_all_others_do_not(
    shop: Workshop, way: Exchange
) -> None:
    receiver = Receiver(fails_with(500, 1))
    async with receiving(receiver):
        await attached(shop.tools, way, receiver, CITY, in_flight=1)
        await happen(shop, "office/1")
        await happen(shop, "office/1", "office/2")
        await post(shop.tools, way)
        assert [each["subject"] for each in receiver.events] == ["office/2"]
        later(shop, timedelta(seconds=10))
        await post(shop.tools, way)
        await post(shop.tools, way)
    sequences = [each["sequence"] for each in receiver.events if each["subject"] == "office/1"]
    assert len(sequences) == 2
    assert sequences == sorted(sequences)


async def test_the_breaker_opens_after_failures_and_one_probe_closes_it(
    shop: Workshop, way: Exchange
) -> None:
    receiver = Receiver(fails_with(503))
    async with receiving(receiver):
        added, _ = await attached(shop.tools, way, receiver, CITY, owner="o@example.jp", in_flight=1)
        await happen(shop, *(f"office/{number}" for number in range(20)))
        await post(shop.tools, way)
        tripped = (await endpoint(shop, added.id)).breaker
        assert tripped.failures == FAILURES == len(receiver.posts) - 1
        assert tripped.open_until == shop.tools.now() + timedelta(seconds=27)
        later(shop, timedelta(seconds=26))
        await post(shop.tools, way)
        assert len(receiver.posts) == 1 + FAILURES
        later(shop, timedelta(seconds=1))
        await post(shop.tools, way)
        assert len(receiver.posts) == 1 + FAILURES + 1  # one probe
        receiver.answer = fails_with(500, 0)
        later(shop, timedelta(minutes=5))
        await post(shop.tools, way)
    assert len(receiver.events) == 20
    assert (await endpoint(shop, added.id)).breaker.failures == 0
    assert [row.subject for row in await shop.all(MemoRow)] == [
        "【送信先1】送信先に届きません",
        "【送信先1】送信先に再び届くようになりました",
    ]


async def test_an_endpoint_that_is_dead_for_eight_days_is_disabled(shop: Workshop, way: Exchange) -> None:
    receiver = Receiver(fails_with(500))
    async with receiving(receiver):
        added, _ = await attached(shop.tools, way, receiver, CITY)
        await happen(shop, *(f"office/{number}" for number in range(6)))
        await post(shop.tools, way)
        later(shop, DEAD_AFTER)
        await happen(shop, "office/9")
        await post(shop.tools, way)
    found = await endpoint(shop, added.id)
    assert found.state == "disabled"
    assert "一度も届いていません" in found.reason


async def test_i14_an_endpoint_that_turns_inwards_is_disabled_and_gets_nothing(shop: Workshop) -> None:
    receiver = Receiver()
    async with receiving(receiver), exchange() as way:
        added, _ = await attached(shop.tools, way, receiver, CITY)
        await happen(shop, "office/1")
        async with WebhookChannel(plain_http=True) as guarded:
            await post(shop.tools, replace(way, way=guarded))
    found = await endpoint(shop, added.id)
    assert (found.state, receiver.events) == ("disabled", [])
    assert "not a public address" in found.reason


async def test_a_changed_key_of_the_installation_stops_the_posting(shop: Workshop, way: Exchange) -> None:
    receiver = Receiver()
    async with receiving(receiver):
        added, _ = await attached(shop.tools, way, receiver, CITY)
        await happen(shop, "office/1")
        await post(shop.tools, replace(way, key="another key of the installation, long enough"))
        found = await endpoint(shop, added.id)
        assert (found.state, receiver.events) == ("disabled", [])
        assert "NOTIFIER_SECRET_KEY" in found.reason


async def test_w10_while_both_secrets_hold_each_try_carries_both_signatures(
    shop: Workshop, way: Exchange
) -> None:
    receiver = Receiver()
    async with receiving(receiver):
        added, old = await attached(shop.tools, way, receiver, CITY)
        new = await switchboard(shop.tools, way).rotate(added.id, timedelta(hours=1))
        await happen(shop, "office/1")
        await post(shop.tools, way)
        later(shop, timedelta(hours=1))
        await happen(shop, "office/2")
        await post(shop.tools, way)
    both, one = (headers["webhook-signature"].split(" ") for headers, _ in receiver.posts[1:])
    assert (len(both), len(one)) == (2, 1)
    assert old != new


async def test_a_removed_endpoint_gets_nothing_more(shop: Workshop, way: Exchange) -> None:
    receiver = Receiver()
    async with receiving(receiver):
        added, _ = await attached(shop.tools, way, receiver, CITY)
        await happen(shop, "office/1")
        await switchboard(shop.tools, way).remove(added.id)
        await happen(shop, "office/2")
        assert await post(shop.tools, way) is None
    assert receiver.events == []
    assert await states(shop) == ["dead"]


async def test_stopping_gives_back_what_was_not_tried(shop: Workshop, way: Exchange) -> None:
    stopping = asyncio.Event()

    async def stop(_: Receiver, __: dict[str, Any]) -> web.StreamResponse:
        stopping.set()
        return web.Response(status=204)

    receiver = Receiver(stop)
    async with receiving(receiver):
        await attached(shop.tools, way, receiver, CITY, in_flight=1)
        await happen(shop, *(f"office/{number}" for number in range(10)))
        await post(shop.tools, way, stopping)
    rows = await shop.all(PostingRow)
    delivered = [row for row in rows if row.state == "delivered"]
    assert 1 <= len(delivered) <= 10
    assert {row.state for row in rows} <= {"delivered", "waiting"}
    assert {row.attempts for row in rows if row.state == "waiting"} <= {0}


async def test_only_what_is_wanted_is_posted(shop: Workshop, way: Exchange) -> None:
    receiver = Receiver()
    async with receiving(receiver):
        await attached(
            shop.tools, way, receiver, CITY, offices=("9970000001",), types=("obligation.created",)
        )
        await happen(shop, "office/9970000001", "office/9970000002")
        await happen(shop, "authority/999016", deadline="")
        await post(shop.tools, way)
    assert [each["subject"] for each in receiver.events] == ["office/9970000001", "authority/999016"]
