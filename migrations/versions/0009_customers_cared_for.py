"""Keep consents, tags, likenesses and proofs of erasure; spell customers' names; let a reason in the history be blanked.

Both ways, and safe beside the version before, which reads none of it. The way down forgets what is only here.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
HOLDS = {"postgresql_where": sa.text("withdrawn_at IS NULL"), "sqlite_where": sa.text("withdrawn_at IS NULL")}
COMPARE = {"postgresql_where": sa.text("compared_at IS NULL"), "sqlite_where": sa.text("compared_at IS NULL")}
SPELLED = {"postgresql_ops": {"spelled": "text_pattern_ops"}}

# The reason of a step is free text and may name a person. Erasing her may blank it, and nothing else.
_BLANK_ONLY = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.reason IS NULL AND to_jsonb(NEW) - 'reason' = to_jsonb(OLD) - 'reason' THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'append_only' USING ERRCODE = 'restrict_violation';
END $$
"""
_NOTHING = (
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'append_only' USING ERRCODE = 'restrict_violation'; END $$"
)
_COLUMNS = (
    "id", "at", "actor", "on_behalf_of", "object_kind", "object_id", "action", "before", "after", "cause", "request_id",
)  # fmt: skip
_SAME = " AND ".join(f'NEW."{name}" IS OLD."{name}"' for name in _COLUMNS)


def upgrade() -> None:
    for name, type_ in (("spelled", sa.String()), ("compared_at", INSTANT), ("hold_reason", sa.String())):
        op.add_column("customer", sa.Column(name, type_, nullable=True))
    op.add_column("customer", sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_customer_spelled", "customer", ["spelled"], **SPELLED)
    op.create_index("ix_customer_level", "customer", ["level"])
    op.create_index("ix_customer_merged_into", "customer", ["merged_into"])
    op.create_index("ix_customer_to_compare", "customer", ["id"], **COMPARE)
    op.create_index("ix_contact_value", "contact", ["value"], postgresql_ops={"value": "text_pattern_ops"})
    _tables()
    _refuse(_BLANK_ONLY, f"WHEN NOT (NEW.reason IS NULL AND {_SAME}) ")


def _tables() -> None:
    op.create_table(
        "consent_purpose",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("needed", sa.Boolean(), nullable=False),
        sa.CheckConstraint("NOT needed OR asked", name=op.f("ck_consent_purpose_needed")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_consent_purpose")),
    )
    op.create_table(
        "consent_text",
        sa.Column("id", ID, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", JSON, nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_text")),
        sa.UniqueConstraint("purpose", "version", name=op.f("uq_consent_text_purpose_version")),
    )
    op.create_table(
        "consent",
        sa.Column("id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("text_id", ID, nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("locale", "channel")),
        sa.Column("booking_id", ID, nullable=True),
        sa.Column("given_at", INSTANT, nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.Column("withdrawn_by", sa.String(), nullable=True),
        sa.CheckConstraint(
            "channel IN ('portal', 'link', 'desk', 'telephone', 'paper')", name=op.f("ck_consent_channel")
        ),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_consent_booking_id_booking")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_consent_customer_id_customer")),
        sa.ForeignKeyConstraint(["text_id"], ["consent_text.id"], name=op.f("fk_consent_text_id_consent_text")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index("ix_consent_customer_id", "consent", ["customer_id"])
    op.create_index("uq_consent_holds", "consent", ["customer_id", "purpose"], unique=True, **HOLDS)
    op.create_table(
        "customer_tag",
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_tag_customer_id_customer")),
        sa.PrimaryKeyConstraint("customer_id", "tag", name=op.f("pk_customer_tag")),
    )
    op.create_index("ix_customer_tag_tag", "customer_tag", ["tag"])
    op.create_table(
        "likeness",
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("other_id", ID, nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.Column("set_aside_at", INSTANT, nullable=True),
        sa.Column("set_aside_by", sa.String(), nullable=True),
        sa.CheckConstraint("customer_id < other_id", name=op.f("ck_likeness_order")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_likeness_customer_id_customer")),
        sa.ForeignKeyConstraint(["other_id"], ["customer.id"], name=op.f("fk_likeness_other_id_customer")),
        sa.PrimaryKeyConstraint("customer_id", "other_id", name=op.f("pk_likeness")),
    )
    op.create_index("ix_likeness_other_id", "likeness", ["other_id"])
    op.create_table(
        "erasure",
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
        sa.UniqueConstraint("public_id", name=op.f("uq_erasure_public_id")),
    )


def _refuse(function: str, when: str) -> None:
    """Puts the refusal to change history anew: the function of PostgreSQL, the trigger of SQLite."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(function)
        return
    op.execute("DROP TRIGGER append_only_update")
    op.execute(
        f"CREATE TRIGGER append_only_update BEFORE UPDATE ON history {when}BEGIN SELECT RAISE(ABORT, 'append_only'); END"
    )


def downgrade() -> None:
    _refuse(_NOTHING, "")
    for name in ("erasure", "likeness", "customer_tag", "consent", "consent_text", "consent_purpose"):
        op.drop_table(name)
    op.drop_index("ix_contact_value", table_name="contact")
    for name in ("to_compare", "merged_into", "level", "spelled"):
        op.drop_index(f"ix_customer_{name}", table_name="customer")
    for name in ("revision", "hold_reason", "compared_at", "spelled"):
        op.drop_column("customer", name)
