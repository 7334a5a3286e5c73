"""Count bookings per contact and holds per visitor within an hour.

Both ways, and safe beside the version before: its inserts find the default, its queries the wider index.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.BigInteger(), "sqlite")
OPEN = {"postgresql_where": sa.text("state = 'open'"), "sqlite_where": sa.text("state = 'open'")}


def upgrade() -> None:
    op.add_column("contact", sa.Column("counted_from", INSTANT, nullable=True))
    op.add_column("contact", sa.Column("counted", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_hold_visitor", "hold", ["visitor"], unique=False)
    op.drop_index("ix_hold_visitor_open", table_name="hold", **OPEN)


def downgrade() -> None:
    op.create_index("ix_hold_visitor_open", "hold", ["visitor"], unique=False, **OPEN)
    op.drop_index("ix_hold_visitor", table_name="hold")
    op.drop_column("contact", "counted")
    op.drop_column("contact", "counted_from")
