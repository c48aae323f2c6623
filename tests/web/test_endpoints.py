"""Endpoints and the feed over the API: what another program does with them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from standardwebhooks import Webhook

from notifier.running import run_due
from notifier.steps.enrol import enrol
from notifier.steps.forget import KEPT, forget
from notifier.steps.post import post
from notifier.store.enrolment import Enrolled
from tests.receivers import Receiver, receiving
from tests.web.country import CHIBA, CHIBA_CITY, Country, country


@pytest.fixture
async def own(migrated_url: str) -> AsyncIterator[Country]:
    """A country to change, on both databases."""
    async with country(migrated_url) as found:
        yield found


async def happen(land: Country, number: int = 1) -> None:
    """Let an office appear: it owes this and that from then on, and its municipality is told."""
    office = Enrolled(f"127000009{number}", "訪問介護 あたらしい", ("11",), CHIBA_CITY, CHIBA, ())
    await enrol(land.tools, [office], "test")
    await run_due(land.tools)


async def test_a_program_adds_an_endpoint_gets_its_secret_proves_it_and_is_told(own: Country) -> None:
    receiver = Receiver()
    async with receiving(receiver):
        made = await own.call("POST", "/endpoints", {"url": receiver.url}, Idempotency_Key="once")
        again = await own.call("POST", "/endpoints", {"url": receiver.url}, Idempotency_Key="once")
        assert (made.status, made.body, made.body["state"]) == (201, again.body, "unproved")
        path = made.headers["Location"].removeprefix("/v1")
        secret = (await own.call("POST", f"{path}/secret", {"overlap_hours": 0})).body["secret"]
        enabled = await own.call("POST", f"{path}/enable", {})
        assert (enabled.status, enabled.body["state"]) == (200, "enabled")
        pinged = await own.call("POST", f"{path}/ping")
        assert pinged.body == {"accepted": True, "code": 204, "answer": "No Content"}
        await happen(own)
        await post(own.tools, own.service.exchange)
    assert "office/1270000091" in {each.get("subject") for each in receiver.events}
    headers, body = receiver.posts[-1]
    signed = {name.lower(): value for name, value in headers.items()}
    # The library reads the clock itself, and the country lives in January 2026: the signature is compared as such.
    expected = Webhook(secret).sign(signed["webhook-id"], own.tools.now(), body.decode())
    assert expected in signed["webhook-signature"].split(" ")
    standing = (await own.get(f"{path}/standing")).body
    assert (standing["waiting"], standing["dead"], standing["tries"][0]["code"]) == (0, 0, 204)


async def test_the_feed_holds_the_same_messages_in_order_and_is_read_on(own: Country) -> None:
    receiver = Receiver()
    async with receiving(receiver):
        path = (await own.call("POST", "/endpoints", {"url": receiver.url})).headers["Location"][3:]
        await own.call("POST", f"{path}/enable", {})
        await happen(own)
        await post(own.tools, own.service.exchange)
    place, found = "", []
    while True:
        page = await own.get(f"/feed?limit=1&after={place}" if place else "/feed?limit=1")
        place = page.body["next"]
        if not page.body["items"]:
            break
        found += page.body["items"]
    assert found
    assert sorted(each["id"] for each in found) == sorted(each["id"] for each in receiver.events)
    assert [each["sequence"] for each in found] == sorted(each["sequence"] for each in found)
    assert (await own.get("/feed", "osaka")).body["items"] == []


async def test_a_call_that_waits_is_answered_when_something_happens(own: Country) -> None:
    waiting = asyncio.create_task(own.get("/feed?wait=15"))
    await asyncio.wait({waiting}, timeout=0.1)
    await happen(own)
    answered = await asyncio.wait_for(waiting, 12)
    assert answered.body["items"]
    place = answered.body["next"]
    while (more := await own.get(f"/feed?after={place}")).body["items"]:  # what came with it, a commit later
        place = more.body["next"]
    assert (await own.get(f"/feed?wait=1&after={place}")).body == {"items": [], "next": place}


async def test_a_place_that_is_none_or_no_longer_kept_is_refused(own: Country) -> None:
    assert (await own.get("/feed?after=what")).body["code"] == "wrong-parameters"
    assert (await own.get("/feed?after=9999999999-000000000001")).body["code"] == "no-such-page"
    await happen(own)
    first = (await own.get("/feed?limit=1")).body["next"]
    for number in (2, 3):
        own.clock.turn_to(own.tools.now() + timedelta(hours=1))
        await happen(own, number)
    own.clock.turn_to(own.tools.now() + KEPT)
    await forget(own.tools)
    assert (await own.get(f"/feed?after={first}")).status in {200, 410}


async def test_an_endpoint_is_changed_only_by_who_has_seen_it(own: Country) -> None:
    made = await own.call("POST", "/endpoints", {"url": "https://example.jp/hook"})
    path = made.headers["Location"][3:]
    seen = await own.get(path)
    change = {"description": "second", "types": ["reminder.sent"]}
    done = await own.call("PATCH", path, change, If_Match=seen.headers["ETag"])
    assert (done.status, done.body["types"]) == (200, ["reminder.sent"])
    late = await own.call("PATCH", path, change, If_Match=seen.headers["ETag"])
    assert (late.status, late.body["code"]) == (412, "changed-meanwhile")
    wrong = await own.call("PATCH", path, {"types": ["no.such"]}, If_Match="*")
    assert (wrong.status, wrong.body["code"]) == (422, "endpoint-unfit")
    assert wrong.body["errors"] == [{"in": "body", "pointer": "/types", "code": "unfit"}]


async def test_what_is_not_proved_is_not_pinged_and_what_is_removed_is_gone(own: Country) -> None:
    receiver = Receiver(proves=False)
    async with receiving(receiver):
        path = (await own.call("POST", "/endpoints", {"url": receiver.url})).headers["Location"][3:]
        for deed, body in (("enable", {}), ("ping", None)):
            refused = await own.call("POST", f"{path}/{deed}", body)
            assert (refused.status, refused.body["code"]) == (409, "endpoint-unproved")
    assert (await own.call("POST", f"{path}/disable", {"reason": "later"})).body["reason"] == "later"
    assert [each["state"] for each in await own.pages("/endpoints")] == ["disabled"]
    assert (await own.call("DELETE", path)).status == 200
    assert (await own.get(path)).status == 404


async def test_an_address_with_a_password_in_it_is_refused_and_not_repeated(own: Country) -> None:
    refused = await own.call("POST", "/endpoints", {"url": "https://user:hunter2@example.jp/"})
    assert (refused.status, refused.body["code"]) == (422, "endpoint-unfit")
    assert refused.body["errors"] == [{"in": "body", "pointer": "/url", "code": "unfit"}]
    assert "hunter2" not in refused.text


async def test_a_replay_says_how_much_it_is(own: Country) -> None:
    receiver = Receiver()
    async with receiving(receiver):
        path = (await own.call("POST", "/endpoints", {"url": receiver.url})).headers["Location"][3:]
        await own.call("POST", f"{path}/enable", {})
        await happen(own)
        await post(own.tools, own.service.exchange)
        count = len(receiver.events)
        asked = {"since": "2026-01-21T00:00:00+09:00"}
        assert (await own.call("POST", f"{path}/replay", asked | {"dry_run": True})).body == {"count": count}
        assert (await own.call("POST", f"{path}/replay", asked)).body == {"count": count}
        await post(own.tools, own.service.exchange)
    assert len(receiver.events) == 2 * count
