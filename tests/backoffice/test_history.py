"""The page of everything that happened: who reads what of it, how it is searched, and that nobody changes it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

import config
from actions import (
    accounts,
    cancel,
    catalogue,
    denying,
    move,
    notes,
    resets,
    revealing,
    rights,
    signing_in,
    steps,
    teams,
)
from models import staff_queries
from models.base import db
from models.history import History
from models.people import Staff
from tests.factories import HANNAH, TOM, booked, free
from tests.support.staff import account, signed_in

REASON = "A reason like no other"


@pytest.fixture
def clinic(load_business, app, clock):
    load_business("clinic")
    return app


@pytest.fixture
def day(clinic, clock):
    """A day at the clinic: one visit of each doctor, one moved and cancelled; the owner and a receptionist have worked."""
    owner = account()
    mine = booked("check-up", clock.now, resources=["dr-yilmaz"]).booking
    other = booked("check-up", clock.now, customer=TOM, resources=["dr-braun"]).booking
    later = free("check-up", clock.now, resources=["dr-yilmaz"])[-1].start
    actor = f"staff:{owner}"
    move.move(reference=mine.reference, start=later, actor=actor, now=clock.tick(minutes=1))
    cancel.cancel(reference=other.reference, reason=REASON, actor=actor, now=clock.tick(minutes=1))
    by = viewer(owner)
    rights.switch(role="staff", name="overrule", on=True, by=by, now=clock.now)
    return owner, mine, other


def viewer(id):
    return staff_queries.viewer_of(db.session(), db.session.get(Staff, id))


def rows(visitor, **query):
    """The lines of the page: what, about, changes and who, as they are read."""
    answer = visitor.get("/desk/history", query_string=query)
    assert answer.status_code == 200
    table = BeautifulSoup(answer.data, "html.parser").find("table")
    found = [each.find_all(["th", "td"]) for each in table.tbody.find_all("tr")] if table else []
    return [tuple(" ".join(cell.stripped_strings) for cell in row) for row in found]


def said(visitor, **query):
    return "\n".join(" | ".join(row) for row in rows(visitor, **query))


def test_an_owner_reads_what_was_and_what_is(clinic, day):
    lines = said(signed_in(clinic, day[0]))
    assert "Moved to" in lines
    assert "→" in lines
    assert "Status: confirmed → cancelled" in lines
    assert REASON in lines
    assert "Hannah Vogel, " in lines
    assert "by Owner" in lines
    assert "Overrule rules: no → yes" in lines
    assert "Signed in" in lines


def test_latest_first_and_page_by_page_without_gap_or_repetition(clinic, day, clock):
    for number in range(120):
        notes.add(booking_id=day[1].id, text=f"note {number}", actor=f"staff:{day[0]}", now=clock.tick(seconds=1))
    visitor = signed_in(clinic, day[0])
    total = len(db.session.scalars(select(History.id)).all())
    address, found = "/desk/history", []
    while address:
        page = BeautifulSoup(visitor.get(address).data, "html.parser")
        found += [each.get_text(" ", strip=True) for each in page.find("table").tbody.find_all("tr")]
        more = page.find("a", rel="next")
        address = str(more["href"]) if more else ""
    assert len(found) == total
    assert "Signed in" in found[0]


def test_it_is_searched_by_reference_name_reason_who_what_and_day(clinic, day, clock):
    owner, mine, _ = day
    visitor = signed_in(clinic, owner)
    assert {row[2].split(",")[0] for row in rows(visitor, q=mine.reference.lower())} == {"Hannah Vogel"}
    assert {row[2].split(",")[0] for row in rows(visitor, q="fischer")} == {"Tom Fischer"}
    assert len(rows(visitor, q="like no other")) == 1
    assert rows(visitor, q="like_no%other") == []
    assert {row[4].split(" ")[0] for row in rows(visitor, who="shell")} == {"from"}
    assert [row[1] for row in rows(visitor, action="cancelled")] == [f"Cancelled {REASON}"]
    assert {row[2] for row in rows(visitor, kind="rights")} == {"Staff"}
    today = clock.now.date().isoformat()
    assert rows(visitor, **{"from": today, "to": today})
    assert rows(visitor, to=(clock.now.date() - timedelta(days=60)).isoformat()) == []


@pytest.mark.parametrize(
    "query",
    [
        {"before": "9" * 40}, {"before": "x"}, {"from": "yesterday", "to": "0000-00-00"}, {"from": "99999-01-01"},
        {"kind": "'--", "action": "\x00", "who": "staff:" + "9" * 300}, {"q": "\x00%_\\"}, {"q": "🐘" * 500},
    ],
    ids=["far", "odd", "no-day", "late", "codes", "signs", "long"],
)  # fmt: skip
def test_whatever_is_asked_the_page_answers(clinic, day, query):
    assert signed_in(clinic, day[0]).get("/desk/history", query_string=query).status_code == 200


def test_staff_read_what_happened_to_their_own_and_nothing_of_accounts(clinic, day):
    visitor = signed_in(clinic, account("staff", resource="dr-yilmaz"))
    lines = said(visitor)
    assert "Hannah Vogel" in lines
    for hidden in ("Tom", "T***", REASON, "Signed in", "Overrule", "Account"):
        assert hidden not in lines, hidden
    # Nor can it be asked for.
    assert rows(visitor, kind="staff") == rows(visitor, action="switched") == rows(visitor, q=day[2].reference) == []
    assert rows(visitor, q="like no other") == []


def test_a_front_desk_reads_what_happened_at_its_places(clinic, day):
    lines = said(signed_in(clinic, account("front_desk", locations=["park"])))
    assert "Tom Fischer" in lines
    assert "Signed in" not in lines


def test_an_auditor_reads_all_of_it_masked(clinic, day):
    visitor = signed_in(clinic, account("auditor"))
    lines = said(visitor)
    assert "H*** V***" in lines
    assert "Signed in" in lines
    assert REASON in lines
    for plain in ("Hannah", "Vogel", "Fischer", HANNAH["email"], "127.0.0.1"):
        assert plain not in lines, plain
    # A name that is masked is not found by itself either.
    assert rows(visitor, q="Vogel") == []


def test_where_from_somebody_signed_in_is_for_those_who_look_after_accounts(clinic, day):
    assert "From where: 127.0.0.1" in said(signed_in(clinic, day[0]), action="signed_in")


def test_who_sees_a_booking_but_not_its_history_is_not_told_it(clinic, day):
    visitor = signed_in(clinic, account("staff", resource="dr-yilmaz"))
    assert "Cancelled" not in visitor.get(f"/desk/b/{day[1].reference}").text
    theirs = BeautifulSoup(visitor.get(f"/desk/b/{day[2].reference}").data, "html.parser")
    assert theirs.find(class_="story") is None
    own = BeautifulSoup(visitor.get(f"/desk/b/{day[1].reference}").data, "html.parser")
    assert len(own.find(class_="story").find_all("li")) == 2


def test_every_kind_of_step_is_told_in_words(clinic, day):
    """What an action writes is a text of wire/timeline.py or wire/happened.py, never its own bare name."""
    from wire.happened_words import DONE
    from wire.timeline import STEPS

    visitor = signed_in(clinic, day[0])
    bare = {row[1] for row in rows(visitor)} & {*STEPS, *DONE}
    assert bare == set()


def test_an_edit_of_a_service_is_told_as_its_versions_tell_it(clinic, day, clock):
    entry = catalogue.entry(db.session(), "service", "check-up")
    longer = {**entry, "buffer_after": 90, "price_per": "hour"}
    catalogue.save("service", "check-up", longer, by=viewer(day[0]), now=clock.now, keep=True)
    told = said(signed_in(clinic, day[0]), kind="service")
    assert "To tidy up" in told and "90 minutes" in told
    assert "Price for" in told and "an hour" in told


def test_times_of_a_booking_elsewhere_name_their_clock(load_business, app, clock):
    load_business("studio")
    owner, answers = account("owner"), {"topic": "first", "people": 1}
    made = {at: booked("consult", clock.now, location=at, answers=answers).booking for at in ("jingan", "soho")}
    later = free("consult", clock.now, location="soho")[-1].start
    move.move(reference=made["soho"].reference, start=later, actor=f"staff:{owner}", now=clock.tick(minutes=1))
    (when, what, about, changes, _), *_ = rows(signed_in(app, owner), q=made["soho"].reference, action="moved")
    for each in (when, what, about, changes):
        assert "（纽约时间）" in each
    assert "时间）" not in said(signed_in(app, owner), q=made["jingan"].reference)


@pytest.mark.parametrize("statement", ["UPDATE history SET actor = 'nobody'", "DELETE FROM history"])
def test_the_database_refuses_to_change_history(clinic, day, statement):
    with db.engine.connect() as connection, pytest.raises(DBAPIError, match="append_only"):
        connection.execute(text(statement))


# What is written


def test_what_was_asked_through_the_door_carries_its_request(clinic, day):
    owner, mine, _ = day
    visitor = signed_in(clinic, owner)
    answer = visitor.post(f"/desk/b/{mine.reference}/notes", data={"text": "comes with her dog"})
    row = db.session.scalars(select(History).where(History.action == "noted")).one()
    assert row.request_id == answer.headers["X-Request-Id"]
    assert visitor.get("/desk/", headers={"X-Request-Id": "mine"}).headers["X-Request-Id"] != "mine"


def test_a_refusal_is_written_down_and_shown_as_one(clinic, day):
    visitor = signed_in(clinic, account("staff", resource="dr-yilmaz"))
    answer = visitor.get("/desk/people")
    assert answer.status_code == 403
    assert "<h1" in answer.text
    assert visitor.post(f"/desk/b/{day[2].reference}/notes", data={"text": "x"}).status_code == 403
    found = db.session.scalars(select(History).where(History.action == "denied").order_by(History.id)).all()
    assert [row.after["asked"] for row in found] == ["staff.see", "note.write"]
    assert found[1].after["booking"] == day[2].id
    assert found[1].after["at"] == f"/desk/b/{day[2].reference}/notes"


def test_a_booking_out_of_reach_is_not_there_and_that_is_written_down(clinic, day):
    owner = day[0]
    rights.switch(role="staff", name="own_only", on=True, by=viewer(owner), now=day[1].created_at)
    visitor = signed_in(clinic, account("staff", resource="dr-yilmaz"))
    there, nowhere = visitor.get(f"/desk/b/{day[2].reference}"), visitor.get("/desk/b/K7MQ4XWT")
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert there.text.replace(day[2].reference, "") == nowhere.text.replace("K7MQ4XWT", "")
    assert db.session.scalars(select(History).where(History.action == "denied")).one().after["booking"] == day[2].id


def test_having_contacts_shown_leaves_its_row_or_shows_nothing(clinic, day, monkeypatch):
    visitor = signed_in(clinic, account("staff", resource="dr-yilmaz"))
    path = f"/desk/b/{day[1].reference}/reveal"
    assert visitor.post(path, data={"why": "curious"}).status_code == 422
    assert HANNAH["email"] in visitor.post(path, data={"why": "call"}).text
    assert db.session.scalars(select(History).where(History.action == "revealed")).one().reason == "call"
    _break(monkeypatch)
    answer = visitor.post(path, data={"why": "call"})
    assert answer.status_code == 500
    assert HANNAH["email"] not in answer.text


def _break(monkeypatch):
    """History cannot be written any more."""
    from actions import record

    monkeypatch.setattr(record, "_STEP", text("INSERT INTO no_such_table VALUES (1)"))
    monkeypatch.setattr(record, "_STEP_WITH_ID", text("INSERT INTO no_such_table VALUES (1) RETURNING 1"))


ACTS = {
    "cancel": lambda owner, mine, now: cancel.cancel(reference=mine.reference, actor=f"staff:{owner}", now=now),
    "arrive": lambda owner, mine, now: steps.take_step(
        reference=mine.reference, step="arrive", actor=f"staff:{owner}", now=mine.start + timedelta(days=30)
    ),
    "note": lambda owner, mine, now: notes.add(booking_id=mine.id, text="x", actor=f"staff:{owner}", now=now),
    "reveal": lambda owner, mine, now: revealing.reveal(booking_id=mine.id, why="call", by=viewer(owner), now=now),
    "switch": lambda owner, mine, now: rights.switch(
        role="staff", name="approve", on=True, by=viewer(owner), now=now
    ),
    "factor": lambda owner, mine, now: rights.require_second_factor(on=True, by=viewer(owner), now=now),
    "account": lambda owner, mine, now: account("manager"),
    "team": lambda owner, mine, now: teams.set_team(id=None, name="A", leader=None, by=viewer(owner), now=now),
    "password": lambda owner, mine, now: resets.set_password(
        id=owner, password="seven quiet umbrellas", actor="shell", now=now
    ),
    "prefer": lambda owner, mine, now: accounts.prefer(id=owner, locale="zh", appearance=None, now=now),
    "end": lambda owner, mine, now: signing_in.end(staff_id=owner, sign_in_id=None, actor="shell", now=now),
    "deny": lambda owner, mine, now: denying.denied(by=viewer(owner), asked="export", at="/", now=now),
}  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
def test_what_cannot_be_written_down_is_not_done(clinic, day, clock, monkeypatch, act):
    owner, mine, _ = day
    signed_in(clinic, owner)
    before = _state()
    with monkeypatch.context() as broken:
        _break(broken)
        with pytest.raises(DBAPIError):
            ACTS[act](owner, mine, clock.now)
    assert _state() == before
    # The control: with history whole again the same is done, and leaves its row.
    ACTS[act](owner, mine, clock.now)
    assert len(_state()["history"]) > len(before["history"])


def _state():
    """Every row of what staff change, but for what SQLAlchemy adds."""
    db.session.rollback()
    tables = ("history", "booking", "note", "staff", "team", "right_switch", "sign_in", "message", "business", "undo")
    return {name: sorted(map(str, db.session.execute(text(f"SELECT * FROM {name}")).all())) for name in tables}


def test_whatever_an_action_writes_has_its_words():
    from wire.happened_words import DONE, KINDS
    from wire.timeline import STEPS

    written, kinds = set(), set()
    for path in sorted((config.ROOT / "actions").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        written |= set(re.findall(r"""(?:\baction=|"action": )"(\w+)\"""", source))
        kinds |= set(re.findall(r"""object_kind(?:=|": )"(\w+)\"""", source))
    assert len(written) > 15
    assert written - {*STEPS, *DONE} == set()
    assert kinds - set(KINDS) == set()
