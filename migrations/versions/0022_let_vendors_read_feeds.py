"""Let keys belong to vendors that serve several offices; keys that exist belong to authorities themselves."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    kept_json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    with op.batch_alter_table("api_key") as keys:
        keys.add_column(sa.Column("vendor", sa.String(), nullable=False, server_default=""))
        keys.add_column(sa.Column("offices", kept_json, nullable=False, server_default="[]"))
    with op.batch_alter_table("api_key") as keys:
        keys.alter_column("vendor", server_default=None)
        keys.alter_column("offices", server_default=None)


def downgrade() -> None:
    """Take this revision back; keys of vendors are revoked with it, or they would read what is not theirs."""
    op.execute("UPDATE api_key SET revoked_at = CURRENT_TIMESTAMP WHERE vendor <> '' AND revoked_at IS NULL")
    with op.batch_alter_table("api_key") as keys:
        keys.drop_column("offices")
        keys.drop_column("vendor")
