"""Find deliveries of which a person may have to do something, without searching through all that arrived."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_TROUBLE = sa.text("state IN ('failed', 'refused', 'unknown', 'unreachable')")


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_index(
        "ix_delivery_trouble",
        "delivery",
        ["authority", "state", "id"],
        unique=False,
        sqlite_where=_TROUBLE,
        postgresql_where=_TROUBLE,
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("ix_delivery_trouble", table_name="delivery")
