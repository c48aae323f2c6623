"""API keys: what programs show at the door. Only a digest of each secret is kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, col

from notifier.domain.roles import Role
from notifier.store.chosen import among_texts
from notifier.store.database import table
from notifier.store.tables import Table, kept_json


class ApiKeyRow(Table, table=True):
    """A key. `digest` is the SHA-256 of its secret; `expires_on` is its last day, `last_used` a civil date.

    `authority` is the tenant (団体コード; "" for the nation), `scopes` are separated by spaces. `role` is as whom it
    asserts, `user_role` what it may do as a user may; None sets no bounds beside the scopes. `public_key` (`whpk_…`, ""
    if there is none) is what its holder signs events with; `previous_public_key` holds beside it until `previous_until`.
    `vendor` ("": the authority itself) is who serves `offices` and is told of these alone.
    """

    __tablename__ = "api_key"

    prefix: str = Field(primary_key=True)
    digest: str
    authority: str = Field(index=True)
    role: str
    scopes: str
    label: str
    created_at: datetime
    created_by: str
    expires_on: date | None = None
    revoked_at: datetime | None = None
    last_used: date | None = None
    user_role: str | None = None
    public_key: str = ""
    previous_public_key: str = ""
    previous_until: datetime | None = None
    vendor: str = ""
    offices: list[str] = Field(default_factory=list, sa_column=kept_json())


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept; see ApiKeyRow."""

    prefix: str
    digest: str
    authority: str
    role: str
    scopes: tuple[str, ...]
    label: str
    created_at: datetime
    created_by: str
    expires_on: date | None = None
    revoked_at: datetime | None = None
    last_used: date | None = None
    user_role: Role | None = None
    public_key: str = ""
    previous_public_key: str = ""
    previous_until: datetime | None = None
    vendor: str = ""
    offices: tuple[str, ...] = ()

    def public_keys(self, now: datetime) -> tuple[str, ...]:
        """Return the public keys that signatures may belong to at `now` (aware), the newest first."""
        overlaps = self.previous_until is not None and now < self.previous_until
        return tuple(each for each in (self.public_key, self.previous_public_key if overlaps else "") if each)

    def is_good(self, today: date) -> bool:
        """Tell whether it opens the door on the civil date `today`."""
        return self.revoked_at is None and (self.expires_on is None or today <= self.expires_on)


async def add(conn: AsyncConnection, key: ApiKey) -> None:
    """Keep a new key."""
    written = {
        "prefix": key.prefix,
        "digest": key.digest,
        "authority": key.authority,
        "role": key.role,
        "scopes": " ".join(key.scopes),
        "label": key.label,
        "created_at": key.created_at,
        "created_by": key.created_by,
        "expires_on": key.expires_on,
        "user_role": key.user_role,
        "vendor": key.vendor,
        "offices": list(key.offices),
    }
    await conn.execute(insert(ApiKeyRow).values(**written))


async def find(conn: AsyncConnection, prefix: str) -> ApiKey | None:
    """Return the key with this prefix, good or not; None if there is none."""
    return next(iter(await named(conn, [prefix])), None)


async def named(conn: AsyncConnection, prefixes: Collection[str]) -> Sequence[ApiKey]:
    """Return the keys with these prefixes, good or not."""
    return [_key(row) for row in await conn.execute(_named(), {"prefixes": list(prefixes)})]


@cache
def _named() -> Select[Any]:
    key = table(ApiKeyRow)
    return select(key).where(among_texts(key.c.prefix, "prefixes"))


async def every(conn: AsyncConnection, authority: str | None = None) -> Sequence[ApiKey]:
    """Return all keys, of one `authority` or of all, revoked ones too, oldest first."""
    found = select(table(ApiKeyRow)).order_by(col(ApiKeyRow.created_at), col(ApiKeyRow.prefix))
    if authority is not None:
        found = found.where(col(ApiKeyRow.authority) == authority)
    return [_key(row) for row in await conn.execute(found)]


async def revoke(conn: AsyncConnection, prefix: str, now: datetime) -> bool:
    """Revoke a key from `now` on; False if there is none or it was revoked before."""
    revoked = (
        update(table(ApiKeyRow))
        .where(col(ApiKeyRow.prefix) == prefix, col(ApiKeyRow.revoked_at).is_(None))
        .values(revoked_at=now)
    )
    return (await conn.execute(revoked)).rowcount > 0


async def trust(conn: AsyncConnection, key: ApiKey, public_key: str, until: datetime) -> None:
    """Keep another public key, "" for none; the one before it holds beside it until `until` (aware)."""
    values = {"public_key": public_key, "previous_public_key": key.public_key, "previous_until": until}
    await conn.execute(update(table(ApiKeyRow)).where(col(ApiKeyRow.prefix) == key.prefix).values(**values))


async def note_use(conn: AsyncConnection, prefix: str, today: date) -> None:
    """Note that a key was used on the civil date `today`; an earlier day never replaces a later one."""
    older = or_(col(ApiKeyRow.last_used).is_(None), col(ApiKeyRow.last_used) < today)
    used = update(table(ApiKeyRow)).where(col(ApiKeyRow.prefix) == prefix, older).values(last_used=today)
    await conn.execute(used)


def _key(row: Row[tuple[object, ...]]) -> ApiKey:
    kept = row._asdict()
    role = None if kept["user_role"] is None else Role(kept["user_role"])
    return ApiKey(
        **{
            **kept,
            "scopes": tuple(kept["scopes"].split()),
            "offices": tuple(kept["offices"]),
            "user_role": role,
        }
    )
