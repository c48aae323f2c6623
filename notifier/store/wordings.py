"""Wordings: how an authority has its letters written, version by version; each holds the templates it has changed.

A version is never changed. At most one of an authority is in use; one that failed is not used again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Index, Row, UniqueConstraint, and_, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.store.chosen import among
from notifier.store.database import table
from notifier.store.tables import ContactRow, DeliveryRow, LetterRow, Table, kept_json, only

IN_USE: Final = "activated_at IS NOT NULL AND retired_at IS NULL"


class WordingRow(Table, table=True):
    """A version of an authority's templates. `number` counts from 1 for each authority.

    `files` are sources by name (`email/letter.txt`), `bases` the digests of the shipped sources they were made from,
    `doubts` what its letters lack, in Japanese. `problem` says why it failed while letters were written.
    """

    __tablename__ = "wording"
    __table_args__ = (
        UniqueConstraint("authority", "number"),
        Index("ix_wording_in_use", "authority", unique=True, **only(IN_USE)),
    )

    id: int | None = Field(default=None, primary_key=True)
    authority: str
    number: int
    files: dict[str, Any] = Field(sa_column=kept_json())
    bases: dict[str, Any] = Field(sa_column=kept_json())
    doubts: list[str] = Field(sa_column=kept_json())
    note: str
    created_at: datetime
    created_by: str
    activated_at: datetime | None = None
    activated_by: str = ""
    retired_at: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Wording:
    """A version as it is kept; see WordingRow."""

    id: int
    authority: str
    number: int
    files: Mapping[str, str]
    bases: Mapping[str, str]
    doubts: tuple[str, ...]
    note: str
    created_at: datetime
    created_by: str
    activated_at: datetime | None
    activated_by: str
    retired_at: datetime | None
    problem: str

    @property
    def is_in_use(self) -> bool:
        """Tell whether letters are written by it now."""
        return self.activated_at is not None and self.retired_at is None


async def add(conn: AsyncConnection, authority: str, values: Mapping[str, Any]) -> Wording:
    """Keep a new version under the authority's next number."""
    wording = table(WordingRow)
    last = select(func.coalesce(func.max(wording.c.number), 0)).where(wording.c.authority == authority)
    number = (await conn.execute(last)).scalar_one() + 1
    row = {"activated_by": "", "problem": ""} | dict(values) | {"authority": authority, "number": number}
    made = await conn.execute(insert(wording).values(**row).returning(*wording.c))
    return _wording(made.one())


async def find(conn: AsyncConnection, authority: str, number: int) -> Wording | None:
    """Return the version `number` of an authority, or None."""
    wording = table(WordingRow)
    found = select(wording).where(wording.c.authority == authority, wording.c.number == number)
    row = (await conn.execute(found)).one_or_none()
    return None if row is None else _wording(row)


async def every(conn: AsyncConnection, authority: str, limit: int = 100) -> Sequence[Wording]:
    """Return the versions of an authority, the newest first."""
    wording = table(WordingRow)
    found = select(wording).where(wording.c.authority == authority).order_by(wording.c.number.desc())
    return [_wording(row) for row in await conn.execute(found.limit(limit))]


async def by_ids(conn: AsyncConnection, ids: Sequence[int]) -> Mapping[int, Wording]:
    """Return versions by their ids."""
    wording = table(WordingRow)
    rows = await conn.execute(select(wording).where(among(wording.c.id)), {"ids": list(ids)})
    return {row.id: _wording(row) for row in rows}


async def activate(conn: AsyncConnection, wording: Wording, who: str, now: datetime) -> None:
    """Write letters by this version from `now` on; the one before it is retired."""
    rows = table(WordingRow)
    in_use = (
        rows.c.authority == wording.authority,
        rows.c.activated_at.is_not(None),
        rows.c.retired_at.is_(None),
    )
    await conn.execute(update(rows).where(*in_use).values(retired_at=now))
    fresh = {"activated_at": now, "activated_by": who, "retired_at": None, "problem": ""}
    await conn.execute(update(rows).where(rows.c.id == wording.id).values(**fresh))


async def retire(conn: AsyncConnection, wording_id: int, now: datetime, problem: str = "") -> bool:
    """Use a version no more, because of a `problem` if there is one; False if it was not in use."""
    rows = table(WordingRow)
    in_use = rows.c.id == wording_id, rows.c.activated_at.is_not(None), rows.c.retired_at.is_(None)
    retired = await conn.execute(update(rows).where(*in_use).values(retired_at=now, problem=problem))
    return retired.rowcount > 0


async def addresses(conn: AsyncConnection, authority: str) -> int:
    """Return at how many addresses an authority's letters arrive."""
    contact = table(ContactRow)
    there = select(func.count(func.distinct(contact.c.address))).where(
        contact.c.authority == authority, contact.c.active.is_(True)
    )
    return int((await conn.execute(there)).scalar_one())


async def in_use(conn: AsyncConnection, authority: str) -> Wording | None:
    """Return the version by which an authority's letters are written now, None as shipped."""
    wording = table(WordingRow)
    found = select(wording).where(
        wording.c.authority == authority,
        wording.c.activated_at.is_not(None),
        wording.c.retired_at.is_(None),
    )
    row = (await conn.execute(found)).one_or_none()
    return None if row is None else _wording(row)


async def troubled(conn: AsyncConnection, authority: str) -> Wording | None:
    """Return the version that failed last and was not followed by another one in use, for the staff to mend."""
    if await in_use(conn, authority) is not None:
        return None
    wording = table(WordingRow)
    failed = select(wording).where(wording.c.authority == authority, wording.c.problem != "")
    row = (await conn.execute(failed.order_by(wording.c.retired_at.desc()).limit(1))).one_or_none()
    return None if row is None else _wording(row)


# ---- which letters ----


async def pin(conn: AsyncConnection, letter_ids: Sequence[int]) -> Mapping[int, int]:
    """Let letters that were never on their way be written by the version in use of their authority; returns by which.

    Only a letter of which every delivery goes to contacts of that one authority: one that holds what several have to
    say is written as shipped. What was pinned before stays, so that a repeat says the same.
    """
    wording, letter, delivery = table(WordingRow), table(LetterRow), table(DeliveryRow)
    in_use = wording.c.activated_at.is_not(None), wording.c.retired_at.is_(None)
    if (await conn.execute(select(wording.c.id).where(*in_use).limit(1))).first() is None:
        return {}
    whose = (
        select(delivery.c.letter_id, func.min(delivery.c.authority).label("authority"))
        .where(among(delivery.c.letter_id), delivery.c.state != "cancelled")
        .group_by(delivery.c.letter_id)
        .having(func.min(delivery.c.authority) == func.max(delivery.c.authority))
        .subquery()
    )
    chosen = (
        select(letter.c.id, wording.c.id.label("wording"))
        .join(whose, whose.c.letter_id == letter.c.id)
        .join(wording, and_(wording.c.authority == whose.c.authority, *in_use))
        .where(letter.c.attempts == 1, letter.c.wording_id.is_(None))
    )
    found = {row.id: row.wording for row in await conn.execute(chosen, {"ids": list(letter_ids)})}
    for version in sorted(set(found.values())):
        mine = [each for each, of in found.items() if of == version]
        pinned = update(letter).where(among(letter.c.id)).values(wording_id=version)
        await conn.execute(pinned, {"ids": mine})
    return found


async def unpin(conn: AsyncConnection, letter_ids: Sequence[int]) -> None:
    """Write letters as shipped that were to be written by a version that failed."""
    letter = table(LetterRow)
    shipped = update(letter).where(among(letter.c.id)).values(wording_id=None)
    await conn.execute(shipped, {"ids": list(letter_ids)})


def _wording(row: Row[Any]) -> Wording:
    kept = row._asdict()
    return Wording(**kept | {"doubts": tuple(kept["doubts"])})
