"""Keep what each day counted, so that the figures of a year are a sum of days, and note which days have to be counted anew.

Both ways, and safe beside the version before: what that writes is noted by the triggers, too.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COUNTS = (
    "bookings",
    "confirmed",
    "completed",
    "no_show",
    "late",
    "by_customer",
    "by_house",
    "to_come",
    "firm",
    "first",
)
LARGE = ("income", "lead")
BLOCK = {"postgresql_where": sa.text("kind <> 'service'"), "sqlite_where": sa.text("kind <> 'service'")}
WHOLE = {"postgresql_where": sa.text("kind = 'all'"), "sqlite_where": sa.text("kind = 'all'")}

# A booking that came or changed; where it moved to another time or person, those that it left, too.
_BOOKING = """
CREATE FUNCTION booking_counts_anew() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'UPDATE' AND (OLD.session_id <> NEW.session_id OR OLD.customer_id <> NEW.customer_id) THEN
    INSERT INTO day_stale (session_id, customer_id) VALUES (OLD.session_id, OLD.customer_id);
  END IF;
  INSERT INTO day_stale (session_id, customer_id) VALUES (NEW.session_id, NEW.customer_id);
  RETURN NULL;
END $$
"""
# Time that was shortened, lengthened or given to somebody else without a step of its booking; holds do not count.
_ALLOCATION = """
CREATE FUNCTION time_counts_anew() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO day_stale (session_id) VALUES (NEW.session_id);
  RETURN NULL;
END $$
"""
_ON_POSTGRESQL = (
    _BOOKING,
    "CREATE TRIGGER counts_anew AFTER INSERT OR UPDATE ON booking FOR EACH ROW EXECUTE FUNCTION booking_counts_anew()",
    _ALLOCATION,
    "CREATE TRIGGER counts_anew AFTER UPDATE OF busy_from, busy_to, resource_id, live ON allocation FOR EACH ROW "
    "WHEN (NEW.held_until IS NULL AND (OLD.busy_from, OLD.busy_to, OLD.resource_id, OLD.live) IS DISTINCT FROM "
    "(NEW.busy_from, NEW.busy_to, NEW.resource_id, NEW.live)) EXECUTE FUNCTION time_counts_anew()",
)
_ON_SQLITE = (
    "CREATE TRIGGER counts_anew_insert AFTER INSERT ON booking BEGIN "
    "INSERT INTO day_stale (session_id, customer_id) VALUES (NEW.session_id, NEW.customer_id); END",
    "CREATE TRIGGER counts_anew_left AFTER UPDATE ON booking "
    "WHEN OLD.session_id <> NEW.session_id OR OLD.customer_id <> NEW.customer_id BEGIN "
    "INSERT INTO day_stale (session_id, customer_id) VALUES (OLD.session_id, OLD.customer_id); END",
    "CREATE TRIGGER counts_anew_update AFTER UPDATE ON booking BEGIN "
    "INSERT INTO day_stale (session_id, customer_id) VALUES (NEW.session_id, NEW.customer_id); END",
    "CREATE TRIGGER counts_anew_time AFTER UPDATE OF busy_from, busy_to, resource_id, live ON allocation "
    "WHEN NEW.held_until IS NULL AND (OLD.busy_from <> NEW.busy_from OR OLD.busy_to <> NEW.busy_to "
    "OR OLD.resource_id <> NEW.resource_id OR OLD.live <> NEW.live) BEGIN "
    "INSERT INTO day_stale (session_id) VALUES (NEW.session_id); END",
)
_ALL_DAYS = """
INSERT INTO day_stale (location_id, day)
SELECT DISTINCT location_id, {minute} / 1440 FROM session WHERE id IN (SELECT session_id FROM booking)
"""
_MINUTE = {
    "postgresql": "(CAST(floor(extract(epoch from {0}) / 60) AS bigint) + utc_offset)",
    "sqlite": "({0} / 60 + utc_offset)",
}


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    op.create_table(
        "day_count",
        sa.Column("location_id", ID, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("service_id", ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        *(sa.Column(name, ID, nullable=False) for name in LARGE),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("led", "minutes")),
        sa.PrimaryKeyConstraint("location_id", "day", "service_id", "kind", "key", name="pk_day_count"),
    )
    op.create_index("ix_day_count_all", "day_count", ["location_id", "day"], **WHOLE)
    op.create_table(
        "day_stale",
        sa.Column("id", ID, primary_key=True),
        *(sa.Column(name, ID, nullable=True) for name in ("session_id", "customer_id", "location_id")),
        sa.Column("day", sa.Integer(), nullable=True),
    )
    op.create_index("ix_session_block", "session", ["ends"], **BLOCK)
    op.create_index("ix_day_stale_location_id_day", "day_stale", ["location_id", "day"])
    for edge in ("busy_from", "busy_to"):
        op.execute(_ALL_DAYS.format(minute=_MINUTE[dialect].format(edge)))
    for statement in _ON_POSTGRESQL if dialect == "postgresql" else _ON_SQLITE:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table, function in (("booking", "booking_counts_anew"), ("allocation", "time_counts_anew")):
            op.execute(f"DROP TRIGGER counts_anew ON {table}")
            op.execute(f"DROP FUNCTION {function}()")
    else:
        for name in ("insert", "left", "update", "time"):
            op.execute(f"DROP TRIGGER counts_anew_{name}")
    op.drop_index("ix_session_block", table_name="session", **BLOCK)
    op.drop_table("day_stale")
    op.drop_table("day_count")
