"""Keep lists that came in, say more of contacts, and let an authority decide what its offices are told, from when."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Bring the tables to this revision; families that offices had chosen stay chosen, by their municipality."""
    _add_texts("office", "corporate_number", "location")
    _add_texts("contact", "role", "topics", "origin", "reason")
    op.execute(
        "UPDATE contact SET origin = 'authority', reason = CASE WHEN active THEN '' ELSE 'refused' END"
    )
    with op.batch_alter_table("contact") as contact:
        contact.add_column(sa.Column("text_only", sa.Boolean(), nullable=True))
        contact.add_column(sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True))
        contact.add_column(sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE contact SET text_only = (1 = 0)")
    with op.batch_alter_table("contact") as contact:
        contact.alter_column("text_only", existing_type=sa.Boolean(), nullable=False)
    _subscriptions()
    op.create_table(
        "office_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("wanted", _JSON, nullable=False),
        sa.Column("report", _JSON, nullable=False),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_import")),
        sa.UniqueConstraint("key", name=op.f("uq_office_import_key")),
    )
    op.create_index(op.f("ix_office_import_authority"), "office_import", ["authority"], unique=False)
    op.create_index(op.f("ix_office_import_state"), "office_import", ["state"], unique=False)


def _add_texts(table: str, *names: str) -> None:
    with op.batch_alter_table(table) as changed:
        for name in names:
            changed.add_column(sa.Column(name, sa.String(), nullable=True))
    op.execute(f"UPDATE {table} SET " + ", ".join(f"{name} = ''" for name in names))  # noqa: S608 -- our own names
    with op.batch_alter_table(table) as changed:
        for name in names:
            changed.alter_column(name, existing_type=sa.String(), nullable=False)


def _subscriptions() -> None:
    op.rename_table("subscription", "former_subscription")
    with op.batch_alter_table("former_subscription") as former:
        former.drop_constraint(op.f("pk_subscription"), type_="primary")
        former.drop_constraint(op.f("fk_subscription_office_id_office"), type_="foreignkey")
    op.create_table(
        "subscription",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_subscription_office_id_office")),
        sa.PrimaryKeyConstraint(
            "office_id", "authority", "topic", "channel", "since", name=op.f("pk_subscription")
        ),
    )
    ever = "DATE '0001-01-01'" if op.get_bind().dialect.name == "postgresql" else "'0001-01-01'"
    kept = (
        "INSERT INTO subscription"
        " (office_id, authority, topic, channel, since, told, reason, decided_by) "
        "SELECT {distinct} former.office_id, office.municipality, {topic}, '', {ever}, {told}, '', '' "
        "FROM former_subscription AS former JOIN office ON office.id = former.office_id"
    )
    op.execute(kept.format(distinct="DISTINCT", topic="'*'", told="(1 = 0)", ever=ever))
    op.execute(kept.format(distinct="", topic="former.family", told="(1 = 1)", ever=ever))
    op.drop_table("former_subscription")


def downgrade() -> None:
    """Take this revision back; of decisions on subscriptions only the families told since ever stay."""
    op.drop_table("office_import")
    op.rename_table("subscription", "later_subscription")
    with op.batch_alter_table("later_subscription") as later:
        later.drop_constraint(op.f("pk_subscription"), type_="primary")
        later.drop_constraint(op.f("fk_subscription_office_id_office"), type_="foreignkey")
    op.create_table(
        "subscription",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_subscription_office_id_office")),
        sa.PrimaryKeyConstraint("office_id", "family", name=op.f("pk_subscription")),
    )
    op.execute(
        "INSERT INTO subscription (office_id, family)"
        " SELECT DISTINCT office_id, topic FROM later_subscription WHERE told AND topic <> '*'"
    )
    op.drop_table("later_subscription")
    with op.batch_alter_table("contact") as contact:
        for name in ("asked_at", "verified_at", "text_only", "reason", "origin", "topics", "role"):
            contact.drop_column(name)
    with op.batch_alter_table("office") as office:
        for name in ("location", "corporate_number"):
            office.drop_column(name)
