"""Who there is: authorities, offices, what they provide and answer to, where they are reached, what they are told of."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint
from sqlmodel import Field

from notifier.store.tables.frame import Table, kept_json, only

WITH_HOURS = "weekdays <> '' OR hours <> ''"
"""Contacts that want their letters on some weekdays or at some hours: few, and looked for whenever letters leave."""


class AuthorityRow(Table, table=True):
    """A municipality, 広域連合 or prefecture; `settings` holds closed days, ladders and rolls of its own."""

    __tablename__ = "authority"

    code: str = Field(primary_key=True, max_length=6)
    name: str
    kind: str
    prefecture: str = Field(default="", index=True)
    address: str = Field(default="")
    settings: dict[str, Any] = Field(sa_column=kept_json())


class OfficeRow(Table, table=True):
    """An office number (ten characters); names are kept as written, `folded` is what searches compare.

    `traceparent` is the trace (W3C) of the call by which it was enrolled, or last changed, None for none.
    """

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
    traceparent: str | None = None


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
    two spaces, "" for all. `weekdays` (digits of ISO 8601, "" for every day) and `hours` (09-17, "" for any) tell when its
    letters are to come. `origin` is who entered it (authority, office), `reason` why it is not in use (refused,
    unverified, lapsed, stopped, replaced). `verified_at` is when its owner last confirmed it, `asked_at` when that was last
    asked for. It `replaces` another contact (its id) once it is confirmed.
    """

    __tablename__ = "contact"
    __table_args__ = (
        UniqueConstraint("office_id", "authority", "channel", "address"),
        Index("ix_contact_hours", "weekdays", "hours", **only(WITH_HOURS)),
    )

    id: int | None = Field(default=None, primary_key=True)
    office_id: int = Field(foreign_key="office.id", index=True)
    authority: str = ""
    channel: str = "email"
    address: str = Field(index=True)
    active: bool = True
    role: str = ""
    topics: str = ""
    text_only: bool = False
    weekdays: str = ""
    hours: str = ""
    origin: str = "authority"
    reason: str = ""
    verified_at: datetime | None = None
    asked_at: datetime | None = None
    replaces: int | None = None


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
    wanted: dict[str, Any] = Field(sa_column=kept_json())
    report: dict[str, Any] = Field(sa_column=kept_json())
    refused: str = Field(default="", sa_type=Text)
