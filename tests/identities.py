"""A small provider of identities over real HTTP: discovery, a page for signing in that asks nothing, tokens, keys."""

import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

NAME, SECRET = "kigen no oshirase", "a secret: ü&="
Signer = Callable[["IdProvider", dict[str, Any]], str]


def plain(given: bytes) -> str:
    return urlsafe_b64encode(given).rstrip(b"=").decode()


def rsa(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


@dataclass
class IdProvider:
    """Says what it is told to say; `signed` makes the ID token of its claims, by default with its first key."""

    now: Callable[[], datetime]
    keys: list[RSAKey | ECKey] = field(default_factory=lambda: [rsa("first")])
    issuer: str = ""
    card: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    signed: Signer | None = None
    down: set[str] = field(default_factory=set)
    raw: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def code_for(self, address: str) -> dict[str, str]:
        """Sign somebody in who was sent to `address`; returns what they bring back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == NAME
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    async def discover(self, request: web.Request) -> web.Response:
        self.note(request)
        return web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize?tenant=city",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
            | self.card
        )

    async def show_keys(self, request: web.Request) -> web.Response:
        self.note(request)
        shown = [key.as_dict(private=False) for key in self.keys]
        return web.json_response({"keys": [{"kty": "oct", "k": "c2VjcmV0"}, *shown]})

    async def give_token(self, request: web.Request) -> web.Response:
        self.note(request)
        form = await request.post()
        asked = self.codes.pop(str(form["code"]), None)
        if asked is None or not self.is_client(request, dict(form)):
            return web.json_response({"error": "invalid_grant"}, status=400)
        assert form["redirect_uri"] == asked["redirect_uri"]
        assert plain(sha256(str(form["code_verifier"]).encode()).digest()) == asked["code_challenge"]
        at = int(self.now().timestamp())
        claims = {
            "iss": self.issuer,
            "sub": "s-1",
            "aud": NAME,
            "iat": at,
            "exp": at + 300,
            "nonce": asked["nonce"],
            "email": "hanako@example.jp",
            "email_verified": True,
        } | self.claims
        said = {name: value for name, value in claims.items() if value is not None}
        token = (self.signed or sign)(self, said)
        return web.json_response({"id_token": token, "access_token": "at", "token_type": "Bearer"})

    def is_client(self, request: web.Request, form: dict[str, Any]) -> bool:
        if "token_endpoint_auth_methods_supported" in self.card:
            return (form["client_id"], form["client_secret"]) == (NAME, SECRET)
        name, _, secret = (
            b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode().partition(":")
        )
        return (unquote_plus(name), unquote_plus(secret)) == (NAME, SECRET)

    def note(self, request: web.Request) -> None:
        self.asked.append(request.path)
        if request.path in self.down:
            raise web.HTTPServiceUnavailable
        if request.path in self.raw:
            raise web.HTTPOk(text=self.raw[request.path].decode())


def sign(provider: IdProvider, claims: dict[str, Any]) -> str:
    """Sign as a decent provider does."""
    key = provider.keys[0]
    algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"
    return jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key, algorithms=[algorithm])


def unsigned(provider: IdProvider, claims: dict[str, Any]) -> str:
    """Sign nothing, and say so."""
    header = {"alg": "none", "kid": provider.keys[0].kid}
    return f"{plain(json.dumps(header).encode())}.{plain(json.dumps(claims).encode())}."


@asynccontextmanager
async def id_provider(now: Callable[[], datetime]) -> AsyncIterator[IdProvider]:
    """A provider that listens on this host."""
    made = IdProvider(now)
    application = web.Application()
    application.router.add_get("/.well-known/openid-configuration", made.discover)
    application.router.add_get("/keys", made.show_keys)
    application.router.add_post("/token", made.give_token)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.issuer = site.name
    try:
        yield made
    finally:
        await runner.cleanup()
