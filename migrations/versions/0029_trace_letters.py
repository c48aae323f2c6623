"""Keep of a delivery, and of a moved deadline, the trace of the call that led to it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0029"
down_revision: str | None = "0028"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.add_column("deadline", sa.Column("traceparent", sa.String(), nullable=True))
    op.add_column("delivery", sa.Column("traceparent", sa.String(), nullable=True))
    op.create_index(
        op.f("ix_delivery_traceparent"),
        "delivery",
        ["traceparent"],
        sqlite_where=sa.text("traceparent IS NOT NULL"),
        postgresql_where=sa.text("traceparent IS NOT NULL"),
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index(op.f("ix_delivery_traceparent"), table_name="delivery")
    op.drop_column("delivery", "traceparent")
    op.drop_column("deadline", "traceparent")
