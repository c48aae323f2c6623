"""How the work goes on: the outbox, numbers that only grow, the audit."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from notifier.store.tables.frame import Table, kept_json


class OutboxRow(Table, table=True):
    """A message from one step to the next: post tray and alarm clock. `key` keeps equal waiting messages one."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due_at", "due_at"),)

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    step: str
    payload: dict[str, Any] = Field(sa_column=kept_json())
    due_at: datetime
    token: str = ""
    lease_until: datetime | None = None
    attempts: int = 0
    problem: str = Field(default="", sa_type=Text)


class SequenceRow(Table, table=True):
    """Numbers that only grow: derivation runs and generations."""

    __tablename__ = "sequence"

    name: str = Field(primary_key=True)
    value: int = 0


class AuditRow(Table, table=True):
    """Who did what, when, from where, for whom, to what; each row is bound to the one before it in its chain.

    `number` is its place there, from 1 on: of two writers who would follow the same row, one fails.
    """

    __tablename__ = "audit"
    __table_args__ = (UniqueConstraint("chain", "number"),)

    id: int | None = Field(default=None, primary_key=True)
    chain: str = ""
    number: int
    at: datetime
    who: str
    origin: str = ""
    authority: str = Field(default="", index=True)
    action: str
    subject: str = Field(index=True)
    detail: dict[str, Any] = Field(sa_column=kept_json())
    previous: str
    digest: str
