"""Tell whose a contact and a delivery are, keep notes and members of 広域連合; the audit says from where and for whom."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Bring the tables to this revision; what exists belongs to the office's municipality, which brought it."""
    with op.batch_alter_table("contact") as contact:
        contact.add_column(sa.Column("authority", sa.String(), nullable=True))
    op.execute(
        "UPDATE contact SET authority ="
        " coalesce((SELECT municipality FROM office WHERE office.id = contact.office_id), '')"
    )
    with op.batch_alter_table("contact") as contact:
        contact.alter_column("authority", existing_type=sa.String(), nullable=False)
        contact.drop_constraint(op.f("uq_contact_office_id_channel_address"), type_="unique")
        contact.create_unique_constraint(
            op.f("uq_contact_office_id_authority_channel_address"),
            ["office_id", "authority", "channel", "address"],
        )
    with op.batch_alter_table("delivery") as delivery:
        delivery.add_column(sa.Column("authority", sa.String(), nullable=True))
    op.execute(
        "UPDATE delivery SET authority = CASE WHEN office_id IS NOT NULL AND recipient <> ''"
        " THEN coalesce((SELECT municipality FROM office WHERE office.id = delivery.office_id), '')"
        " WHEN party LIKE 'authority/%' THEN substr(party, 11) ELSE '' END"
    )
    with op.batch_alter_table("delivery") as delivery:
        delivery.alter_column("authority", existing_type=sa.String(), nullable=False)
    _audit()
    op.create_table(
        "authority_member",
        sa.Column("authority", sa.String(6), nullable=False),
        sa.Column("member", sa.String(6), nullable=False),
        sa.PrimaryKeyConstraint("authority", "member", name=op.f("pk_authority_member")),
    )
    op.create_index(op.f("ix_authority_member_member"), "authority_member", ["member"], unique=True)
    op.create_table(
        "note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Integer(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.String(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_note_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    op.create_index(op.f("ix_note_office_id_authority"), "note", ["office_id", "authority"], unique=False)


def _audit() -> None:
    with op.batch_alter_table("audit") as audit:
        for name in ("chain", "origin", "authority"):
            audit.add_column(sa.Column(name, sa.String(), nullable=True))
    op.execute("UPDATE audit SET chain = '', origin = '', authority = ''")
    with op.batch_alter_table("audit") as audit:
        for name in ("chain", "origin", "authority"):
            audit.alter_column(name, existing_type=sa.String(), nullable=False)
        audit.create_unique_constraint(op.f("uq_audit_chain_previous"), ["chain", "previous"])
    op.create_index(op.f("ix_audit_authority"), "audit", ["authority"], unique=False)


def downgrade() -> None:
    """Take this revision back; contacts of a second authority at the same address go with it."""
    op.drop_table("note")
    op.drop_table("authority_member")
    op.drop_index(op.f("ix_audit_authority"), table_name="audit")
    with op.batch_alter_table("audit") as audit:
        audit.drop_constraint(op.f("uq_audit_chain_previous"), type_="unique")
        for name in ("authority", "origin", "chain"):
            audit.drop_column(name)
    with op.batch_alter_table("delivery") as delivery:
        delivery.drop_column("authority")
    op.execute(
        "DELETE FROM contact WHERE id NOT IN (SELECT min(id) FROM contact GROUP BY office_id, channel, address)"
    )
    with op.batch_alter_table("contact") as contact:
        contact.drop_constraint(op.f("uq_contact_office_id_authority_channel_address"), type_="unique")
        contact.create_unique_constraint(
            op.f("uq_contact_office_id_channel_address"), ["office_id", "channel", "address"]
        )
        contact.drop_column("authority")
