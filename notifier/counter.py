"""The counter: offices come to their own page with an address or a code from a letter, and are known by it.

What they hold is a capability, good for one office, for a while, and until it is revoked. Nothing of it is kept: an
address carries whose it is, since when and for how long, signed; a code is worked out from the office and the day.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from notifier.clock import civil_date
from notifier.domain.accounts import counts_still, waits_until
from notifier.domain.actors import Actor, Who
from notifier.domain.callers import NATION, Tenant
from notifier.passes import CODE_LENGTH, SIGNS, Doorway, Passes, Purpose
from notifier.steps.invite import invite, revoke
from notifier.store import audit, entrances, users
from notifier.store.database import Connection
from notifier.store.entrances import Guest
from notifier.tools import Tools

VALID: Final = timedelta(days=180)
"""How long the address and the code in a letter open the page, from the letter's day on."""
TYPED: Final = timedelta(days=1)
"""How long the address opens the page to which a typed code leads; shared browsers remember it."""
FORM: Final = timedelta(hours=2)
"""How long a form may be sent after it was shown."""
BETWEEN: Final = timedelta(minutes=10)
"""How long an office waits before a new address is sent to it once more on its own request."""
LONGEST_TOKEN: Final = 300
_TRIED, _SENT = "code of an office", "address of a page sent again"
"""Under these names tries are counted beside those of passwords."""
_CONFUSED: Final = str.maketrans("BU", "8V")


@dataclass(frozen=True, slots=True)
class Visit:
    """An office that came to its page, with what it showed. `until` is the civil date up to which that is good."""

    guest: Guest
    token: str
    until: date

    @property
    def tenant(self) -> Tenant:
        """Return on whose behalf the page acts: the office's municipality."""
        return Tenant(self.guest.municipality)

    def actor(self, origin: str, trace: str = "") -> Actor:
        """Return who the audit shall say has done something, from where; `trace` as in Actor."""
        return Actor(f"office/{self.guest.number}", origin, self.guest.municipality, trace)


@dataclass(frozen=True, slots=True)
class Expired:
    """What was shown was good once: it is too old, or `is_revoked`."""

    guest: Guest
    token: str
    is_revoked: bool


def doorway(
    passes: Passes, base_url: str, number: str, issued: datetime, revoked: datetime | None = None
) -> Doorway:
    """Return the way to the page of the office `number` that is good from `issued` on; the same each time.

    `revoked` is when earlier ones were revoked: a code of the same day is then another one.
    """
    token = _token(passes, number, issued, VALID)
    day = civil_date(issued)
    again = revoked if revoked is not None and civil_date(revoked) == day else None
    return Doorway(f"{base_url}/o/{token}", passes.code(_meant(number, day, again)))


def _token(passes: Passes, number: str, issued: datetime, valid: timedelta) -> str:
    return passes.written(Purpose.OFFICE, f"{number}.{int(issued.timestamp()):x}.{valid.days}")


def _meant(number: str, day: date, revoked: datetime | None) -> str:
    return f"{number} {day.isoformat()} {int(revoked.timestamp()) if revoked else ''}"


class Counter:
    """Lets offices in. `chance` gives that many unpredictable bytes."""

    def __init__(self, tools: Tools, passes: Passes, chance: Callable[[int], bytes]) -> None:
        """Let offices in with `tools`, by what `passes` has signed."""
        self.tools = tools
        self.chance = chance
        self._passes = passes

    async def visit(self, token: str) -> Visit | Expired | None:
        """Return who shows `token`; Expired if it was good once, None if it never was. Changes nothing."""
        carried = self._passes.read(Purpose.OFFICE, token) if len(token) <= LONGEST_TOKEN else None
        if carried is None:
            return None
        number, seconds, days = carried.split(".")
        issued = datetime.fromtimestamp(int(seconds, 16), UTC)
        until = civil_date(issued) + timedelta(days=int(days))
        async with self.tools.database.reading() as conn:
            guest = await entrances.guest(conn, number)
        if guest is None:
            return None
        is_revoked = guest.revoked_at is not None and issued <= guest.revoked_at
        if is_revoked or self.tools.today() > until:
            return Expired(guest, token, is_revoked)
        return Visit(guest, token, until)

    # ---- forms ----

    def form(self, visit: Visit) -> str:
        """Return the token of a form that is shown to a visitor: whoever sends it has seen the page."""
        now = int(self.tools.now().timestamp())
        return self._passes.written(Purpose.FORM, f"{visit.guest.number}.{now:x}.{self.chance(12).hex()}")

    def nonce(self, visit: Visit, written: str) -> str | None:
        """Return what makes the form count once; None if it was not shown to this visitor, or too long ago."""
        carried = self._passes.read(Purpose.FORM, written) if len(written) <= LONGEST_TOKEN else None
        number, shown, nonce = carried.split(".") if carried else ("", "0", "")
        age = self.tools.now() - datetime.fromtimestamp(int(shown, 16), UTC)
        is_theirs = number == visit.guest.number and age <= FORM
        return f"{number}.{nonce}" if is_theirs else None

    # ---- codes ----

    async def typed(self, number: str, code: str, origin: str) -> str | timedelta | None:
        """Return a token for the page of the office whose number and code were typed, good for a day.

        None if they do not fit, whether or not there is such an office; how long to wait after wrong ones.
        """
        number, code, now = read_number(number), read_code(code), self.tools.now()
        places = [f"address/{origin}", *([f"office/{number}"] if number else [])]
        async with self.tools.database.reading() as conn:
            waits = [await _wait(conn, place, now) for place in places]
            guest = await entrances.guest(conn, number) if number else None
        if max(waits) > timedelta(0):
            return max(waits)
        if guest is None or not self._fits(guest, code):
            await self._count(places if guest else places[:1], guest, now, origin)
            return None
        async with self.tools.database.transaction() as conn:
            for place in places:
                await users.note_misses(conn, _TRIED, place, 0, now)
        issued = now if guest.revoked_at is None else max(now, guest.revoked_at + timedelta(seconds=1))
        return _token(self._passes, guest.number, issued, TYPED)

    def _fits(self, guest: Guest, code: str) -> bool:
        today = self.tools.today()
        for age in range(VALID.days + 1):
            day = today - timedelta(days=age)
            revoked = guest.revoked_at if guest.revoked_at and civil_date(guest.revoked_at) >= day else None
            if revoked is not None and civil_date(revoked) > day:
                return False
            if self._passes.is_code(code, _meant(guest.number, day, revoked)):
                return True
        return False

    async def _count(self, places: list[str], guest: Guest | None, now: datetime, origin: str) -> None:
        """Count a wrong code where it came from and, if there is one, for the office that was named."""
        async with self.tools.database.transaction() as conn:
            for place in places:
                known = await users.misses(conn, _TRIED, place)
                count = known[0] + 1 if known and counts_still(known[1], now) else 1
                await users.note_misses(conn, _TRIED, place, count, now)
            if guest is not None:
                actor = Actor("nobody", origin, guest.municipality)
                subject = f"office/{guest.number}"
                await audit.append(conn, now, actor, "office-page.code-refused", subject, {})

    # ---- for the staff, and for offices whose address is too old ----

    async def revoke(self, tenant: Tenant, number: str, who: Who) -> None:
        """Let all that was given out for an office's page open nothing any more; see `notifier.steps.invite`."""
        await revoke(self.tools, tenant, number, who)

    async def send(self, tenant: Tenant, number: str, who: Who) -> int:
        """Send an office the address of its page, to the contacts in use; returns to how many."""
        return await invite(self.tools, tenant, number, who)

    async def send_again(self, expired: Expired, origin: str) -> int:
        """Send a new address to an office that shows one which is too old: to its own contacts, and not again at once.

        Returns to how many; 0 if that was done a moment ago.
        """
        place, now = f"office/{expired.guest.number}", self.tools.now()
        async with self.tools.database.transaction() as conn:
            known = await users.misses(conn, _SENT, place)
            if known is not None and now - known[1] < BETWEEN:
                return 0
            await users.note_misses(conn, _SENT, place, 1, now)
        actor = Actor(f"office/{expired.guest.number}", origin, expired.guest.municipality)
        return await invite(self.tools, NATION, expired.guest.number, actor)


async def _wait(conn: Connection, place: str, now: datetime) -> timedelta:
    known = await users.misses(conn, _TRIED, place)
    if known is None or not counts_still(known[1], now):
        return timedelta(0)
    return waits_until(known[0], known[1]) - now


def read_number(typed: str) -> str:
    """Return an office's number as it is kept, from what was typed: full-width signs, spaces and hyphens are no matter."""
    plain = unicodedata.normalize("NFKC", typed).upper()
    return "".join(sign for sign in plain if sign.isascii() and sign.isalnum())[:10]


def read_code(typed: str) -> str:
    """Return a code as it is printed, from what was typed; "" if it cannot be one."""
    plain = unicodedata.normalize("NFKC", typed).upper().translate(_CONFUSED)
    signs = "".join(sign for sign in plain if sign.isascii() and sign.isalnum())
    is_one = len(signs) == CODE_LENGTH and set(signs) <= set(SIGNS)
    return f"{signs[:4]}-{signs[4:]}" if is_one else ""
