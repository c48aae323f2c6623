"""Let a key carry the role of a user; keys that exist have none, and may do what they could do before."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    with op.batch_alter_table("api_key") as keys:
        keys.add_column(sa.Column("user_role", sa.String(), nullable=True))


def downgrade() -> None:
    """Take this revision back; the bounds of keys go with it."""
    with op.batch_alter_table("api_key") as keys:
        keys.drop_column("user_role")
