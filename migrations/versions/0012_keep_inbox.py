"""Keep where each notice that came in stands on its way from received to approved."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision; what sources have brought so far stands as received."""
    op.create_table(
        "inbox",
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notice.id"], name=op.f("fk_inbox_notice_notice")),
        sa.PrimaryKeyConstraint("notice", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_stage"), "inbox", ["stage"], unique=False)
    op.execute(
        "INSERT INTO inbox (notice, stage, moved_at, moved_by, reason)"
        " SELECT id, 'received', accepted_at, accepted_by, '' FROM notice"
        " WHERE approved_at IS NULL AND id IN (SELECT notice FROM document)"
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index(op.f("ix_inbox_stage"), table_name="inbox")
    op.drop_table("inbox")
