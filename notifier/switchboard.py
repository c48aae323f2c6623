"""The switchboard: endpoints are added, proved, pinged, given new secrets, and sent again what they missed."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlsplit

from notifier.channels.envelope import envelope_address
from notifier.channels.parcel import UnsendableError
from notifier.channels.webhook import Challenge
from notifier.domain.actors import Who
from notifier.domain.messages import ASKED_FOR, MessageType, message_id
from notifier.domain.receipts import Receipt, Verdict
from notifier.errors import EndpointRefusedError, UnknownError
from notifier.exchange import Chance, Exchange
from notifier.steps import attach
from notifier.steps.attach import Fresh, Salt
from notifier.store import backlogs, endpoints
from notifier.store.backlogs import Attempt, DeadLetter
from notifier.store.endpoints import Endpoint, Wanted
from notifier.store.feed import Place, Told
from notifier.tools import Tools, known_deadlines

OVERLAP: Final = timedelta(hours=24)
"""For which the old secret signs beside the new one, unless another time is asked for."""
MOST_IN_FLIGHT: Final = 32
CHOSEN_TYPES: Final = tuple(each.value for each in MessageType if each not in ASKED_FOR)
_OFFICE = re.compile(r"[0-9A-Z]{10}")


@dataclass(frozen=True, slots=True)
class Standing:
    """An endpoint with what waits for it, what was given up, and the last tries."""

    endpoint: Endpoint
    counts: Mapping[str, int]
    attempts: Sequence[Attempt]
    dead: Sequence[DeadLetter]


class Switchboard:
    """Deals with the endpoints of one `authority` ("": the nation), or, with None, with all of them."""

    def __init__(
        self, tools: Tools, exchange: Exchange, chance: Chance, who: Who, authority: str | None = None
    ) -> None:
        """Act as `who`, who stands in the audit; `chance` gives unpredictable bytes."""
        self._tools = tools
        self._exchange = exchange
        self._chance = chance
        self._who = who
        self._authority = authority

    async def every(self) -> Sequence[Endpoint]:
        """Return the endpoints, oldest first."""
        async with self._tools.database.reading() as conn:
            return await endpoints.every(conn, self._authority)

    async def find(self, number: int) -> Endpoint:
        """Return the endpoint. Raises UnknownError if there is none of that number, or another tenant's."""
        async with self._tools.database.reading() as conn:
            found = await endpoints.find(conn, number, self._authority)
        if found is None:
            raise UnknownError(f"endpoint {number}: no such endpoint; `notifier endpoint list` names them")
        return found

    async def standing(self, number: int, limit: int = 20) -> Standing:
        """Return how an endpoint stands, with up to `limit` tries and dead letters."""
        found = await self.find(number)
        async with self._tools.database.reading() as conn:
            return Standing(
                found,
                await backlogs.counts(conn, number),
                await backlogs.attempts(conn, number, limit),
                await backlogs.dead_letters(conn, number, limit),
            )

    async def add(self, fresh: Fresh) -> tuple[Endpoint, str]:
        """Add an endpoint; returns it with its secret, which is shown this once. It is proved afterwards.

        Raises EndpointRefusedError for what makes no sense.
        """
        if self._authority is not None and fresh.authority != self._authority:
            raise EndpointRefusedError("an endpoint belongs to the authority for which it is made")
        await self._check(fresh)
        salt = self._salt()
        found = await attach.attach(self._tools, fresh, salt, self._who)
        return found, self._exchange.written(salt.salt)

    async def amend(self, number: int, values: Mapping[str, Any]) -> Endpoint:
        """Change what is wanted, the description, the owner, the limit or the address; a new address is unproved."""
        found = await self.find(number)
        wanted = Wanted(
            *(
                tuple(values.get(name, getattr(found.wanted, name)))
                for name in ("types", "offices", "deadlines")
            )
        )
        fresh = Fresh(
            found.authority,
            values.get("url", found.url),
            wanted,
            values.get("description", found.description),
            values.get("owner", found.owner),
            values.get("in_flight", found.in_flight),
            found.vendor,
        )
        await self._check(fresh)
        moved = fresh.url != found.url
        more = {"state": "unproved", "reason": "", "proved_at": None} if moved else {}
        return await attach.amend(self._tools, found, dict(values) | more, self._who, "endpoint.changed")

    async def prove(self, number: int) -> Receipt:
        """Send the challenge; the endpoint is enabled if it answers. Returns what became of it."""
        found = await self.find(number)
        word = self._chance(16).hex()
        data = {"challenge": word, "endpoint": found.id}
        told = self._own(MessageType.ENDPOINT_CHALLENGE, found, data)
        challenge = Challenge(told.id, self._exchange.body(told), word, self._exchange.origin)
        began, at = perf_counter(), self._tools.now()
        receipt = await self._exchange.way.prove(self._exchange.endpoint(found, at), challenge, at)
        values = _attempt(receipt, at, began)
        proved = receipt.verdict is Verdict.ACCEPTED
        await attach.keep_attempt(self._tools, found, values, proved=proved)
        return receipt

    async def ping(self, number: int) -> tuple[Receipt, int]:
        """Post a test message now, whatever the state; returns what became of it, and in how many milliseconds."""
        found = await self.find(number)
        if found.proved_at is None:
            raise EndpointRefusedError(
                f"endpoint {number} has not answered its challenge yet; `notifier endpoint enable` sends it again"
            )
        told = self._own(MessageType.ENDPOINT_PING, found, {"endpoint": found.id})
        began, at = perf_counter(), self._tools.now()
        address = self._exchange.endpoint(found, at)
        receipt = await self._exchange.way.post(address, told.id, self._exchange.body(told), at)
        values = _attempt(receipt, at, began)
        await attach.keep_attempt(self._tools, found, values)
        return receipt, values["milliseconds"]

    async def enable(self, number: int, *, latest_only: bool = False) -> tuple[Endpoint, int]:
        """Let an endpoint be posted to (again); one that is unproved is sent its challenge first.

        Returns it with how many messages were passed over. Raises EndpointRefusedError if the challenge is not answered.
        """
        found = await self.find(number)
        if found.proved_at is None:
            receipt = await self.prove(number)
            if receipt.verdict is not Verdict.ACCEPTED:
                raise EndpointRefusedError(
                    f"endpoint {number} did not answer its challenge ({receipt.code or 'no answer'}: {receipt.text});"
                    " let it repeat data.challenge, or answer OPTIONS with WebHook-Allowed-Origin",
                    "challenge",
                )
        passed = await attach.resume(self._tools, found, self._who, latest_only=latest_only)
        return await self.find(number), passed

    async def disable(self, number: int, reason: str) -> Endpoint:
        """Post nothing more to an endpoint; what happens meanwhile is kept for it."""
        found = await self.find(number)
        values = {"state": "disabled", "reason": reason}
        return await attach.amend(self._tools, found, values, self._who, "endpoint.disabled")

    async def rotate(self, number: int, overlap: timedelta = OVERLAP) -> str:
        """Give an endpoint a new secret and return it, this once; the old one signs beside it for `overlap`."""
        found = await self.find(number)
        salt = self._salt()
        values = {
            "salt": salt.salt,
            "fingerprint": salt.fingerprint,
            "previous_salt": found.salt,
            "previous_until": self._tools.now() + overlap,
        }
        await attach.amend(self._tools, found, values, self._who, "endpoint.rotated")
        return self._exchange.written(salt.salt)

    async def remove(self, number: int) -> None:
        """Remove an endpoint for good."""
        await attach.detach(self._tools, await self.find(number), self._who)

    async def count_since(self, number: int, since: datetime) -> int:
        """Return how many messages a replay would send."""
        found = await self.find(number)
        async with self._tools.database.reading() as conn:
            return await backlogs.count_since(conn, found, since, self._tools.now())

    async def replay(self, number: int, since: datetime) -> int:
        """Send everything since `since` (aware) once more, under the same ids; returns how many."""
        return await attach.replay(self._tools, await self.find(number), since, self._who)

    def _salt(self) -> Salt:
        salt = self._chance(16).hex()
        return Salt(salt, self._exchange.fingerprint(salt))

    def _own(self, kind: MessageType, endpoint: Endpoint, data: Mapping[str, Any]) -> Told:
        now = self._tools.now()
        name = message_id(endpoint.id, f"{kind} {self._chance(8).hex()}")
        return Told(name, kind.value, f"endpoint/{endpoint.id}", now, dict(data), Place())

    async def _check(self, fresh: Fresh) -> None:
        self._check_address(fresh.url)
        _refuse_unknown("types", fresh.wanted.types, CHOSEN_TYPES)
        if fresh.wanted.deadlines:
            async with self._tools.database.reading() as conn:
                known = await known_deadlines(conn, self._tools)
            families = {each.partition("/")[0] for each in known}
            _refuse_unknown("deadlines", fresh.wanted.deadlines, {*known, *families})
        wrong = [each for each in fresh.wanted.offices if not _OFFICE.fullmatch(each)]
        if wrong:
            raise EndpointRefusedError(
                f"{wrong[0]}: no 事業所番号 (ten digits or capital letters)", "offices"
            )
        if fresh.vendor and not fresh.wanted.offices:
            raise EndpointRefusedError(
                "a vendor's endpoint needs the offices that the vendor serves", "offices"
            )
        if not 1 <= fresh.in_flight <= MOST_IN_FLIGHT:
            raise EndpointRefusedError(
                f"in flight: {fresh.in_flight} does not lie from 1 to {MOST_IN_FLIGHT}", "in_flight"
            )
        if fresh.owner:
            try:
                envelope_address(fresh.owner)
            except UnsendableError as fault:
                raise EndpointRefusedError(f"the owner's address: {fault}", "owner") from None

    def _check_address(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            usable = bool(parts.hostname) and parts.port != 0
        except ValueError:
            raise EndpointRefusedError("the address of the endpoint is no URL", "url") from None
        if parts.scheme not in self._exchange.way.schemes or not usable or len(url) > 2000:
            wanted = " or ".join(sorted(self._exchange.way.schemes))
            raise EndpointRefusedError(
                f"the address of an endpoint begins with {wanted}:// and names a host", "url"
            )
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise EndpointRefusedError(
                "the address of an endpoint holds no user name, password or fragment; the signature proves who we are",
                "url",
            )


def _attempt(receipt: Receipt, at: datetime, began: float) -> dict[str, Any]:
    spent = round(1000 * (perf_counter() - began))
    verdict = receipt.verdict.value
    return {"at": at, "milliseconds": spent, "code": receipt.code, "verdict": verdict, "answer": receipt.text}


def _refuse_unknown(what: str, given: Sequence[str], known: Collection[str]) -> None:
    unknown = [each for each in given if each not in known]
    if unknown:
        raise EndpointRefusedError(
            f"{unknown[0]}: no such {what}; there are {', '.join(sorted(known))}", what
        )
