"""What all tables share: the registry of their names, and how a column or an index is written on both databases."""

from datetime import date
from typing import Any

from sqlalchemy import JSON, Column, MetaData, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

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


ROOMY = {"postgresql_with": {"fillfactor": 50}}
"""For tables whose rows change state some times: a new state beside the old one needs no new entries in indexes."""


def only(condition: str) -> dict[str, Any]:
    """Let an index hold only the rows that are looked for by it; what is done with leaves it."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


def kept_json() -> Any:
    """Return a column that keeps JSON: JSONB on PostgreSQL, text on SQLite."""
    return Column(JSON().with_variant(JSONB(), "postgresql"), nullable=False)
