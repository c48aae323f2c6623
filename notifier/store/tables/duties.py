"""What is owed and what is said of it: cohorts, the obligations in them, sayings."""

from datetime import date
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from notifier.store.tables.frame import Table, kept_json


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
    decision: dict[str, Any] = Field(sa_column=kept_json())


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
    content: dict[str, Any] = Field(sa_column=kept_json())
