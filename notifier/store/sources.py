"""Sources: the feeds and pages that are watched, and the log of every look at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.domain.watching import Form, Outcome
from notifier.store.database import table
from notifier.store.tables import Table


class SourceRow(Table, table=True):
    """A feed or a list page. `words` (one a line) are what an item must hold one of; "" takes all.

    `seen_at` is the last look that saw it, None before the first; `items` how many it showed then. `failures` counts the
    looks in a row since that did not; `told_at` is when the editor was told of them. `token` and `lease_until` are
    those of whoever looks just now.
    """

    __tablename__ = "source"

    id: str = Field(primary_key=True)
    title: str
    issuer: str
    url: str
    form: str
    selector: str = ""
    words: str = Field(default="", sa_type=Text)
    terms: str = Field(default="", sa_type=Text)
    minutes: int
    enabled: bool = Field(default=False, index=True)
    added_by: str
    added_at: datetime
    etag: str = ""
    modified: str = ""
    items: int = 0
    failures: int = 0
    problem: str = Field(default="", sa_type=Text)
    looked_at: datetime | None = None
    seen_at: datetime | None = None
    told_at: datetime | None = None
    next_look_at: datetime | None = None
    token: str = ""
    lease_until: datetime | None = None


class FetchRow(Table, table=True):
    """One look at a source: what was answered, and what came of it."""

    __tablename__ = "fetch"

    id: int | None = Field(default=None, primary_key=True)
    source_id: str = Field(foreign_key="source.id", index=True)
    at: datetime
    outcome: str
    status: int | None = None
    size: int = 0
    digest: str = ""
    items: int = 0
    fresh: int = 0
    problem: str = Field(default="", sa_type=Text)


@dataclass(frozen=True, slots=True)
class Source:
    """A source as it is kept; see SourceRow."""

    id: str
    title: str
    issuer: str
    url: str
    form: Form
    selector: str = ""
    words: tuple[str, ...] = ()
    terms: str = ""
    every: timedelta = timedelta(hours=1)
    enabled: bool = False
    etag: str = ""
    modified: str = ""
    items: int = 0
    failures: int = 0
    problem: str = ""
    looked_at: datetime | None = None
    seen_at: datetime | None = None
    told_at: datetime | None = None
    next_look_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a source came to."""

    outcome: Outcome
    status: int | None = None
    size: int = 0
    digest: str = ""
    items: int = 0
    fresh: int = 0
    problem: str = ""


async def add(conn: AsyncConnection, sources: Sequence[Source], who: str, now: datetime) -> list[str]:
    """Keep sources whose ids are not taken yet, switched off; returns the ids of those that were added."""
    dialect = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    added = []
    for each in sources:
        row = {
            "id": each.id,
            "title": each.title,
            "issuer": each.issuer,
            "url": each.url,
            "form": each.form.value,
            "selector": each.selector,
            "words": "\n".join(each.words),
            "terms": each.terms,
            "minutes": int(each.every.total_seconds() // 60),
            "enabled": False,
            "added_by": who,
            "added_at": now,
            "items": 0,
            "failures": 0,
            "etag": "",
            "modified": "",
            "problem": "",
            "token": "",
        }
        written = dialect(table(SourceRow)).values(**row).on_conflict_do_nothing()
        if (await conn.execute(written)).rowcount:
            added.append(each.id)
    return added


async def every(conn: AsyncConnection) -> list[Source]:
    """Return all sources by id."""
    source = table(SourceRow)
    return [_source(row) for row in (await conn.execute(select(source).order_by(source.c.id))).mappings()]


async def find(conn: AsyncConnection, name: str) -> Source | None:
    """Return the source with the id `name`, or None."""
    source = table(SourceRow)
    row = (await conn.execute(select(source).where(source.c.id == name))).mappings().one_or_none()
    return None if row is None else _source(row)


async def switch(conn: AsyncConnection, name: str, *, enabled: bool, now: datetime) -> bool:
    """Switch a source on, to be looked at from `now`, or off; False if it stood so before or is unknown.

    What it shows on its very first look was there before; what it shows when it is switched on anew is news.
    """
    source = table(SourceRow)
    values: dict[str, Any] = {"enabled": enabled, "next_look_at": now if enabled else None}
    if enabled:
        values |= {"failures": 0, "problem": "", "told_at": None, "etag": "", "modified": ""}
    other = update(source).where(source.c.id == name, source.c.enabled.is_not(enabled)).values(**values)
    return (await conn.execute(other)).rowcount > 0


async def claim(
    conn: AsyncConnection, now: datetime, token: str, lease: timedelta, limit: int, only: str | None = None
) -> list[Source]:
    """Claim sources that are due and that nobody looks at; `only` claims that one, due or not."""
    source = table(SourceRow)
    free = or_(source.c.lease_until.is_(None), source.c.lease_until <= now)
    wanted = source.c.id == only if only else and_(source.c.enabled, source.c.next_look_at <= now)
    chosen = (
        select(source).where(wanted, free).order_by(source.c.next_look_at, source.c.id).limit(limit)
    ).with_for_update(skip_locked=True)
    rows = (await conn.execute(chosen)).mappings().all()
    if rows:
        held = update(source).where(source.c.id.in_([row["id"] for row in rows]))
        await conn.execute(held.values(token=token, lease_until=now + lease))
    return [_source(row) for row in rows]


async def is_held(conn: AsyncConnection, name: str, token: str) -> bool:
    """Tell whether the source is still held under `token`, and keep it so until the transaction ends."""
    source = table(SourceRow)
    held = select(source.c.id).where(*_mine(name, token)).with_for_update()
    return (await conn.execute(held)).one_or_none() is not None


async def saw(
    conn: AsyncConnection,
    name: str,
    token: str,
    now: datetime,
    following: datetime,
    answer: tuple[str, str, int],
) -> None:
    """Note a look that saw the source: `answer` is its ETag, Last-Modified and number of items."""
    etag, modified, items = answer
    seen = {"etag": etag, "modified": modified, "items": items, "failures": 0, "problem": "", "told_at": None}
    await _end(conn, name, token, seen | {"looked_at": now, "seen_at": now, "next_look_at": following})


async def missed(
    conn: AsyncConnection,
    source: Source,
    token: str,
    now: datetime,
    following: datetime,
    problem: tuple[str, bool],
) -> None:
    """Note a look that did not see the source, why, and whether the editor is told of it now."""
    why, is_told = problem
    values = {"failures": source.failures + 1, "problem": why, "looked_at": now, "next_look_at": following}
    await _end(conn, source.id, token, values | ({"told_at": now} if is_told else {}))


async def log(conn: AsyncConnection, name: str, now: datetime, look: Look) -> None:
    """Write a look down."""
    row = {"status": look.status, "size": look.size, "digest": look.digest, "items": look.items}
    said = {"outcome": look.outcome.value, "fresh": look.fresh, "problem": look.problem}
    await conn.execute(insert(table(FetchRow)).values(source_id=name, at=now, **row, **said))


async def next_due(conn: AsyncConnection) -> datetime | None:
    """Return when the next source is to be looked at, or None if none is switched on."""
    source = table(SourceRow).c
    free_at = or_(source.lease_until.is_(None), source.lease_until <= source.next_look_at)
    waiting = (
        select(source.next_look_at).where(source.enabled, free_at).order_by(source.next_look_at).limit(1)
    )
    found: datetime | None = (await conn.execute(waiting)).scalar_one_or_none()
    return found


async def _end(conn: AsyncConnection, name: str, token: str, values: dict[str, Any]) -> None:
    mine = update(table(SourceRow)).where(*_mine(name, token))
    await conn.execute(mine.values(**values, token="", lease_until=None))


def _mine(name: str, token: str) -> tuple[ColumnElement[bool], ...]:
    source = table(SourceRow).c
    return source.id == name, source.token == token


def _source(row: Any) -> Source:
    return Source(
        id=row["id"],
        title=row["title"],
        issuer=row["issuer"],
        url=row["url"],
        form=Form(row["form"]),
        selector=row["selector"],
        words=tuple(filter(None, row["words"].split("\n"))),
        terms=row["terms"],
        every=timedelta(minutes=row["minutes"]),
        enabled=row["enabled"],
        etag=row["etag"],
        modified=row["modified"],
        items=row["items"],
        failures=row["failures"],
        problem=row["problem"],
        looked_at=row["looked_at"],
        seen_at=row["seen_at"],
        told_at=row["told_at"],
        next_look_at=row["next_look_at"],
    )
