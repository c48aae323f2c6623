"""Keep the secret addresses of calendars, and which versions of their entries were handed out."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "calendar_address",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_read", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_calendar_address")),
    )
    op.create_index(op.f("ix_calendar_address_authority"), "calendar_address", ["authority"], unique=False)
    op.create_index(op.f("ix_calendar_address_subject"), "calendar_address", ["subject"], unique=False)
    op.create_table(
        "calendar_version",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entries", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_calendar_version")),
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("calendar_version")
    op.drop_index(op.f("ix_calendar_address_subject"), table_name="calendar_address")
    op.drop_index(op.f("ix_calendar_address_authority"), table_name="calendar_address")
    op.drop_table("calendar_address")
