"""Imports from the file to the tables: nothing twice, nothing lost, nobody told."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, true

from actions import consenting, customer_file, desk_booking, lease, merging
from actions.importing import checking, choosing, receiving, running
from actions.importing import customers as importing_customers
from actions.transaction import Again
from models import consent
from models.base import db
from models.booking import Booking, Session
from models.catalogue import Resource
from models.consent import Consent, ConsentText
from models.history import History, HistoryPersonal
from models.imports import ImportHeads, ImportRow, ImportRun
from models.outbox import Message
from models.people import Contact, Customer, CustomerContact, Staff, Team
from models.snapshot import catalogue
from rules.errors import BadFile, Invalid, Missing, NotAllowed, StalePage, StateChanged
from tests.actions.importing import Desk, book, csv
from tests.factories import booked

HEADS = "Name,Phone,Email,Company,Level"


# What does not depend on the database.
ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def desk(load_business, app, clock, tmp_path):
    load_business("clinic")
    return Desk(tmp_path, clock)


def count(model, *where):
    db.session.rollback()
    return db.session.execute(select(func.count()).select_from(model).where(*where)).scalar_one()


def test_customers_are_made_once_however_often_the_file_comes(desk, clock):
    there = booked("check-up", clock.now, customer={"name": "Hannah Vogel", "phone": "+49 151 23456789"})
    rows = [f"Guest {n},+49 151 300{n:05},g{n}@example.com,Firm,A" for n in range(40)]
    body = csv(
        HEADS, *rows, "Hannah Vogel,0151 23456789,,New firm,B", "Guest 3,+49 151 30000003,,,", "Tom,+49 151 30000004,,,"
    )
    id = desk.look(body)
    assert {each.number: each.double for each in desk.rows(id) if each.double} == {
        42: "known",
        43: "twin",
        44: "shared",
    }
    assert desk.write(id) == {"made": 41, "used": 1, "left": 1}
    hannah = db.session.get(Customer, there.booking.customer_id, populate_existing=True)
    assert (hannah.name, hannah.level, hannah.extra) == ("Hannah Vogel", "B", {"company": "New firm"})
    assert (count(Customer), count(Contact)) == (42, 81)
    assert desk.write(desk.look(body)) == {"used": 42, "left": 1}
    assert (count(Customer), count(Contact), count(Message)) == (42, 81, count(Message))
    # Tom shares a number with Guest 4, who kept hers.
    shared = select(func.count()).select_from(CustomerContact).join(Contact, Contact.id == CustomerContact.contact_id)
    assert db.session.execute(shared.where(Contact.value == "+4915130000004")).scalar_one() == 2


@ONE
def test_a_name_that_was_merged_is_the_other_and_a_form_that_is_open_is_stale_then(desk, clock):
    body = csv(HEADS, "Zhang Wei,+49 151 10000001,,,", "张伟,+49 151 10000001,,,")
    desk.write(desk.look(body))
    query = select(Customer.id, Customer.revision).order_by(Customer.id)
    (keep, before), (other, _) = db.session.execute(query).all()
    merging.merge(keep=keep, other=other, take={}, actor="staff:1", now=clock.now)
    assert desk.write(desk.look(csv(HEADS, "张伟,+49 151 10000001,,,Gold"))) == {"used": 1}
    kept = db.session.get(Customer, keep, populate_existing=True)
    assert (count(Customer), kept.level) == (2, "Gold")
    with pytest.raises(StalePage):
        customer_file.change(id=keep, fields={"level": ""}, revision=before + 1, actor="staff:1", now=clock.now)


def test_doubles_are_decided_by_kind_and_by_group(desk):
    body = csv(
        HEADS,
        "Anna,+49 151 10000001,,,",
        "Anna,+49 151 10000001,,,",
        "Bea,+49 151 10000001,,,",
        "Cora,+49 151 10000002,,,",
    )
    desk.write(desk.look(body))
    again = csv(
        HEADS,
        "Anna,+49 151 10000001,,,",
        "Dora,+49 151 10000001,,,",
        "Cora,+49 151 10000002,,,",
        "Eva,+49 151 10000002,,,",
    )
    id = desk.look(again)
    choosing.choose(id=id, double="known", choice="new", by=desk.by)
    anna = next(each.grp for each in desk.rows(id) if each.number == 2)
    choosing.choose(id=id, double="known", choice="take", group=anna, by=desk.by)
    choosing.choose(id=id, double="shared", choice="take", by=desk.by)
    choosing.choose(id=id, double="shared", choice="leave", group="+4915110000002", by=desk.by)
    assert desk.write(id) == {"made": 1, "used": 2, "left": 1}
    assert count(Customer, Customer.name == "Cora") == 2
    assert count(Customer, Customer.name.in_(("Dora", "Eva"))) == 0
    for double, choice in (("twin", "take"), ("odd", "new"), ("known", "odd")):
        with pytest.raises(Missing):
            choosing.choose(id=id, double=double, choice=choice, by=desk.by)


def test_what_is_wrong_is_named_by_row_and_field_and_the_rest_is_taken(desk):
    rows = [
        ["Name", "Phone", "Email", "Level"],
        ["Anna", 15110000001, "anna@example.com", "A"],
        ["", "1.38E+10", "x@", ""],
        ["Ben", "", "", ""],
        ["", "", "", ""],
        ["Cora", "+49 151 10000003", "", "L" * 50],
    ]
    id = desk.look(book(rows))
    assert desk.wrong(id) == {
        3: {"phone": "phone_rounded", "email": "email_unfinished", "name": "required"},
        4: {"phone": "contact_required"},
        6: {"level": "too_long"},
    }
    assert desk.rows(id)[1].fields["_given"] == {"phone": "1.38E+10", "email": "x@"}
    assert desk.write(id) == {"made": 1, "refused": 3}


def steps(kind):
    """The steps of all objects of a kind that whoever brought a file is named for."""
    db.session.rollback()
    query = select(History.object_id, History.action, History.after).where(History.object_kind == kind)
    return db.session.execute(query.where(History.actor.like("staff:%")).order_by(History.object_id)).all()


def test_each_who_is_new_or_better_known_has_a_step_of_whoever_brought_the_file(desk, clock):
    there = booked("check-up", clock.now, customer={"name": "Hannah Vogel", "phone": "+49 151 23456789"})
    rows = ["Hannah Vogel,+49 151 23456789,,Vogel & Co,A", "Anna,+49 151 10000001,,,", "Berta,+49 151 10000002,,,"]
    for again in range(2):
        assert sum(desk.write(desk.look(csv(HEADS, *rows))).values()) == 3
        new = db.session.execute(select(Customer.id).where(Customer.id != there.booking.customer_id)).scalars()
        known = (there.booking.customer_id, "changed", {"fields": ["company", "level"]})
        assert sorted(steps("customer")) == sorted([known, *((id, "imported", None) for id in new)]), again
    told = select(HistoryPersonal.after).join(History, History.id == HistoryPersonal.history_id)
    said = db.session.execute(told.where(History.object_kind == "customer")).scalars().all()
    assert said == [{"company": "Vogel & Co", "level": "A"}]
    body = csv("Code,Name,Kind,Place", "room-9,Garden room,room,park")
    made = {each.object_id for each in desk.rows(written(desk, body, "resources"))}
    assert {(id, action) for id, action, _ in steps("resource")} == {(id, "added") for id in made}
    made = {
        each.object_id
        for each in desk.rows(written(desk, csv("Name,E-mail,Role", "Y,y@example.com,auditor"), "accounts"))
    }
    assert {(id, action) for id, action, _ in steps("staff") if action == "added"} == {(id, "added") for id in made}
    body = csv("Name,Phone,Service,Date,Time", "Ida,+49 151 10000009,check-up,2026-12-14,10:00")
    made = {each.object_id for each in desk.rows(written(desk, body, "bookings"))}
    assert {(id, action) for id, action, _ in steps("booking")} == {(id, "confirmed") for id in made}


def written(desk, body, kind):
    """The id of a file that is written, whole."""
    id = desk.look(body, kind)
    assert desk.write(id) == {"made": 1}, desk.wrong(id)
    return id


def test_only_the_chosen_rows_are_written(desk):
    id = desk.look(csv(HEADS, *[f"G {n},+49 151 1000000{n},,," for n in range(5)]))
    choosing.pick_all(id=id, on=False, by=desk.by)
    choosing.pick(id=id, shown=[2, 3, 4], chosen=[3, 9], by=desk.by)
    assert desk.write(id) == {"made": 1, "unchosen": 4}
    for step in (choosing.pick_all, choosing.pick):
        more = {"on": True} if step is choosing.pick_all else {"shown": [2], "chosen": []}
        with pytest.raises(StateChanged):
            step(id=id, by=desk.by, **more)
    # A second tap on the start changes nothing.
    choosing.start(id=id, tell=True, by=desk.by, now=desk.clock.now)
    assert desk.run(id).state == "done"


def test_a_worker_that_is_killed_halfway_loses_nothing_and_doubles_nothing(desk, monkeypatch):
    monkeypatch.setattr(running, "AT_ONCE", 4)
    id = desk.look(csv(HEADS, *[f"G {n},+49 151 100000{n:02},,," for n in range(10)]))
    choosing.start(id=id, tell=False, by=desk.by, now=desk.clock.now)
    written, parts = importing_customers.write, []

    def dies(session, rows, **given):
        parts.append(len(rows))
        if len(parts) == 2:
            written(session, rows, **given)
            raise SystemExit
        return written(session, rows, **given)

    monkeypatch.setattr(importing_customers, "write", dies)
    monkeypatch.setattr(running, "_let_go", lambda *_args, **_more: None)
    with pytest.raises(SystemExit):
        desk.work()
    assert (count(Customer), desk.run(id).position) == (4, 5)
    # Nobody takes it while it may still be at work.
    desk.work()
    assert count(Customer) == 4
    desk.later()
    desk.work()
    assert running.counts(db.session(), id) == {"made": 10}
    assert (count(Customer), count(Contact), desk.run(id).state, parts) == (10, 10, "done", [4, 4, 4, 2])


def at_work(desk, step, monkeypatch):
    """A file of ten at this step, which a worker does four rows at a time."""
    monkeypatch.setattr(running, "AT_ONCE", 4)
    monkeypatch.setattr("actions.importing.checking.AT_ONCE", 4)
    body = csv(HEADS, *[f"G {n},+49 151 100000{n:02},,," for n in range(10)])
    if step == "running":
        id = desk.look(body)
        choosing.start(id=id, tell=False, by=desk.by, now=desk.clock.now)
        return id
    id = desk.bring(body)
    receiving.match(id=id, mapping=desk.run(id).mapping, by=desk.by)
    return id


def slow(desk, meanwhile):
    """Works, and after its first part sleeps for longer than the file is left to it."""
    slept: list[bool] = []

    def ended():
        if not slept:
            desk.later()
            slept.append(meanwhile())
        return False

    desk.work(ended=ended)
    return slept[0]


def taken(desk):
    return lease.take(ImportRun, ImportRun.state.in_(("checking", "running")), length=running.LEASE, now=desk.clock.now)


@pytest.mark.parametrize("step", ["checking", "running"])
def test_a_slow_worker_whose_file_another_has_taken_changes_nothing_more(desk, step, monkeypatch):
    id = at_work(desk, step, monkeypatch)
    held = slow(desk, lambda: taken(desk))
    row = desk.run(id)
    assert (row.state, row.lease_until, row.position) == (step, held.until, 5 if step == "running" else 4)
    assert (len(desk.rows(id)), count(Customer)) == ((10, 4) if step == "running" else (4, 0))
    desk.later()
    desk.work()
    if step == "checking":
        desk.write(id)
    assert (desk.run(id).state, running.counts(db.session(), id), count(Customer)) == ("done", {"made": 10}, 10)
    written = select(History.action).where(History.object_kind == "import", History.action == "imported")
    assert len(db.session.execute(written).all()) == 1


@ONE
@pytest.mark.parametrize("step", ["checking", "running"])
def test_without_the_mark_it_goes_on_and_lets_go_of_what_is_anothers(desk, step, monkeypatch):
    """The control of the one above."""
    id = at_work(desk, step, monkeypatch)
    monkeypatch.setattr(lease.Lease, "mine", true())
    slow(desk, lambda: taken(desk))
    row = desk.run(id)
    assert (row.state, row.lease_until) == ("ready" if step == "checking" else "done", None)


@ONE
def test_a_file_that_is_dropped_while_it_is_looked_at_keeps_no_rows(desk, clock, monkeypatch):
    id = at_work(desk, "checking", monkeypatch)
    slow(desk, lambda: receiving.drop(id=id, folder=desk.folder, by=desk.by, now=clock.now))
    assert (desk.run(id).state, desk.rows(id)) == ("dropped", [])


@ONE
def test_a_look_that_was_broken_off_begins_anew(desk, monkeypatch):
    monkeypatch.setattr("actions.importing.checking.AT_ONCE", 2)
    id = desk.bring(csv(HEADS, *[f"G {n},+49 151 1000000{n},,," for n in range(5)]))
    receiving.match(id=id, mapping=desk.run(id).mapping, by=desk.by)
    desk.work(ended=lambda: True)
    assert (desk.run(id).state, len(desk.rows(id))) == ("checking", 2)
    desk.work()
    assert (desk.run(id).state, desk.run(id).total, len(desk.rows(id))) == ("ready", 5, 5)
    assert not any(each.double for each in desk.rows(id))


@ONE
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("customers", csv(HEADS, "Anna,+49 151 10000001,,,", "Ben,+49 151 10000002,,,")),
        ("resources", csv("Name,Kind,Place", "Room 8,room,park", "Room 9,room,park")),
    ],
)
def test_a_part_that_the_database_has_tried_again_finds_no_doubles_of_its_own(desk, monkeypatch, kind, body):
    real, tried = checking.reached, []

    def reached(session, id, position):
        tried.append(position)
        if position and tried.count(position) == 1:
            raise Again
        real(session, id, position)

    monkeypatch.setattr(checking, "reached", reached)
    id = desk.look(body, kind)
    assert tried.count(2) == 2
    assert [(each.state, each.double, each.wrong) for each in desk.rows(id)] == [("ready", None, [])] * 2


@ONE
def test_headers_are_matched_by_hand_and_remembered(desk):
    body = csv("Wer,Nummer,Mobile", "Anna,1,+49 151 10000001")
    id = desk.bring(body)
    assert desk.run(id).mapping == {"phone": 2}
    with pytest.raises(Invalid) as refusal:
        receiving.match(id=id, mapping={"phone": 2, "email": 2}, by=desk.by)
    assert {name: each.code for name, each in refusal.value.errors.items()} == {
        "name": "column_needed", "phone": "column_twice", "email": "column_twice",
    }  # fmt: skip
    with pytest.raises(Missing):
        receiving.match(id=id, mapping={"name": 0, "phone": 9}, by=desk.by)
    receiving.match(id=id, mapping={"name": 0, "phone": 2}, by=desk.by)
    assert desk.run(desk.bring(body)).mapping == {"name": 0, "phone": 2}
    assert count(ImportHeads) == 1


@ONE
def test_a_file_is_read_anew_in_another_encoding(desk):
    id = desk.bring(csv("Name;Mobile", "Müller;+49 151 10000001", encoding="windows-1252"))
    assert desk.run(id).options == {"encoding": "windows-1252", "separator": ";"}
    receiving.read_as(id=id, encoding="gb18030", separator="\t", folder=desk.folder, by=desk.by)
    assert desk.run(id).heads == ["Name;Mobile"]
    with pytest.raises(BadFile):
        receiving.read_as(id=id, encoding="utf-8-sig", separator=";", folder=desk.folder, by=desk.by)
    with pytest.raises(Missing):
        receiving.read_as(id=id, encoding="utf-7", separator=";", folder=desk.folder, by=desk.by)


def test_a_file_is_dropped_with_all_of_it_and_old_ones_go_by_themselves(desk, clock):
    id = desk.look(csv(HEADS, "Anna,+49 151 10000001,,,"))
    stored = desk.folder / desk.run(id).stored
    assert stored.is_file()
    for _ in range(2):
        receiving.drop(id=id, folder=desk.folder, by=desk.by, now=clock.now)
    assert (stored.exists(), desk.rows(id), desk.run(id).state) == (False, [], "dropped")
    done, waits = desk.look(csv(HEADS, "Anna,+49 151 10000001,,,")), desk.bring(csv(HEADS, "B,1,,,"))
    desk.write(done)
    assert desk.run(done).stored is None
    assert running.forget_old(folder=desk.folder, now=clock.now) == 0
    clock.tick(days=8)
    assert running.forget_old(folder=desk.folder, now=clock.now) == 2
    assert (count(ImportRow), desk.run(waits).state, list(desk.folder.iterdir())) == (0, "dropped", [])


@ONE
def test_a_file_that_is_none_leaves_nothing_behind(desk):
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    bad = {
        b"": "empty", b"Name,Phone\n": "only_heads", b"\n,,\n": "empty", b"%PDF-1.7": "no_table", b"PK\x03\x04": "broken",
        old + b"x" * 99: "old_workbook", old + "EncryptedPackage".encode("utf-16-le"): "password", b"x" * 10_000_001: "large",
    }  # fmt: skip
    for body, which in bad.items():
        with pytest.raises(BadFile) as refusal:
            desk.bring(body)
        assert refusal.value.params["which"] == which
    assert list(desk.folder.iterdir()) == []
    assert count(ImportRun) == 0


@ONE
def test_nobody_brings_files_without_end(desk, clock, monkeypatch):
    monkeypatch.setattr(receiving, "MOST_OPEN", 2)
    monkeypatch.setattr(receiving, "MOST_A_DAY", 3)
    ids = [desk.bring(csv(HEADS, "A,1,,,")) for _ in range(2)]
    with pytest.raises(BadFile, match="bad_file"):
        desk.bring(csv(HEADS, "A,1,,,"))
    receiving.drop(id=ids[0], folder=desk.folder, by=desk.by, now=clock.now)
    receiving.drop(id=desk.bring(csv(HEADS, "A,1,,,")), folder=desk.folder, by=desk.by, now=clock.now)
    with pytest.raises(BadFile) as refusal:
        desk.bring(csv(HEADS, "A,1,,,"))
    assert refusal.value.params["which"] == "many_today"


def test_who_may_not_import_any_more_stops_it(desk, tmp_path, clock):
    manager = Desk(tmp_path, clock, "manager")
    id = manager.bring(csv(HEADS, "Anna,+49 151 10000001,,,"))
    with pytest.raises(Missing):
        receiving.match(id=id, mapping={"name": 0, "phone": 1}, by=desk.by)
    receiving.match(id=id, mapping={"name": 0, "phone": 1}, by=manager.by)
    db.session.get(Staff, manager.id).role = "front_desk"
    db.session.commit()
    manager.work()
    assert (manager.run(id).state, manager.run(id).why) == ("failed", "not_allowed")
    with pytest.raises(NotAllowed):
        manager.bring(csv(HEADS, "A,1,,,"))


def test_resources_are_judged_as_the_business_file_judges_them(desk):
    rows = [
        ["Code", "Name", "Kind", "Place", "Skills", "How many", "Email"],
        ["room-9", "Garden room", "房间", "Praxis am Park", "quiet, light", 2, ""],
        ["", "Dr. Nora Weiß", "staff", "park", "general", "", "weiss@example.com"],
        ["Room 9", "X", "boat", "nowhere", "", 0, ""],
        ["room-1", "Room 1", "room", "park", "", "", ""],
        ["room-9", "Twice", "room", "park", "", "", ""],
    ]
    id = desk.bring(book(rows), "resources")
    receiving.match(id=id, mapping={**desk.run(id).mapping, "capacity": 5}, by=desk.by)
    desk.work()
    assert desk.wrong(id) == {
        4: {"kind": "not_one_of", "location": "unknown_place", "capacity": "not_between"}, 6: {"slug": "twice"},
    }  # fmt: skip
    version = catalogue(db.session()).version
    assert desk.write(id) == {"made": 2, "used": 1, "refused": 2}
    known = catalogue(db.session())
    assert known.version == version + 2
    assert (len(known.resources["room-9"].units), sorted(known.resources["room-9"].skills)) == (2, ["light", "quiet"])
    assert known.resources["dr-nora-weiss"].email == "weiss@example.com"
    assert count(Resource) == 6


def test_accounts_come_with_role_team_and_leader_and_nobody_is_invited_unless_asked(desk, tmp_path, clock):
    body = csv("E-mail,Name,Role,Team,Leader,Place", "A@example.com,A,经理,North,yes,park", "b@example.com,B,staff,north,no,", "c@example.com,C,king,,,", "a@example.com,A,staff,,,", "d@example.com,D,staff,,yes,")  # fmt: skip
    id = desk.look(body, "accounts")
    assert desk.wrong(id) == {4: {"role": "not_one_of"}, 5: {"email": "twice"}, 6: {"team": "required"}}
    assert desk.write(id) == {"made": 2, "refused": 3}
    team = db.session.execute(select(Team)).scalar_one()
    leader = db.session.execute(select(Staff).where(Staff.email == "a@example.com")).scalar_one()
    assert (team.name, team.leader_id, leader.role, leader.password_hash) == ("North", leader.id, "manager", None)
    assert count(Staff, Staff.team_id == team.id) == 2
    assert count(Message) == 0
    more = desk.look(csv("Email,Name,Role", "b@example.com,Other,owner", "e@example.com,E,staff"), "accounts")
    assert desk.write(more, tell=True) == {"made": 1, "used": 1}
    assert db.session.execute(select(Message.recipient)).scalars().all() == ["e@example.com"]
    assert db.session.execute(select(Staff.name).where(Staff.email == "b@example.com")).scalar() == "B"
    # A manager makes no owner.
    manager = Desk(tmp_path, clock, "manager")
    assert manager.wrong(manager.look(csv("Email,Name,Role", "f@example.com,F,owner"), "accounts")) == {
        2: {"role": "role_too_high"}
    }


BOOKINGS = "Customer,Phone,Service,Date,Time,Status,Staff,Price"


def test_bookings_come_with_what_became_of_them_and_those_to_come_take_their_time(desk, clock):
    there = booked("check-up", clock.now, start=at("2026-12-07 08:00")).booking
    who = "Dr. Elif Yılmaz" if "dr-yilmaz" in there.resources else "Dr. Jonas Braun"
    body = csv(
        BOOKINGS,
        "Old One,+49 151 10000001,check-up,2026-11-02,09:00,,,55.50",
        "Old Two,+49 151 10000002,General check-up,02.11.2026 10:00,,no show,,",
        "Old Three,,常规体检,2026-11-02,09:00,cancelled,dr-yilmaz,",
        f"Clash,,check-up,2026-12-07,08:00,,{who},",
        "To Come,+49 151 10000005,check-up,2026-12-08,09:00,confirmed,,",
        "Wrong,,massage,03/04/2026,9,completed,,",
        "Early,,check-up,2026-12-09,09:00,completed,,",
        "Old One,+49 151 10000001,check-up,2026-11-02,09:00,,,",
    )
    id = desk.look(body, "bookings")
    assert desk.wrong(id) == {
        7: {"service": "unknown_service", "day": "day_either", "time": "not_a_time"},
        8: {"status": "not_over_yet"},
    }
    before = count(Message)
    assert desk.write(id) == {"made": 4, "clash": 1, "left": 1, "refused": 2}
    assert desk.wrong(id)[5] == {"": "slot_taken"}
    found = {each.name: each for each in db.session.execute(select(Booking)).scalars()}
    assert [found[name].status for name in ("Old One", "Old Two", "Old Three", "To Come")] == [
        "completed",
        "no_show",
        "cancelled",
        "confirmed",
    ]
    assert found["Old One"].price_minor == 5550
    told = db.session.execute(select(Message).where(Message.id > before)).scalars().all()
    assert {each.kind for each in told} <= {"reminder", "staff_reminder"}
    assert {each.recipient for each in told if each.audience == "customer"} == {"+4915110000005"}
    assert desk.write(desk.look(body, "bookings")) == {"used": 4, "clash": 1, "left": 1, "refused": 2}
    assert count(Booking) == 5
    assert count(Session, Session.live) == 4


def test_bookings_to_come_are_told_only_when_that_was_asked_for(desk):
    id = desk.look(csv(BOOKINGS, "To Come,+49 151 10000005,check-up,2026-12-08,09:00,,,"), "bookings")
    assert desk.write(id, tell=True) == {"made": 1}
    kinds = set(db.session.execute(select(Message.kind)).scalars())
    assert {"confirmation", "staff_booked"} <= kinds


def test_no_file_agrees_to_anything_and_who_came_with_it_is_asked_at_her_next_booking(desk, clock):
    said = {"en": "We keep what you tell us of your health."}
    consenting.write_text(purpose="sensitive", said=said, asked=True, needed=True, actor="staff:1", now=clock.now)
    hannah = {"name": "Hannah Vogel", "phone": "+49 151 23456789", "email": "hannah@example.com"}
    listed = desk.look(csv("Name,Phone,Email", "Hannah Vogel,+49 151 23456789,hannah@example.com"))
    assert desk.write(listed) == {"made": 1}
    rows = ("Hannah Vogel,+49 151 23456789,check-up,2026-12-08,09:00,,,", "New One,,check-up,2026-11-02,09:00,,,")
    assert desk.write(desk.look(csv(BOOKINGS, *rows), "bookings"), tell=True) == {"made": 2}
    assert (count(Booking), count(Customer), count(Consent)) == (2, 2, 0)
    with pytest.raises(Invalid) as refused:
        by_telephone(hannah, clock)
    assert refused.value.errors.keys() == {"consent"}
    words = {"sensitive": db.session.scalars(select(ConsentText.id)).one()}
    made = by_telephone(hannah, clock, consents=words)
    assert consent.purposes_of(db.session(), made.booking.customer_id) == {"sensitive"}
    assert (count(Customer), count(Consent)) == (2, 1), "she is the one of the file"


def by_telephone(customer, clock, **more):
    common = {"answers": {}, "locale": "en", "actor": "staff:1", "now": clock.now}
    return desk_booking.book(service="check-up", start=at("2026-12-09 09:00"), customer=customer, **common, **more)


@ONE
def test_what_nobody_thought_of_stops_the_file_and_no_other(desk, monkeypatch):
    id = desk.look(csv(HEADS, "Anna,+49 151 10000001,,,"))
    choosing.start(id=id, tell=False, by=desk.by, now=desk.clock.now)
    monkeypatch.setattr(importing_customers, "write", lambda *_args, **_more: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        desk.work()
    assert (desk.run(id).state, desk.run(id).lease_until) == ("failed", None)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))
