"""Papers: what sources have announced, item by item, and the documents behind, kept as they were fetched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import LargeBinary, Text, UniqueConstraint, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.domain.watching import RECHECKED_EVERY, RECHECKED_FOR, Item, Standing
from notifier.store.database import table
from notifier.store.tables import Table


class DocumentRow(Table, table=True):
    """A document as it was fetched. `digest` is the SHA-256 of what it says: of its bytes, or of a page's own text.

    `problem` says why no text could be taken from it, "" if one could.
    """

    __tablename__ = "document"

    id: int | None = Field(default=None, primary_key=True)
    digest: str = Field(unique=True)
    url: str
    name: str
    type: str = ""
    size: int
    content: bytes = Field(sa_type=LargeBinary)
    problem: str = Field(default="", sa_type=Text)
    notice: str = Field(default="", index=True)
    fetched_at: datetime


class ItemRow(Table, table=True):
    """One announcement of a source: a link with the same words is the same one, however often it is shown."""

    __tablename__ = "item"
    __table_args__ = (UniqueConstraint("source_id", "link", "words"),)

    id: int | None = Field(default=None, primary_key=True)
    source_id: str = Field(foreign_key="source.id")
    link: str
    words: str
    title: str
    dated: date | None = None
    summary: str = Field(default="", sa_type=Text)
    standing: str = Field(index=True)
    first_seen: datetime
    checked_at: datetime | None = None
    attempts: int = 0
    problem: str = Field(default="", sa_type=Text)
    etag: str = ""
    modified: str = ""
    document_id: int | None = Field(default=None, foreign_key="document.id")


@dataclass(frozen=True, slots=True)
class Wanted:
    """An item whose document is to be fetched: for the first time, or again to see whether it was replaced."""

    id: int
    item: Item
    standing: Standing
    attempts: int
    etag: str
    modified: str
    document_id: int | None
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class Paper:
    """A fetched document that is to be kept."""

    digest: str
    url: str
    name: str
    type: str
    content: bytes
    problem: str
    notice: str


async def known(conn: AsyncConnection, source: str) -> set[tuple[str, str]]:
    """Return link and words of every item of a source that was ever seen."""
    item = table(ItemRow).c
    rows = await conn.execute(select(item.link, item.words).where(item.source_id == source))
    return {(row.link, row.words) for row in rows}


async def add_items(
    conn: AsyncConnection, source: str, items: Sequence[tuple[Item, Standing]], now: datetime
) -> None:
    """Keep items that were not known."""
    rows = [
        {
            "source_id": source,
            "link": each.link,
            "words": each.words,
            "title": each.title,
            "dated": each.dated,
            "summary": each.summary,
            "standing": standing.value,
            "first_seen": now,
            "attempts": 0,
            "problem": "",
            "etag": "",
            "modified": "",
        }
        for each, standing in items
    ]
    if rows:
        await conn.execute(insert(table(ItemRow)), rows)


async def wanted(conn: AsyncConnection, source: str, now: datetime, limit: int) -> list[Wanted]:
    """Return up to `limit` items whose documents are to be fetched: those that wait first, then those to be seen again."""
    item = table(ItemRow).c
    again = (
        item.standing.in_((Standing.TAKEN.value, Standing.REPEATED.value))
        & (item.first_seen >= now - RECHECKED_FOR)
        & or_(item.checked_at.is_(None), item.checked_at <= now - RECHECKED_EVERY)
    )
    waits = item.standing == Standing.WAITING.value
    chosen = select(table(ItemRow)).where(item.source_id == source, waits | again)
    rows = await conn.execute(chosen.order_by(item.standing.desc(), item.checked_at, item.id).limit(limit))
    return [
        Wanted(
            row.id,
            Item(row.link, row.title, row.dated, row.summary),
            Standing(row.standing),
            row.attempts,
            row.etag,
            row.modified,
            row.document_id,
            row.first_seen,
        )
        for row in rows
    ]


async def has_waiting(conn: AsyncConnection, source: str) -> bool:
    """Tell whether an item of the source still waits for its document."""
    item = table(ItemRow).c
    waits = item.source_id == source, item.standing == Standing.WAITING.value
    return (await conn.execute(select(item.id).where(*waits).limit(1))).first() is not None


async def documents(conn: AsyncConnection, digests: Sequence[str]) -> dict[str, int]:
    """Return the ids of the documents that are kept, by digest."""
    document = table(DocumentRow).c
    found = await conn.execute(select(document.digest, document.id).where(document.digest.in_(digests)))
    return {row.digest: row.id for row in found}


async def keep(conn: AsyncConnection, paper: Paper, now: datetime) -> int:
    """Keep a document and return its id."""
    document = table(DocumentRow)
    row = {"digest": paper.digest, "url": paper.url, "name": paper.name, "type": paper.type}
    kept = {"size": len(paper.content), "content": paper.content, "problem": paper.problem}
    written = insert(document).values(**row, **kept, notice=paper.notice, fetched_at=now)
    return int((await conn.execute(written.returning(document.c.id))).scalar_one())


async def settle(conn: AsyncConnection, item_id: int, now: datetime, values: dict[str, Any]) -> None:
    """Note what became of an item whose document was asked for."""
    await conn.execute(
        update(table(ItemRow)).where(table(ItemRow).c.id == item_id).values(checked_at=now, **values)
    )


async def document_of(conn: AsyncConnection, notice: str) -> tuple[str, bytes] | None:
    """Return name and content of the document that became the notice, or None."""
    document = table(DocumentRow).c
    row = (
        await conn.execute(select(document.name, document.content).where(document.notice == notice).limit(1))
    ).one_or_none()
    return None if row is None else (row.name, row.content)


async def notice_of(conn: AsyncConnection, digest: str) -> str | None:
    """Return the id of the notice that the document with this digest became, or None."""
    document = table(DocumentRow).c
    found = await conn.execute(select(document.notice).where(document.digest == digest))
    name: str | None = found.scalar_one_or_none()
    return name
