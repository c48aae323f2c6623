"""The gatehouse: accounts are made here, and users are recognised by password, second factor, identity and session."""

import asyncio
import hmac
import re
from base64 import b32encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from notifier.domain.accounts import (
    Identity,
    User,
    counts_still,
    folded,
    is_over,
    objection,
    read_address,
    waits_until,
)
from notifier.domain.actors import Actor, Who
from notifier.domain.offices import is_authority_code
from notifier.domain.roles import Role
from notifier.errors import AccountRefusedError, UnknownError
from notifier.steps import admit as gate
from notifier.steps import appoint as roll
from notifier.steps.admit import Try
from notifier.store import users
from notifier.store.users import Account
from notifier.tools import Tools

ISSUER: Final = "notifier"
AT_ONCE: Final = 2
"""Passwords that are hashed at once: each takes 64 MiB and a core for a while."""
STEP: Final = 30
"""Seconds that a code of a second factor counts (RFC 6238), and as long before and after."""
_SIGNS: Final = "23456789abcdefghjkmnpqrstuvwxyz"
NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who was let in; `token` is what the browser shows from now on."""

    user: User
    token: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody was let in. With `wait` no try is looked at before that has passed; else name, password or code are wrong.

    Of an identity `reason` tells whether it is `unknown`, its account `disabled`, or a second `factor` was not shown.
    """

    wait: timedelta | None = None
    reason: str = ""


@dataclass(frozen=True)
class Gatehouse:
    """Makes accounts and lets users in. `secret` is the service's own key, `chance` gives unpredictable bytes."""

    tools: Tools
    secret: str
    chance: Callable[[int], bytes]
    hasher: PasswordHasher = field(default_factory=PasswordHasher)
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    # ---- accounts ----

    async def create(self, user: User, password: str, who: Who) -> None:
        """Make an account. Raises AccountRefusedError if it makes no sense, or its name is taken."""
        if not NAME.fullmatch(user.name):
            raise AccountRefusedError(
                f"{user.name!r}: a name has 2 to 64 signs, small letters, digits and . _ @ -", "name"
            )
        if user.authority and not is_authority_code(user.authority):
            raise AccountRefusedError(
                f"{user.authority}: no 団体コード (six digits, the last a check digit)", "authority"
            )
        if not user.label.strip():
            raise AccountRefusedError("an account needs a label that says who uses it", "label")
        hashed = await self._hash(user.name, password)
        account = Account(user, hashed, "", 0, self.tools.now(), str(who), None, None)
        await roll.appoint(self.tools, account, who)

    async def set_password(self, name: str, password: str, who: Who) -> None:
        """Give an account another password; its sessions end."""
        account = await self._account(name)
        hashed = await self._hash(name, password)
        await roll.change(self.tools, account, {"hashed": hashed}, who, "user.password-reset")

    async def change_password(self, tried: Try, token: str, old: str, new: str) -> Refused | None:
        """Give the user of the session `token` another password, asked for by the `old` one; the other sessions end.

        None if it was changed. Wrong ones count as they do at the gate. Raises AccountRefusedError for a weak one.
        """
        async with self.tools.database.reading() as conn:
            known = await users.misses(conn, tried.name, tried.place)
        wait = _wait(known, self.tools.now())
        if wait is not None:
            return Refused(wait)
        account = await self._account(tried.name)
        if not await self._is_right(account, old):
            await gate.refuse(self.tools, tried, account, {"by": "password"})
            return Refused()
        if folded(old) == folded(new):
            raise AccountRefusedError("いまとは別のパスワードにしてください。", "password")
        hashed = await self._hash(tried.name, new)
        who = Actor(tried.name, tried.origin, account.user.authority)
        values = {"hashed": hashed}
        await roll.change(self.tools, account, values, who, "user.password-changed", but=_digest(token))
        return None

    async def set_role(self, name: str, role: Role, who: Who) -> None:
        """Give an account another role; its sessions end, so that it counts at once."""
        account = await self._account(name)
        told = {"before": {"role": account.user.role.value}, "after": {"role": role.value}}
        await roll.change(self.tools, account, {"role": role.value}, who, "user.role-changed", told)

    async def disable(self, name: str, who: Who) -> None:
        """Disable an account for good; its sessions end at once."""
        account = await self._account(name)
        await roll.change(self.tools, account, {"disabled_at": self.tools.now()}, who, "user.disabled")

    async def demand_factor(self, name: str, who: Who) -> str:
        """Ask for a second factor from now on; returns the address (otpauth) that sets an authenticator up, shown once."""
        account = await self._account(name)
        salt = self.chance(16).hex()
        values = {"factor_salt": salt, "factor_used": 0}
        await roll.change(self.tools, account, values, who, "user.factor-set")
        return pyotp.TOTP(self._factor_secret(name, salt)).provisioning_uri(name=name, issuer_name=ISSUER)

    async def drop_factor(self, name: str, who: Who) -> None:
        """Ask for no second factor any more."""
        account = await self._account(name)
        await roll.change(self.tools, account, {"factor_salt": ""}, who, "user.factor-dropped")

    async def link(self, name: str, who: Who, *, email: str = "", identity: Identity | None = None) -> None:
        """Let an account's user sign in by a provider of identities as well; whom it knew before it knows no more.

        Either by a verified `email`, which counts for the first time, or by an `identity`; without both no more at all.
        Raises AccountRefusedError for an address that is none, or if another account has it.
        """
        account = await self._account(name)
        values = {"email": read_address(email) or None, "identity": identity.key if identity else None}
        if email and not values["email"]:
            raise AccountRefusedError(f"{email!r}: no mail address such as hanako@example.jp", "email")
        async with self.tools.database.reading() as conn:
            for column, value in values.items():
                if value and await users.is_taken(conn, column, value, name):
                    raise AccountRefusedError(
                        f"{value}: another account has this; choose another one", "linked"
                    )
        action = "user.linked" if any(values.values()) else "user.unlinked"
        await roll.change(self.tools, account, values, who, action)

    async def _account(self, name: str) -> Account:
        async with self.tools.database.reading() as conn:
            account = await users.find(conn, name)
        if account is None:
            raise UnknownError(f"{name}: no such user; `notifier user list` names them")
        if account.disabled_at is not None:
            raise AccountRefusedError(f"{name} is disabled; create another account", "disabled")
        return account

    async def _hash(self, name: str, password: str) -> str:
        why = objection(password, name)
        if why:
            raise AccountRefusedError(why, "password")
        async with self.turns:
            return await asyncio.to_thread(self.hasher.hash, folded(password))

    # ---- letting in ----

    async def sign_in(self, tried: Try, password: str, code: str) -> Admitted | Refused:
        """Let in whoever shows the right password and, where one is asked for, the right code."""
        now = self.tools.now()
        async with self.tools.database.reading() as conn:
            known = await users.misses(conn, tried.name, tried.place)
            account = await users.find(conn, tried.name)
        wait = _wait(known, now)
        if wait is not None:
            return Refused(wait)
        is_right = await self._is_right(account, password)
        step = self._step_of(account, code) if account and account.factor_salt else 0
        if account is None or account.disabled_at is not None or not is_right or step is None:
            await gate.refuse(self.tools, tried, account)
            return Refused()
        return await self._admit(tried, account, step)

    async def welcome(
        self, identity: Identity, origin: str, place_of: Callable[[str], str]
    ) -> Admitted | Refused:
        """Let in whom a provider of identities has shown, if an account knows them; none is made.

        Sessions are those of passwords. What is refused again and again waits, too: `place_of` returns where tries for an
        account are counted. Whom the provider has proved waits for nobody's wrong passwords.
        An account that asks for a second factor lets in only if the provider says that it has asked for one.
        """
        now = self.tools.now()
        async with self.tools.database.reading() as conn:
            account = await users.find_shown(conn, identity)
            name = account.user.name if account else f"oidc/{_digest(identity.key)[:32]}"
            tried = Try(name, origin, place_of(name))
            wait = _wait(await users.misses(conn, tried.name, tried.place), now)
        if account is None:
            reason = "unknown"
        elif account.disabled_at is not None:
            reason = "disabled"
        elif account.factor_salt and not identity.has_factors:
            reason = "factor"
        else:
            return await self._admit(tried, account, identity)
        if wait is not None:
            return Refused(wait)
        await gate.refuse(self.tools, tried, account, {"by": "oidc", "reason": reason})
        return Refused(reason=reason)

    async def distrust(self, origin: str, reason: str) -> None:
        """Write down that a provider of identities has shown nobody; `reason` is a word of ours."""
        await gate.distrust(self.tools, origin, reason)

    async def _admit(self, tried: Try, account: Account, shown: int | Identity) -> Admitted:
        token = urlsafe_b64encode(self.chance(32)).rstrip(b"=").decode("ascii")
        await gate.admit(self.tools, tried, account, _digest(token), shown)
        return Admitted(account.user, token)

    async def _is_right(self, account: Account | None, password: str) -> bool:
        """Tell whether the password is right; for no account it takes as long to be wrong."""
        async with self.turns:
            if account is None:
                await asyncio.to_thread(self.hasher.hash, folded(password))
                return False
            try:
                return await asyncio.to_thread(self.hasher.verify, account.hashed, folded(password))
            except (VerificationError, InvalidHashError):
                return False

    def _step_of(self, account: Account, code: str) -> int | None:
        """Return the time step in which `code` is right, one before and after the present; None if it is not.

        A code counts once: a step that was shown before is over.
        """
        factor = pyotp.TOTP(self._factor_secret(account.user.name, account.factor_salt))
        present = int(self.tools.now().timestamp()) // STEP
        plain = folded(code).replace(" ", "")
        for step in (present - 1, present, present + 1):
            if step > account.factor_used and hmac.compare_digest(
                factor.generate_otp(step).encode(), plain.encode()
            ):
                return step
        return None

    def _factor_secret(self, name: str, salt: str) -> str:
        made = hmac.new(self.secret.encode(), f"second factor\n{name}\n{salt}".encode(), sha256).digest()
        return b32encode(made[:20]).decode("ascii")

    async def user_of(self, token: str) -> User | None:
        """Return whose session `token` is; None if there is none, it is over, or the account was disabled."""
        now = self.tools.now()
        digest = _digest(token)
        async with self.tools.database.reading() as conn:
            kept = await users.session(conn, digest)
        if kept is None or kept.account.disabled_at is not None or is_over(kept.begun_at, kept.used_at, now):
            return None
        if now - kept.used_at >= timedelta(minutes=1):
            async with self.tools.database.transaction() as conn:
                await users.note_use(conn, digest, now)
        return kept.account.user

    async def sign_out(self, token: str, origin: str) -> None:
        """End the session; a token that is none changes nothing."""
        async with self.tools.database.reading() as conn:
            kept = await users.session(conn, _digest(token))
        if kept is not None:
            await gate.release(self.tools, kept.account, _digest(token), origin)


def fresh_password(chance: Callable[[int], bytes]) -> str:
    """Return a password to be handed over and typed once: 16 signs that are not mistaken for each other, about 79 bits."""
    signs = "".join(_SIGNS[each % len(_SIGNS)] for each in chance(64) if each < 256 - 256 % len(_SIGNS))[:16]
    return "-".join(signs[place : place + 4] for place in range(0, 16, 4))


def _wait(known: tuple[int, datetime] | None, now: datetime) -> timedelta | None:
    """Return how long nothing is looked at because of wrong tries; None if there is nothing to wait for."""
    if known is None or not counts_still(known[1], now):
        return None
    wait = waits_until(*known) - now
    return wait if wait > timedelta(0) else None


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
