"""Ask a provider of identities (OpenID Connect): what it says of itself, its keys, and what a code is worth.

The operator names the provider, so it may live in a private network; what it points at is still asked without
redirects, proxies and cookies, never in link-local networks, little is read, and only over TLS unless the provider itself
has none. What is asked and answered here is secret: faults name the place and the kind, never the words.
"""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

import aiohttp

from notifier.channels.addresses import guarded_sockets, read_networks

WELL_KNOWN: Final = "/.well-known/openid-configuration"
FRESH: Final = timedelta(hours=1)
"""How long what a provider says of itself, and its keys, are taken for true."""
LARGEST_ANSWER: Final = 256 * 1024
PRIVATE: Final = read_networks(
    ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)


class ProviderError(Exception):
    """A provider could not be asked, or answered what is no answer; the message holds nothing secret."""


@dataclass(frozen=True, slots=True)
class Client:
    """As whom the service is known to the provider."""

    name: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Card:
    """What a provider says of itself (OpenID Connect Discovery 1.0, 3): its addresses and two habits.

    `names_itself` tells that it says in its answers who it is (RFC 9207), `takes_basic` that the client's secret goes into
    the header. `leaving` is where a browser signs out of it (RP-Initiated Logout 1.0, 2.1), None if nowhere.
    """

    authorization: str
    token: str
    keys: str
    names_itself: bool
    takes_basic: bool
    leaving: str | None = None


class Provider:
    """The provider whose `issuer` is named in the settings, as it sees `client`. Each method raises ProviderError."""

    def __init__(self, issuer: str, client: Client, *, seconds: float = 10) -> None:
        """Ask nothing yet. `seconds` is the time for one question in all."""
        self.issuer = issuer
        self.client = client
        self._schemes = {"https", urlsplit(issuer).scheme}
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._card: tuple[Card, datetime] | None = None
        self._keys: tuple[Sequence[Mapping[str, Any]], datetime] | None = None

    async def card(self, now: datetime, within: timedelta = FRESH) -> Card:
        """Return what the provider says of itself, no older than `within`."""
        if self._card is None or now - self._card[1] >= within:
            told = await self._ask("GET", self.issuer.rstrip("/") + WELL_KNOWN)
            if told.get("issuer") != self.issuer:  # OpenID Connect Discovery 1.0, 4.3
                raise ProviderError("the discovery document is another issuer's")
            self._card = self._read(told), now
        return self._card[0]

    async def keys(self, now: datetime, *, anew: bool = False) -> Sequence[Mapping[str, Any]]:
        """Return the provider's public keys (JWK), at most an hour old; `anew` asks in any case."""
        if self._keys is None or anew or now - self._keys[1] >= FRESH:
            told = await self._ask("GET", (await self.card(now)).keys)
            found = told.get("keys")
            if not isinstance(found, list):
                raise ProviderError("the key set holds no keys")
            self._keys = [each for each in found if isinstance(each, dict)], now
        return self._keys[0]

    async def redeem(self, code: str, verifier: str, redirect: str, now: datetime) -> str:
        """Return the ID token, not yet verified, that a code is worth (RFC 6749, 4.1.3; RFC 7636, 4.5)."""
        card = await self.card(now)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
        }
        headers = {}
        if card.takes_basic:  # each half is form-encoded before they are joined (RFC 6749, 2.3.1)
            pair = f"{quote_plus(self.client.name)}:{quote_plus(self.client.secret)}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode('ascii')}"
        else:
            form |= {"client_id": self.client.name, "client_secret": self.client.secret}
        token = (await self._ask("POST", card.token, form, headers)).get("id_token")
        if not isinstance(token, str) or not token.isascii():
            raise ProviderError("the token endpoint gave no ID token")
        return token

    def _read(self, told: Mapping[str, Any]) -> Card:
        def usable(name: str) -> str | None:
            found = told.get(name)
            is_one = (
                isinstance(found, str) and found.isprintable() and urlsplit(found).scheme in self._schemes
            )
            return str(found) if is_one else None

        def address(name: str) -> str:
            if found := usable(name):
                return found
            raise ProviderError(f"the discovery document has no usable {name}")

        methods = told.get("token_endpoint_auth_methods_supported")
        takes_basic = not isinstance(methods, list) or "client_secret_basic" in methods
        names_itself = told.get("authorization_response_iss_parameter_supported") is True
        places = address("authorization_endpoint"), address("token_endpoint"), address("jwks_uri")
        leaving = usable("end_session_endpoint")
        return Card(*places, names_itself=names_itself, takes_basic=takes_basic, leaving=leaving)

    async def _ask(
        self,
        method: str,
        url: str,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Mapping[str, Any]:
        """Return the JSON object that is answered."""
        place = urlsplit(url).netloc
        try:
            async with (
                self._session() as session,
                session.request(method, url, data=form, headers=headers, allow_redirects=False) as answer,
            ):
                if answer.status != HTTPStatus.OK:
                    raise ProviderError(f"{place} answered {answer.status}")
                content = await _limited(answer)
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise ProviderError(f"{place} cannot be reached ({type(fault).__name__})") from None
        try:
            told = json.loads(content)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise ProviderError(f"{place} answered what is no JSON object")
        return told

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(use_dns_cache=False, socket_factory=guarded_sockets(PRIVATE)),
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "notifier"},
        )


async def _limited(answer: aiohttp.ClientResponse) -> bytes:
    found = bytearray()
    async for piece in answer.content.iter_any():
        found += piece
        if len(found) > LARGEST_ANSWER:
            raise ProviderError(f"{answer.url.host} answered too much")
    return bytes(found)
