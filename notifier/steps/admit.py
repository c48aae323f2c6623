"""admit: sessions begin and end, and wrong passwords are counted; each with its audit row in one transaction."""

from dataclasses import dataclass

from notifier.domain.accounts import ABSOLUTE, counts_still
from notifier.domain.actors import Actor
from notifier.store import audit, users
from notifier.store.users import Account
from notifier.tools import Tools


@dataclass(frozen=True, slots=True)
class Try:
    """Somebody tries to sign in as `name` from the address `origin`; `place` is where wrong tries are counted."""

    name: str
    origin: str
    place: str


async def refuse(tools: Tools, tried: Try, account: Account | None) -> None:
    """Count a wrong password or code. Names that are no account's are counted alike, but not written down."""
    now = tools.now()
    async with tools.database.transaction() as conn:
        known = await users.misses(conn, tried.name, tried.place)
        count = known[0] + 1 if known and counts_still(known[1], now) else 1
        await users.note_misses(conn, tried.name, tried.place, count, now)
        subject = f"user/{account.user.name}" if account else "user"
        actor = Actor("nobody", tried.origin, account.user.authority if account else "")
        await audit.append(conn, now, actor, "sign-in.refused", subject, {"in_a_row": count})


async def admit(tools: Tools, tried: Try, account: Account, digest: str, step: int) -> None:
    """Begin a session under the `digest` of its token; `step` is the time step of the code that was shown, if any."""
    now = tools.now()
    user = account.user
    async with tools.database.transaction() as conn:
        await users.forget_old(conn, now - ABSOLUTE)
        await users.note_misses(conn, tried.name, tried.place, 0, now)
        values = {"last_signed_in": now, "factor_used": max(step, account.factor_used)}
        await users.change(conn, user.name, values)
        await users.begin(conn, digest, user.name, now, tried.origin)
        actor = Actor(user.name, tried.origin, user.authority)
        await audit.append(conn, now, actor, "sign-in.admitted", f"user/{user.name}", {})


async def release(tools: Tools, account: Account, digest: str, origin: str) -> None:
    """End a session, because its user signs out."""
    user = account.user
    async with tools.database.transaction() as conn:
        await users.end(conn, digest=digest)
        actor = Actor(user.name, origin, user.authority)
        await audit.append(conn, tools.now(), actor, "sign-in.ended", f"user/{user.name}", {})
