"""Over every route of the desk: forged forms, wrong methods, headers; and rights that nobody gives to herself."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, text

from actions import accounts, resets, rights
from models import bookings
from models.base import Base, db
from models.history import History
from models.people import Staff
from tests.house.test_rights_matrix import address, asked, routes, sent
from tests.support.practice import Practice
from tests.support.staff import account, signed_in

pytestmark = pytest.mark.many
EVIL = [
    {"Origin": "https://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "null"},
]


APART = {"sign_in", "history", "history_personal", "day_count", "day_stale", "periodic_task"}


def stored():
    """Every row of every table, but for when a sign-in was last seen, what history says of refusals, and what was counted of
    other tables."""
    db.session.rollback()
    names = sorted(set(Base.metadata.tables) - APART)
    return {name: sorted(map(str, db.session.execute(text(f'SELECT * FROM "{name}"')).all())) for name in names}


@pytest.fixture
def guarded(practice: Practice):
    """The practice with its form tokens asked for, and browsers of the owner and of another visitor."""
    visitor, other = practice.browser("O"), practice.app.test_client()
    practice.app.config["WTF_CSRF_ENABLED"] = True
    yield practice, visitor, other
    practice.app.config["WTF_CSRF_ENABLED"] = False


def changing(practice: Practice):
    for rule, method in routes(practice):
        if method == "POST" and rule.endpoint.startswith("desk."):
            for thing in (practice.things["own"],):
                yield address(practice, rule, thing), sent(rule, thing)


def token_of(visitor, path):
    return re.search(r'name="csrf_token" value="([^"]+)"', visitor.get(path).text)[1]


# Decided above any database.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_no_form_without_its_own_token_changes_anything(guarded):
    practice, visitor, other = guarded
    own, foreign = token_of(visitor, "/desk/account"), token_of(other, "/desk/sign-in")
    assert own != foreign
    before, tried = stored(), 0
    for path, form in changing(practice):
        for token in (None, "", "x", foreign):
            data = {**form} if token is None else {**form, "csrf_token": token}
            assert visitor.post(path, data=data).status_code == 403, (path, token)
            tried += 1
        assert visitor.post(path, data=str(form), content_type="text/plain").status_code == 403, path
        assert visitor.post(path, json={**form, "csrf_token": own}).status_code == 403, path
    assert stored() == before
    assert tried > 100
    # The control.
    assert visitor.post("/desk/account/preferences", data={"csrf_token": own, "locale": "zh"}).status_code == 303
    assert stored() != before


# Decided above any database.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("headers", EVIL, ids=str)
def test_a_form_from_elsewhere_changes_nothing_even_with_the_right_token(guarded, headers):
    practice, visitor, _ = guarded
    token, before = token_of(visitor, "/desk/account"), stored()
    for path, form in changing(practice):
        assert visitor.post(path, data={**form, "csrf_token": token}, headers=headers).status_code == 403, path
    assert stored() == before


# Decided above any database.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_a_change_cannot_be_asked_for_by_its_address(practice):
    visitor, before = practice.browser("O"), stored()
    for path, form in changing(practice):
        for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
            answer = visitor.open(path, method=method, query_string={**form, "_method": "POST"})
            assert answer.status_code in (200, 303, 404, 405, 422) or method not in ("GET", "HEAD"), (method, path)
            assert answer.status_code != 303 or "/desk/" in answer.headers["Location"]
            if method not in ("GET", "HEAD"):
                assert answer.status_code == 405, (method, path)
    assert stored() == before


# Decided above any database.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_looking_at_every_page_changes_nothing(practice):
    for letter in "OSA":
        visitor = practice.browser(letter)
        before = stored()
        for rule, method in routes(practice):
            if method == "GET" and rule.endpoint.startswith("desk."):
                for thing in practice.things.values():
                    asked(visitor, method, address(practice, rule, thing), sent(rule, thing))
        assert stored() == before


# Decided above any database.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_answer_of_the_desk_is_guarded_and_kept_by_nobody(practice):
    for letter in ("O", "S", None):
        visitor = practice.browser(letter) if letter else practice.app.test_client()
        answers = [
            asked(
                visitor,
                method,
                address(practice, rule, practice.things["elsewhere"]),
                sent(rule, practice.things["own"]),
            )
            for rule, method in routes(practice)
            if rule.endpoint.startswith("desk.") and rule.endpoint != "desk.do_sign_out"
        ]
        answers += [visitor.get("/desk/nothing"), visitor.put("/desk/"), visitor.get("/desk/b/K7MQ4XWT")]
        wanted = {"O": {404, 405}, "S": {403, 404, 405}}.get(letter or "", {405})
        assert wanted <= {answer.status_code for answer in answers}
        for answer in answers:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "Access-Control-Allow-Origin" not in answer.headers
            page = "" if answer.mimetype.endswith(("sheet", "jpeg")) else answer.text
            assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", page)


# Decided above any database.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_page_with_a_customer_carries_name_and_minute(practice):
    """The watermark of S-71; an address cannot switch it off."""
    visitor = practice.browser("O")
    for rule, method in routes(practice):
        if method != "GET" or not rule.endpoint.startswith("desk."):
            continue
        for query in ({}, {"watermark": "0", "print": "1", "at": ""}):
            path = address(practice, rule, practice.things["own"])
            answer = visitor.get(path, query_string={**sent(rule, practice.things["own"]), **query})
            if re.search(b"Zz(anna|ben|cora|dora)", answer.data):
                assert '<img class="watermark"' in answer.text, rule.endpoint
    drawn = visitor.get("/desk/watermark.svg").text
    assert "Owner 2026-11-30 10:00" in drawn


# Nobody gives rights to herself


def changed(visitor, id, **more):
    form = {"name": "Somebody", "role": "owner", **more}
    return visitor.post(f"/desk/people/{id}", data=form)


def role_of(id):
    db.session.rollback()
    return db.session.get(Staff, id).role


def test_nobody_changes_her_own_role_or_makes_an_owner_without_being_one(practice):
    manager, owner = practice.people["M"], practice.people["O"]
    visitor = practice.browser("M")
    assert changed(visitor, manager).status_code == 403
    assert changed(visitor, practice.spare).status_code == 403
    assert changed(visitor, owner, role="staff").status_code == 403
    assert changed(practice.browser("O"), owner, role="manager").status_code in (403, 409)
    for step in ("leave", "reset_factor", "sign_out", "invite"):
        assert visitor.post(f"/desk/people/{owner}/{step}").status_code == 403
    added = visitor.post("/desk/people/new", data={"email": "x@praxis.example", "name": "X", "role": "owner"})
    assert added.status_code == 403
    assert (role_of(manager), role_of(practice.spare), role_of(owner)) == ("manager", "staff", "owner")
    # The control: what she has she gives.
    assert changed(visitor, practice.spare, role="manager").status_code == 303
    assert role_of(practice.spare) == "manager"


def test_nobody_sets_a_switch_of_her_own_role(practice, clock):
    from rules.errors import Missing, NotAllowed

    for role, error in (("manager", NotAllowed), ("owner", Missing), ("auditor", Missing)):
        with pytest.raises(error):
            rights.switch(role=role, name="export", on=True, by=practice.viewer("M"), now=clock.now)


def test_the_last_owner_stays(practice, clock):
    from rules.errors import LastOwner

    owner = practice.people["O"]
    invited = account("owner", email="invited@praxis.example", password=None)
    for act in (
        lambda: accounts.leave(id=owner, by=None, actor="shell", now=clock.now),
        lambda: accounts.change(
            id=owner, name="O", role="staff", locations=(), resource=None, team=None, deputy=None,
            by=practice.viewer("O").__class__(99, "", "", "owner"), now=clock.now,
        ),
    ):  # fmt: skip
        with pytest.raises(LastOwner):
            act()
    # Somebody who has never signed in does not count; with a password she does.
    resets.set_password(id=invited, password="seven quiet umbrellas", actor="shell", now=clock.now)
    accounts.leave(id=owner, by=None, actor="shell", now=clock.now)
    with pytest.raises(LastOwner):
        accounts.leave(id=invited, by=None, actor="shell", now=clock.now)


def test_two_owners_who_end_each_other_leave_one(practice, clock):
    """Each has seen that there are two."""
    from rules.errors import LastOwner

    first, second = practice.people["O"], account("owner", email="second@praxis.example")
    ends = [(second, practice.viewer("O")), (first, practice.viewer("O").__class__(second, "", "", "owner"))]
    accounts.leave(id=ends[0][0], by=ends[0][1], actor="staff:1", now=clock.now)
    with pytest.raises(LastOwner):
        accounts.leave(id=ends[1][0], by=ends[1][1], actor=f"staff:{second}", now=clock.now)


def test_a_request_of_ones_own_is_decided_by_somebody_else(practice, clock):
    asked_ = practice.things["own"].request
    boss = account("owner", email=asked_.email or "")
    visitor = signed_in(practice.app, boss)
    for step in ("approve", "decline"):
        answer = visitor.post("/desk/requests", data={"reference": asked_.reference, "step": step, "reason": "x"})
        assert answer.status_code == 403
        assert "Somebody else decides this, because it is yours." in answer.text
    assert bookings.by_reference(db.session(), asked_.reference).status == "requested"
    denied = db.session.scalars(select(History).where(History.action == "denied")).all()
    assert {row.after["booking"] for row in denied} == {asked_.id}
    assert (
        practice.browser("M")
        .post("/desk/requests", data={"reference": asked_.reference, "step": "approve"})
        .status_code
        == 303
    )


def test_several_with_one_out_of_reach_decide_none(practice):
    mine, theirs = practice.things["other"].request, practice.things["elsewhere"].request
    form = {"reference": [mine.reference, theirs.reference], "step": "approve"}
    assert practice.browser("F").post("/desk/requests", data=form).status_code == 404
    assert bookings.by_reference(db.session(), mine.reference).status == "requested"


def test_an_outage_changes_no_booking_at_a_place_that_is_not_hers(practice):
    theirs = practice.things["elsewhere"].visit
    form = {"who": "resource:cora", "from": "2026-11-30", "until": "2026-12-01", f"do-{theirs.reference}": "call|||"}
    answer = practice.browser("F").post("/desk/out", data=form)
    assert theirs.reference not in answer.text
    assert "dora" not in answer.text
    assert bookings.by_reference(db.session(), theirs.reference) == theirs


def test_nobody_books_at_a_place_that_is_not_hers(practice, clock):
    form = {
        "service": "visit", "location": "south", "with": "dora", "start": "2026-12-14T10:00:00+01:00", "name": "Somebody",
        "phone": "+49 151 55501234", "address": "Here 1",
    }  # fmt: skip
    for letter in "FSL":
        practice.browser(letter).post("/desk/book", data=form)
    found = db.session.execute(text("SELECT count(*) FROM booking WHERE name = 'Somebody'")).scalar()
    assert found == 0
    assert practice.browser("O").post("/desk/book", data=form).status_code == 303


# Rights that are lowered, approvals by link


def test_rights_that_are_lowered_hold_at_the_next_request(practice, clock):
    visitor, reference = practice.browser("M"), practice.things["other"].visit.reference
    assert "Zzcoraname" in visitor.get(f"/desk/b/{reference}").text
    accounts.change(
        id=practice.people["M"], name="M", role="staff", locations=(), resource=None, team=None, deputy=None,
        by=practice.viewer("O"), now=clock.now,
    )  # fmt: skip
    assert "Zzcoraname" not in visitor.get(f"/desk/b/{reference}").text
    assert visitor.post(f"/desk/b/{reference}/step", data={"step": "arrive"}).status_code == 403
    assert visitor.get("/desk/people").status_code == 403


def test_a_switch_holds_at_the_next_request_of_everybody_in_the_role(practice, clock):
    visitor, theirs = practice.browser("F"), practice.things["other"]
    page = f"/desk/b/{theirs.visit.reference}"
    assert theirs.mark("answer") in visitor.get(page).text
    for name, on in (("contacts", False), ("approve", False), ("own_only", True)):
        rights.switch(role="front_desk", name=name, on=on, by=practice.viewer("O"), now=clock.now)
        if name == "contacts":
            assert theirs.mark("answer") not in visitor.get(page).text
        if name == "approve":
            assert visitor.get("/desk/requests").status_code == 403
    assert visitor.get(page).status_code == 404


def test_a_link_to_a_request_never_decides_it_by_itself(practice):
    asked_ = practice.things["own"].request
    stranger = practice.app.test_client()
    for path in ("/desk/requests", f"/desk/b/{asked_.reference}"):
        answer = stranger.get(path, query_string={"step": "approve", "reference": asked_.reference})
        assert answer.headers["Location"].startswith("/desk/sign-in?to=/desk/")
    # Forwarded to a colleague it opens what she may, and asks for the press of a button.
    visitor = practice.browser("O")
    assert (
        visitor.get("/desk/requests", query_string={"step": "approve", "reference": asked_.reference}).status_code
        == 200
    )
    assert bookings.by_reference(db.session(), asked_.reference).status == "requested"
    assert practice.browser("S").get("/desk/requests").status_code == 403
