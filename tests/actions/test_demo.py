"""What somebody finds who tries the product, and that all of it goes again."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import func, select

import config
from actions import demo_visits
from actions.businessfile import wiping
from actions.demo_staff import add_demo_staff
from actions.demo_visits import add_demo_visits
from models.base import Base, db
from models.booking import Booking, Session
from models.feedback import Feedback
from models.history import History
from models.outbox import Message
from models.people import Customer

DEMO = config.ROOT / "demo"
# Accounts go one by one, and what they point to is taken from those who stay.
APART = {"staff"}


def counted(table):
    return db.session.execute(select(func.count()).select_from(table)).scalar_one()


def test_the_demo_has_visits_behind_and_before_it_and_leaves_nothing_of_them(load_business, clock):
    load_business(DEMO / "business.yaml", demo=True)
    add_demo_staff(now=clock.now)
    tried = add_demo_visits(DEMO / "visits.yaml", now=clock.now)
    db.session.rollback()
    rows = db.session.execute(select(Booking.status, Session.starts, Session.ends).join(Session)).all()
    assert tried == len(rows) > 100
    statuses = Counter(status for status, _, _ in rows)
    assert {"completed", "confirmed", "cancelled", "no_show", "requested"} <= {*statuses}
    for status, starts, ends in rows:
        if status in ("completed", "no_show"):
            assert starts <= clock.now, status
        if status in ("confirmed", "requested"):
            assert ends > clock.now, status
    assert counted(Feedback) > 10
    assert counted(Customer) > 20
    assert counted(Message) == 0, "nobody is told of what is made up"
    each_step_was_taken_in_its_time(tried, clock.now)
    report = load_business("clinic", replace_demo=True)
    assert report.wiped == tried
    for table in (Booking, Customer, Feedback, Session):
        assert counted(table) == 0, table


def each_step_was_taken_in_its_time(tried, now):
    steps = select(History.object_id, History.at).where(History.object_kind == "booking").order_by(History.id)
    of: dict[int, list] = {}
    for id, at in db.session.execute(steps):
        assert at <= now
        of.setdefault(id, []).append(at)
    assert len(of) == tried
    assert all(times == sorted(times) for times in of.values())


# The same on either database, as each of its actions is.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_same_day_makes_the_same_visits(load_business, clock):
    load_business(DEMO / "business.yaml", demo=True)
    seen = []
    for _ in range(2):
        add_demo_visits(DEMO / "visits.yaml", now=clock.now)
        found = db.session.execute(select(Session.starts, Booking.name, Booking.status).join(Session))
        seen.append(sorted(map(tuple, found)))
        load_business(DEMO / "business.yaml", demo=True, replace_demo=True)
    assert seen[0] == seen[1]


def test_whatever_points_to_what_leaving_the_demo_deletes_is_deleted_before_it():
    order = [each.__table__.name for each in wiping._ORDER]
    for table in Base.metadata.sorted_tables:
        pointed = {each.column.table.name for each in table.foreign_keys} & {*order} - {table.name}
        if pointed and table.name not in APART:
            assert table.name in order, table.name
            assert all(order.index(table.name) < order.index(each) for each in pointed), table.name


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nobody_is_told_of_visits_that_were_broken_off(load_business, clock, monkeypatch):
    load_business(DEMO / "business.yaml", demo=True)
    real = demo_visits.confirm
    taken: list[Any] = []

    def confirm(**given):
        if len(taken) == 20:
            raise KeyboardInterrupt
        taken.append(real(**given))
        return taken[-1]

    monkeypatch.setattr(demo_visits, "confirm", confirm)
    with pytest.raises(KeyboardInterrupt):
        add_demo_visits(DEMO / "visits.yaml", now=clock.now)
    db.session.rollback()
    assert (counted(Booking), counted(Message)) == (20, 0)
