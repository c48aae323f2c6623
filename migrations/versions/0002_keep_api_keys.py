"""Keep keys for programs, and with each event on whose behalf it came."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "api_key",
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_api_key")),
    )
    op.create_index(op.f("ix_api_key_authority"), "api_key", ["authority"], unique=False)
    with op.batch_alter_table("event") as event:
        event.add_column(sa.Column("sender", sa.String(), nullable=True))
        event.add_column(sa.Column("key_prefix", sa.String(), nullable=True))
    op.execute("UPDATE event SET sender = '', key_prefix = ''")
    with op.batch_alter_table("event") as event:
        event.alter_column("sender", existing_type=sa.String(), nullable=False)
        event.alter_column("key_prefix", existing_type=sa.String(), nullable=False)
        event.drop_constraint(op.f("uq_event_source_event_id"), type_="unique")
        event.create_unique_constraint(
            op.f("uq_event_sender_source_event_id"), ["sender", "source", "event_id"]
        )


def downgrade() -> None:
    """Take this revision back."""
    with op.batch_alter_table("event") as event:
        event.drop_constraint(op.f("uq_event_sender_source_event_id"), type_="unique")
        event.create_unique_constraint(op.f("uq_event_source_event_id"), ["source", "event_id"])
        event.drop_column("key_prefix")
        event.drop_column("sender")
    op.drop_index(op.f("ix_api_key_authority"), table_name="api_key")
    op.drop_table("api_key")
