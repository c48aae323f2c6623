"""Halts: whose letters do not leave because too many came back, since when, and who let them leave again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Index, Text, case, exists, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.domain.callers import Tenant
from notifier.domain.halts import MOST
from notifier.store.bounces import BOUNCED
from notifier.store.chosen import among, among_texts
from notifier.store.database import table
from notifier.store.incoming import IncomingRow
from notifier.store.tables import ContactRow, DeliveryRow, LetterRow, Table, only

_WAITS: Final = ("planned", "unknown")
_ANSWERED: Final = ("accepted", "refused")


class HaltRow(Table, table=True):
    """Letters of an authority do not leave from `since` until `released_at`; one at a time is in force.

    `answered` and `refused` are the letters counted at the time. `words` is what was found out, by who released it.
    """

    __tablename__ = "halt"
    __table_args__ = (Index("ix_halt_in_force", "authority", unique=True, **only("released_at IS NULL")),)

    id: int | None = Field(default=None, primary_key=True)
    authority: str
    since: datetime
    answered: int
    refused: int
    released_at: datetime | None = None
    released_by: str = ""
    words: str = Field(default="", sa_type=Text)


@dataclass(frozen=True, slots=True)
class Halt:
    """A halt; see HaltRow. Instants are aware."""

    id: int
    authority: str
    since: datetime
    answered: int
    refused: int


async def in_force(conn: AsyncConnection, tenant: Tenant | None = None) -> Sequence[Halt]:
    """Return the halts in force, those of `tenant` (None, or the nation: all), the oldest first."""
    halt = table(HaltRow).c
    mine = true() if tenant is None or tenant.is_nation else halt.authority == tenant.code
    columns = (halt[name] for name in Halt.__dataclass_fields__)
    found = select(*columns).where(halt.released_at.is_(None), mine).order_by(halt.id)
    return [Halt(*row) for row in await conn.execute(found)]


async def authorities_of(conn: AsyncConnection, letters: Collection[int]) -> list[str]:
    """Return through whose contacts letters go (ids), without those that nobody's contact is."""
    delivery = table(DeliveryRow).c
    found = select(delivery.authority).where(among(delivery.letter_id), delivery.authority != "").distinct()
    return sorted((await conn.execute(found, {"ids": list(letters)})).scalars())


async def count(conn: AsyncConnection, authority: str, after: datetime) -> tuple[int, int]:
    """Return how many of an authority's newest letters were answered after an instant or its last release, and refused."""
    halt = table(HaltRow).c
    last = select(func.max(halt.released_at)).where(halt.authority == authority)
    released: datetime | None = (await conn.execute(last)).scalar_one()
    since = max(after, released) if released else after
    delivery, letter = table(DeliveryRow).c, table(LetterRow).c
    newest = (
        select(letter.id, letter.state)
        .join(table(DeliveryRow), delivery.letter_id == letter.id)
        .where(delivery.authority == authority, delivery.state.in_(_ANSWERED), letter.finished_at > since)
        .order_by(delivery.id.desc())
        .limit(MOST)
        .subquery()
    )
    refused = case((newest.c.state == "refused", newest.c.id))
    row = (
        await conn.execute(select(func.count(newest.c.id.distinct()), func.count(refused.distinct())))
    ).one()
    return int(row[0]), int(row[1])


async def begin(conn: AsyncConnection, authority: str, counted: tuple[int, int], now: datetime) -> bool:
    """Let an authority's letters leave no more; False if another worker has seen to it."""
    answered, refused = counted
    row = {"authority": authority, "since": now, "answered": answered, "refused": refused}
    upsert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    written = upsert(table(HaltRow)).values(**row, released_by="", words="").on_conflict_do_nothing()
    return (await conn.execute(written.returning(table(HaltRow).c.id))).scalar_one_or_none() is not None


async def end(conn: AsyncConnection, halt: Halt, who: str, words: str, now: datetime) -> None:
    """Let the letters leave again."""
    row = table(HaltRow)
    ended = update(row).where(row.c.id == halt.id)
    await conn.execute(ended.values(released_at=now, released_by=who, words=words))


async def put_off(conn: AsyncConnection, authorities: Sequence[str], now: datetime, until: datetime) -> None:
    """Let the letters of these authorities that are due at `now` wait; a letter shared with others waits with them."""
    letter = table(LetterRow)
    due = letter.c.finished_at.is_(None), letter.c.state.in_(_WAITS), letter.c.next_try_at <= now
    later = update(letter).where(*due, _goes_through()).values(next_try_at=until)
    await conn.execute(later, {"codes": list(authorities)})


async def hasten(conn: AsyncConnection, authority: str, now: datetime) -> None:
    """Let the letters of an authority that wait leave at once."""
    letter = table(LetterRow)
    waits = letter.c.finished_at.is_(None), letter.c.state == "planned", letter.c.next_try_at > now
    await conn.execute(
        update(letter).where(*waits, _goes_through()).values(next_try_at=now), {"codes": [authority]}
    )


async def held(conn: AsyncConnection, ids: Collection[int], authorities: Sequence[str]) -> set[int]:
    """Return which of these letters go through contacts of these authorities."""
    letter = table(LetterRow).c
    found = select(letter.id).where(among(letter.id), _goes_through())
    return set((await conn.execute(found, {"ids": list(ids), "codes": list(authorities)})).scalars())


def _goes_through() -> Any:
    letter, delivery = table(LetterRow).c, table(DeliveryRow).c
    return exists().where(delivery.letter_id == letter.id, among_texts(delivery.authority, "codes"))


# ---- what a person looks at ----


async def waiting(conn: AsyncConnection, authority: str) -> int:
    """Return how many letters of an authority wait, those for which what is due is not gathered yet among them."""
    letter, delivery = table(LetterRow).c, table(DeliveryRow).c
    gathered = select(func.count()).where(
        letter.finished_at.is_(None), letter.state.in_(_WAITS), _goes_through()
    )
    loose = select(func.count(delivery.recipient.distinct())).where(
        delivery.authority == authority,
        delivery.letter_id.is_(None),
        delivery.state == "planned",
        delivery.recipient != "",
    )
    counted = await conn.execute(gathered, {"codes": [authority]})
    return int(counted.scalar_one()) + int((await conn.execute(loose)).scalar_one())


async def answers(
    conn: AsyncConnection, authority: str, after: datetime, limit: int
) -> list[tuple[str, int]]:
    """Return what servers answered to letters of an authority refused after an instant, the most frequent first."""
    letter, delivery = table(LetterRow).c, table(DeliveryRow).c
    many = func.count(letter.id.distinct())
    found = (
        select(letter.answer, many)
        .join(table(DeliveryRow), delivery.letter_id == letter.id)
        .where(delivery.authority == authority, delivery.state == "refused", letter.finished_at > after)
        .group_by(letter.answer)
        .order_by(many.desc(), letter.answer)
        .limit(limit)
    )
    return [(row[0], int(row[1])) for row in await conn.execute(found)]


async def given_up(conn: AsyncConnection, authority: str, after: datetime) -> list[int]:
    """Return the contacts of an authority (ids) that were given up because of what came back after an instant."""
    contact, incoming = table(ContactRow).c, table(IncomingRow).c
    back = select(incoming.about).where(incoming.failure == "hard", incoming.received_at > after)
    found = select(contact.id).where(
        contact.authority == authority,
        contact.active.is_(False),
        contact.reason == BOUNCED,
        or_(func.lower(contact.address).in_(back), contact.address.in_(back)),
    )
    return list((await conn.execute(found.order_by(contact.id))).scalars())


async def restore(conn: AsyncConnection, contacts: Sequence[int]) -> None:
    """Take contacts into use again."""
    row = table(ContactRow)
    again = update(row).where(among(row.c.id)).values(active=True, reason="")
    await conn.execute(again, {"ids": list(contacts)})
