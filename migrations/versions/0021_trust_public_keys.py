"""Let holders of keys sign events with private keys of their own; keys that exist have none."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    with op.batch_alter_table("api_key") as keys:
        keys.add_column(sa.Column("public_key", sa.String(), nullable=False, server_default=""))
        keys.add_column(sa.Column("previous_public_key", sa.String(), nullable=False, server_default=""))
        keys.add_column(sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("api_key") as keys:
        keys.alter_column("public_key", server_default=None)
        keys.alter_column("previous_public_key", server_default=None)


def downgrade() -> None:
    """Take this revision back; public keys are forgotten with it, and what they sign is refused."""
    with op.batch_alter_table("api_key") as keys:
        keys.drop_column("previous_until")
        keys.drop_column("previous_public_key")
        keys.drop_column("public_key")
