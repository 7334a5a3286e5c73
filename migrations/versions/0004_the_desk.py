"""Let staff sign in and run the day: accounts, teams, sign-ins, switches of rights, notes, pauses, proposals, undoing.

Both ways, and safe beside the version before: its inserts leave every new column empty.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
STAFF = {
    "created_at": INSTANT,
    "password_hash": sa.String(),
    "second_factor": sa.String(),
    "second_factor_step": sa.BigInteger(),
    "recovery": JSON,
    "locale": sa.String(),
    "appearance": sa.String(),
    "signed_in_at": INSTANT,
}
POINTS_TO = (("team_id", "team"), ("deputy_id", "staff"))


def upgrade() -> None:
    op.create_table(
        "team",
        sa.Column("id", ID, primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("leader_id", ID, sa.ForeignKey("staff.id", name="fk_team_leader_id_staff"), nullable=True),
        sa.Column("retired_at", INSTANT, nullable=True),
        sa.UniqueConstraint("name", name="uq_team_name"),
    )
    for name, kind in STAFF.items():
        op.add_column("staff", sa.Column(name, kind, nullable=True))
    for name, target in POINTS_TO:
        reference = sa.ForeignKey(f"{target}.id", name=f"fk_staff_{name}_{target}")
        op.add_column("staff", sa.Column(name, ID, reference, nullable=True), inline_references=_sqlite())
    op.create_table(
        "staff_location",
        sa.Column("staff_id", ID, sa.ForeignKey("staff.id", name="fk_staff_location_staff_id_staff"), nullable=False),
        sa.Column(
            "location_id",
            ID,
            sa.ForeignKey("location.id", name="fk_staff_location_location_id_location"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("staff_id", "location_id", name="pk_staff_location"),
    )
    op.create_table(
        "sign_in",
        sa.Column("id", ID, primary_key=True),
        sa.Column("staff_id", ID, sa.ForeignKey("staff.id", name="fk_sign_in_staff_id_staff"), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("device", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("proven_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.UniqueConstraint("token_hash", name="uq_sign_in_token_hash"),
    )
    op.create_index("ix_sign_in_staff_id", "sign_in", ["staff_id"])
    op.create_table(
        "right_switch",
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("role", "name", name="pk_right_switch"),
    )
    op.create_table(
        "note",
        sa.Column("id", ID, primary_key=True),
        sa.Column("object_kind", sa.String(), nullable=False),
        sa.Column("object_id", ID, nullable=False),
        sa.Column("staff_id", ID, sa.ForeignKey("staff.id", name="fk_note_staff_id_staff"), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
    )
    op.create_index("ix_note_object", "note", ["object_kind", "object_id", "id"])
    op.create_table(
        "pause",
        sa.Column("id", ID, primary_key=True),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", ID, nullable=True),
        sa.Column("sentence", JSON, nullable=True),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "subject_kind IN ('business', 'location', 'service', 'resource')", name="ck_pause_subject_kind"
        ),
        sa.CheckConstraint("(subject_kind = 'business') = (subject_id IS NULL)", name="ck_pause_subject"),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", ID, primary_key=True),
        sa.Column("staff_id", ID, sa.ForeignKey("staff.id", name="fk_saved_view_staff_id_staff"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("staff_id", "name", name="uq_saved_view_staff_id_name"),
    )
    op.create_table(
        "proposal",
        sa.Column("id", ID, primary_key=True),
        sa.Column("booking_id", ID, sa.ForeignKey("booking.id", name="fk_proposal_booking_id_booking"), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("hold_id", ID, sa.ForeignKey("hold.id", name="fk_proposal_hold_id_hold"), nullable=True),
        sa.Column("deadline", INSTANT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.CheckConstraint("kind IN ('other_time', 'choose')", name="ck_proposal_kind"),
        sa.CheckConstraint("state IN ('open', 'accepted', 'declined', 'withdrawn', 'ended')", name="ck_proposal_state"),
        sa.CheckConstraint("(kind = 'other_time') = (hold_id IS NOT NULL)", name="ck_proposal_hold"),
    )
    open_only = sa.text("state = 'open'")
    op.create_index(
        "uq_proposal_open", "proposal", ["booking_id"], unique=True, postgresql_where=open_only, sqlite_where=open_only
    )
    op.create_index(
        "ix_proposal_deadline", "proposal", ["deadline"], postgresql_where=open_only, sqlite_where=open_only
    )
    op.create_table(
        "undo",
        sa.Column("id", ID, primary_key=True),
        sa.Column("booking_id", ID, sa.ForeignKey("booking.id", name="fk_undo_booking_id_booking"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.UniqueConstraint("booking_id", "revision", name="uq_undo_booking_id_revision"),
    )
    op.add_column("session", sa.Column("title", sa.String(), nullable=True))
    op.add_column("session", sa.Column("made_by", sa.String(), nullable=True))
    op.add_column("booking", sa.Column("overruled", JSON, nullable=True))
    op.create_index("ix_history_at", "history", ["at", "id"])


def downgrade() -> None:
    op.drop_index("ix_history_at", table_name="history")
    op.drop_column("booking", "overruled")
    op.drop_column("session", "made_by")
    op.drop_column("session", "title")
    for name in ("undo", "proposal", "saved_view", "pause", "note", "right_switch", "sign_in", "staff_location"):
        op.drop_table(name)
    # Column by column: a table that is made anew on SQLite would have to let go of every row that points at it.
    for name, target in POINTS_TO:
        if not _sqlite():
            op.drop_constraint(f"fk_staff_{name}_{target}", "staff", type_="foreignkey")
        op.drop_column("staff", name)
    for name in STAFF:
        op.drop_column("staff", name)
    op.drop_table("team")


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
