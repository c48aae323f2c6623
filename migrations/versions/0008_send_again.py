"""Let a delivery be sent again as one of its own, and let tenants find what is theirs without searching."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_OLD = "uq_delivery_saying_id_party_channel_recipient"
_KEY = ["saying_id", "party", "channel", "recipient"]


def upgrade() -> None:
    """Bring the tables to this revision."""
    with op.batch_alter_table("delivery") as delivery:
        delivery.add_column(sa.Column("repeat", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("delivery") as delivery:
        delivery.alter_column(
            "repeat", existing_type=sa.Integer(), existing_nullable=False, server_default=None
        )
        delivery.drop_constraint(op.f(_OLD), type_="unique")
        delivery.create_unique_constraint(op.f(f"{_OLD}_repeat"), [*_KEY, "repeat"])
    op.create_index("ix_delivery_office_id", "delivery", ["office_id"], unique=False)
    op.create_index("ix_delivery_authority", "delivery", ["authority", "id"], unique=False)
    op.create_index("ix_designation_authority", "designation", ["authority", "office_id"], unique=False)
    op.create_index("ix_event_sender", "event", ["sender", "id"], unique=False)
    op.create_index(
        "ix_obligation_cohort_id_office_id", "obligation", ["cohort_id", "office_id"], unique=False
    )


def downgrade() -> None:
    """Take this revision back; what was sent again is forgotten."""
    op.drop_index("ix_obligation_cohort_id_office_id", table_name="obligation")
    op.drop_index("ix_event_sender", table_name="event")
    op.drop_index("ix_designation_authority", table_name="designation")
    op.drop_index("ix_delivery_authority", table_name="delivery")
    op.drop_index("ix_delivery_office_id", table_name="delivery")
    op.execute("DELETE FROM delivery WHERE repeat > 0")
    with op.batch_alter_table("delivery") as delivery:
        delivery.drop_constraint(op.f(f"{_OLD}_repeat"), type_="unique")
        delivery.create_unique_constraint(op.f(_OLD), _KEY)
        delivery.drop_column("repeat")
