"""Find the texts of which the carrier has not told the end.

Both ways, and safe beside the version before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

UNHEARD = "state = 'sent' AND channel = 'sms' AND why IS NULL"


def upgrade() -> None:
    op.create_index(
        "ix_message_unheard",
        "message",
        ["next_at"],
        postgresql_where=sa.text(UNHEARD),
        sqlite_where=sa.text(UNHEARD),
    )


def downgrade() -> None:
    op.drop_index("ix_message_unheard", table_name="message")
