"""Signing in over OpenID Connect: whoever is sent to the provider comes back with a code, and an ID token proves who it is.

Authorization-code flow with PKCE (RFC 7636, S256). State, nonce and verifier all follow from one random seed and the
service's own key; the browser keeps the seed in a signed ticket, so what it brings back counts for itself alone, once, for
ten minutes. Nothing an ID token says is believed before its signature, issuer, audience, time and nonce are right.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import structlog
from itsdangerous import BadSignature, URLSafeSerializer
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from notifier.channels.provider import Card, Provider, ProviderError
from notifier.domain.accounts import Identity, read_address

ALGORITHMS: Final = ("RS256", "ES256")
TICKET: Final = timedelta(minutes=10)
"""How long somebody may take at the provider."""
JUST_SEEN: Final = timedelta(seconds=30)
"""A provider that answered this long ago is taken to be there: nobody is sent to one that is not."""
LEEWAY: Final = 60
"""Seconds by which the provider's clock may differ."""
SMALLEST_RSA: Final = 2048
LONGEST_SUBJECT: Final = 255
"""Signs of `sub` (OpenID Connect Core 1.0, 2)."""

_log = structlog.get_logger("notifier.oidc")


class Why(StrEnum):
    """Why nobody was shown."""

    NOT_BEGUN = "not-begun"
    """It was not begun in this browser, too long ago, or has been finished before."""
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    UNPROVED = "unproved"


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and the ticket that it keeps meanwhile."""

    address: str
    ticket: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The provider has shown who it is; `to` is the page that was asked for."""

    identity: Identity
    to: str


@dataclass(frozen=True, slots=True)
class Unshown:
    """Nobody was shown; `to` is the page that was asked for, as far as that is known."""

    why: Why
    to: str = "/"


class _NoProofError(Exception):
    """Something about an answer or a token is wrong; the message holds nothing secret."""


class Oidc:
    """Sends browsers to `provider` and reads what they bring back to `redirect`.

    `secret` is the service's own key, `chance` gives unpredictable bytes, `now` tells the time (aware).
    """

    def __init__(
        self,
        provider: Provider,
        redirect: str,
        *,
        scopes: str,
        secret: str,
        chance: Callable[[int], bytes],
        now: Callable[[], datetime],
    ) -> None:
        """Stand ready; nothing is asked yet."""
        self._provider = provider
        self._redirect = redirect
        self._scopes = scopes
        self._secret = secret
        self._chance = chance
        self._now = now
        self._signer = URLSafeSerializer(secret, salt="oidc ticket", signer_kwargs={"digest_method": sha256})
        self._finished: dict[str, datetime] = {}

    async def begin(self, to: str) -> Begun | Unshown:
        """Begin for somebody who wants to see the page `to`."""
        now = self._now()
        try:
            card = await self._provider.card(now, JUST_SEEN)
        except ProviderError as fault:
            _log.warning("provider of identities cannot be asked", problem=str(fault))
            return Unshown(Why.UNREACHABLE, to)
        seed = _plain(self._chance(32))
        asked = {
            "response_type": "code",
            "client_id": self._provider.client.name,
            "redirect_uri": self._redirect,
            "scope": self._scopes,
            "state": self._made("state", seed),
            "nonce": self._made("nonce", seed),
            "code_challenge": _plain(sha256(self._made("verifier", seed).encode()).digest()),
            "code_challenge_method": "S256",
        }
        ticket = self._signer.dumps([seed, int(now.timestamp()), to])
        return Begun(_with(card.authorization, asked), str(ticket))

    async def leaving(self) -> str | None:
        """Return where a browser signs out of the provider itself, None if the provider says of no such place."""
        try:
            card = await self._provider.card(self._now())
        except ProviderError:
            return None
        return _with(card.leaving, {"client_id": self._provider.client.name}) if card.leaving else None

    async def finish(self, ticket: str, answer: Mapping[str, str]) -> Shown | Unshown:
        """Read the `answer` that a browser brings back with its `ticket`."""
        now = self._now()
        opened = self._opened(ticket, answer.get("state", ""), now)
        if opened is None:
            return Unshown(Why.NOT_BEGUN)
        seed, to = opened
        try:
            card = await self._provider.card(now)
            self._heed_issuer(card, answer)
            if "error" in answer or "code" not in answer:
                _log.info("provider of identities declined")
                return Unshown(Why.DECLINED, to)
            verifier = self._made("verifier", seed)
            token = await self._provider.redeem(answer["code"], verifier, self._redirect, now)
            claims = await self._verified(token, self._made("nonce", seed), now)
        except ProviderError as fault:
            _log.warning("provider of identities cannot be asked", problem=str(fault))
            return Unshown(Why.UNREACHABLE, to)
        except _NoProofError as fault:
            _log.warning("answer of the provider of identities proves nothing", problem=str(fault))
            return Unshown(Why.UNPROVED, to)
        return Shown(_identity(claims), to)

    def _made(self, purpose: str, seed: str) -> str:
        return _plain(hmac.new(self._secret.encode(), f"oidc {purpose}\n{seed}".encode(), sha256).digest())

    def _opened(self, ticket: str, state: str, now: datetime) -> tuple[str, str] | None:
        """Return seed and page of a ticket that is ours, fits the state, and was neither used nor left too long."""
        try:
            seed, at, to = self._signer.loads(ticket)
        except (BadSignature, ValueError, TypeError):
            return None
        self._finished = {kept: until for kept, until in self._finished.items() if until > now}
        until = datetime.fromtimestamp(at, now.tzinfo) + TICKET
        fits = hmac.compare_digest(self._made("state", seed).encode(), state.encode(errors="replace"))
        if not fits or now >= until or seed in self._finished:
            return None
        self._finished[seed] = until
        return seed, to

    def _heed_issuer(self, card: Card, answer: Mapping[str, str]) -> None:
        """Refuse an answer that another provider gave (RFC 9207, 2.4). Raises _NoProofError."""
        named = answer.get("iss")
        if (named is None and card.names_itself) or named not in {None, self._provider.issuer}:
            raise _NoProofError("the answer does not come from this issuer")

    async def _verified(self, token: str, nonce: str, now: datetime) -> Mapping[str, Any]:
        """Return what an ID token says, if all about it is right (OpenID Connect Core 1.0, 3.1.3.7)."""
        kid = _kid_of(token)
        key = _fitting(await self._provider.keys(now), kid)
        if key is None:  # the provider may have changed its keys since
            key = _fitting(await self._provider.keys(now, anew=True), kid)
        if key is None:
            raise _NoProofError("no key of the provider fits the ID token")
        name = self._provider.client.name
        wanted = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self._provider.issuer},
            aud={"essential": True, "value": name},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            claims = jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
            wanted.validate(claims)
        except (JoseError, ValueError) as fault:
            raise _NoProofError(f"{type(fault).__name__}{_claim_of(fault)}") from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else name) != name:
            raise _NoProofError("the ID token is for another party")
        subject = claims["sub"]
        if len(subject) > LONGEST_SUBJECT or not subject.isascii() or not subject.isprintable():
            raise _NoProofError("the subject is none")
        return claims


def _kid_of(token: str) -> str | None:
    """Return which key a token names. Raises _NoProofError for an algorithm that is not ours to use."""
    try:
        header = jws.extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError) as fault:
        raise _NoProofError(f"{type(fault).__name__}") from None
    if header.get("alg") not in ALGORITHMS:
        raise _NoProofError("the algorithm is not on the list")
    kid = header.get("kid")
    return kid if isinstance(kid, str) else None


def _fitting(keys: Sequence[Mapping[str, Any]], kid: str | None) -> RSAKey | ECKey | None:
    """Return the public key for signing that is named `kid`; without a name the only one there is."""
    fit = [each for each in keys if each.get("kty") in {"RSA", "EC"} and each.get("use", "sig") == "sig"]
    if kid is not None:
        fit = [each for each in fit if each.get("kid") == kid]
    if len(fit) != 1:
        return None
    try:
        if fit[0]["kty"] == "EC":
            return ECKey.import_key(dict(fit[0]))
        found = RSAKey.import_key(dict(fit[0]))
    except (JoseError, ValueError, TypeError):
        return None
    return found if found.public_key.key_size >= SMALLEST_RSA else None


def _identity(claims: Mapping[str, Any]) -> Identity:
    """Return whom the claims show. An address counts only if the provider says that it has verified it."""
    email, methods = claims.get("email"), claims.get("amr")
    is_vouched = claims.get("email_verified") is True and isinstance(email, str)
    return Identity(
        str(claims["iss"]),
        str(claims["sub"]),
        read_address(str(email)) if is_vouched else "",
        isinstance(methods, list) and "mfa" in methods,  # RFC 8176, 2
    )


def _with(address: str, asked: Mapping[str, str]) -> str:
    """Return an address with what is asked after what it asks by itself."""
    parts = urlsplit(address)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *asked.items()])
    return urlunsplit(parts._replace(query=query, fragment=""))


def _claim_of(fault: Exception) -> str:
    claim = getattr(fault, "claim", "")
    return f": {claim}" if claim in {"iss", "aud", "exp", "iat", "nbf", "sub", "nonce"} else ""


def _plain(given: bytes) -> str:
    return urlsafe_b64encode(given).rstrip(b"=").decode("ascii")
