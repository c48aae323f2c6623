"""What is known: events and the facts that follow, notices, deadlines and what is said about them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from notifier.store.tables.frame import Table, kept_json, only

UNFINISHED = "state <> 'applied'"
"""Events with which something is still to be done: few beside those that were applied, and looked for all the time."""


class EventRow(Table, table=True):
    """An event as it came in; `source` and `event_id` make it unique for ever, as a source belongs to one sender.

    `sender` is the authority (団体コード) on whose behalf it was sent, "" for the nation and for the program itself;
    `key_prefix` names the key that was shown. States: received, waiting (for its office), applied, failed.
    """

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("sender", "source", "event_id"),
        Index("ix_event_sender", "sender", "id"),
        Index("ix_event_state", "state", **only(UNFINISHED)),
    )

    id: int | None = Field(default=None, primary_key=True)
    sender: str = ""
    key_prefix: str = ""
    source: str
    event_id: str
    type: str
    subject: str
    data: dict[str, Any] = Field(sa_column=kept_json())
    happened_at: datetime
    received_at: datetime
    body_hash: str
    request: str | None = None
    traceparent: str | None = None
    state: str = "received"
    problem: str = ""


class FactRow(Table, table=True):
    """A fact, append-only. `office_id` is set for an office, else `authority` ("" for the nation).

    `until` copies the value that ends something (licence_until, certificate_until), `partner` and `fiscal_year` the
    values that sets count by; `values` holds all of them.
    """

    __tablename__ = "fact"
    __table_args__ = (
        Index("ix_fact_office_id_type", "office_id", "type"),
        Index("ix_fact_exempted", "office_id", **only("type = 'duty.exempted'")),
    )

    id: int | None = Field(default=None, primary_key=True)
    office_id: int | None = Field(default=None, foreign_key="office.id")
    authority: str | None = None
    type: str
    on: date
    until: date | None = None
    partner: str | None = None
    fiscal_year: int | None = None
    values: dict[str, Any] = Field(sa_column=kept_json())
    recorded_at: datetime
    source: str
    traceparent: str | None = None
    derived: bool = Field(default=False, index=True)


class NoticeRow(Table, table=True):
    """A notice or a dated part of one. It is accepted first and approved by a second person; until then it is silent."""

    __tablename__ = "notice"

    id: str = Field(primary_key=True)
    title: str
    issuer: str
    number: str
    issued: date | None = None
    known_from: date
    rank: int
    in_hand: bool = True
    accepted_at: datetime
    accepted_by: str
    approved_at: datetime | None = None
    approved_by: str | None = None


class DeadlineRow(Table, table=True):
    """A deadline. `generation` counts approvals that touch it; `derived` is the generation last worked out.

    Nothing about a deadline leaves while the two differ. `membership` is a digest of what decides who belongs to which
    cohort: while it stays, a moved date leaves the obligations alone. `traceparent` is the trace (W3C) of the call by
    which it last moved, None for none.
    """

    __tablename__ = "deadline"

    id: str = Field(primary_key=True)
    family: str
    definition: dict[str, Any] = Field(sa_column=kept_json())
    generation: int = 0
    derived: int = 0
    membership: str = ""
    traceparent: str | None = None


class StatementRow(Table, table=True):
    """What a notice says about a deadline; never changed once approved."""

    __tablename__ = "statement"

    id: str = Field(primary_key=True)
    deadline: str = Field(index=True)
    notice: str = Field(foreign_key="notice.id", index=True)
    known_from: date
    content: dict[str, Any] = Field(sa_column=kept_json())
