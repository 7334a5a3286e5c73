"""Accounts as they are looked after at the desk."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from actions import accounts, outage
from models import staff_queries
from models.base import db
from models.doors import Token
from models.outbox import Message
from notifications import dispatch
from rules.errors import Invalid
from tests.factories import booked
from tests.support.staff import account, signed_in

TUESDAY = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
SECRET = re.compile(r"fd_[\w-]{40,}")


@pytest.fixture
def clinic(load_business, app, clock):
    load_business("clinic")
    return app


@pytest.mark.parametrize("odd", ["9" * 5000, "-1", "1e3", "\u00b2", "\x00", ""])
@pytest.mark.parametrize("field", ["locations", "resource", "team"])
def test_what_is_no_number_chooses_nothing(clinic, clock, field, odd):
    owner = signed_in(clinic, account("owner", now=clock.now))
    form = {"email": "neu@praxis.example", "name": "Neu", "role": "staff", field: odd}
    assert owner.post("/desk/people/new", data=form).status_code == 303
    made = next(each for each in staff_queries.accounts(db.session()) if each.email == "neu@praxis.example")
    assert (made.locations, made.resource_id, made.team_id) == (frozenset(), None, None)


def then(visitor, path, **form):
    """The page that a form leads to."""
    return visitor.get(visitor.post(path, data=form).headers["Location"]).text


@pytest.fixture
def owner(clinic, clock):
    return signed_in(clinic, account("owner", now=clock.now))


def test_the_same_form_sent_twice_makes_one_and_says_so(owner, clock):
    new = {"email": "Neu@praxis.example", "name": "Neu", "role": "staff", "locations": ["1"]}
    pages = [then(owner, "/desk/people/new", **new) for _ in range(2)]
    assert "is on its way" in pages[0]
    assert "This account is there already" in pages[1]
    made = [each for each in staff_queries.accounts(db.session()) if each.email == "neu@praxis.example"]
    invited = select(func.count()).where(Message.kind == "staff_invitation")
    assert (len(made), db.session.execute(invited).scalar_one()) == (1, 1)
    # Another account with that mailbox, or the same much later, is a mistake and no second tap.
    assert owner.post("/desk/people/new", data={**new, "role": "manager"}).status_code == 422
    with pytest.raises(Invalid):
        accounts.add(email=new["email"], name="Neu", role="staff", locations=[1], by=None, actor="shell",
                     now=clock.now + timedelta(minutes=11))  # fmt: skip

    pages = [then(owner, "/desk/people/teams", team_name="A") for _ in range(2)]
    assert "The team is saved." in pages[0]
    assert "The team is there already." in pages[1]
    assert len(staff_queries.teams(db.session())) == 1
    assert "is there already" not in then(owner, "/desk/people/teams", team_name="A", leader=str(made[0].id))


def test_a_key_asked_for_twice_by_one_form_is_one_and_is_shown_both_times(owner, clock):
    form = {"name": "till", "days": "30", "key": "a-token-of-the-form"}
    first, again = (SECRET.search(owner.post("/desk/account/keys", data=form).text)[0] for _ in range(2))
    assert first == again
    assert db.session.execute(select(func.count()).select_from(Token)).scalar_one() == 1
    other = SECRET.search(owner.post("/desk/account/keys", data={**form, "name": "kiosk"}).text)[0]
    assert other != first
    clock.tick(minutes=10)
    late = owner.post("/desk/account/keys", data=form)
    assert not SECRET.search(late.text)
    assert "there is one" in late.text


def test_who_has_left_gets_no_mail_with_customers_and_the_house_is_led_to_her_bookings(clinic, owner, clock):
    id = account("staff", email="yilmaz@example.com", resource="dr-yilmaz")
    booked("check-up", clock.now, start=TUESDAY, resources=["dr-yilmaz"])
    page = then(owner, f"/desk/people/{id}/leave")
    assert "Still booked as Dr. Elif Yılmaz" in page
    dispatch.deliver_due()
    hers = db.session.scalars(select(Message).where(Message.recipient == "yilmaz@example.com")).all()
    assert {(each.state, each.why) for each in hers} == {("dropped", "whose mailbox this is has left")}
    flow = owner.get(html.unescape(re.search(r'href="(/desk/out\?[^"]+)"', page)[1]))
    assert (flow.status_code, "1 booking is hit." in flow.text, "for good" in flow.text) == (200, True, True)
    outage.carry_out(
        resources=["dr-yilmaz"], start=clock.now, end=None, reason="", choices={}, actor="staff:1", now=clock.now
    )
    assert "Still booked as" not in owner.get(f"/desk/people/{id}").text
    # Whoever shares the mailbox of somebody else who is here is not cut off.
    assert staff_queries.has_left(db.session(), "yilmaz@example.com")
    assert not staff_queries.has_left(db.session(), "braun@praxis.example")
    assert not staff_queries.has_left(db.session(), "nobody@praxis.example")
