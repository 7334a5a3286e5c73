"""Find customers by the beginning of either name and numbers by their last digits.

Both ways, and safe beside the version before: what that writes meanwhile is found by its full name only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEXES = (("contact", "backwards"), ("customer", "folded_name"), ("customer", "family_first"))


def upgrade() -> None:
    op.add_column("contact", sa.Column("backwards", sa.String(), nullable=True))
    op.add_column("customer", sa.Column("family_first", sa.String(), nullable=True))
    _fill("contact", "value", "backwards", lambda value: value[::-1])
    _fill("customer", "folded_name", "family_first", _family_first)
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column], postgresql_ops={column: "text_pattern_ops"})


def downgrade() -> None:
    for table, column in INDEXES:
        op.drop_index(f"ix_{table}_{column}", table_name=table)
    op.drop_column("customer", "family_first")
    op.drop_column("contact", "backwards")


def _fill(name, source, target, made):
    table = sa.table(name, sa.column("id"), sa.column(source), sa.column(target))
    rows = op.get_bind().execute(sa.select(table.c.id, table.c[source])).all()
    change = sa.update(table).where(table.c.id == sa.bindparam("row")).values({target: sa.bindparam("new")})
    for start in range(0, len(rows), 1000):
        part = [{"row": id, "new": made(value)} for id, value in rows[start : start + 1000]]
        op.get_bind().execute(change, part)


def _family_first(name):
    rest, _, last = name.rpartition(" ")
    return f"{last} {rest}" if rest else last
