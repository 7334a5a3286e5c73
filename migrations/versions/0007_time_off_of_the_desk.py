"""Tell time off that was written at the desk from that of the business file, which a load makes equal to the file.

Both ways, and safe beside the version before: its inserts find the default.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("absence", sa.Column("source", sa.String(), nullable=False, server_default="file"))


def downgrade() -> None:
    op.drop_column("absence", "source")
