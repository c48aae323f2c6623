"""Declarations: what offices have declared on their pages, each once, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Index, func, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.store.database import table
from notifier.store.tables import OfficeRow, Table, kept_json, only

PENDING, APPLIED, UNDONE = "pending", "applied", "undone"


class DeclarationRow(Table, table=True):
    """Something that an office declared. `nonce` is that of the form, so that a form counts once.

    `kind`: done, facts, seen, not-applicable, reminder, message, contact. States: pending until `ready_at`, so long it can
    be undone; applied; undone. `detail` is JSON.
    """

    __tablename__ = "declaration"
    __table_args__ = (
        Index("ix_declaration_office_id_at", "office_id", "at"),
        Index("ix_declaration_ready_at", "ready_at", **only("state = 'pending'")),
    )

    id: int | None = Field(default=None, primary_key=True)
    office_id: int = Field(foreign_key="office.id")
    nonce: str = Field(unique=True)
    kind: str
    deadline: str = ""
    occurrence: int = 0
    at: datetime
    ready_at: datetime
    state: str
    who: str
    detail: dict[str, Any] = Field(sa_column=kept_json())


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declaration; see DeclarationRow. `number` is the office's, instants are aware."""

    id: int
    office_id: int
    number: str
    municipality: str
    nonce: str
    kind: str
    deadline: str
    occurrence: int
    at: datetime
    ready_at: datetime
    state: str
    who: str
    detail: Mapping[str, Any] = field(default_factory=dict)


async def add(conn: AsyncConnection, values: Mapping[str, Any]) -> int | None:
    """Keep a declaration and return its id; None if its form was sent before."""
    upsert = postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert
    target = table(DeclarationRow)
    written = upsert(target).values(**values).on_conflict_do_nothing(index_elements=["nonce"])
    found: int | None = (await conn.execute(written.returning(target.c.id))).scalar_one_or_none()
    return found


async def named(conn: AsyncConnection, nonce: str) -> int:
    """Return the id of the declaration that came with a form."""
    target = table(DeclarationRow).c
    return int((await conn.execute(select(target.id).where(target.nonce == nonce))).scalar_one())


def _shown() -> Any:
    target, office = table(DeclarationRow), table(OfficeRow)
    names = [name for name in Declaration.__dataclass_fields__ if name in target.c]
    columns = {name: target.c[name] for name in names}
    columns |= {"number": office.c.number, "municipality": office.c.municipality}
    ordered = [columns[name].label(name) for name in Declaration.__dataclass_fields__]
    return select(*ordered).join(office, office.c.id == target.c.office_id)


async def find(conn: AsyncConnection, declaration_id: int, *, to_change: bool = False) -> Declaration | None:
    """Return a declaration by its id, or None. With `to_change` it is held."""
    target = table(DeclarationRow)
    found = _shown().where(target.c.id == declaration_id)
    if to_change:
        found = found.with_for_update(of=target)
    row = (await conn.execute(found)).one_or_none()
    return None if row is None else Declaration(*row)


async def of_office(conn: AsyncConnection, office_id: int, limit: int = 20) -> Sequence[Declaration]:
    """Return what an office has declared, the newest first."""
    target = table(DeclarationRow)
    found = _shown().where(target.c.office_id == office_id).order_by(target.c.id.desc()).limit(limit)
    return [Declaration(*row) for row in await conn.execute(found)]


async def count_since(conn: AsyncConnection, office_id: int, since: datetime) -> int:
    """Return how much an office has declared since an instant."""
    target = table(DeclarationRow).c
    counted = select(func.count()).where(target.office_id == office_id, target.at >= since)
    return int((await conn.execute(counted)).scalar_one())


async def ready(conn: AsyncConnection, now: datetime, limit: int) -> Sequence[Declaration]:
    """Return, held, what can no longer be undone and has not been applied, in order."""
    target = table(DeclarationRow)
    over = target.c.state == PENDING, target.c.ready_at <= now
    found = _shown().where(*over).order_by(target.c.id).limit(limit)
    return [Declaration(*row) for row in await conn.execute(found.with_for_update(of=target))]


async def next_ready(conn: AsyncConnection) -> datetime | None:
    """Return when the next declaration is to be applied, or None."""
    target = table(DeclarationRow).c
    earliest = select(func.min(target.ready_at)).where(target.state == PENDING)
    found: datetime | None = (await conn.execute(earliest)).scalar_one()
    return found


async def move(conn: AsyncConnection, ids: Sequence[int], state: str) -> None:
    """Write down what became of declarations."""
    target = table(DeclarationRow)
    await conn.execute(update(target).where(target.c.id.in_(list(ids))).values(state=state))
