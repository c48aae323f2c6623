"""Keep mail that comes in: as it came, what it was found to be, and what became of it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

RECEIVED = sa.text("state = 'received'")
UNCLEAR = sa.text("state = 'unclear'")
BOUNCED = sa.text("about <> ''")
OF_OFFICE = sa.text("office_id IS NOT NULL")


def upgrade() -> None:
    """Bring the tables to this revision."""
    texts = ("way", "envelope_sender", "recipient", "state", "kind", "reason", "author", "subject")
    op.create_table(
        "incoming",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in texts[:3]),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in texts[3:]),
        sa.Column("written", sa.Text(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("authority", "about", "failure")),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("was_answered", sa.Boolean(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_incoming_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incoming")),
        sa.UniqueConstraint("identity", name=op.f("uq_incoming_identity")),
    )
    for name, columns, where in (
        ("ix_incoming_received", ["id"], RECEIVED),
        ("ix_incoming_unclear", ["authority", "id"], UNCLEAR),
        ("ix_incoming_about", ["about"], BOUNCED),
        ("ix_incoming_office_id", ["office_id"], OF_OFFICE),
    ):
        op.create_index(name, "incoming", columns, sqlite_where=where, postgresql_where=where)
    op.create_index("ix_incoming_author", "incoming", ["author", "received_at"])


def downgrade() -> None:
    """Take this revision back."""
    for name in ("author", "office_id", "about", "unclear", "received"):
        op.drop_index(f"ix_incoming_{name}", table_name="incoming")
    op.drop_table("incoming")
