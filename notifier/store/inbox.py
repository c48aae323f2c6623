"""The inbox: where each notice that came in stands on its way, who put it there, when and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Text, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.domain.stages import Stage
from notifier.store.database import table
from notifier.store.tables import NoticeRow, Table


class InboxRow(Table, table=True):
    """A notice that came in from a source or was handed in; `reason` is that of its last move."""

    __tablename__ = "inbox"

    notice: str = Field(primary_key=True, foreign_key="notice.id")
    stage: str = Field(index=True)
    moved_at: datetime
    moved_by: str
    reason: str = Field(default="", sa_type=Text)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A notice in the inbox."""

    notice: str
    title: str
    issuer: str
    issued: date | None
    came: datetime
    came_from: str
    stage: Stage
    moved_at: datetime
    moved_by: str
    reason: str


async def put(conn: AsyncConnection, notice: str, who: str, now: datetime) -> None:
    """Put a notice that was just accepted into the inbox, as received."""
    row = {"notice": notice, "stage": Stage.RECEIVED.value, "moved_at": now, "moved_by": who, "reason": ""}
    await conn.execute(insert(table(InboxRow)).values(**row))


async def find(conn: AsyncConnection, notice: str) -> Arrived | None:
    """Return a notice of the inbox and keep it for this transaction; None if it is not there."""
    found = await _arrived(conn, table(InboxRow).c.notice == notice, 1, lock=True)
    return found[0] if found else None


async def arrived(conn: AsyncConnection, stages: Sequence[Stage] = (), limit: int = 200) -> list[Arrived]:
    """Return what is in the inbox, the latest first; `stages` asks for what stands there."""
    inbox = table(InboxRow).c
    return await _arrived(conn, inbox.stage.in_([each.value for each in stages or tuple(Stage)]), limit)


async def standing(conn: AsyncConnection, notices: Sequence[str]) -> dict[str, tuple[Stage, str]]:
    """Return where those of the `notices` that are in the inbox stand, and who put them there."""
    inbox = table(InboxRow).c
    chosen = select(inbox.notice, inbox.stage, inbox.moved_by).where(inbox.notice.in_(notices))
    return {row.notice: (Stage(row.stage), row.moved_by) for row in await conn.execute(chosen)}


async def move(
    conn: AsyncConnection, notice: str, to: Stage, who: str, now: datetime, reason: str = ""
) -> None:
    """Put a notice of the inbox to another stage; whether it may go there was asked before."""
    inbox = table(InboxRow)
    moved = {"stage": to.value, "moved_by": who, "moved_at": now, "reason": reason}
    await conn.execute(update(inbox).where(inbox.c.notice == notice).values(**moved))


async def _arrived(
    conn: AsyncConnection, condition: object, limit: int, *, lock: bool = False
) -> list[Arrived]:
    inbox, notice = table(InboxRow), table(NoticeRow)
    about = notice.c.title, notice.c.issuer, notice.c.issued, notice.c.accepted_at, notice.c.accepted_by
    last = inbox.c.stage, inbox.c.moved_at, inbox.c.moved_by, inbox.c.reason
    chosen = select(inbox.c.notice, *about, *last).join(notice, notice.c.id == inbox.c.notice)
    chosen = chosen.where(condition).order_by(notice.c.accepted_at.desc(), inbox.c.notice).limit(limit)  # type: ignore[arg-type] # a condition on its columns
    rows = await conn.execute(chosen.with_for_update(of=inbox) if lock else chosen)
    return [
        Arrived(
            row.notice,
            row.title,
            row.issuer,
            row.issued,
            row.accepted_at,
            row.accepted_by,
            Stage(row.stage),
            row.moved_at,
            row.moved_by,
            row.reason,
        )
        for row in rows
    ]
