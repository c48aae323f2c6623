"""The tables.

Instants are aware and kept in UTC, dates are civil dates in Japan, codes and office numbers are text. What is said to
many is kept once: a *cohort* holds what a deadline means for all offices with equal inputs, a *saying* what is said to
its members on one occasion; an obligation holds only the office, its cohort and its own state.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, MetaData, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
NO_ANCHOR = date(1, 1, 1)
"""Stands for "no day of the office's own" in keys, because NULLs are never equal to each other there."""


class Table(SQLModel):
    """What all tables share: one registry of names, so that migrations can name every constraint."""

    metadata = MetaData(naming_convention=NAMING)


_ROOMY = {"postgresql_with": {"fillfactor": 50}}
"""For tables whose rows change state some times: a new state beside the old one needs no new entries in indexes."""


def _only(condition: str) -> dict[str, Any]:
    """Let an index hold only the rows that are looked for by it; what is done with leaves it."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def _json() -> Any:
    return Column(JSON().with_variant(JSONB(), "postgresql"), nullable=False)


class AuthorityRow(Table, table=True):
    """A municipality, 広域連合 or prefecture; `settings` holds closed days, ladders and rolls of its own."""

    __tablename__ = "authority"

    code: str = Field(primary_key=True, max_length=6)
    name: str
    kind: str
    prefecture: str = Field(default="", index=True)
    address: str = Field(default="")
    settings: dict[str, Any] = Field(sa_column=_json())


class OfficeRow(Table, table=True):
    """An office number (ten characters); names are kept as written, `folded` is what searches compare."""

    __tablename__ = "office"

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    name: str
    folded: str = Field(default="", index=True)
    kana: str = ""
    corporation: str = ""
    telephone: str = ""
    fax: str = ""
    corporate_number: str = ""
    location: str = ""
    municipality: str = Field(index=True)
    prefecture: str
    staff: int | None = None
    registered_at: datetime
    closed_on: date | None = None
    derived: bool = Field(default=False, index=True)


class OfficeServiceRow(Table, table=True):
    """A service (two-character code) that an office provides, from `since` to `until` inclusive."""

    __tablename__ = "office_service"

    office_id: int = Field(primary_key=True, foreign_key="office.id")
    service: str = Field(primary_key=True)
    name: str = ""
    since: date | None = None
    until: date | None = None


class DesignationRow(Table, table=True):
    """An office answers to an authority for a service; an office may answer to several."""

    __tablename__ = "designation"
    __table_args__ = (Index("ix_designation_authority", "authority", "office_id"),)

    office_id: int = Field(primary_key=True, foreign_key="office.id")
    authority: str = Field(primary_key=True)
    service: str = Field(primary_key=True)
    since: date | None = None
    until: date | None = None


class ContactRow(Table, table=True):
    """An address at which an office is reached; it belongs to the authority that registered it.

    `role` tells whose it is (manager, clerk, headquarters or ""), `topics` the families it wants to hear of, each between
    two spaces, "" for all. `origin` is who entered it (authority, office), `reason` why it is not in use (refused,
    unverified, lapsed). `verified_at` is when its owner last confirmed it, `asked_at` when that was last asked for.
    """

    __tablename__ = "contact"
    __table_args__ = (UniqueConstraint("office_id", "authority", "channel", "address"),)

    id: int | None = Field(default=None, primary_key=True)
    office_id: int = Field(foreign_key="office.id", index=True)
    authority: str = ""
    channel: str = "email"
    address: str = Field(index=True)
    active: bool = True
    role: str = ""
    topics: str = ""
    text_only: bool = False
    origin: str = "authority"
    reason: str = ""
    verified_at: datetime | None = None
    asked_at: datetime | None = None


class SubscriptionRow(Table, table=True):
    """From the civil date `since` an office is told of a topic through the contacts of an authority, or is not.

    A `topic` is a deadline, a family of them, or * for all. The nearest topic counts, and of it the latest row in force;
    without any row an office is told. `channel` "" means all channels. No row changes what an office owes.
    """

    __tablename__ = "subscription"

    office_id: int = Field(primary_key=True, foreign_key="office.id")
    authority: str = Field(primary_key=True)
    topic: str = Field(primary_key=True)
    channel: str = Field(default="", primary_key=True)
    since: date = Field(primary_key=True)
    told: bool
    reason: str = ""
    decided_by: str = ""
    decided_at: datetime | None = None


class OfficeImportRow(Table, table=True):
    """A list of offices that came in over the network: first compared, then, if it is confirmed, taken over.

    States: waiting, compared, refused, taken_over, failed. `wanted` is what to do with it, `report` what that would
    change or has changed, `refused` the rows to correct as a file. `content` is forgotten once nothing can be done with it.
    """

    __tablename__ = "office_import"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    authority: str = Field(index=True)
    who: str
    name: str = ""
    state: str = Field(default="waiting", index=True)
    received_at: datetime
    finished_at: datetime | None = None
    content: bytes | None = None
    wanted: dict[str, Any] = Field(sa_column=_json())
    report: dict[str, Any] = Field(sa_column=_json())
    refused: str = Field(default="", sa_type=Text)


class EventRow(Table, table=True):
    """An event as it came in; for each sender `source` and `event_id` make it unique for ever.

    `sender` is the authority (団体コード) on whose behalf it was sent, "" for the nation and for the program itself;
    `key_prefix` names the key that was shown. States: received, waiting (for its office), applied, failed.
    """

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("sender", "source", "event_id"),
        Index("ix_event_sender", "sender", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    sender: str = ""
    key_prefix: str = ""
    source: str
    event_id: str
    type: str
    subject: str
    data: dict[str, Any] = Field(sa_column=_json())
    happened_at: datetime
    received_at: datetime
    body_hash: str
    request: str | None = None
    traceparent: str | None = None
    state: str = Field(default="received", index=True)
    problem: str = ""


class FactRow(Table, table=True):
    """A fact, append-only. `office_id` is set for an office, else `authority` ("" for the nation).

    `until` copies the value that ends something (licence_until, certificate_until), `partner` and `fiscal_year` the
    values that sets count by; `values` holds all of them.
    """

    __tablename__ = "fact"
    __table_args__ = (Index("ix_fact_office_id_type", "office_id", "type"),)

    id: int | None = Field(default=None, primary_key=True)
    office_id: int | None = Field(default=None, foreign_key="office.id")
    authority: str | None = Field(default=None, index=True)
    type: str
    on: date
    until: date | None = None
    partner: str | None = None
    fiscal_year: int | None = None
    values: dict[str, Any] = Field(sa_column=_json())
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
    cohort: while it stays, a moved date leaves the obligations alone.
    """

    __tablename__ = "deadline"

    id: str = Field(primary_key=True)
    family: str
    definition: dict[str, Any] = Field(sa_column=_json())
    generation: int = 0
    derived: int = 0
    membership: str = ""


class StatementRow(Table, table=True):
    """What a notice says about a deadline; never changed once approved."""

    __tablename__ = "statement"

    id: str = Field(primary_key=True)
    deadline: str = Field(index=True)
    notice: str = Field(foreign_key="notice.id", index=True)
    known_from: date
    content: dict[str, Any] = Field(sa_column=_json())


class CohortRow(Table, table=True):
    """What a deadline means for all offices with equal inputs, and the next day on which something is said.

    `generation` is drawn anew from one sequence whenever the effective situation of its members changes.
    """

    __tablename__ = "cohort"
    __table_args__ = (
        UniqueConstraint("deadline", "occurrence", "municipality", "prefecture", "taken_up", "anchor"),
    )

    id: int | None = Field(default=None, primary_key=True)
    deadline: str
    occurrence: int
    municipality: str
    prefecture: str
    taken_up: bool
    anchor: date
    generation: int
    state: str = Field(index=True)
    shape: str
    opens: date | None = None
    earliest: date | None = None
    latest: date | None = None
    target: date | None = None
    tentative: bool = False
    next_on: date | None = Field(default=None, index=True)
    decision: dict[str, Any] = Field(sa_column=_json())


class ObligationRow(Table, table=True):
    """An office's share in a cohort. `settled_on` is the civil date on which it was discharged.

    `moved_run` and `settled_run` name the derivation that last put it where it is, so that sets can be told about it.
    """

    __tablename__ = "obligation"
    __table_args__ = (
        Index("ix_obligation_cohort_id_settled_on", "cohort_id", "settled_on"),
        Index("ix_obligation_cohort_id_office_id", "cohort_id", "office_id"),
    )

    office_id: int = Field(primary_key=True, foreign_key="office.id")
    deadline: str = Field(primary_key=True)
    occurrence: int = Field(primary_key=True)
    cohort_id: int
    settled_on: date | None = None
    progress: int = 0
    moved_run: int = 0
    settled_run: int = 0


class SayingRow(Table, table=True):
    """What is said to the members of a cohort on one occasion: everything in the letter but the office's own values.

    `party` is who is addressed (office, municipality, prefecture, editor), `rung` the permanent part of the key.
    """

    __tablename__ = "saying"
    __table_args__ = (UniqueConstraint("cohort_id", "generation", "party", "rung"),)

    id: int | None = Field(default=None, primary_key=True)
    cohort_id: int = Field(index=True)
    generation: int
    party: str
    rung: str
    occasion: str
    deadline: str
    occurrence: int
    on: date
    run: int = Field(index=True)
    content: dict[str, Any] = Field(sa_column=_json())


class DeliveryRow(Table, table=True):
    """One saying for one party by one channel to one address: the row exists before anything is sent, for ever.

    States: planned, sending, accepted, refused, unknown, failed, unreachable, cancelled. `authority` is whose contact
    it goes to ("": nobody's), `repeat` how often it was sent anew by hand before. `progress` and `settled_on` are what
    its letter said of the office's own share.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("saying_id", "party", "channel", "recipient", "repeat"),
        Index("ix_delivery_office_id", "office_id"),
        Index("ix_delivery_authority", "authority", "id"),
        Index("ix_delivery_due_at", "due_at", **_only("letter_id IS NULL")),
        Index("ix_delivery_letter_id", "letter_id", **_only("letter_id IS NOT NULL")),
        _ROOMY,
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


class LetterRow(Table, table=True):
    """One message to one address: gathers the deliveries due for it.

    States: planned, claimed, accepted, refused, unknown, failed, unreachable, cancelled. `phase` is `dot` once the
    final dot may have left. `token` is the fence: a result that carries another token changes nothing.
    `dated` is the Date header, fixed at the first claim.
    """

    __tablename__ = "letter"
    __table_args__ = (
        Index("ix_letter_run_gathered", "run", "gathered"),
        Index("ix_letter_next_try_at", "next_try_at", "id", **_only("finished_at IS NULL")),
        _ROOMY,
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


class OutboxRow(Table, table=True):
    """A message from one step to the next: post tray and alarm clock. `key` keeps equal waiting messages one."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due_at", "due_at"),)

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    step: str
    payload: dict[str, Any] = Field(sa_column=_json())
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
    """Who did what, when, from where, for whom, to what; each row is bound to the one before it in its chain."""

    __tablename__ = "audit"
    __table_args__ = (UniqueConstraint("chain", "previous"),)

    id: int | None = Field(default=None, primary_key=True)
    chain: str = ""
    at: datetime
    who: str
    origin: str = ""
    authority: str = Field(default="", index=True)
    action: str
    subject: str = Field(index=True)
    detail: dict[str, Any] = Field(sa_column=_json())
    previous: str
    digest: str
