"""Several who send, plan or sweep at once: each message is written once and leaves once. A mail server keeps the journal."""

from __future__ import annotations

import email
import socket
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import insert, select

from app import create_app
from models.base import db, table
from models.outbox import Message
from tests.factories import booked, free
from tests.invariants import check_url
from tests.races.racing import Store
from tests.support import databases
from tests.support.houses import load_into, set_clock, settings
from tests.support.time import NOW
from tests.support.web import environment

pytestmark = [pytest.mark.timeout(900), pytest.mark.race]


class Journal:
    """A mail server that takes everything and remembers each copy."""

    def __init__(self):
        self.taken: list[str] = []

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(email.message_from_bytes(envelope.content)["Message-ID"])
        return "250 OK"


@pytest.fixture
def journal():
    found = Journal()
    with socket.socket() as free_port:
        free_port.bind(("127.0.0.1", 0))
        port = free_port.getsockname()[1]
    controller = Controller(found, hostname="127.0.0.1", port=port)
    controller.start()
    found.url = f"smtp://127.0.0.1:{port}"
    yield found
    controller.stop()


class House:
    """A house without a web server: a database, a clock, and a mail server for its crews."""

    def __init__(self, url, folder, journal):
        self.url, self.folder, self.store = url, folder, Store(url)
        load_into(url, folder, "crowd", NOW)
        self.at(NOW)
        more = {"DATABASE_URL": url, "CLOCK_OFFSET_FILE": str(folder / "clock"), "MAIL_URL": journal.url}
        self.environ = environment(folder, {**more, "MAIL_FROM": "desk@example.com"})

    def at(self, now):
        set_clock(self.folder / "clock", now)

    def inside(self, act):
        app = create_app(settings(self.url, self.folder))
        with app.app_context():
            found = act()
        databases.let_go(app)
        return found


@pytest.fixture
def house(database, tmp_path, journal):
    found = House(database.another(tmp_path), tmp_path, journal)
    yield found
    check_url(found.url)


def by_mail(number):
    return {"name": f"Customer {number}", "email": f"customer{number}@example.com"}


def book(count, first=datetime(2026, 12, 2, 9, 0, tzinfo=UTC)):
    """Bookings of people who gave only a mailbox, on one day, with Ben, who has none."""
    starts = free("haircut", NOW, first=first.date(), resources=["ben"])
    day = [each.start for each in starts if each.start >= first][::2][:count]
    return [
        booked("haircut", NOW, start=start, customer=by_mail(number), resources=["ben"]).booking
        for number, start in enumerate(day)
    ]


def copies(count):
    """One confirmation and as many copies of it: rows that are due."""
    book(1)
    row = db.session.execute(select(table(Message)).where(Message.kind == "confirmation")).mappings().one()
    same = {name: value for name, value in row.items() if name not in ("id", "copy")}
    db.session.execute(insert(table(Message)), [{**same, "copy": number} for number in range(1, count)])
    db.session.commit()


def test_four_who_deliver_send_each_message_once(house, journal, crew, sizes):
    count = sizes(100, 1000)
    house.inside(lambda: copies(count))
    tried = crew(house.environ, "deliver", 4).go()
    assert len(journal.taken) == len(set(journal.taken)) == count
    assert all(isinstance(each, int) and each > 0 for each in tried), tried
    states = house.store.rows("SELECT state, attempt, count(*) FROM message WHERE kind = 'confirmation' GROUP BY 1, 2")
    assert [tuple(row) for row in states] == [("sent", 1, count)]


def test_without_claiming_they_send_it_several_times(house, journal, crew):
    """The control."""
    house.inside(lambda: copies(20))
    crew(house.environ, "deliver_without_claiming", 4).go()
    assert max(Counter(journal.taken).values()) > 1, "the journal cannot see a message that leaves twice"


def test_three_who_plan_the_same_day_plan_each_reminder_once(house, journal, crew, sizes):
    made = house.inside(lambda: book(sizes(8, 40)))
    before = house.store.value("SELECT count(*) FROM message")
    # They find everything planned that the bookings themselves had planned.
    assert crew(house.environ, "plan", 3).go() == [0, 0, 0]
    house.store.run("DELETE FROM message WHERE kind = 'reminder'")
    assert sum(crew(house.environ, "plan", 3).go()) == 2 * len(made)
    assert house.store.value("SELECT count(*) FROM message") == before
    # The day before, in the evening: all of the first reminders are due, and three send them.
    house.at(made[-1].start - timedelta(hours=12))
    crew(house.environ, "deliver", 3).go()
    sent = house.store.rows("SELECT object_id, offset_minutes, count(*) FROM message WHERE kind = 'reminder' AND state = 'sent' GROUP BY 1, 2")  # fmt: skip
    assert sorted(tuple(row) for row in sent) == [(each.id, 1440, 1) for each in made]
    assert len(journal.taken) == len(set(journal.taken))


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_without_the_unique_key_each_plans_for_itself(house, journal, crew):
    """The control. SQLite keeps the key inside the table, where it cannot be taken away."""
    made = house.inside(lambda: book(3))
    house.store.run("DELETE FROM message")
    name = house.store.value("SELECT conname FROM pg_constraint WHERE conrelid = 'message'::regclass AND contype = 'u'")
    house.store.run(f"ALTER TABLE message DROP CONSTRAINT {name}")
    planned = sum(crew(house.environ, "plan", 3).go())
    assert planned == 3 * 3 * len(made), "the harness cannot see a reminder that is planned twice"
    house.store.run("DELETE FROM message")
