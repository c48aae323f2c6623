"""Find the few facts by which a duty does not apply to an office, without looking at all the others."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    exempted = sa.text("type = 'duty.exempted'")
    op.create_index(
        "ix_fact_exempted", "fact", ["office_id"], sqlite_where=exempted, postgresql_where=exempted
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("ix_fact_exempted", table_name="fact")
