"""Keep what is read in notices and what their reviewers make of it; know whose notice each is, and who brought it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Bring the tables to this revision; what is in the inbox so far is the nation's and is read when it is opened."""
    with op.batch_alter_table("inbox") as inbox:
        inbox.add_column(sa.Column("authority", sa.String(), nullable=False, server_default=""))
        inbox.add_column(sa.Column("came_at", sa.DateTime(timezone=True), nullable=True))
        inbox.add_column(sa.Column("came_by", sa.String(), nullable=False, server_default=""))
    op.execute(
        "UPDATE inbox SET came_at = (SELECT accepted_at FROM notice WHERE notice.id = inbox.notice),"
        " came_by = (SELECT accepted_by FROM notice WHERE notice.id = inbox.notice)"
    )
    with op.batch_alter_table("inbox") as inbox:
        inbox.alter_column("authority", server_default=None)
        inbox.alter_column("came_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        inbox.alter_column("came_by", server_default=None)
    op.create_index(op.f("ix_inbox_authority"), "inbox", ["authority"], unique=False)
    op.create_table(
        "review",
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("identity", _JSON, nullable=False),
        sa.Column("suggested", _JSON, nullable=False),
        sa.Column("anomalies", _JSON, nullable=False),
        sa.Column("takes_back", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("offices", sa.Integer(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notice.id"], name=op.f("fk_review_notice_notice")),
        sa.PrimaryKeyConstraint("notice", name=op.f("pk_review")),
    )
    op.create_index(op.f("ix_review_takes_back"), "review", ["takes_back"], unique=False)
    op.create_table(
        "candidate",
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("found", _JSON, nullable=False),
        sa.Column("said", _JSON, nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["review.notice"], name=op.f("fk_candidate_notice_review")),
        sa.PrimaryKeyConstraint("notice", "number", name=op.f("pk_candidate")),
    )


def downgrade() -> None:
    """Take this revision back; reviews go with it."""
    op.drop_table("candidate")
    op.drop_index(op.f("ix_review_takes_back"), table_name="review")
    op.drop_table("review")
    op.drop_index(op.f("ix_inbox_authority"), table_name="inbox")
    with op.batch_alter_table("inbox") as inbox:
        inbox.drop_column("came_by")
        inbox.drop_column("came_at")
        inbox.drop_column("authority")
