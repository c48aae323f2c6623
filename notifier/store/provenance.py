"""Provenance: to whom each `source` of events belongs, from its first event on and for ever."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.store.chosen import among_texts
from notifier.store.database import table
from notifier.store.groups import Group
from notifier.store.tables import Table


class EventSourceRow(Table, table=True):
    """A source and its `sender` (団体コード, "" for the nation). Rows are appended, never changed.

    `key_prefix` names the key that bore it first, at the aware instant `since`.
    """

    __tablename__ = "event_source"

    source: str = Field(primary_key=True)
    sender: str
    key_prefix: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Borne:
    """A source and who bears it; see EventSourceRow."""

    source: str
    sender: str
    key_prefix: str
    since: datetime


_COLUMNS = ("source", "sender", "key_prefix", "since")
_ROWS = Group(EventSourceRow, _COLUMNS, once=("source",), returning=("source",))


async def senders(conn: AsyncConnection, sources: Collection[str]) -> Mapping[str, str]:
    """Return the senders to whom those of `sources` belong that belong to anybody."""
    rows = await conn.execute(_senders(), {"sources": sorted(sources)})
    return {row.source: row.sender for row in rows}


@cache
def _senders() -> Select[Any]:
    row = table(EventSourceRow).c
    return select(row.source, row.sender).where(among_texts(row.source, "sources"))


async def bind(
    conn: AsyncConnection, sources: Collection[str], sender: str, key: str, now: datetime
) -> frozenset[str]:
    """Give those of `sources` that belong to nobody to `sender`; returns these. In order, so that two never cross."""
    written = await _ROWS.insert(conn, [(each, sender, key, now) for each in sorted(sources)])
    return frozenset(row.source for row in written)


async def every(conn: AsyncConnection, limit: int) -> Sequence[Borne]:
    """Return `limit` sources, the latest first."""
    row = table(EventSourceRow).c
    found = select(row.source, row.sender, row.key_prefix, row.since).order_by(row.since.desc(), row.source)
    return [Borne(*each) for each in await conn.execute(found.limit(limit))]
