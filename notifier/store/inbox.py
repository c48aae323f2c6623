"""The inbox: where each notice that came in stands on its way, who put it there, when and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Text, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.domain.callers import NATION, Tenant
from notifier.domain.stages import Stage
from notifier.store.database import table
from notifier.store.tables import NoticeRow, Table


class InboxRow(Table, table=True):
    """A notice that came in from a source or was handed in; `reason` is that of its last move.

    `authority` (団体コード) is whose it is, "" for the nation's; `came_by` is who brought it.
    """

    __tablename__ = "inbox"

    notice: str = Field(primary_key=True, foreign_key="notice.id")
    stage: str = Field(index=True)
    moved_at: datetime
    moved_by: str
    reason: str = Field(default="", sa_type=Text)
    authority: str = Field(default="", index=True)
    came_at: datetime
    came_by: str


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
    authority: str


async def put(conn: AsyncConnection, notice: str, who: str, now: datetime, authority: str = "") -> None:
    """Put a notice that was just accepted into the inbox, as received; `authority` is whose it is."""
    row = {"notice": notice, "stage": Stage.RECEIVED.value, "moved_at": now, "moved_by": who, "reason": ""}
    row |= {"authority": authority, "came_at": now, "came_by": who}
    await conn.execute(insert(table(InboxRow)).values(**row))


async def find(
    conn: AsyncConnection, notice: str, tenant: Tenant = NATION, *, lock: bool = True
) -> Arrived | None:
    """Return a notice of the inbox and keep it for this transaction (`lock`); None if `tenant` has none like it."""
    found = await _arrived(conn, (table(InboxRow).c.notice == notice) & _of(tenant), 1, lock=lock)
    return found[0] if found else None


async def arrived(
    conn: AsyncConnection, stages: Sequence[Stage] = (), limit: int = 200, tenant: Tenant = NATION
) -> list[Arrived]:
    """Return what is in the inbox of `tenant`, the latest first; `stages` asks for what stands there."""
    chosen = table(InboxRow).c.stage.in_([each.value for each in stages or tuple(Stage)])
    return await _arrived(conn, chosen & _of(tenant), limit)


def _of(tenant: Tenant) -> ColumnElement[bool]:
    """Tell whether a notice is the tenant's own; the nation has them all."""
    return true() if tenant.is_nation else table(InboxRow).c.authority == tenant.code


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
    conn: AsyncConnection, condition: ColumnElement[bool], limit: int, *, lock: bool = False
) -> list[Arrived]:
    inbox, notice = table(InboxRow), table(NoticeRow)
    about = notice.c.title, notice.c.issuer, notice.c.issued, inbox.c.came_at, inbox.c.came_by
    last = inbox.c.stage, inbox.c.moved_at, inbox.c.moved_by, inbox.c.reason, inbox.c.authority
    chosen = select(inbox.c.notice, *about, *last).join(notice, notice.c.id == inbox.c.notice)
    chosen = chosen.where(condition).order_by(inbox.c.came_at.desc(), inbox.c.notice).limit(limit)
    rows = await conn.execute(chosen.with_for_update(of=inbox) if lock else chosen)
    return [
        Arrived(
            row.notice,
            row.title,
            row.issuer,
            row.issued,
            row.came_at,
            row.came_by,
            Stage(row.stage),
            row.moved_at,
            row.moved_by,
            row.reason,
            row.authority,
        )
        for row in rows
    ]
