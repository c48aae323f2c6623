"""A provider of identities is asked within limits, and what goes wrong is told without secrets."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from notifier.channels.provider import LARGEST_ANSWER, Client, Provider, ProviderError
from notifier.checks import Level, Surroundings, check
from notifier.clock import TurnedClock
from notifier.settings import Settings
from tests.identities import NAME, SECRET, IdProvider, id_provider

NOW = datetime(2026, 4, 1, tzinfo=UTC)
CARD = "/.well-known/openid-configuration"


@pytest.fixture
async def there() -> AsyncIterator[IdProvider]:
    """A provider over real HTTP."""
    async with id_provider(lambda: NOW) as found:
        yield found


def asked(issuer: str) -> Provider:
    return Provider(issuer, Client(NAME, SECRET), seconds=5)


@pytest.mark.parametrize(
    "content, told",
    [
        (b"<html>", "no JSON object"),
        (b"[]", "no JSON object"),
        (b"[" * 100_000, "no JSON object"),
        (b" " * (LARGEST_ANSWER + 1), "too much"),
        (b"{}", "another issuer"),
    ],
    ids=["page", "list", "deep", "huge", "nobody"],
)
async def test_what_is_no_discovery_document_is_not_believed(
    there: IdProvider, content: bytes, told: str
) -> None:
    there.raw[CARD] = content
    with pytest.raises(ProviderError, match=told):
        await asked(there.issuer).card(NOW)


async def test_a_key_set_without_keys_is_none(there: IdProvider) -> None:
    there.raw["/keys"] = b'{"keys": 1}'
    with pytest.raises(ProviderError, match="holds no keys"):
        await asked(there.issuer).keys(NOW)


async def test_an_answer_without_an_id_token_is_worth_nothing(there: IdProvider) -> None:
    there.raw["/token"] = b'{"access_token": "x"}'
    with pytest.raises(ProviderError, match="no ID token"):
        await asked(there.issuer).redeem("code", "verifier", "http://pages.example", NOW)


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:1", "http://169.254.169.254", "http://[fe80::1]"])
async def test_nobody_there_and_addresses_of_this_link_are_told_alike(issuer: str) -> None:
    with pytest.raises(ProviderError, match="cannot be reached"):
        await asked(issuer).card(NOW)


async def test_the_check_says_whether_the_provider_can_be_used(
    there: IdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("ISSUER", there.issuer), ("CLIENT_ID", NAME), ("CLIENT_SECRET", SECRET)):
        monkeypatch.setenv(f"NOTIFIER_OIDC_{name}", value)
    surroundings = Surroundings(Settings(), TurnedClock(NOW))
    found = {verdict.name: verdict async for verdict in check(surroundings)}["oidc"]
    assert (found.level, found.found) == (Level.OK, f"{there.issuer} answers and shows 2 keys.")
    there.down = {"/keys"}
    found = {verdict.name: verdict async for verdict in check(surroundings)}["oidc"]
    assert (found.level, "answered 503" in found.found) == (Level.WARNING, True)
