"""Bookings for programs of staff: with a key, within the rights of its person, and not a step further."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from actions import accounts, keys, rights
from models import staff_queries
from models.base import db
from models.doors import Token
from models.history import History
from models.people import Staff
from rules.errors import Invalid, LimitReached, Missing, NotAllowed
from tests.factories import HANNAH, TOM, booked
from tests.support.staff import account, signed_in
from tests.support.time import instant

STEPS = ("approve", "decline", "assign", "arrive", "complete", "no-show")
BODIES = {"assign": {"resource": "dr-braun"}}


@pytest.fixture
def clinic(load_business, app, clock):
    load_business("clinic")
    return app


@pytest.fixture
def mine(clinic, clock):
    """A booking of Hannah with Dr. Yılmaz."""
    return booked("check-up", clock.now, resources=["dr-yilmaz"]).booking


@pytest.fixture
def other(clinic, clock):
    """A request of Tom's, which Dr. Braun would serve."""
    return booked("ultrasound", clock.now, customer=TOM, answers={"referral": False}).booking


def viewer(id, **more):
    return staff_queries.viewer_of(db.session(), db.session.get(Staff, id), **more)


@pytest.fixture
def caller(clinic, clock):
    """``caller("staff", resource="dr-yilmaz", may={…})``: calls with a key of a new account of that role."""

    def made(role="owner", *, may=None, days=30, **more):
        return Caller(clinic.test_client(), account(role, **more), may, days, clock)

    return made


class Caller:
    def __init__(self, client, id, may, days, clock):
        self.client, self.id, self.clock = client, id, clock
        self.key = keys.make(name="till", may=may, days=days, by=viewer(id), now=clock.now).secret

    def headers(self):
        return {"Authorization": f"Bearer {self.key}"}

    def get(self, path, **query):
        return self.client.get(f"/api/v1/bookings{path}", query_string=query, headers=self.headers())

    def post(self, path, **body):
        return self.client.post(f"/api/v1/bookings{path}", json=body, headers=self.headers())


def codes(answer):
    return answer.status_code, answer.json.get("code")


def test_without_a_key_nothing_of_staff_is_answered(clinic, mine):
    visitor = clinic.test_client()
    for headers in (
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer fd_" + "x" * 43},
        {"Authorization": "Basic eDp4"},
    ):
        answers = [visitor.get("/api/v1/bookings", headers=headers)]
        answers += [
            visitor.post(f"/api/v1/bookings/{mine.reference}/{step}", json={}, headers=headers) for step in STEPS
        ]
        for answer in answers:
            assert codes(answer) == (401, "token_needed"), headers
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    # One booking is not there without its own token, as it was.
    assert visitor.get(f"/api/v1/bookings/{mine.reference}").status_code == 404


def test_the_cookie_of_the_desk_is_no_key(clinic, mine):
    assert signed_in(clinic, account()).get("/api/v1/bookings").status_code == 401


def test_the_token_of_a_booking_opens_that_booking_and_no_list(clinic, mine, other):
    from wire.links import manage_token

    headers = {"Authorization": f"Bearer {manage_token(mine, clinic.config['SECRET_KEY'])}"}
    visitor = clinic.test_client()
    assert visitor.get(f"/api/v1/bookings/{mine.reference}", headers=headers).json["token"]
    assert visitor.get("/api/v1/bookings", headers=headers).status_code == 401
    assert visitor.post(f"/api/v1/bookings/{mine.reference}/arrive", json={}, headers=headers).status_code == 401


def test_a_booking_comes_with_its_customer_and_its_history(caller, mine):
    found = caller().get(f"/{mine.reference}").json
    assert found["reference"] == mine.reference
    assert found["customer"] == {
        "name": "Hannah Vogel", "phone": "+4915123456789", "email": HANNAH["email"], "company": None, "address": None,
    }  # fmt: skip
    (step,) = found["history"]
    assert (step["action"], step["by"], step["after"]["start"]) == ("confirmed", "customer", found["start"])
    # What opens it for the customer is not for staff.
    assert not {"token", "manage_url", "calendar_url"} & set(found)


def test_a_key_reads_as_much_as_its_person_and_what_is_hidden_is_not_there(caller, mine, other):
    found = caller("staff", resource="dr-yilmaz").get("").json["bookings"]
    own, theirs = sorted(found, key=lambda each: each["reference"] != mine.reference)
    assert own["customer"]["name"] == "Hannah Vogel"
    assert own["customer"]["phone"] == "0151****6789"
    assert theirs["customer"] == {"name": "T*** F***", "phone": "0151****5432", "email": "t***@example.com"}
    assert not {"answers", "history", "cancel_reason"} & set(theirs)


def test_an_auditor_makes_no_key(clinic, clock):
    with pytest.raises(NotAllowed):
        keys.make(name="till", may=None, days=30, by=viewer(account("auditor")), now=clock.now)


def test_the_list_is_narrowed_by_day_status_person_service_and_text(caller, mine, other):
    owner = caller()

    def found(**query):
        answer = owner.get("", **query)
        assert answer.status_code == 200, answer.json
        return [each["reference"] for each in answer.json["bookings"]]

    assert sorted(found()) == sorted([mine.reference, other.reference])
    assert found(status="requested") == [other.reference]
    assert sorted(found(status=["requested", "confirmed"])) == sorted([mine.reference, other.reference])
    assert found(service="check-up") == [mine.reference]
    assert found(resource="dr-braun") == [other.reference]
    assert found(q="fischer") == [other.reference]
    assert found(q=mine.reference[:5]) == [mine.reference]
    assert found(**{"from": "2027-03-01", "to": "2027-03-02"}) == []
    day = mine.start.date().isoformat()
    assert mine.reference in found(**{"from": day, "to": day})


def test_pages_follow_one_another_without_gap_or_repetition(caller, clinic, clock, monkeypatch):
    from api import staff

    monkeypatch.setattr(staff, "PAGE", 2)
    made = {
        booked("check-up", clock.now, customer={"name": f"Visitor {n}", "email": f"v{n}@example.com"}).booking.reference
        for n in range(5)
    }
    owner, cursor, found = caller(), None, []
    while True:
        page = owner.get("", **({"cursor": cursor} if cursor else {})).json
        found += [each["reference"] for each in page["bookings"]]
        cursor = page["next"]
        if cursor is None:
            break
        assert len(page["bookings"]) == 2
    assert len(found) == len(set(found))
    assert set(found) == made


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"status": "lost"}, "invalid"), ({"from": "yesterday"}, "invalid"), ({"cursor": "x"}, "invalid"),
        ({"cursor": "9" * 17 + "-1"}, "invalid"), ({"from": ["2026-12-01", "2026-12-02"]}, "invalid"), ({"who": "me"}, "invalid"),
        ({"from": "2026-01-01", "to": "2027-06-01"}, "range_too_long"), ({"service": "none"}, "unknown_service"),
        ({"resource": "nobody"}, "unknown_resource"), ({"q": "x" * 101}, "invalid"),
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_asked_is_named(caller, query, code):
    answer = caller().get("", **query)
    assert answer.status_code in (404, 422)
    assert answer.json["code"] == code


def test_a_day_of_steps(caller, mine, other, clock):
    owner = caller()
    assert owner.post(f"/{other.reference}/approve").json["status"] == "confirmed"
    clock.set(mine.start)
    arrived = owner.post(f"/{mine.reference}/arrive", revision=mine.revision)
    assert (arrived.json["status"], arrived.json["history"][0]["by"]) == ("arrived", "Owner")
    again = owner.client.post(
        f"/api/v1/bookings/{mine.reference}/arrive", headers={**owner.headers(), "Idempotency-Key": "one"}
    )
    assert again.headers["Idempotent-Replayed"] == "true"
    assert owner.post(f"/{mine.reference}/complete", revision=mine.revision).json["code"] == "stale"
    clock.set(mine.end)
    assert owner.post(f"/{mine.reference}/complete").json["status"] == "completed"
    clock.set(other.start + timedelta(minutes=1))
    assert owner.post(f"/{other.reference}/no-show").json["status"] == "no_show"
    assert codes(owner.post(f"/{other.reference}/decline")) == (409, "state_changed")
    assert db.session.scalars(select(History.request_id).where(History.action == "arrived")).one()


def test_a_visit_is_given_to_somebody_else(caller, clinic, clock):
    made = booked("check-up", clock.now, start=instant("2026-12-01T08:00Z"), resources=["dr-yilmaz"]).booking
    owner = caller()
    given = owner.post(f"/{made.reference}/assign", resource="dr-braun")
    assert given.status_code == 200, given.json
    assert "dr-braun" in given.json["resources"]
    assert codes(owner.post(f"/{made.reference}/assign", resource="nobody")) == (404, "unknown_resource")
    assert codes(owner.post(f"/{made.reference}/assign")) == (422, "invalid")


def test_a_decline_is_read_by_the_customer(caller, other):
    declined = caller().post(f"/{other.reference}/decline", reason="We are full")
    assert (declined.json["status"], declined.json["cancel_reason"]) == ("declined", "We are full")


def test_what_may_be_seen_only_is_403_and_what_may_not_be_seen_404(caller, clinic, clock, mine, other):
    staff = caller("staff", resource="dr-yilmaz")
    clock.set(other.start)
    assert codes(staff.post(f"/{other.reference}/arrive")) == (403, "not_allowed")
    assert codes(staff.post(f"/{mine.reference}/approve")) == (403, "not_allowed")
    by = viewer(account("owner"))
    rights.switch(role="staff", name="own_only", on=True, by=by, now=clock.now)
    for path in ("", *(f"/{step}" for step in STEPS)):
        call = staff.post if path else staff.get
        assert codes(call(f"/{other.reference}{path}", **BODIES.get(path[1:], {}) if path else {})) in (
            (404, "not_found"),
            (403, "not_allowed"),
        )
    assert codes(staff.get(f"/{other.reference}")) == codes(staff.get("/K7MQ4XWT")) == (404, "not_found")
    denied = db.session.scalars(select(History).where(History.action == "denied")).all()
    assert {"booking.change", "booking.decide", "booking.see"} <= {row.after["asked"] for row in denied}


def test_a_request_of_ones_own_is_decided_by_somebody_else(caller, clinic, clock):
    owner = caller(email="hannah@example.com")
    asked = booked("ultrasound", clock.now, answers={"referral": False}).booking
    assert codes(owner.post(f"/{asked.reference}/approve")) == (403, "own_request")
    assert codes(owner.post(f"/{asked.reference}/decline")) == (403, "own_request")


def test_a_key_with_fewer_rights_has_only_those(caller, mine, other, clock):
    reading = caller(may={"booking.see"})
    assert reading.get("").status_code == 200
    assert "history" not in reading.get(f"/{mine.reference}").json
    clock.set(mine.start)
    for step in STEPS:
        answer = reading.post(f"/{mine.reference}/{step}", **BODIES.get(step, {}))
        assert codes(answer) == (403, "not_allowed"), step
    blind = Caller(reading.client, reading.id, {"booking.decide"}, 30, clock)
    assert codes(blind.get("")) == (403, "not_allowed")


def test_rights_that_are_taken_away_are_gone_from_the_key_at_once(caller, clinic, clock, mine):
    manager, boss = caller("manager"), viewer(account("owner"))
    assert manager.get("").status_code == 200
    change = {"name": "M", "locations": (), "resource": None, "team": None, "deputy": None, "by": boss}
    accounts.change(id=manager.id, role="auditor", now=clock.now, **change)
    clock.set(mine.start)
    assert codes(manager.post(f"/{mine.reference}/arrive")) == (403, "not_allowed")
    assert manager.get(f"/{mine.reference}").json["customer"]["name"] == "H*** V***"


@pytest.mark.parametrize("end", ["leaves", "revoked", "expired"])
def test_a_key_that_has_ended_is_dead_at_the_next_call(caller, clinic, clock, mine, end):
    boss, program = account("owner", email="boss@praxis.example"), caller(days=30)
    assert program.get("").status_code == 200
    if end == "leaves":
        accounts.leave(id=program.id, by=viewer(boss), actor=f"staff:{boss}", now=clock.now)
    elif end == "revoked":
        keys.revoke(id=1, by=viewer(program.id), now=clock.now)
        keys.revoke(id=1, by=viewer(program.id), now=clock.now)
    else:
        clock.tick(days=30)
    for answer in (program.get(""), program.get(f"/{mine.reference}"), program.post(f"/{mine.reference}/arrive")):
        assert codes(answer) == (401, "token_needed")


def test_a_key_remembers_its_use_to_the_minute_and_nobody_its_secret(caller, clock, mine):
    program = caller()

    def used():
        db.session.rollback()
        return db.session.scalars(select(Token.last_used_at)).one()

    assert used() is None
    first = clock.now
    program.get("")
    clock.tick(seconds=59)
    program.get("")
    assert used() == first
    clock.tick(seconds=1)
    program.get("")
    assert used() == clock.now
    assert program.key not in str(vars(db.session.scalars(select(Token)).one()))
    assert program.key not in str([vars(row) for row in db.session.scalars(select(History))])


def test_nobody_gives_a_key_more_than_she_has(clinic, clock):
    staff = viewer(account("staff"))
    for may in ({"export"}, {"staff.manage"}, {"booking.see", "nonsense"}, set()):
        with pytest.raises(Invalid):
            keys.make(name="till", may=may, days=30, by=staff, now=clock.now)
    for wrong in ({"days": 0}, {"days": 1000}, {"name": ""}, {"name": "x" * 61}):
        with pytest.raises(Invalid):
            keys.make(**{"name": "till", "may": None, "days": 30, **wrong}, by=staff, now=clock.now)


def test_a_key_of_somebody_else_is_not_hers_to_end(caller, clock):
    caller()
    with pytest.raises(Missing):
        keys.revoke(id=1, by=viewer(account("manager")), now=clock.now)
    assert db.session.scalars(select(Token.revoked_at)).one() is None


def test_twenty_keys_are_enough(clinic, clock):
    by = viewer(account())
    for number in range(20):
        keys.make(name=f"till {number}", may=None, days=30, by=by, now=clock.now)
    with pytest.raises(LimitReached):
        keys.make(name="one more", may=None, days=30, by=by, now=clock.now)


def test_how_often_a_program_may_call_has_its_figure(clinic, clock, make_app, load_business):
    app = make_app(RATE_LIMITS="on")
    key = keys.make(name="till", may=None, days=30, by=viewer(account()), now=clock.now).secret
    visitor, headers = app.test_client(), {"Authorization": f"Bearer {key}"}
    answers = {visitor.get("/api/v1/bookings/K7MQ4XWT", headers=headers).status_code for _ in range(1201)}
    assert answers == {404, 429}


def test_today_is_the_day_of_the_house(caller, clock, mine):
    assert mine.start.date() == date(2026, 11, 30)
    clock.set("2026-11-30T23:30Z")  # in Berlin it is the next day
    owner = caller()
    assert owner.get("").json["bookings"] == []
    assert len(owner.get("", **{"from": "2026-11-30"}).json["bookings"]) == 1
