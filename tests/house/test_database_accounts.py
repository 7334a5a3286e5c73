"""The two accounts of deploy/database-accounts.sql on a real server: all that the house does is done by one that owns nothing,
can change no table, and cannot change what was written down for good."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg import errors as refused
from psycopg import sql
from sqlalchemy import make_url, select

import config
from actions import consenting, counting, erasing, retention, upkeep
from actions.businessfile.loading import load
from actions.keeping.backup import backup
from app import create_app
from models import schema
from models.base import Base, db
from models.history import History
from models.outbox import Message
from models.people import Customer, Erasure
from notifications import dispatch
from notifications.chores import do_long_ones
from notifications.worker import tick
from tests.factories import HANNAH, TOM, booked, free
from tests.invariants import check
from tests.support import databases
from tests.support.houses import BUSINESSES, settings
from tests.support.staff import PASSWORD, account, code_of, email_of, second_factor, signed_in
from tests.support.time import Clock
from tests.support.web import Visitor

GRANTS = config.ROOT / "deploy" / "database-accounts.sql"
FOR_GOOD = ("history", "erasure", "consent_text")


@dataclass(frozen=True, slots=True)
class Accounts:
    """The addresses of one database as its owner and as the program's account, and what they are called."""

    owner: str
    program: str
    names: dict[str, str]

    def grant(self) -> None:
        """Runs the file as the owner does."""
        text = re.sub(r"\bfrontdesk(_owner)?\b", lambda found: self.names[found[0]], GRANTS.read_text())
        with psycopg.connect(self.owner, autocommit=True) as connection:
            connection.execute(text.encode())


@pytest.fixture(scope="module")
def accounts(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    """A house that had one account until now, given two as docs/operating.md says."""
    mark, word = f"fd_test_{secrets.token_hex(4)}", secrets.token_hex(12)
    names = {"frontdesk": f"{mark}_program", "frontdesk_owner": f"{mark}_owner"}

    def address(role: str) -> str:
        given = make_url(postgres_url).set(username=names[role], password=word, database=mark)
        return given.render_as_string(hide_password=False)

    def run(statement: str, to: str = postgres_url) -> None:
        with psycopg.connect(to, autocommit=True) as connection:
            parts = {name: sql.Identifier(each) for name, each in names.items()}
            connection.execute(sql.SQL(statement).format(db=sql.Identifier(mark), word=sql.Literal(word), **parts))

    for role in names:
        run(f"CREATE ROLE {{{role}}} LOGIN PASSWORD {{word}}")
    run("CREATE DATABASE {db} OWNER {frontdesk} ENCODING 'UTF8' TEMPLATE template0")
    made = Accounts(address("frontdesk_owner"), address("frontdesk"), names)
    databases.migrate(create_app(settings(made.program, tmp_path_factory.mktemp("before"))))
    run(
        "REASSIGN OWNED BY {frontdesk} TO {frontdesk_owner}",
        make_url(postgres_url).set(database=mark).render_as_string(hide_password=False),
    )
    made.grant()
    yield made
    run("DROP DATABASE {db} WITH (FORCE)")
    for role in names:
        run(f"DROP ROLE {{{role}}}")


@pytest.fixture
def house(accounts: Accounts, tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    """The program as it runs under its own account."""
    app = create_app(settings(accounts.program, tmp_path))
    app.test_client_class = Visitor
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        yield app
        db.session.rollback()
        with db.engine.connect() as connection:
            check(connection, now=clock.now)
    databases.let_go(app)


def test_a_house_goes_about_its_days_under_an_account_that_owns_nothing(house: Flask, clock: Clock, tmp_path: Path):
    with db.engine.connect() as connection:
        assert schema.unfit(schema.version(connection)) is None
    load(BUSINESSES / "clinic.yaml", pictures_dir=house.config["SETTINGS"].pictures, now=clock.now)
    say: dict[str, Any] = {"purpose": "marketing", "asked": True, "needed": False, "actor": "staff:1"}
    consenting.write_text(**say, said={"en": "News by mail"}, now=clock.now)
    consenting.write_text(**say, said={"en": "News by mail, once a month"}, now=clock.now)
    customers(house, clock)
    desk(house, clock)
    messages(house, clock)
    keeping(house, clock, tmp_path)
    chores(house, clock)


def customers(house: Flask, clock: Clock) -> None:
    """Holds, books, moves, cancels with a reason in words of one's own."""
    visitor, first, later = house.test_client(), *free("check-up", clock.now)[-2:]
    held = visitor.post("/api/v1/holds", json={"service": "check-up", "start": first.start.isoformat()})
    assert held.status_code == 201, held.text
    body: dict[str, Any] = {"hold": held.json["hold"], "customer": HANNAH}
    made = visitor.post("/api/v1/bookings", json=body, headers={"Idempotency-Key": "one"})
    assert made.status_code == 201, made.text
    own = {"Authorization": f"Bearer {made.json['token']}"}
    moved = visitor.post(
        f"/api/v1/bookings/{made.json['reference']}/reschedule", json={"start": later.start.isoformat()}, headers=own
    )
    assert moved.status_code == 200, moved.text
    page = f"/b/{made.json['reference']}"
    assert visitor.get(f"{page}?t={made.json['token']}").status_code == 200
    gone = visitor.post(f"{page}/cancel", data={"t": made.json["token"], "reason": "Anna has a fever"})
    assert gone.status_code == 303, gone.text


def desk(house: Flask, clock: Clock) -> None:
    """Signs in, with a wrong password before and a code behind; takes steps and takes one back."""
    owner = account()
    secret, _ = second_factor(owner, house, clock.now)
    clock.tick(minutes=1)
    wrong = house.test_client().post("/desk/sign-in", data={"email": email_of(owner), "password": "not this one"})
    assert wrong.status_code == 422
    visitor = signed_in(house, owner, PASSWORD)
    assert visitor.post("/desk/sign-in/code", data={"code": code_of(secret, clock.now)}).status_code == 303
    made = booked("check-up", clock.now, customer=TOM).booking
    assert visitor.post(f"/desk/b/{made.reference}/notes", data={"text": "Rings twice"}).status_code == 303
    gone = visitor.post(f"/desk/b/{made.reference}/cancel", data={"reason": "Ill"})
    assert gone.status_code == 303, gone.text
    assert visitor.post(f"/desk/b/{made.reference}/undo").status_code == 303
    for path in (
        "/desk/",
        "/desk/diary",
        "/desk/customers",
        "/desk/figures",
        "/desk/history",
        f"/desk/b/{made.reference}",
    ):
        assert visitor.get(path).status_code == 200, path


def messages(house: Flask, clock: Clock) -> None:
    """Delivers what is due."""
    clock.tick(minutes=5)
    while dispatch.deliver_due():
        pass
    states = set(db.session.scalars(select(Message.state)))
    assert "sent" in states
    assert any(house.config["SETTINGS"].outgoing.iterdir())


def keeping(house: Flask, clock: Clock, tmp_path: Path) -> None:
    """Makes a backup, which reads everything."""
    places = house.config["SETTINGS"]
    found = backup(
        tmp_path / "one.zip", pictures_dir=places.pictures, answers_dir=places.answers, key_mark="mark", now=clock.now
    )
    assert found.rows > 100


def chores(house: Flask, clock: Clock) -> None:
    """Sweeps, counts, erases one person, and lets the other go when her time is over."""
    tick()
    upkeep.sweep(now=clock.now)
    assert counting.count(now=clock.now, seconds=30) == 0
    hannah = db.session.scalars(select(Customer.id).where(Customer.name == HANNAH["name"])).one()
    assert "Anna has a fever" in reasons()
    assert erasing.erase(id=hannah, actor="staff:1", now=clock.now)["bookings"] == 1
    assert "Anna has a fever" not in reasons()
    clock.tick(days=1000)
    tick()
    do_long_ones(house.config["SETTINGS"], now=clock.now, ended=lambda: False)
    retention.apply(now=clock.now)
    db.session.rollback()
    assert set(db.session.scalars(select(Customer.name))) == {""}
    assert len(db.session.scalars(select(Erasure)).all()) == 2
    assert counting.count(now=clock.now, seconds=30) == 0


def reasons() -> set[str | None]:
    """What history has as reasons."""
    db.session.rollback()
    return set(db.session.scalars(select(History.reason)))


STEP = "INSERT INTO history (at, actor, object_kind, object_id, action, reason) VALUES (now(), 'shell', 'booking', 0, 'kept', 'x')"
NOT_ITS_OWN = [
    "CREATE TABLE more (id int)",
    "CREATE TEMPORARY TABLE more (id int)",
    "CREATE SCHEMA more",
    "CREATE INDEX more ON history (actor)",
    "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER more BEFORE INSERT ON history FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "ALTER TABLE history ADD COLUMN more int",
    "ALTER TABLE history DISABLE TRIGGER append_only",
    "ALTER TABLE allocation DROP CONSTRAINT one_owner",
    "DROP TRIGGER append_only ON history",
    "DROP TABLE history",
    "DROP FUNCTION refuse_change() CASCADE",
    "TRUNCATE history CASCADE",
    "SET session_replication_role = replica",
    "UPDATE alembic_version SET version_num = '0001'",
    "DELETE FROM alembic_version",
    "UPDATE history_personal SET after = NULL",
    "SELECT setval('history_id_seq', 1)",
    *(f"DELETE FROM {name}" for name in FOR_GOOD),
    *(f"UPDATE {name} SET id = id" for name in FOR_GOOD),
    *(f"UPDATE history SET {name} = NULL" for name in ("actor", "at", "before", "after", "action", "object_id")),
    "UPDATE history SET reason = NULL, actor = 'nobody'",
]


@pytest.mark.parametrize("statement", NOT_ITS_OWN)
def test_what_is_not_the_programs_is_refused_by_the_database(accounts: Accounts, statement: str):
    with psycopg.connect(accounts.program) as connection:
        connection.execute(STEP)
        with pytest.raises(refused.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_what_it_may_not_it_cannot_grant(accounts: Accounts):
    """PostgreSQL lets it pass with a warning and grants nothing."""
    said: list[str] = []
    with psycopg.connect(accounts.program) as connection:
        connection.add_notice_handler(lambda notice: said.append(str(notice.message_primary)))
        connection.execute("GRANT UPDATE ON history TO CURRENT_USER")
        with pytest.raises(refused.InsufficientPrivilege):
            connection.execute("UPDATE history SET actor = 'nobody'")
    assert any("no privileges were granted" in each for each in said)


def test_a_reason_can_be_blanked_and_nothing_else_be_put_in_its_place(accounts: Accounts):
    with psycopg.connect(accounts.program) as connection:
        connection.execute(STEP)
        assert connection.execute("UPDATE history SET reason = NULL WHERE object_id = 0").rowcount == 1
        with pytest.raises(refused.RestrictViolation, match="append_only"):
            connection.execute("UPDATE history SET reason = 'another' WHERE object_id = 0")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more (id int)",
        "ALTER TABLE history ADD COLUMN more int",
        "UPDATE alembic_version SET version_num = version_num",
    ],
)
def test_the_owner_may(accounts: Accounts, statement: str):
    """The control: it is the account that is refused, not the statement."""
    with psycopg.connect(accounts.owner) as connection:
        connection.execute(statement.encode())
        connection.rollback()


def test_a_table_of_the_next_version_can_be_used_before_the_file_is_run_again(accounts: Accounts):
    with (
        psycopg.connect(accounts.owner, autocommit=True) as owner,
        psycopg.connect(accounts.program, autocommit=True) as program,
    ):
        owner.execute("CREATE TABLE next_version (id serial PRIMARY KEY)")
        try:
            program.execute("INSERT INTO next_version DEFAULT VALUES")
            accounts.grant()
            program.execute("INSERT INTO next_version DEFAULT VALUES")
            assert program.execute("DELETE FROM next_version").rowcount == 2
        finally:
            owner.execute("DROP TABLE next_version")


def test_the_owner_migrates(accounts: Accounts, tmp_path: Path):
    app = create_app(settings(accounts.owner, tmp_path))
    done = app.test_cli_runner().invoke(args=["migrate"])
    databases.let_go(app)
    assert done.exit_code == 0, done.output


def test_the_program_owns_nothing_and_reads_every_table(accounts: Accounts):
    asked = "SELECT count(*) FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
    with psycopg.connect(accounts.program) as connection:
        assert connection.execute(asked).fetchone() == (0,)
        for name in Base.metadata.tables:
            connection.execute(sql.SQL("SELECT FROM {} LIMIT 1").format(sql.Identifier(name)))


def test_the_file_and_the_page_name_the_same_accounts():
    page = (config.ROOT / "docs" / "operating.md").read_text()
    assert "REASSIGN OWNED BY frontdesk TO frontdesk_owner" in page
    named = set(re.findall(r"\b(?:TO|FROM PUBLIC,|FROM) (frontdesk\w*)", GRANTS.read_text()))
    assert named == {"frontdesk"}
