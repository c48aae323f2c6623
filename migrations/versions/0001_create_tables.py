"""Create the tables."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_subject"), "audit", ["subject"], unique=False)
    op.create_table(
        "authority",
        sa.Column("code", sa.String(6), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("prefecture", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_authority")),
    )
    op.create_index(op.f("ix_authority_prefecture"), "authority", ["prefecture"], unique=False)
    op.create_table(
        "cohort",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deadline", sa.String(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("municipality", sa.String(), nullable=False),
        sa.Column("prefecture", sa.String(), nullable=False),
        sa.Column("taken_up", sa.Boolean(), nullable=False),
        sa.Column("anchor", sa.Date(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("shape", sa.String(), nullable=False),
        sa.Column("opens", sa.Date(), nullable=True),
        sa.Column("earliest", sa.Date(), nullable=True),
        sa.Column("latest", sa.Date(), nullable=True),
        sa.Column("target", sa.Date(), nullable=True),
        sa.Column("tentative", sa.Boolean(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("decision", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohort")),
        sa.UniqueConstraint(
            "deadline",
            "occurrence",
            "municipality",
            "prefecture",
            "taken_up",
            "anchor",
            name=op.f("uq_cohort_deadline_occurrence_municipality_prefecture_taken_up_anchor"),
        ),
    )
    op.create_index(op.f("ix_cohort_next_on"), "cohort", ["next_on"], unique=False)
    op.create_index(op.f("ix_cohort_state"), "cohort", ["state"], unique=False)
    op.create_table(
        "deadline",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("definition", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("derived", sa.Integer(), nullable=False),
        sa.Column("membership", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline")),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("data", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body_hash", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("source", "event_id", name=op.f("uq_event_source_event_id")),
    )
    op.create_index(op.f("ix_event_state"), "event", ["state"], unique=False)
    op.create_table(
        "letter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("gathered", sa.String(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("phase", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dated", sa.DateTime(timezone=True), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body_hash", sa.String(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        postgresql_with={"fillfactor": 50},
    )
    op.create_index(
        "ix_letter_next_try_at",
        "letter",
        ["next_try_at", "id"],
        unique=False,
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_index("ix_letter_run_gathered", "letter", ["run", "gathered"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("issued", sa.Date(), nullable=True),
        sa.Column("known_from", sa.Date(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("in_hand", sa.Boolean(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_by", sa.String(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_table(
        "office",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("folded", sa.String(), nullable=False),
        sa.Column("kana", sa.String(), nullable=False),
        sa.Column("corporation", sa.String(), nullable=False),
        sa.Column("telephone", sa.String(), nullable=False),
        sa.Column("fax", sa.String(), nullable=False),
        sa.Column("municipality", sa.String(), nullable=False),
        sa.Column("prefecture", sa.String(), nullable=False),
        sa.Column("staff", sa.Integer(), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("derived", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office")),
        sa.UniqueConstraint("number", name=op.f("uq_office_number")),
    )
    op.create_index(op.f("ix_office_derived"), "office", ["derived"], unique=False)
    op.create_index(op.f("ix_office_folded"), "office", ["folded"], unique=False)
    op.create_index(op.f("ix_office_municipality"), "office", ["municipality"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index("ix_outbox_due_at", "outbox", ["due_at"], unique=False)
    op.create_table(
        "saying",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("rung", sa.String(), nullable=False),
        sa.Column("occasion", sa.String(), nullable=False),
        sa.Column("deadline", sa.String(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saying")),
        sa.UniqueConstraint(
            "cohort_id", "generation", "party", "rung", name=op.f("uq_saying_cohort_id_generation_party_rung")
        ),
    )
    op.create_index(op.f("ix_saying_cohort_id"), "saying", ["cohort_id"], unique=False)
    op.create_index(op.f("ix_saying_run"), "saying", ["run"], unique=False)
    op.create_table(
        "sequence",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sequence")),
    )
    op.create_table(
        "contact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_contact_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint(
            "office_id", "channel", "address", name=op.f("uq_contact_office_id_channel_address")
        ),
    )
    op.create_index(op.f("ix_contact_address"), "contact", ["address"], unique=False)
    op.create_index(op.f("ix_contact_office_id"), "contact", ["office_id"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("saying_id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=True),
        sa.Column("party", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.Column("progress", sa.Integer(), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["saying_id"], ["saying.id"], name=op.f("fk_delivery_saying_id_saying")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "saying_id",
            "party",
            "channel",
            "recipient",
            name=op.f("uq_delivery_saying_id_party_channel_recipient"),
        ),
        postgresql_with={"fillfactor": 50},
    )
    op.create_index(
        "ix_delivery_due_at",
        "delivery",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("letter_id IS NULL"),
        postgresql_where=sa.text("letter_id IS NULL"),
    )
    op.create_index(
        "ix_delivery_letter_id",
        "delivery",
        ["letter_id"],
        unique=False,
        sqlite_where=sa.text("letter_id IS NOT NULL"),
        postgresql_where=sa.text("letter_id IS NOT NULL"),
    )
    op.create_table(
        "designation",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_designation_office_id_office")),
        sa.PrimaryKeyConstraint("office_id", "authority", "service", name=op.f("pk_designation")),
    )
    op.create_table(
        "fact",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=True),
        sa.Column("authority", sa.String(), nullable=True),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("partner", sa.String(), nullable=True),
        sa.Column("fiscal_year", sa.Integer(), nullable=True),
        sa.Column("values", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("derived", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_fact_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact")),
    )
    op.create_index(op.f("ix_fact_authority"), "fact", ["authority"], unique=False)
    op.create_index(op.f("ix_fact_derived"), "fact", ["derived"], unique=False)
    op.create_index("ix_fact_office_id_type", "fact", ["office_id", "type"], unique=False)
    op.create_table(
        "obligation",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("deadline", sa.String(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("moved_run", sa.Integer(), nullable=False),
        sa.Column("settled_run", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_obligation_office_id_office")),
        sa.PrimaryKeyConstraint("office_id", "deadline", "occurrence", name=op.f("pk_obligation")),
    )
    op.create_index(
        "ix_obligation_cohort_id_settled_on", "obligation", ["cohort_id", "settled_on"], unique=False
    )
    op.create_table(
        "office_service",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["office_id"], ["office.id"], name=op.f("fk_office_service_office_id_office")
        ),
        sa.PrimaryKeyConstraint("office_id", "service", name=op.f("pk_office_service")),
    )
    op.create_table(
        "statement",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("deadline", sa.String(), nullable=False),
        sa.Column("notice", sa.String(), nullable=False),
        sa.Column("known_from", sa.Date(), nullable=False),
        sa.Column("content", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["notice"], ["notice.id"], name=op.f("fk_statement_notice_notice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
    )
    op.create_index(op.f("ix_statement_deadline"), "statement", ["deadline"], unique=False)
    op.create_index(op.f("ix_statement_notice"), "statement", ["notice"], unique=False)
    op.create_table(
        "subscription",
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_subscription_office_id_office")),
        sa.PrimaryKeyConstraint("office_id", "family", name=op.f("pk_subscription")),
    )


def downgrade() -> None:
    """Take this revision back."""
    op.drop_table("subscription")
    op.drop_index(op.f("ix_statement_notice"), table_name="statement")
    op.drop_index(op.f("ix_statement_deadline"), table_name="statement")
    op.drop_table("statement")
    op.drop_table("office_service")
    op.drop_index("ix_obligation_cohort_id_settled_on", table_name="obligation")
    op.drop_table("obligation")
    op.drop_index("ix_fact_office_id_type", table_name="fact")
    op.drop_index(op.f("ix_fact_derived"), table_name="fact")
    op.drop_index(op.f("ix_fact_authority"), table_name="fact")
    op.drop_table("fact")
    op.drop_table("designation")
    op.drop_index("ix_delivery_state_due_at", table_name="delivery")
    op.drop_index(op.f("ix_delivery_letter_id"), table_name="delivery")
    op.drop_table("delivery")
    op.drop_index(op.f("ix_contact_office_id"), table_name="contact")
    op.drop_index(op.f("ix_contact_address"), table_name="contact")
    op.drop_table("contact")
    op.drop_table("sequence")
    op.drop_index(op.f("ix_saying_run"), table_name="saying")
    op.drop_index(op.f("ix_saying_cohort_id"), table_name="saying")
    op.drop_table("saying")
    op.drop_index("ix_outbox_due_at", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index(op.f("ix_office_municipality"), table_name="office")
    op.drop_index(op.f("ix_office_folded"), table_name="office")
    op.drop_index(op.f("ix_office_derived"), table_name="office")
    op.drop_table("office")
    op.drop_table("notice")
    op.drop_index("ix_letter_state_next_try_at", table_name="letter")
    op.drop_index(op.f("ix_letter_run"), table_name="letter")
    op.drop_table("letter")
    op.drop_index(op.f("ix_event_state"), table_name="event")
    op.drop_table("event")
    op.drop_table("deadline")
    op.drop_index(op.f("ix_cohort_state"), table_name="cohort")
    op.drop_index(op.f("ix_cohort_next_on"), table_name="cohort")
    op.drop_table("cohort")
    op.drop_index(op.f("ix_authority_prefecture"), table_name="authority")
    op.drop_table("authority")
    op.drop_index(op.f("ix_audit_subject"), table_name="audit")
    op.drop_table("audit")
