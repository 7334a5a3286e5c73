"""Find the stays that are longer than a day without reading everything that began before.

Both ways, and safe beside the version before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LONG = {
    "postgresql_where": sa.text("ends - starts > interval '1 day'"),
    "sqlite_where": sa.text("ends - starts > 86400"),
}


def upgrade() -> None:
    op.create_index("ix_session_long", "session", ["ends"], unique=False, **LONG)


def downgrade() -> None:
    op.drop_index("ix_session_long", table_name="session", **LONG)
