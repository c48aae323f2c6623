"""Number the rows of each chain of the audit, and let the indexes of events hold what is looked up by them.

The unique key over `chain` and `previous` kept chains from forking, at the price of an entry at random in an index that
grows for ever; a number does the same at its end, and finds the last row, too. Events that were applied are never
looked up by their state, and facts never by their authority.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0028"
down_revision: str | None = "0027"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_NUMBERS = """
UPDATE audit SET number = placed.number
FROM (SELECT id, row_number() OVER (PARTITION BY chain ORDER BY id) AS number FROM audit) AS placed
WHERE placed.id = audit.id
"""
_UNFINISHED = sa.text("state <> 'applied'")


def upgrade() -> None:
    """Bring the tables to this revision."""
    with op.batch_alter_table("audit") as audit:
        audit.add_column(sa.Column("number", sa.Integer(), nullable=True))
    op.execute(_NUMBERS)
    op.drop_index("ix_audit_chain_id", table_name="audit")
    with op.batch_alter_table("audit") as audit:
        audit.alter_column("number", existing_type=sa.Integer(), nullable=False)
        audit.drop_constraint(op.f("uq_audit_chain_previous"), type_="unique")
        audit.create_unique_constraint(op.f("uq_audit_chain_number"), ["chain", "number"])
    op.drop_index(op.f("ix_event_state"), table_name="event")
    op.create_index(
        "ix_event_state", "event", ["state"], sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED
    )
    op.drop_index(op.f("ix_fact_authority"), table_name="fact")


def downgrade() -> None:
    """Take this revision back."""
    op.create_index(op.f("ix_fact_authority"), "fact", ["authority"])
    op.drop_index("ix_event_state", table_name="event")
    op.create_index(op.f("ix_event_state"), "event", ["state"])
    with op.batch_alter_table("audit") as audit:
        audit.drop_constraint(op.f("uq_audit_chain_number"), type_="unique")
        audit.create_unique_constraint(op.f("uq_audit_chain_previous"), ["chain", "previous"])
        audit.drop_column("number")
    op.create_index("ix_audit_chain_id", "audit", ["chain", "id"])
