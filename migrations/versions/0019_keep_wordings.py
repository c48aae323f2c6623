"""Keep how authorities have their letters written, and by which version each letter was."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_IN_USE = sa.text("activated_at IS NOT NULL AND retired_at IS NULL")


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False)


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "wording",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        _json("files"),
        _json("bases"),
        _json("doubts"),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("activated_by", sa.String(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wording")),
        sa.UniqueConstraint("authority", "number", name=op.f("uq_wording_authority_number")),
    )
    op.create_index(
        "ix_wording_in_use",
        "wording",
        ["authority"],
        unique=True,
        sqlite_where=_IN_USE,
        postgresql_where=_IN_USE,
    )
    with op.batch_alter_table("letter") as letter:
        letter.add_column(sa.Column("wording_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take this revision back; what authorities wrote is forgotten, letters are written as shipped."""
    with op.batch_alter_table("letter") as letter:
        letter.drop_column("wording_id")
    op.drop_index("ix_wording_in_use", table_name="wording")
    op.drop_table("wording")
