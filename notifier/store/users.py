"""Users of the pages, their sessions, and the wrong passwords that count against somebody.

Of a password only its hash is kept, of a session only a digest of its token, of a second factor only what makes its
secret together with the service's own key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.domain.accounts import Identity, User
from notifier.domain.roles import Role
from notifier.store.database import table
from notifier.store.tables import Table


class UserRow(Table, table=True):
    """An account. `hashed` is its password's hash, `factor_salt` makes the secret of its second factor ("": none).

    `email` is the address by which a provider of identities may show its user for the first time, `identity` whom it has
    shown then (`Identity.key`); from then on the address counts no more.
    """

    __tablename__ = "user_account"

    name: str = Field(primary_key=True)
    authority: str = Field(default="", index=True)
    role: str
    label: str
    hashed: str
    factor_salt: str = ""
    factor_used: int = 0
    created_at: datetime
    created_by: str
    disabled_at: datetime | None = None
    last_signed_in: datetime | None = None
    email: str | None = Field(default=None, index=True, unique=True)
    identity: str | None = Field(default=None, index=True, unique=True)


class SessionRow(Table, table=True):
    """A session. `digest` is the SHA-256 of its token; `used_at` is exact to the minute."""

    __tablename__ = "session"

    digest: str = Field(primary_key=True)
    name: str = Field(index=True)
    begun_at: datetime
    used_at: datetime
    origin: str = ""


class MissRow(Table, table=True):
    """Wrong passwords in a row for the account `name` from one `place`: an address, or a known browser."""

    __tablename__ = "sign_in_miss"

    name: str = Field(primary_key=True)
    place: str = Field(primary_key=True)
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it is kept; see UserRow. `factor_used` is the time step of the last code that was taken."""

    user: User
    hashed: str
    factor_salt: str
    factor_used: int
    created_at: datetime
    created_by: str
    disabled_at: datetime | None
    last_signed_in: datetime | None
    email: str | None = None
    identity: str | None = None


@dataclass(frozen=True, slots=True)
class KeptSession:
    """A session with the account it belongs to."""

    account: Account
    begun_at: datetime
    used_at: datetime


async def add(conn: AsyncConnection, account: Account) -> bool:
    """Keep a new account; False if its name is taken."""
    user = account.user
    upsert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    written = upsert(UserRow).values(
        name=user.name,
        authority=user.authority,
        role=user.role.value,
        label=user.label,
        hashed=account.hashed,
        factor_salt=account.factor_salt,
        factor_used=account.factor_used,
        created_at=account.created_at,
        created_by=account.created_by,
    )
    return (await conn.execute(written.on_conflict_do_nothing())).rowcount == 1


async def find(conn: AsyncConnection, name: str) -> Account | None:
    """Return the account `name`, disabled or not; None if there is none."""
    found = table(UserRow)
    row = (await conn.execute(select(found).where(found.c.name == name))).one_or_none()
    return None if row is None else _account(row)


async def find_shown(conn: AsyncConnection, identity: Identity) -> Account | None:
    """Return the account of somebody whom a provider has shown: known by subject, else by address for the first time.

    An account that knows its user by another subject is not found by the address: addresses are given to others.
    """
    found = table(UserRow)
    ways = [found.c.identity == identity.key]
    if identity.email:
        ways.append(and_(found.c.identity.is_(None), found.c.email == identity.email))
    for way in ways:
        row = (await conn.execute(select(found).where(way))).one_or_none()
        if row is not None:
            return _account(row)
    return None


async def is_taken(conn: AsyncConnection, column: str, value: str, name: str) -> bool:
    """Tell whether another account than `name` has this `email` or `identity`."""
    found = table(UserRow)
    others = select(found.c.name).where(found.c[column] == value, found.c.name != name)
    return (await conn.execute(others)).first() is not None


async def every(conn: AsyncConnection, authority: str | None = None) -> Sequence[Account]:
    """Return all accounts by name, of one `authority` or of all, disabled ones too."""
    found = table(UserRow)
    wanted = select(found).order_by(found.c.name)
    if authority is not None:
        wanted = wanted.where(found.c.authority == authority)
    return [_account(row) for row in await conn.execute(wanted)]


async def change(conn: AsyncConnection, name: str, values: Mapping[str, Any]) -> None:
    """Change columns of an account."""
    found = table(UserRow)
    await conn.execute(update(found).where(found.c.name == name).values(**values))


def _account(row: Row[Any]) -> Account:
    return Account(
        User(row.name, Role(row.role), row.authority, row.label),
        row.hashed,
        row.factor_salt,
        row.factor_used,
        row.created_at,
        row.created_by,
        row.disabled_at,
        row.last_signed_in,
        row.email,
        row.identity,
    )


# ---- sessions ----


async def begin(conn: AsyncConnection, digest: str, name: str, now: datetime, origin: str) -> None:
    """Keep a new session."""
    await conn.execute(
        insert(SessionRow).values(digest=digest, name=name, begun_at=now, used_at=now, origin=origin)
    )


async def session(conn: AsyncConnection, digest: str) -> KeptSession | None:
    """Return the session with this digest, over or not; None if there is none."""
    kept, account = table(SessionRow), table(UserRow)
    found = (
        select(account, kept.c.begun_at, kept.c.used_at)
        .join(kept, kept.c.name == account.c.name)
        .where(kept.c.digest == digest)
    )
    row = (await conn.execute(found)).one_or_none()
    return None if row is None else KeptSession(_account(row), row.begun_at, row.used_at)


async def note_use(conn: AsyncConnection, digest: str, now: datetime) -> None:
    """Note that a session was used."""
    kept = table(SessionRow)
    await conn.execute(update(kept).where(kept.c.digest == digest).values(used_at=now))


async def end(
    conn: AsyncConnection, *, digest: str | None = None, name: str | None = None, but: str = ""
) -> int:
    """End one session, or all of an account, `but` the one under this digest; returns how many there were."""
    kept = table(SessionRow)
    which = kept.c.digest == digest if digest is not None else (kept.c.name == name) & (kept.c.digest != but)
    return (await conn.execute(delete(kept).where(which))).rowcount


async def forget_old(conn: AsyncConnection, begun_before: datetime) -> None:
    """Forget sessions that began before an instant; they have been over since."""
    kept = table(SessionRow)
    await conn.execute(delete(kept).where(kept.c.begun_at < begun_before))


# ---- wrong passwords ----


async def misses(conn: AsyncConnection, name: str, place: str) -> tuple[int, datetime] | None:
    """Return how many wrong passwords in a row came for an account from a place, and when the last did."""
    miss = table(MissRow)
    found = select(miss.c["count"], miss.c.last_at).where(miss.c.name == name, miss.c.place == place)
    row = (await conn.execute(found)).one_or_none()
    return None if row is None else (row[0], row[1])


async def note_misses(conn: AsyncConnection, name: str, place: str, count: int, now: datetime) -> None:
    """Keep that there were `count` wrong passwords in a row, the last one `now`; 0 forgets them."""
    miss = table(MissRow)
    if count == 0:
        await conn.execute(delete(miss).where(miss.c.name == name, miss.c.place == place))
        return
    upsert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    written = upsert(MissRow).values(name=name, place=place, count=count, last_at=now)
    kept = {"count": written.excluded["count"], "last_at": written.excluded.last_at}
    await conn.execute(written.on_conflict_do_update(index_elements=["name", "place"], set_=kept))
