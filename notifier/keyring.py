"""The keyring: keys for programs are made here, and recognised when they are shown at the door."""

import asyncio
import hmac
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Final

from notifier.catalogue.vocabulary import ASSERTERS
from notifier.channels.asymmetric import read_public_key, write_public_key
from notifier.domain.actors import Who
from notifier.domain.callers import LOCAL_ROLES, Caller
from notifier.domain.offices import is_authority_code
from notifier.domain.roles import Role, may_use
from notifier.errors import KeyRefusedError
from notifier.steps.entrust import entrust, trust
from notifier.store import keys
from notifier.store.keys import ApiKey
from notifier.tools import Tools

SCOPES: Final = (
    "approvals:write",
    "audit:read",
    "authorities:read",
    "authorities:write",
    "calendars:read",
    "calendars:write",
    "deadlines:read",
    "deliveries:read",
    "deliveries:write",
    "endpoints:read",
    "endpoints:write",
    "events:read",
    "events:write",
    "feed:read",
    "notices:read",
    "notices:write",
    "obligations:read",
    "offices:read",
    "offices:write",
)
"""What a key may be good for: a noun of the API, and whether it is only read."""
FRESH: Final = 0.5
"""Seconds for which a key that was looked up is taken as it was: a revoked one opens nothing a second later."""
LONGEST_OVERLAP: Final = timedelta(days=31)
MOST_AT_ONCE: Final = 500
"""Keys that one query looks up for those who wait."""

OF_VENDORS: Final = "feed:read"
_OFFICE = re.compile(r"[0-9A-Z]{10}")
_PREFIX = re.compile(r"ntf_[0-9a-f]{12}")
_TOKEN = re.compile(r"(ntf_[0-9a-f]{12})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class WantedKey:
    """A key to be made; see `create_key`. `expires_on` is its last day, a civil date in Japan.

    With a `user_role` no scopes mean all that this role may use. A `vendor` serves some `offices` (事業所番号) of the
    authority; its key reads the feed about these and is good for nothing else.
    """

    authority: str
    role: str
    scopes: tuple[str, ...]
    label: str
    expires_on: date | None = None
    user_role: Role | None = None
    vendor: str = ""
    offices: tuple[str, ...] = ()


def grantable(role: Role) -> tuple[str, ...]:
    """Return the scopes that a user in `role` may give to a key: nobody hands on what they may not do themselves."""
    return tuple(scope for scope in SCOPES if may_use(role, scope))


async def create_key(tools: Tools, wanted: WantedKey, chance: Callable[[int], bytes], who: Who) -> str:
    """Make a key and return it as it must be shown: `prefix.secret`. It is told this once; a digest is kept.

    `chance` gives that many unpredictable bytes. Raises KeyRefusedError if a key like that makes no sense.
    """
    if wanted.user_role is not None and not wanted.scopes:
        usable = tuple(scope for scope in SCOPES if may_use(wanted.user_role, scope))
        wanted = replace(wanted, scopes=usable)
    _check(wanted, tools.today())
    prefix = f"ntf_{chance(6).hex()}"
    secret = _written(chance(32))
    key = ApiKey(
        prefix,
        _digest(secret),
        wanted.authority,
        wanted.role,
        wanted.scopes,
        wanted.label,
        tools.now(),
        str(who),
        wanted.expires_on,
        user_role=wanted.user_role,
        vendor=wanted.vendor,
        offices=wanted.offices,
    )
    await entrust(tools, key, who)
    return f"{prefix}.{secret}"


async def trust_public_key(tools: Tools, prefix: str, written: str, overlap: timedelta, who: Who) -> bool:
    """Let the holder of the key `prefix` sign events (v1a); `written` is its public key (`whpk_…`), or "" for none.

    The one before it holds for `overlap` longer. False if there is no such key, or it was revoked. Raises ChannelError
    for what is no public key, KeyRefusedError for an overlap longer than a month.
    """
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        raise KeyRefusedError(f"the overlap is to last from 0 to {LONGEST_OVERLAP.days} days")
    public = write_public_key(read_public_key(written)) if written else ""
    return await trust(tools, prefix, public, overlap, who)


def _check(wanted: WantedKey, today: date) -> None:
    if wanted.role not in ASSERTERS:
        raise KeyRefusedError(f"{wanted.role}: no such role; there are {', '.join(ASSERTERS)}")
    unknown = sorted(set(wanted.scopes) - set(SCOPES))
    if unknown or not wanted.scopes:
        raise KeyRefusedError(f"{', '.join(unknown) or 'no scope'}: the scopes are {', '.join(SCOPES)}")
    role = wanted.user_role
    beyond = [] if role is None else sorted(each for each in set(wanted.scopes) if not may_use(role, each))
    if beyond:
        raise KeyRefusedError(
            f"{', '.join(beyond)}: {role} may not use that; leave --scope out for all it may"
        )
    _check_vendor(wanted)
    if wanted.expires_on is not None and wanted.expires_on < today:
        raise KeyRefusedError(f"{wanted.expires_on}: a key that has expired opens nothing; name a later day")
    if not wanted.label.strip():
        raise KeyRefusedError("a key needs a label that says who holds it")
    if not wanted.authority:
        if wanted.role in LOCAL_ROLES:
            raise KeyRefusedError(f"a key as {wanted.role} speaks for an authority; name its 団体コード")
        return
    if not is_authority_code(wanted.authority):
        raise KeyRefusedError(f"{wanted.authority}: no 団体コード (six digits, the last a check digit)")
    is_prefecture = wanted.authority[2:5] == "000"
    if wanted.role in ("prefecture", "municipality") and is_prefecture != (wanted.role == "prefecture"):
        raise KeyRefusedError(f"{wanted.authority} is not the 団体コード of a {wanted.role}")


def _check_vendor(wanted: WantedKey) -> None:
    if bool(wanted.vendor) != bool(wanted.offices):
        raise KeyRefusedError(
            "a vendor's key needs the offices that the vendor serves, and only a vendor's does"
        )
    if wanted.vendor and wanted.scopes != (OF_VENDORS,):
        raise KeyRefusedError(
            f"a vendor's key reads the feed of its offices ({OF_VENDORS}) and does nothing else"
        )
    wrong = [each for each in wanted.offices if not _OFFICE.fullmatch(each)]
    if wrong:
        raise KeyRefusedError(f"{wrong[0]}: no 事業所番号 (ten digits or capital letters)")


def _written(secret: bytes) -> str:
    return urlsafe_b64encode(secret).rstrip(b"=").decode("ascii")


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _caller(key: ApiKey) -> Caller:
    return Caller(key.prefix, key.role, key.authority, frozenset(key.scopes), key.user_role, key.vendor)


class Keyring:
    """Recognises keys. What it has looked up it believes for half a second.

    Whoever shows a key while others are being looked up waits for the next look, which is one query for all of them
    and for those that were shown lately.
    """

    def __init__(self, tools: Tools, seconds: Callable[[], float] = time.monotonic) -> None:
        """Look keys up in the database of `tools`; `seconds` only ever grows."""
        self._tools = tools
        self._seconds = seconds
        self._seen: dict[str, tuple[ApiKey, float]] = {}
        self._callers: dict[str, tuple[ApiKey, Caller]] = {}
        self._used: set[str] = set()
        self._waiting: list[tuple[str, asyncio.Future[ApiKey | None]]] = []
        self._looking: asyncio.Task[None] | None = None

    async def caller_of(self, token: str) -> Caller | None:
        """Return who holds the key `token` (`prefix.secret`); None if it is unknown, expired or revoked."""
        parts = _TOKEN.fullmatch(token)
        key = await self._find(parts[1]) if parts else None
        if parts is None or key is None or not hmac.compare_digest(_digest(parts[2]), key.digest):
            return None
        return await self._opening(key)

    def at_hand(self, prefix: str) -> Caller | None:
        """Return who holds the key of this name, if it was looked up just now, is good, and was used today before.

        None says nothing: `caller_named` knows.
        """
        seen, today = self._seen.get(prefix), self._tools.today()
        if (
            seen is None
            or self._seconds() >= seen[1]
            or seen[0].last_used != today
            or not seen[0].is_good(today)
        ):
            return None
        self._used.add(prefix)
        key, caller = self._callers.get(prefix, (None, None))
        if key is not seen[0] or caller is None:
            caller = _caller(seen[0])
            self._callers[prefix] = seen[0], caller
        return caller

    def opens(self, token: str) -> bool:
        """Tell whether `token` (`prefix.secret`) shows a key that was looked up just now; False says nothing."""
        parts = _TOKEN.fullmatch(token)
        seen = self._seen.get(parts[1]) if parts else None
        return (
            parts is not None and seen is not None and hmac.compare_digest(_digest(parts[2]), seen[0].digest)
        )

    async def caller_named(self, prefix: str) -> Caller | None:
        """Return who holds the key of this name, for whoever proves it by a signature; None as in `caller_of`."""
        key = await self._find(prefix) if _PREFIX.fullmatch(prefix) else None
        return None if key is None else await self._opening(key)

    async def public_keys(self, prefix: str) -> tuple[bytes, ...]:
        """Return the public keys with which the holder of the key of this name may have signed; none if there is none."""
        key = await self._find(prefix) if _PREFIX.fullmatch(prefix) else None
        return () if key is None else tuple(map(read_public_key, key.public_keys(self._tools.now())))

    async def _opening(self, key: ApiKey) -> Caller | None:
        today = self._tools.today()
        if not key.is_good(today):
            return None
        if key.last_used is None or key.last_used < today:
            async with self._tools.database.transaction() as conn:
                await keys.note_use(conn, key.prefix, today)
            self._seen.pop(key.prefix, None)
        return _caller(key)

    async def _find(self, prefix: str) -> ApiKey | None:
        seen = self._seen.get(prefix)
        if seen is not None and self._seconds() < seen[1]:
            self._used.add(prefix)
            return seen[0]
        found: asyncio.Future[ApiKey | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((prefix, found))
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        return await found

    async def _look(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                try:
                    await self._look_up({prefix for prefix, _ in waiting})
                except Exception as fault:  # noqa: BLE001 -- whatever it was, each who waits is told
                    for _, found in waiting:
                        if not found.done():
                            found.set_exception(fault)
                for prefix, found in waiting:
                    if not found.done():
                        found.set_result(self._seen[prefix][0] if prefix in self._seen else None)
        finally:
            self._looking = None

    async def _look_up(self, asked: Collection[str]) -> None:
        """See how the keys stand that are asked for, and those used since the last look, which will be soon."""
        names = {*asked, *self._used} if len(self._used) < MOST_AT_ONCE else {*asked}
        until = self._seconds() + FRESH
        async with self._tools.database.reading() as conn:
            known = await keys.named(conn, names)
        self._used.clear()
        stale = [each for each, (_, end) in self._seen.items() if each in names or end <= until - FRESH]
        for each in stale:
            del self._seen[each]
            self._callers.pop(each, None)
        self._seen |= {each.prefix: (each, until) for each in known}
