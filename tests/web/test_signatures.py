"""Events that are signed instead of sent with a key, by the library of others."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

from notifier.channels.asymmetric import read_public_key, verify, write_public_key
from notifier.errors import ChannelError
from notifier.keyring import trust_public_key
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


# --- v1a: the sender's own private key; the library of others knows v1 alone, so `cryptography` signs --------------

OWN, NEXT = Ed25519PrivateKey.from_private_bytes(bytes(32)), Ed25519PrivateKey.from_private_bytes(b"\1" * 32)


def public(key: Ed25519PrivateKey) -> str:
    return write_public_key(key.public_key().public_bytes_raw())


def signature(land: Country, key: Ed25519PrivateKey, body: bytes = b"") -> str:
    signed = f"msg_1.{int(land.tools.now().timestamp())}.".encode() + (body or json.dumps(EVENT).encode())
    return "v1a," + b64encode(key.sign(signed)).decode()


async def trust(land: Country, key: Ed25519PrivateKey) -> None:
    name = land.keys["office"].partition(".")[0]
    assert await trust_public_key(land.tools, name, public(key), timedelta(), "test")


async def test_an_event_signed_with_the_senders_own_private_key_is_taken(land: Country) -> None:
    await trust(land, OWN)
    assert (await send(land, signature=signature(land, OWN)))[0] == 202
    assert (await send(land, signature=f"v1,AAAA v1a,!! v1a,AAAA {signature(land, OWN)}"))[0] == 202


@pytest.mark.parametrize("more", [{"changed": b"{}"}, {"late": timedelta(seconds=301)}, {"asked": ""}])
async def test_what_a_private_key_has_not_signed_just_now_is_refused(
    land: Country, more: dict[str, Any]
) -> None:
    await trust(land, OWN)
    assert (await send(land, signature=signature(land, OWN), **more))[0] == 401
    assert (await send(land, signature=signature(land, NEXT)))[0] == 401
    assert (await send(land, "local operator", signature=signature(land, OWN)))[0] == 401


def test_the_scheme_is_that_of_the_specification() -> None:
    now = datetime(2026, 1, 21, 1, tzinfo=UTC)
    body, at = b'{"data": 1}', str(int(now.timestamp()))
    made = b64encode(OWN.sign(b"msg_1." + at.encode() + b"." + body)).decode()
    keys = [read_public_key(public(each)) for each in (NEXT, OWN)]
    assert verify(keys, "msg_1", at, f"v1a,{made}", now, body)
    for wrong in ("", "v1a", "v1a,", f"v1,{made}", f"V1A,{made}", f"v1a,{made[:-4]}", f"v1a,{made}\n"):
        assert not verify(keys, "msg_1", at, wrong, now, body)
    assert not verify(keys[:1], "msg_1", at, f"v1a,{made}", now, body)
    assert not verify(keys, "msg_2", at, f"v1a,{made}", now, body)
    assert not verify(keys, "msg_1", "soon", f"v1a,{made}", now, body)
    assert not verify(keys, "msg_1", at, " ".join(["v1a,AAAA"] * 8 + [f"v1a,{made}"]), now, body)


def test_a_public_key_is_read_as_it_is_written() -> None:
    written = public(OWN)
    assert written.startswith("whpk_")
    assert read_public_key(written) == OWN.public_key().public_bytes_raw()
    for wrong in ("", "whpk_", written[5:], written + "AAAA", "whsec_" + written[5:], "whpk_鍵"):
        with pytest.raises(ChannelError):
            read_public_key(wrong)
