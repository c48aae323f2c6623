"""Endpoints: where messages are posted, what of them is wanted, and how each of them stands.

Secrets are not kept: they follow from the installation's key and a salt, and a fingerprint tells whether they still do.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.domain.breaker import Breaker
from notifier.store.chosen import among
from notifier.store.database import table
from notifier.store.listeners import ListenerRow
from notifier.store.tables import Table, kept_json


class EndpointRow(Table, table=True):
    """An endpoint. `types`, `offices` and `deadlines` say what is wanted; an empty list stands for everything.

    States: unproved (it has not answered the challenge), enabled, disabled, removed; `reason` says why it is not
    enabled. `salt` makes the secret, `previous_salt` the one before it, good until `previous_until`.
    """

    __tablename__ = "endpoint"

    id: int | None = Field(default=None, primary_key=True)
    listener_id: int = Field(foreign_key="listener.id", index=True)
    url: str
    types: list[str] = Field(sa_column=kept_json())
    offices: list[str] = Field(sa_column=kept_json())
    deadlines: list[str] = Field(sa_column=kept_json())
    description: str = ""
    owner: str = ""
    state: str
    reason: str = ""
    salt: str
    fingerprint: str
    previous_salt: str = ""
    previous_until: datetime | None = None
    in_flight: int
    failures: int = 0
    failing_since: datetime | None = None
    open_until: datetime | None = None
    created_at: datetime
    created_by: str
    proved_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an endpoint is told: types, office numbers, deadlines (`family/duty` or a family); empty is everything."""

    types: tuple[str, ...] = ()
    offices: tuple[str, ...] = ()
    deadlines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as it is kept; see EndpointRow. `authority` and `vendor` say whose it is."""

    id: int
    listener_id: int
    authority: str
    vendor: str
    url: str
    wanted: Wanted
    description: str
    owner: str
    state: str
    reason: str
    salt: str
    fingerprint: str
    previous_salt: str
    previous_until: datetime | None
    in_flight: int
    breaker: Breaker
    created_at: datetime
    created_by: str
    proved_at: datetime | None
    version: int

    def salts(self, now: datetime) -> tuple[str, ...]:
        """Return the salts of the secrets that sign at `now`: the new one first."""
        overlaps = self.previous_until is not None and now < self.previous_until
        return (self.salt, self.previous_salt) if overlaps else (self.salt,)


async def add(conn: AsyncConnection, listener_id: int, values: Mapping[str, Any]) -> int:
    """Keep a new endpoint, unproved; returns its id."""
    endpoint = table(EndpointRow)
    plain = {"reason": "", "previous_salt": "", "failures": 0, "version": 1}
    row = plain | {"listener_id": listener_id, "state": "unproved"} | dict(values)
    return int((await conn.execute(insert(endpoint).values(**row).returning(endpoint.c.id))).scalar_one())


async def find(
    conn: AsyncConnection, endpoint_id: int, authority: str | None = None, *, lock: bool = False
) -> Endpoint | None:
    """Return the endpoint, or None if there is none, or if it is not one of `authority` (None: whosever it is)."""
    found = _selected().where(table(EndpointRow).c.id == endpoint_id, table(EndpointRow).c.state != "removed")
    if authority is not None:
        found = found.where(table(ListenerRow).c.authority == authority)
    if lock:
        found = found.with_for_update(of=table(EndpointRow))
    row = (await conn.execute(found)).one_or_none()
    return None if row is None else endpoint_of(row)


async def among_ids(conn: AsyncConnection, ids: Sequence[int]) -> Sequence[Endpoint]:
    """Return the endpoints among `ids` that are enabled."""
    if not ids:
        return []
    found = _selected().where(among(table(EndpointRow).c.id), table(EndpointRow).c.state == "enabled")
    rows = await conn.execute(found.order_by(table(EndpointRow).c.id), {"ids": list(ids)})
    return [endpoint_of(row) for row in rows]


async def every(conn: AsyncConnection, authority: str | None = None) -> Sequence[Endpoint]:
    """Return all endpoints, of one `authority` or of all, oldest first."""
    endpoint = table(EndpointRow).c
    found = _selected().where(endpoint.state != "removed").order_by(endpoint.id)
    if authority is not None:
        found = found.where(table(ListenerRow).c.authority == authority)
    return [endpoint_of(row) for row in await conn.execute(found)]


async def of_listeners(conn: AsyncConnection, listener_ids: Collection[int]) -> Sequence[Endpoint]:
    """Return the endpoints of these listeners."""
    endpoint = table(EndpointRow).c
    found = _selected().where(endpoint.state != "removed", endpoint.listener_id.in_(listener_ids))
    return [endpoint_of(row) for row in await conn.execute(found.order_by(endpoint.id))]


async def change(conn: AsyncConnection, endpoint_id: int, **values: Any) -> None:
    """Change columns of an endpoint; its version grows."""
    endpoint = table(EndpointRow)
    changed = update(endpoint).where(endpoint.c.id == endpoint_id)
    await conn.execute(changed.values(**values, version=endpoint.c.version + 1))


async def keep_breaker(conn: AsyncConnection, endpoint_id: int, breaker: Breaker) -> None:
    """Keep how an endpoint stands."""
    endpoint = table(EndpointRow)
    standing = {name: getattr(breaker, name) for name in ("failures", "failing_since", "open_until")}
    await conn.execute(update(endpoint).where(endpoint.c.id == endpoint_id).values(**standing))


def _selected() -> Select[Any]:
    listener = table(ListenerRow)
    return select(table(EndpointRow), listener.c.authority, listener.c.vendor).join(
        listener, listener.c.id == table(EndpointRow).c.listener_id
    )


def endpoint_of(row: Row[Any]) -> Endpoint:
    """Return the endpoint that a row keeps, joined with its listener."""
    return Endpoint(
        row.id,
        row.listener_id,
        row.authority,
        row.vendor,
        row.url,
        Wanted(tuple(row.types), tuple(row.offices), tuple(row.deadlines)),
        row.description,
        row.owner,
        row.state,
        row.reason,
        row.salt,
        row.fingerprint,
        row.previous_salt,
        row.previous_until,
        row.in_flight,
        Breaker(row.failures, row.failing_since, row.open_until),
        row.created_at,
        row.created_by,
        row.proved_at,
        row.version,
    )
