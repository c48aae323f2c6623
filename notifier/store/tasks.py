"""Tasks: what waits for the rule editor, opened by the program and closed when it is settled; one for each subject."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Index, Text, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from notifier.store.database import table
from notifier.store.tables import Table, only


class TaskRow(Table, table=True):
    """Something to do. `kind` says what (`notice.received`, `source.unseen`), `subject` about what."""

    __tablename__ = "task"
    __table_args__ = (Index("ix_task_open", "kind", "subject", unique=True, **only("closed_at IS NULL")),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    subject: str
    title: str
    detail: str = Field(default="", sa_type=Text)
    opened_at: datetime
    closed_at: datetime | None = None
    closed_by: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A task that is open."""

    id: int
    kind: str
    subject: str
    title: str
    detail: str
    opened_at: datetime


async def open_task(
    conn: AsyncConnection, kind: str, subject: str, title: str, detail: str, now: datetime
) -> bool:
    """Open a task; where one of this kind is open about the subject, only its words change. False then."""
    task = table(TaskRow)
    mine = task.c.kind == kind, task.c.subject == subject, task.c.closed_at.is_(None)
    changed = await conn.execute(update(task).where(*mine).values(title=title, detail=detail))
    if changed.rowcount:
        return False
    row = {"kind": kind, "subject": subject, "title": title, "detail": detail}
    await conn.execute(insert(task).values(**row, opened_at=now, closed_by=""))
    return True


async def close_task(conn: AsyncConnection, kind: str, subject: str, who: str, now: datetime) -> bool:
    """Close the open task of this kind about the subject; False if there is none."""
    task = table(TaskRow)
    mine = task.c.kind == kind, task.c.subject == subject, task.c.closed_at.is_(None)
    closed = await conn.execute(update(task).where(*mine).values(closed_at=now, closed_by=who))
    return closed.rowcount > 0


async def open_tasks(conn: AsyncConnection, limit: int = 200) -> Sequence[Task]:
    """Return the open tasks, the oldest first."""
    task = table(TaskRow)
    shown = select(
        task.c.id, task.c.kind, task.c.subject, task.c.title, task.c.detail, task.c.opened_at
    ).where(task.c.closed_at.is_(None))
    return [Task(*row) for row in await conn.execute(shown.order_by(task.c.id).limit(limit))]


async def count_open(conn: AsyncConnection, besides: Sequence[str] = ()) -> int:
    """Return how many tasks are open, but for those of the kinds in `besides`."""
    task = table(TaskRow)
    counted = (
        select(func.count())
        .select_from(task)
        .where(task.c.closed_at.is_(None), task.c.kind.not_in(list(besides)))
    )
    return int((await conn.execute(counted)).scalar_one())
