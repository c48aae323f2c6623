"""Fetch the files of notices of which a program told the address alone."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0027"
down_revision: str | None = "0026"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "pickup",
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["notice"], ["notice.id"], name=op.f("fk_pickup_notice_notice")),
        sa.PrimaryKeyConstraint("notice", name=op.f("pk_pickup")),
    )
    op.create_index(op.f("ix_pickup_due_at"), "pickup", ["due_at"])


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index(op.f("ix_pickup_due_at"), table_name="pickup")
    op.drop_table("pickup")
