"""admit: sessions begin and end, and wrong passwords are counted; each with its audit row in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from notifier.domain.accounts import ABSOLUTE, Identity, counts_still
from notifier.domain.actors import Actor
from notifier.store import audit, users
from notifier.store.users import Account
from notifier.tools import Tools

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Try:
    """Somebody tries to sign in as `name` from the address `origin`; `place` is where wrong tries are counted."""

    name: str
    origin: str
    place: str


async def refuse(
    tools: Tools, tried: Try, account: Account | None, detail: Mapping[str, Any] = _NOTHING
) -> None:
    """Count a wrong password or code, or an identity that is not let in; `detail` goes into the audit.

    Names that are no account's are counted alike, but not written down.
    """
    now = tools.now()
    async with tools.database.transaction() as conn:
        known = await users.misses(conn, tried.name, tried.place)
        count = known[0] + 1 if known and counts_still(known[1], now) else 1
        await users.note_misses(conn, tried.name, tried.place, count, now)
        subject = f"user/{account.user.name}" if account else "user"
        actor = Actor("nobody", tried.origin, account.user.authority if account else "")
        await audit.append(conn, now, actor, "sign-in.refused", subject, {"in_a_row": count, **detail})


async def distrust(tools: Tools, origin: str, reason: str) -> None:
    """Write down that a provider of identities has shown nobody, though somebody at `origin` had been sent there."""
    async with tools.database.transaction() as conn:
        actor = Actor("nobody", origin)
        detail = {"by": "oidc", "reason": reason}
        await audit.append(conn, tools.now(), actor, "sign-in.refused", "user", detail)


async def admit(tools: Tools, tried: Try, account: Account, digest: str, shown: int | Identity) -> None:
    """Begin a session under the `digest` of its token.

    `shown` is the time step of the code that was shown (0: none was asked for), or the identity: an account that was found
    by its address knows its user by that from now on.
    """
    now = tools.now()
    user = account.user
    async with tools.database.transaction() as conn:
        await users.forget_old(conn, now - ABSOLUTE)
        await users.note_misses(conn, tried.name, tried.place, 0, now)
        values: dict[str, Any] = {"last_signed_in": now}
        detail = {}
        if isinstance(shown, Identity):
            values["identity"] = shown.key
            detail = {"by": "oidc", "first": account.identity is None}
        else:
            values["factor_used"] = max(shown, account.factor_used)
        await users.change(conn, user.name, values)
        await users.begin(conn, digest, user.name, now, tried.origin)
        actor = Actor(user.name, tried.origin, user.authority)
        await audit.append(conn, now, actor, "sign-in.admitted", f"user/{user.name}", detail)


async def release(tools: Tools, account: Account, digest: str, origin: str) -> None:
    """End a session, because its user signs out."""
    user = account.user
    async with tools.database.transaction() as conn:
        await users.end(conn, digest=digest)
        actor = Actor(user.name, origin, user.authority)
        await audit.append(conn, tools.now(), actor, "sign-in.ended", f"user/{user.name}", {})
