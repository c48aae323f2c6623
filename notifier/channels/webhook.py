"""Post signed events to the endpoints of other systems: CloudEvents 1.0 in, a receipt out.

An endpoint is an address that somebody else chose. So the client follows no redirect, uses no proxy, sends no
cookie, unpacks nothing, reads little, gives up after a while, and connects to public addresses only.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from yarl import URL

from notifier.channels.addresses import Network, blocked, guarded_sockets
from notifier.channels.patience import Patience
from notifier.channels.signing import headers
from notifier.domain.receipts import Phase, Receipt, Verdict, judge_webhook

LARGEST_ANSWER = 64 * 1024
"""Bytes of an answer that are read, so that the connection can serve again; beyond it is closed."""

BEGINNING = 500
"""Bytes of an answer that are kept, to be shown to whoever looks for what is wrong."""

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where events go, and the secrets that sign them: the new one, and the old one while both hold."""

    url: str
    secrets: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What an endpoint must answer before anything is posted to it: an event whose `word` it repeats.

    `origin` names us, as OPTIONS asks for it.
    """

    id: str
    body: bytes
    word: str
    origin: str

    def is_answered_by(self, answer: bytes) -> bool:
        """Tell whether the answer is the word, alone or as `{"challenge": …}`, and nothing else."""
        written = answer.decode("utf-8", "replace").strip()
        try:
            return written == self.word or json.loads(written) == {"challenge": self.word}
        except ValueError:
            return False


@dataclass(slots=True)  # not frozen: those are made at a quarter of the speed, and of these very many are
class Event:
    """What happened, as CloudEvents 1.0 names it. `time` is an aware instant; `data` is plain JSON.

    `source` and `id` together are unique for ever. `subject` is `office/…`, `authority/…` or None. `sequence`, where
    it is given, grows as text from event to event about the same; `traceparent` names the trace it belongs to. Both
    are CloudEvents extensions.
    """

    id: str
    source: str
    type: str
    subject: str | None
    time: datetime
    data: Mapping[str, Any]
    sequence: str | None = None
    traceparent: str | None = None


def event_body(event: Event, data: str = "") -> bytes:
    """Return an event in structured mode: JSON in UTF-8, the same bytes for the same event.

    Sign and keep these bytes; a database that stores JSON may reorder what it gives back. `data` is what `written`
    makes of the event's data, where that is at hand: many events say the same.
    """
    quoted = _ENCODER.encode
    subject = "" if event.subject is None else f',"subject":{quoted(event.subject)}'
    sequence = "" if event.sequence is None else f',"sequence":{quoted(event.sequence)}'
    trace = "" if event.traceparent is None else f',"traceparent":{quoted(event.traceparent)}'
    return (
        f'{{"specversion":"1.0","id":{quoted(event.id)},"source":{quoted(event.source)},"type":{quoted(event.type)}'
        f'{subject},"time":"{_instant(event.time)}","datacontenttype":"application/json"{sequence}{trace}'
        f',"data":{data or written(event.data)}}}'
    ).encode()


@lru_cache(64)
def _instant(time: datetime) -> str:
    """Return an aware instant as RFC 3339 writes it; what happens to many happens to them at one."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def written(data: Mapping[str, Any]) -> str:
    """Return the data of an event as JSON."""
    return _ENCODER.encode(data)


class WebhookChannel:
    """Posts events, keeping connections to each endpoint alive. Whoever posts bounds how many at a time."""

    def __init__(
        self, *, allowed: Iterable[Network] = (), plain_http: bool = False, seconds: float = 15
    ) -> None:
        """`allowed` are networks that need not be public; `plain_http` admits endpoints without TLS.

        Both are for endpoints in the operator's own house and for tests. `seconds` is the time for one
        post in all: name, connection, TLS, request and answer.
        """
        self._sockets = guarded_sockets(allowed)
        self.schemes = frozenset({"https", "http"} if plain_http else {"https"})
        self._patience = Patience(seconds)
        self._session: aiohttp.ClientSession | None = None
        self._judged = lru_cache(1024)(self._judge)

    async def __aenter__(self) -> Self:
        """Use the channel for a while."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        if self._session:
            await self._session.close()
            self._session = None

    async def post(
        self, endpoint: Endpoint, event_id: str, body: bytes, now: datetime, traceparent: str = ""
    ) -> Receipt:
        """Sign and post a body once; return what became of it. `event_id` stays the same over all attempts.

        `now` (aware) is the time of this attempt; it is signed. Nothing that an endpoint does is raised. The text
        of the receipt is what the answer begins with, or its reason where it is empty.
        REFUSED without a code means that the address itself cannot be used. `traceparent` goes with it as a header.
        """
        signed = dict(headers(endpoint.secrets, event_id, now, body))
        if traceparent:
            signed["traceparent"] = traceparent
        return (await self._exchange("POST", endpoint.url, signed, body, now))[0]

    async def prove(self, endpoint: Endpoint, challenge: Challenge, now: datetime) -> Receipt:
        """Ask an endpoint whether it wants what we post; ACCEPTED means that it has said so.

        It may answer OPTIONS as CloudEvents prescribes (HTTP 1.1 Web Hooks for Event Delivery, section 4), or the
        posted challenge by repeating it, alone or as `{"challenge": …}`. A server that reflects what it is sent, or
        answers 200 to everything, says neither.
        """
        asked = {"WebHook-Request-Origin": challenge.origin}
        receipt, _, allowed = await self._exchange("OPTIONS", endpoint.url, asked, None, now)
        if receipt.verdict is Verdict.ACCEPTED and allowed in {challenge.origin, "*"}:
            return receipt
        if receipt.verdict is Verdict.REFUSED and receipt.code is None:
            return receipt
        signed = headers(endpoint.secrets, challenge.id, now, challenge.body)
        receipt, beginning, _ = await self._exchange("POST", endpoint.url, signed, challenge.body, now)
        if receipt.verdict is not Verdict.ACCEPTED or challenge.is_answered_by(beginning):
            return receipt
        text = "the answer does not repeat the challenge"
        return Receipt(Verdict.DEFERRED, receipt.code, text, receipt.phase)

    async def _exchange(
        self, method: str, url: str, fields: Mapping[str, str], body: bytes | None, now: datetime
    ) -> tuple[Receipt, bytes, str]:
        """Send one request; return the receipt, the beginning of the answer, and who it says may post."""
        refused: list[str] = []
        mark = blocked.set(refused)
        answer: aiohttp.ClientResponse | None = None
        beginning = bytearray()
        try:
            with self._patience:
                async with self._client().request(
                    method, self._judged(url), data=body, headers=fields, allow_redirects=False
                ) as answer:
                    await _read_little(answer, beginning)
        except (_UnfitUrlError, aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as fault:
            return _unusable(f"not a usable address: {fault}"), b"", ""
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
            if refused:
                return _unusable(f"{', '.join(refused)} is not a public address"), b"", ""
            if answer is None:
                text = "no answer in time" if isinstance(fault, TimeoutError) else str(fault)
                return judge_webhook(None, f"{type(fault).__name__}: {text}", now=now), b"", ""
        finally:
            blocked.reset(mark)
        text = beginning.decode("utf-8", "replace").strip() or answer.reason or ""
        receipt = judge_webhook(answer.status, text, now=now, retry_after=answer.headers.get("Retry-After"))
        return receipt, bytes(beginning), answer.headers.get("WebHook-Allowed-Origin", "")

    def _judge(self, url: str) -> URL:
        """Return an address as the client takes it, parsed once and judged, so that no two parsers can disagree."""
        try:
            found = URL(url)
        except ValueError:
            raise _UnfitUrlError("it cannot be read as one") from None
        if found.scheme not in self.schemes:
            message = f"it begins with {found.scheme}, not with {' or '.join(sorted(self.schemes))}"
            raise _UnfitUrlError(message)
        if found.raw_user is not None or found.raw_password is not None:
            message = "it holds a user name or password; the signature is what proves who we are"
            raise _UnfitUrlError(message)
        return found

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, use_dns_cache=False, socket_factory=self._sockets),
                timeout=_UNTIMED,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                headers={
                    "Content-Type": CONTENT_TYPE,
                    "Accept-Encoding": "identity",
                    "User-Agent": "notifier",
                },
            )
        return self._session


_UNTIMED: Final = aiohttp.ClientTimeout(total=None, sock_connect=None)
"""The client sets no timers of its own; see `Patience`."""


class _UnfitUrlError(ValueError):
    """An endpoint's address is well formed but not one that we use."""


async def _read_little(answer: aiohttp.ClientResponse, beginning: bytearray) -> None:
    """Read what a decent answer holds, and keep how it begins; cut off what is longer, slower or broken."""
    if answer.content.at_eof():  # as after most: an answer that says nothing but its status
        return
    size = 0
    try:
        async for chunk in answer.content.iter_any():
            beginning += chunk[: max(BEGINNING - size, 0)]
            size += len(chunk)
            if size > LARGEST_ANSWER:
                answer.close()
                break
    except BaseException:
        answer.close()
        raise


def _unusable(text: str) -> Receipt:
    return Receipt(Verdict.REFUSED, None, text, Phase.CONNECT)
