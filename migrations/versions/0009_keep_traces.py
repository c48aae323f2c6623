"""Keep with events, facts and messages the request and the trace they belong to."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.add_column("event", sa.Column("request", sa.String(), nullable=True))
    for name in ("event", "fact", "message"):
        op.add_column(name, sa.Column("traceparent", sa.String(), nullable=True))


def downgrade() -> None:
    """Take this revision back."""
    for name in ("message", "fact", "event"):
        op.drop_column(name, "traceparent")
    op.drop_column("event", "request")
