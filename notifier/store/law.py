"""The law as rows: notices, accepted and then approved; the statements in them; the deadlines they speak of.

Statements are append-only. Until its notice is approved by a second person, a statement is silent.
"""

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, Text, cast, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from notifier.domain.notices import Notice, Rank
from notifier.errors import StoreError
from notifier.store.database import table
from notifier.store.tables import DeadlineRow, NoticeRow, StatementRow


@dataclass(frozen=True, slots=True)
class StatementEntry:
    """A statement to be kept: `content` is its form as data."""

    id: str
    deadline: str
    notice: str
    known_from: date
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeadlineEntry:
    """A deadline to be kept: `definition` is its form as data."""

    id: str
    definition: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeptDeadline:
    """A deadline as it is kept: `written` is its definition as JSON text, which tells one version from another."""

    id: str
    written: str


@dataclass(frozen=True, slots=True)
class LawRows:
    """The approved law as it is kept."""

    notices: Mapping[str, Notice]
    deadlines: Sequence[KeptDeadline]
    statements: Sequence[StatementEntry]


def _insert(conn: AsyncConnection, model: Any) -> Any:
    return (postgresql_insert if conn.dialect.name == "postgresql" else sqlite_insert)(model)


async def known_notices(conn: AsyncConnection) -> Mapping[str, bool]:
    """Return the ids of the notices that were accepted, and whether each is approved."""
    rows = await conn.execute(select(col(NoticeRow.id), col(NoticeRow.approved_at)))
    return {row.id: row.approved_at is not None for row in rows}


async def known_deadlines(conn: AsyncConnection) -> frozenset[str]:
    """Return the ids of all deadlines that are kept."""
    return frozenset((await conn.execute(select(col(DeadlineRow.id)))).scalars())


async def accept_notice(conn: AsyncConnection, notice: Notice, who: str, now: datetime) -> None:
    """Keep a notice as accepted by `who`; accepting it again changes nothing."""
    written = _insert(conn, NoticeRow).values(
        id=notice.id,
        title=notice.title,
        issuer=notice.issuer,
        number=notice.number,
        issued=notice.issued,
        known_from=notice.known_from,
        rank=int(notice.rank),
        in_hand=notice.in_hand,
        accepted_at=now,
        accepted_by=who,
    )
    await conn.execute(written.on_conflict_do_nothing())


async def name_notice(conn: AsyncConnection, name: str, identity: Mapping[str, Any]) -> None:
    """Let a notice that is not approved be listed as its reviewer calls it; what it says of itself is checked later."""
    issued = date.fromisoformat(identity["issued"]) if identity.get("issued") else None
    texts = {key: str(identity.get(key) or "") for key in ("title", "issuer", "number")}
    mine = col(NoticeRow.id) == name, col(NoticeRow.approved_at).is_(None)
    await conn.execute(update(NoticeRow).where(*mine).values(**texts, issued=issued))


async def describe_notice(conn: AsyncConnection, notice: Notice, who: str, now: datetime) -> None:
    """Describe an accepted notice as `who` has reviewed it, who then counts as having accepted it; none once approved."""
    described = {
        name: getattr(notice, name)
        for name in ("title", "issuer", "number", "issued", "known_from", "in_hand")
    }
    mine = col(NoticeRow.id) == notice.id, col(NoticeRow.approved_at).is_(None)
    values = {**described, "rank": int(notice.rank), "accepted_by": who, "accepted_at": now}
    await conn.execute(update(NoticeRow).where(*mine).values(**values))


async def keep_deadlines(conn: AsyncConnection, entries: Sequence[DeadlineEntry]) -> None:
    """Keep deadlines, new or defined anew; what is owed is worked out after the next approval."""
    for entry in entries:
        family = entry.id.partition("/")[0]
        written = _insert(conn, DeadlineRow).values(
            id=entry.id,
            family=family,
            definition=dict(entry.definition),
            generation=0,
            derived=0,
            membership="",
        )
        await conn.execute(
            written.on_conflict_do_update(
                index_elements=["id"], set_={"definition": written.excluded.definition}
            )
        )


async def keep_statements(conn: AsyncConnection, entries: Sequence[StatementEntry]) -> None:
    """Keep statements of accepted notices. Raises StoreError if one with the same id says something else."""
    ids = [entry.id for entry in entries]
    rows = await conn.execute(
        select(col(StatementRow.id), col(StatementRow.content)).where(col(StatementRow.id).in_(ids))
    )
    kept = {row.id: row.content for row in rows}
    for entry in entries:
        if entry.id in kept and kept[entry.id] != entry.content:
            raise StoreError(
                f"statement {entry.id} is kept already and says something else; give the new one another id"
            )
        if entry.id not in kept:
            written = _insert(conn, StatementRow).values(
                id=entry.id,
                deadline=entry.deadline,
                notice=entry.notice,
                known_from=entry.known_from,
                content=dict(entry.content),
            )
            await conn.execute(written)


async def approve_notices(
    conn: AsyncConnection, ids: Collection[str], who: str, now: datetime, trace: str = ""
) -> Sequence[str]:
    """Approve accepted notices: their statements speak from now on. Returns the deadlines they move, by the call `trace`.

    Raises StoreError if a notice is unknown or was accepted by the same person.
    """
    rows = (
        await conn.execute(
            select(col(NoticeRow.id), col(NoticeRow.accepted_by)).where(col(NoticeRow.id).in_(ids))
        )
    ).all()
    missing = sorted(set(ids) - {row.id for row in rows})
    if missing:
        raise StoreError(f"notice {missing[0]} was never accepted; accept it first")
    alone = sorted(row.id for row in rows if row.accepted_by == who)
    if alone:
        raise StoreError(f"notice {alone[0]} was accepted by {who}; a second person has to approve it")
    open_ = col(NoticeRow.id).in_(ids), col(NoticeRow.approved_at).is_(None)
    await conn.execute(update(NoticeRow).where(*open_).values(approved_at=now, approved_by=who))
    touched = select(col(StatementRow.deadline)).where(col(StatementRow.notice).in_(ids)).distinct()
    moved = sorted((await conn.execute(touched)).scalars())
    await conn.execute(
        update(DeadlineRow)
        .where(col(DeadlineRow.id).in_(moved))
        .values(generation=col(DeadlineRow.generation) + 1, traceparent=trace or None)
    )
    return moved


async def load_law_rows(conn: AsyncConnection, read: Container[str] = ()) -> LawRows:
    """Return the approved law as it is kept, in a stable order.

    The content of statements whose ids are in `read` is left out: it never changes, and reading it takes longest.
    """
    notices = {}
    for row in await conn.execute(_approved()):
        notices[row.id] = Notice(
            row.id, row.title, row.issuer, row.number, row.issued, row.known_from, Rank(row.rank), row.in_hand
        )
    deadlines = (await conn.execute(_definitions())).all()
    said = (await conn.execute(_said())).all()
    unread = [row.id for row in said if row.id not in read]
    contents: dict[str, Mapping[str, Any]] = {}
    if unread:
        chosen = select(col(StatementRow.id), col(StatementRow.content)).where(
            col(StatementRow.id).in_(unread)
        )
        contents = {row.id: row.content for row in await conn.execute(chosen)}
    return LawRows(
        notices,
        [KeptDeadline(row.id, row.definition) for row in deadlines],
        [
            StatementEntry(row.id, row.deadline, row.notice, row.known_from, contents.get(row.id, {}))
            for row in said
        ],
    )


@cache
def _approved() -> Select[Any]:
    return select(table(NoticeRow)).where(col(NoticeRow.approved_at).is_not(None))


@cache
def _definitions() -> Select[str, str]:
    written = cast(col(DeadlineRow.definition), Text).label("definition")
    return select(col(DeadlineRow.id), written).order_by(col(DeadlineRow.id))


@cache
def _said() -> Select[Any]:
    statement = table(StatementRow).c
    approved = select(col(NoticeRow.id)).where(col(NoticeRow.approved_at).is_not(None))
    return (
        select(statement.id, statement.deadline, statement.notice, statement.known_from)
        .where(statement.notice.in_(approved))
        .order_by(statement.known_from, statement.id)
    )
