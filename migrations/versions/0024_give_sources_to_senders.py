"""Give each source of events to the sender that bore it first, so that source and id name one event for ever."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "event_source",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("key_prefix", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source"),
    )
    op.execute(
        "INSERT INTO event_source (source, sender, key_prefix, since)"
        " SELECT event.source, event.sender, event.key_prefix, event.received_at FROM event"
        " JOIN (SELECT min(id) AS id FROM event WHERE key_prefix <> '' AND source NOT LIKE 'urn:notifier:%'"
        " GROUP BY source) AS earliest ON earliest.id = event.id"
    )


def downgrade() -> None:
    """Take this revision back; each sender bears whatever source it names again."""
    op.drop_table("event_source")
