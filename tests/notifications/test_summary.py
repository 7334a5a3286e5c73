"""The summary of the day before: to whom, when, once, and what it says."""

from __future__ import annotations

import email as mails
import email.policy
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from actions import summaries
from actions.steps import take_step
from models.base import db
from models.outbox import Message
from models.people import Staff
from models.staff_queries import viewer_of
from notifications import dispatch
from notifications.worker import tick
from rules.errors import NotAllowed
from tests.factories import booked
from tests.support.staff import account, email_of, signed_in

# The clocks went back in the night before: seven o'clock in Berlin is six in UTC.
EVENING, MORNING = datetime(2026, 10, 24, 18, 0, tzinfo=UTC), datetime(2026, 10, 25, 6, 0, tzinfo=UTC)


@pytest.fixture
def clinic(load_business, app, clock):
    clock.set(EVENING)
    load_business("clinic")
    for each in app.config["SETTINGS"].outgoing.glob("*"):
        each.unlink()
    return app


def viewer(id):
    return viewer_of(db.session(), db.session.get(Staff, id))


def wanting(role="owner", **more):
    id = account(role, **more)
    summaries.want(on=True, by=viewer(id), now=EVENING)
    db.session.expire_all()
    return id


def planned():
    db.session.rollback()
    return [
        (each.recipient, each.kind)
        for each in db.session.scalars(select(Message).where(Message.kind == "staff_summary"))
    ]


def sent(app):
    while dispatch.deliver_due():
        pass
    found = []
    for path in app.config["SETTINGS"].outgoing.glob("*.eml"):
        mail = mails.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        found.append((mail["To"], mail["Subject"], mail.get_body(("plain",)).get_content()))
    return found


def test_it_is_written_once_each_morning_at_seven_by_the_clock_of_the_house(clinic, clock):
    id = wanting()
    tick()
    assert planned() == [], "nobody is woken on the evening on which it starts"
    clock.set(MORNING - timedelta(seconds=1))
    tick()
    assert planned() == []
    clock.set(MORNING)
    tick()
    tick()
    assert planned() == [(email_of(id), "staff_summary")]
    clock.set(MORNING + timedelta(days=1))
    tick()
    assert len(planned()) == 2


def test_only_owners_and_managers_who_want_it_get_it(clinic, clock):
    ids = [wanting(), wanting("manager")]
    account("owner", email="other@praxis.example")
    gone = wanting("manager", email="gone@praxis.example")
    db.session.execute(update(Staff).where(Staff.id == gone).values(disabled_at=EVENING))
    db.session.commit()
    summaries.plan(now=EVENING)
    assert summaries.plan(now=MORNING) == 2
    assert sorted(each for each, _ in planned()) == sorted(email_of(id) for id in ids)


@pytest.mark.parametrize("role", ["staff", "front_desk", "auditor"])
def test_nobody_else_can_ask_for_it(clinic, role):
    with pytest.raises(NotAllowed):
        summaries.want(on=True, by=viewer(account(role)), now=EVENING)


def test_it_says_how_yesterday_went_and_what_today_holds(clinic, clock):
    wanting()
    # Friday, with the autumn's last day of summer time behind it.
    monday = datetime(2026, 10, 26, 7, 0, tzinfo=UTC)
    made = [
        booked("check-up", clock.now, start=monday + timedelta(minutes=40 * n), customer=guest(n)).booking
        for n in range(3)
    ]
    booked("check-up", clock.now, start=monday + timedelta(days=1), customer=guest(9))
    summaries.plan(now=EVENING)
    clock.set(monday + timedelta(hours=9))
    for each, step in zip(made, ("complete", "complete", "miss"), strict=True):
        take_step(reference=each.reference, step=step, actor="staff:1", now=clock.now)
    clock.set(datetime(2026, 10, 27, 6, 0, tzinfo=UTC))
    tick()
    mail = next(text for text in sent(clinic) if "Yesterday" in text[1])
    assert mail[1] == "Yesterday at Praxis am Park: 3 bookings, 2 completed"
    assert "Monday 26 October: 3 bookings, of which 2 were completed, 1 did not come and 0 were cancelled." in mail[2]
    assert "Today 1 visit is to come." in mail[2]
    assert "/desk/figures?from=2026-10-26&to=2026-10-26" in mail[2]


def guest(n):
    return {"name": "Hannah Vogel", "email": f"guest{n}@example.com", "phone": f"+49 151 2345{n:04}"}


def test_who_no_longer_wants_it_is_not_sent_what_was_written_before(clinic, clock):
    id = wanting()
    summaries.plan(now=EVENING)
    clock.set(MORNING)
    assert summaries.plan(now=MORNING) == 1
    summaries.want(on=False, by=viewer(id), now=MORNING)
    assert [each for each in sent(clinic) if "Yesterday" in each[1]] == []


def test_it_is_asked_for_on_ones_own_page(clinic, clock):
    id = account("manager", now=clock.now)
    visitor = signed_in(clinic, id)
    assert "Daily summary" in visitor.get("/desk/account").text
    assert visitor.post("/desk/account/summary", data={"on": "1"}).status_code == 303
    assert 'aria-checked="true"' in visitor.get("/desk/account").text
    assert visitor.post("/desk/account/summary", data={"on": "x"}).status_code == 404
    db.session.expire_all()
    assert summaries.wanted(db.session.get(Staff, id))
    staff = signed_in(clinic, account("staff", now=clock.now))
    assert "Daily summary" not in staff.get("/desk/account").text
    assert staff.post("/desk/account/summary", data={"on": "1"}).status_code == 403
