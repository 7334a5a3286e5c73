"""Keep the runs of imports with their rows, the large files that are made for somebody, and what customers say of a visit.

Both ways, and safe beside the version before: it knows nothing of these tables.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INSTANT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")


def _column(name: str, kind: sa.types.TypeEngine, *, empty: bool = False, **more: object) -> sa.Column:
    return sa.Column(name, kind, nullable=empty, **more)


def upgrade() -> None:
    text = sa.String()
    op.create_table(
        "import_run",
        _column("id", ID),
        *(_column(name, text) for name in ("kind", "state")),
        _column("staff_id", ID),
        *(_column(name, text) for name in ("label", "digest")),
        _column("stored", text, empty=True),
        _column("bytes", ID),
        _column("form", text),
        *(_column(name, JSON) for name in ("options", "notes", "heads", "mapping")),
        *(_column(name, sa.Integer()) for name in ("total", "position")),
        _column("lease_until", INSTANT, empty=True),
        _column("why", text, empty=True),
        _column("created_at", INSTANT),
        *(_column(name, INSTANT, empty=True) for name in ("started_at", "ended_at")),
        sa.PrimaryKeyConstraint("id", name="pk_import_run"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_import_run_staff_id_staff"),
        sa.CheckConstraint(
            "state IN ('mapping', 'checking', 'ready', 'running', 'done', 'failed', 'dropped')",
            name=op.f("ck_import_run_state"),
        ),
        sqlite_autoincrement=True,
    )
    for column in ("digest", "state", "staff_id"):
        op.create_index(f"ix_import_run_{column}", "import_run", [column])
    op.create_table(
        "import_row",
        _column("run_id", ID),
        _column("number", sa.Integer()),
        _column("state", text),
        _column("chosen", sa.Boolean()),
        *(_column(name, text, empty=True) for name in ("double", "grp", "choice")),
        _column("fields", JSON),
        _column("wrong", JSON, empty=True),
        _column("object_id", ID, empty=True),
        sa.PrimaryKeyConstraint("run_id", "number", name="pk_import_row"),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name="fk_import_row_run_id_import_run"),
        sa.CheckConstraint(
            "state IN ('refused', 'ready', 'made', 'used', 'left', 'clash')", name=op.f("ck_import_row_state")
        ),
    )
    op.create_index("ix_import_row_state", "import_row", ["run_id", "state", "number"])
    op.create_index("ix_import_row_double", "import_row", ["run_id", "double", "grp"])
    op.create_table(
        "import_heads",
        _column("kind", text),
        _column("digest", text),
        _column("mapping", JSON),
        sa.PrimaryKeyConstraint("kind", "digest", name="pk_import_heads"),
    )
    op.create_table(
        "export_file",
        _column("id", ID),
        *(_column(name, text) for name in ("what", "form", "state")),
        _column("staff_id", ID),
        _column("rights", text),
        _column("asked", JSON),
        _column("locale", text),
        _column("stored", text, empty=True),
        *(_column(name, sa.Integer()) for name in ("rows", "cut", "cleaned")),
        _column("lease_until", INSTANT, empty=True),
        _column("created_at", INSTANT),
        _column("ends_at", INSTANT, empty=True),
        sa.PrimaryKeyConstraint("id", name="pk_export_file"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_export_file_staff_id_staff"),
        sa.CheckConstraint("state IN ('waiting', 'ready', 'failed', 'gone')", name=op.f("ck_export_file_state")),
        sqlite_autoincrement=True,
    )
    for column in ("state", "staff_id"):
        op.create_index(f"ix_export_file_{column}", "export_file", [column])
    op.create_table(
        "feedback",
        _column("booking_id", ID),
        _column("stars", sa.Integer()),
        _column("words", text, empty=True),
        _column("created_at", INSTANT),
        _column("changed_at", INSTANT),
        sa.PrimaryKeyConstraint("booking_id", name="pk_feedback"),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name="fk_feedback_booking_id_booking"),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_feedback_stars")),
    )
    op.create_index("ix_feedback_created_at", "feedback", ["created_at"])
    op.add_column("service", sa.Column("feedback", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("service", "feedback")
    for name in ("feedback", "export_file", "import_heads", "import_row", "import_run"):
        op.drop_table(name)
