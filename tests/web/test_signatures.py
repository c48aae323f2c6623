"""Events that are signed instead of sent with a key, by the library of others."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from notifier.steps.entrust import take_back
from tests.web.country import PLANS, Country, country

EVENT = {
    "specversion": "1.0",
    "id": "signed-1",
    "source": "urn:example:signing",
    "type": "cpdl.linked",
    "subject": f"office/{PLANS}",
    "time": "2026-01-21T10:00:00+09:00",
    "data": {"partner": "1290000009"},
}


@pytest.fixture
async def land(migrated_url: str) -> AsyncIterator[Country]:
    """A country whose senders sign."""
    async with country(migrated_url) as found:
        yield found


async def send(land: Country, who: str = "office", body: bytes | None = None, **more: Any) -> tuple[int, Any]:
    """Post a signed event; `more` may hold another name, secret, time or body than was signed."""
    name = land.keys[who].partition(".")[0]
    secret = land.service.exchange.written(f"inbound {more.get('secret_of', name)}")
    sent = json.dumps(EVENT).encode() if body is None else body
    at = land.tools.now() + more.get("late", timedelta())
    signature = Webhook(secret).sign("msg_1", at, sent.decode())
    headers = {
        "Content-Type": "application/cloudevents+json",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": more.get("signature", signature),
    }
    asked = more.get("asked", f"?sender={name}")
    address = f"{land.address}/v1/events{asked}"
    async with land.visitor.post(address, data=more.get("changed", sent), headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_a_signed_event_is_taken_as_one_with_a_key(land: Country) -> None:
    assert (await send(land))[0] == 202
    assert (await send(land))[0] == 202
    kept = (await land.get("/events", "office")).items
    assert [each["key"] for each in kept if each["event_id"] == "signed-1"] == [
        land.keys["office"].partition(".")[0]
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"changed": b"{}"},
        {"late": timedelta(seconds=301)},
        {"late": timedelta(seconds=-301)},
        {"secret_of": "ntf_000000000000"},
        {"signature": "v1,AAAA"},
        {"signature": "v1," + "A" * 5000},
        {"asked": ""},
    ],
    ids=["another-body", "too-new", "too-old", "another-secret", "forged", "huge", "nameless"],
)
async def test_what_is_not_signed_by_the_sender_just_now_is_refused(
    land: Country, more: dict[str, Any]
) -> None:
    status, said = await send(land, **more)
    assert (status, said["code"]) == (401, "unauthorized")


async def test_a_signature_ends_with_its_key_and_reaches_no_further(land: Country) -> None:
    assert (await send(land, "osaka"))[0] == 403
    await take_back(land.tools, land.keys["office"].partition(".")[0], "test")
    land.clock.turn_to(land.tools.now() + timedelta(seconds=1))
    assert (await send(land))[0] == 401


async def test_two_keys_overlap_while_a_sender_changes_from_one_to_the_other(land: Country) -> None:
    assert (await send(land, "office"))[0] == 202
    assert (await send(land, "local operator", json.dumps(EVENT | {"id": "other"}).encode()))[0] == 202
