"""Let a contact say on which weekdays, and between which hours, its letters are to come."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0030"
down_revision: str | None = "0029"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_WITH_HOURS = sa.text("weekdays <> '' OR hours <> ''")
_ADDED = ("weekdays", "hours")


def upgrade() -> None:
    """Bring the tables to this revision."""
    with op.batch_alter_table("contact") as contact:
        for name in _ADDED:
            contact.add_column(sa.Column(name, sa.String(), nullable=True))
    op.execute("UPDATE contact SET weekdays = '', hours = ''")
    with op.batch_alter_table("contact") as contact:
        for name in _ADDED:
            contact.alter_column(name, existing_type=sa.String(), nullable=False)
    op.create_index(
        "ix_contact_hours",
        "contact",
        list(_ADDED),
        sqlite_where=_WITH_HOURS,
        postgresql_where=_WITH_HOURS,
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_index("ix_contact_hours", table_name="contact")
    with op.batch_alter_table("contact") as contact:
        for name in reversed(_ADDED):
            contact.drop_column(name)
