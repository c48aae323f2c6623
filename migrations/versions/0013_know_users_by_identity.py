"""Keep with accounts by which address and subject a provider of identities shows their users."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    for name in ("email", "identity"):
        op.add_column("user_account", sa.Column(name, sa.String(), nullable=True))
        op.create_index(op.f(f"ix_user_account_{name}"), "user_account", [name], unique=True)


def downgrade() -> None:
    """Take this revision back."""
    for name in ("identity", "email"):
        op.drop_index(op.f(f"ix_user_account_{name}"), table_name="user_account")
        op.drop_column("user_account", name)
