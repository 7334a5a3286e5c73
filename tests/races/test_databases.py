"""What the databases themselves promise, and how they are used: one writer at a time, one order of locks, one isolation."""

from __future__ import annotations

import time

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from models.base import BEGIN_WRITING, db, set_up_connections
from tests.races.racing import Store, together, told
from tests.races.town import Town

pytestmark = [pytest.mark.timeout(900), pytest.mark.race]

WRITERS = 50


def write_one_more(url, *, writing):
    """Fifty connections, each of which reads a number and writes one more; what each was told, and the number."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    set_up_connections(engine)

    def writer():
        try:
            with engine.connect().execution_options(**{BEGIN_WRITING: writing}) as connection:
                number = connection.exec_driver_sql("SELECT last_value FROM tally").scalar_one()
                time.sleep(0.002)
                connection.exec_driver_sql("UPDATE tally SET last_value = ?", (number + 1,))
                connection.commit()
        except OperationalError as error:
            return str(error.orig)
        return ""

    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE tally (last_value integer)")
        connection.exec_driver_sql("INSERT INTO tally VALUES (0)")
    answers = together([writer] * WRITERS)
    return answers, Store(url).value("SELECT last_value FROM tally")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_fifty_who_read_and_then_write_take_turns(database, tmp_path):
    answers, number = write_one_more(database.another(tmp_path), writing=True)
    assert (set(answers), number) == ({""}, WRITERS)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_transaction_that_does_not_say_that_it_will_write_finds_the_file_locked(database, tmp_path):
    """The control: a plain BEGIN cannot become a writer once somebody else has written."""
    answers, number = write_one_more(database.another(tmp_path), writing=False)
    assert "database is locked" in answers
    assert number == answers.count("") < WRITERS


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_circle_of_waits_is_counted(database, tmp_path):
    """The control of every race that says it had none: two who take two locks, each in another order."""
    url = database.another(tmp_path)

    def holder(first, second):
        def take():
            with psycopg.connect(url) as connection:
                connection.execute("SELECT pg_advisory_xact_lock(%s)", [first])
                time.sleep(0.3)
                try:
                    connection.execute("SELECT pg_advisory_xact_lock(%s)", [second])
                except psycopg.errors.DeadlockDetected:
                    return "deadlock"
                return "had both"

        return take

    assert sorted(together([holder(1, 2), holder(2, 1)])) == ["deadlock", "had both"]
    assert Store(url).deadlocks() == 1


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_database_that_isolates_otherwise_by_default_is_still_right(serve, make_app, sizes):
    served = serve("crowd", processes=4)
    town = Town(served)
    name = sa.make_url(served.environ["DATABASE_URL"]).database
    town.store.run(f"ALTER DATABASE {name} SET default_transaction_isolation TO 'repeatable read'")
    town.store.run(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    )
    assert town.store.value("SHOW default_transaction_isolation") == "repeatable read"
    app = make_app(DATABASE_URL=served.environ["DATABASE_URL"])
    with app.app_context():
        assert db.session.execute(sa.text("SHOW transaction_isolation")).scalar() == "read committed"
    for start in town.starts("photo")[: sizes(2, 20)]:
        assert told(town.rush([town.booking("photo", start) for _ in range(50)])) == {"": 1, "slot_taken": 49}
    for start in town.starts("bike")[: sizes(1, 20)]:
        assert told(town.rush([town.booking("bike", start) for _ in range(50)])) == {"": 5, "slot_taken": 45}
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    town.close()
