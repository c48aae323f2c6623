"""What leaves: deliveries, gathered into letters."""

from datetime import date, datetime

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from notifier.store.tables.frame import ROOMY, Table, only

TROUBLE = "state IN ('failed', 'refused', 'unknown', 'unreachable')"
"""Deliveries of which a person may have to do something: few, and looked for every day."""


class DeliveryRow(Table, table=True):
    """One saying for one party by one channel to one address: the row exists before anything is sent, for ever.

    States: planned, sending, accepted, refused, unknown, failed, unreachable, cancelled. `authority` is whose contact
    it goes to ("": nobody's), `repeat` how often it was sent anew by hand before, `traceparent` the trace (W3C) of the
    call that led to it, None where time did. `progress` and `settled_on` are what
    its letter said of the office's own share.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("saying_id", "party", "channel", "recipient", "repeat"),
        Index("ix_delivery_office_id", "office_id"),
        Index("ix_delivery_authority", "authority", "id"),
        Index("ix_delivery_due_at", "due_at", **only("letter_id IS NULL")),
        Index("ix_delivery_letter_id", "letter_id", **only("letter_id IS NOT NULL")),
        Index("ix_delivery_traceparent", "traceparent", **only("traceparent IS NOT NULL")),
        Index("ix_delivery_trouble", "authority", "state", "id", **only(TROUBLE)),
        ROOMY,
    )

    id: int | None = Field(default=None, primary_key=True)
    saying_id: int = Field(foreign_key="saying.id")
    office_id: int | None = Field(default=None)
    authority: str = ""
    party: str
    channel: str
    recipient: str
    repeat: int = 0
    state: str
    due_at: datetime
    letter_id: int | None = Field(default=None)
    progress: int | None = None
    settled_on: date | None = None
    traceparent: str | None = None


class LetterRow(Table, table=True):
    """One message to one address: gathers the deliveries due for it.

    States: planned, claimed, accepted, refused, unknown, failed, unreachable, cancelled. `phase` is `dot` once the
    final dot may have left. `token` is the fence: a result that carries another token changes nothing.
    `dated` is the Date header, fixed at the first claim, as is `wording_id`: the version of an authority's templates by
    which it is written (None: as shipped).
    """

    __tablename__ = "letter"
    __table_args__ = (
        Index("ix_letter_run_gathered", "run", "gathered"),
        Index("ix_letter_next_try_at", "next_try_at", "id", **only("finished_at IS NULL")),
        ROOMY,
    )

    id: int | None = Field(default=None, primary_key=True)
    channel: str
    recipient: str
    gathered: str
    run: int
    state: str
    phase: str = ""
    token: str = ""
    lease_until: datetime | None = None
    attempts: int = 0
    created_at: datetime
    next_try_at: datetime
    dated: datetime | None = None
    subject: str = ""
    body_hash: str = ""
    code: int | None = None
    answer: str = Field(default="", sa_type=Text)
    finished_at: datetime | None = None
    wording_id: int | None = Field(default=None)
