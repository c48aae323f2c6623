"""Find the last row of a chain of the audit without sorting the chain.

The unique key over `chain` and `previous` was what SQLite looked the chain up by: it read all of its rows, and sorted them,
each time one was added.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0026"
down_revision: str | None = "0025"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_index("ix_audit_chain_id", "audit", ["chain", "id"])


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("ix_audit_chain_id", table_name="audit")
