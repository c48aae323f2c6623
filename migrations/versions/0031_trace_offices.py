"""Keep of an office the trace of the call by which it was enrolled."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0031"
down_revision: str | None = "0030"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.add_column("office", sa.Column("traceparent", sa.String(), nullable=True))


def downgrade() -> None:
    """Take this revision back."""
    op.drop_column("office", "traceparent")
