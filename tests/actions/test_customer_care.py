"""Customers who are alike, merged, agree, are erased, and grow old."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import inspect, select, text, update

from actions import (
    cancel,
    consenting,
    correct,
    counting,
    customer_file,
    erasing,
    likeness,
    merging,
    notes,
    retention,
    saved_views,
    upkeep,
)
from actions.keeping.backup import backup
from actions.keeping.restoring import restore
from actions.likeness import Named, like
from models import consent, staff_queries
from models.base import db, table
from models.booking import Booking, Session
from models.customer_queries import find_customers
from models.desk import Note
from models.history import History
from models.outbox import Message
from models.people import Contact, Customer, CustomerContact, CustomerTag, Erasure, Likeness, SignIn, Staff
from notifications import jobs
from rules import errors
from rules.text import folded, spelled
from tests.factories import HANNAH, TOM, booked, free
from tests.support.staff import account, signed_in

TUESDAY = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
ZHANG = {"name": "张伟", "phone": "+86 138 1234 8000"}


@pytest.fixture
def clinic(load_business, app):
    load_business("clinic")
    return app


def customer(name):
    db.session.rollback()
    return db.session.scalars(select(Customer).where(Customer.name == name, Customer.erased_at.is_(None))).one()


def visit(clock, who, day=0):
    """A booking on the first day from Tuesday on, or some days of work later."""
    days = {each.start.date(): each.start for each in reversed(free("check-up", clock.now, first=TUESDAY.date()))}
    return booked("check-up", clock.now, start=days[sorted(days)[day]], customer=who).booking


# Alike


def named(name):
    return Named(1, folded(name), spelled(likeness.spoken(name)))


@pytest.mark.parametrize(
    ("one", "other", "shared", "why"),
    [
        ("Hannah Vogel", "Hanna Vogel", False, "spelling"),
        ("Vogel Hannah", "Hannah Vogel", False, "name"),
        ("张伟", "Zhang Wei", False, "sound"),
        ("王伟", "汪伟", False, None),
        ("王伟", "汪伟", True, "contact"),
        ("Anna Müller", "Anna Mueller", True, "contact"),
        ("Anna Müller", "Ben Müller", True, None),
        ("Hannah Vogel", "Tom Fischer", False, None),
    ],
)
def test_who_is_like_whom(one, other, shared, why):
    found = like(named(one), named(other), shared=shared)
    assert (found and found[1]) == why


def test_the_worker_suggests_and_merges_nobody(clinic, clock):
    visit(clock, HANNAH)
    visit(clock, {**HANNAH, "name": "Hanna Vogel"}, 1)
    visit(clock, TOM, 2)
    visit(clock, ZHANG, 3)
    assert likeness.compare(now=clock.now) == 4
    pair = db.session.scalars(select(Likeness)).one()
    assert pair.why == "contact"
    assert db.session.scalars(select(Customer.id).where(Customer.merged_into.is_not(None))).all() == []
    assert likeness.compare(now=clock.now) == 0
    # A Chinese name is found as it is spoken from then on.
    assert [each.name for each in find_customers(db.session(), "zhang")] == ["张伟"]
    assert merging.two(one=pair.customer_id, other=pair.other_id, actor="staff:1", now=clock.now)
    assert not merging.two(one=pair.customer_id, other=pair.other_id, actor="staff:1", now=clock.now)
    hanna = customer("Hanna Vogel").id
    customer_file.change(id=hanna, fields={"level": "gold"}, actor="staff:1", now=clock.now)
    likeness.compare(now=clock.now)
    assert db.session.scalars(select(Likeness)).one().set_aside_at is not None


# Merged


def test_all_of_the_other_follows_and_her_old_name_leads_here(clinic, clock):
    actor = f"staff:{account('owner')}"
    first = visit(clock, HANNAH)
    second = visit(clock, {**HANNAH, "name": "Hanna Vogel", "email": "h@example.com"}, 1)
    keep, other = customer("Hannah Vogel").id, customer("Hanna Vogel").id
    notes.about_customer(customer_id=other, text="Left-handed", actor=actor, now=clock.now)
    customer_file.change(id=other, fields={"level": "Gold"}, tags=["loyal"], actor=actor, now=clock.now)
    said = {"en": "News?"}
    consenting.write_text(purpose="marketing", said=said, asked=True, needed=False, actor=actor, now=clock.now)
    for id in (other, keep):
        agreed = {"customer_id": id, "purpose": "marketing", "locale": "en", "channel": "desk", "actor": actor}
        consenting.give(**agreed, now=clock.tick(minutes=1))
    counting.count(now=clock.now)
    merged = {"keep": keep, "other": other, "take": {"level": "other"}, "actor": actor}
    assert merging.merge(**merged, now=clock.now)
    assert not merging.merge(**merged, now=clock.now), "a second tap finds it done"
    db.session.rollback()
    assert {db.session.get(Booking, each.id).customer_id for each in (first, second)} == {keep}
    assert db.session.scalars(select(Note.object_id)).all() == [keep]
    assert db.session.get(Customer, keep).level == "Gold"
    assert db.session.scalars(select(CustomerTag.customer_id)).all() == [keep]
    held = [each for each in consent.of_customers(db.session(), [keep]) if each.withdrawn_at is None]
    assert len(held) == 1
    ways = select(Contact.value).join(CustomerContact, CustomerContact.contact_id == Contact.id)
    mine = set(db.session.scalars(ways.where(CustomerContact.customer_id == keep)))
    assert mine == {"+4915123456789", "hannah@example.com", "h@example.com"}
    third = visit(clock, {"name": "Hanna Vogel", "email": "h@example.com"}, 2)
    assert third.customer_id == keep
    assert [each.bookings for each in find_customers(db.session(), "hanna v")] == [3]
    step = db.session.scalars(select(History).where(History.action == "merged_away")).one()
    assert (step.object_id, step.after["customer"]) == (other, customer("Hannah Vogel").public_id)


def test_figures_count_a_first_visit_once_after_a_merge(clinic, clock):
    visit(clock, HANNAH, 3)
    visit(clock, {**HANNAH, "name": "Hanna Vogel"}, 0)
    counting.count(now=clock.now)

    def firsts():
        counting.count(now=clock.now)
        query = text("SELECT day, sum(first) FROM day_count WHERE kind = 'all' GROUP BY day ORDER BY day")
        return [row[1] for row in db.session.execute(query)]

    assert firsts() == [1, 1]
    ids = (customer("Hannah Vogel").id, customer("Hanna Vogel").id)
    merging.merge(keep=ids[0], other=ids[1], take={}, actor="staff:1", now=clock.now)
    assert firsts() == [1, 0]


def test_nobody_is_merged_with_herself_or_with_who_is_gone(clinic, clock):
    visit(clock, HANNAH)
    visit(clock, TOM, 1)
    one, two = customer("Hannah Vogel").id, customer("Tom Fischer").id
    for keep, other in ((one, one), (one, 10**6)):
        with pytest.raises(errors.Missing):
            merging.merge(keep=keep, other=other, take={}, actor="staff:1", now=clock.now)
    merging.merge(keep=one, other=two, take={}, actor="staff:1", now=clock.now)
    with pytest.raises(errors.Missing):
        merging.merge(keep=two, other=one, take={}, actor="staff:1", now=clock.now)


# Agreed


def test_what_is_agreed_to_is_a_version_and_ends_at_once(clinic, clock):
    visit(clock, HANNAH)
    id = customer("Hannah Vogel").id

    def words(said, *, asked=True):
        common = {"purpose": "marketing", "asked": asked, "needed": True, "actor": "staff:1", "now": clock.now}
        return consenting.write_text(said={"en": said}, **common)

    with pytest.raises(errors.Invalid):
        words("")
    assert words("News?") == (True, 1)
    assert words("News?") == (False, 1)
    first = next(each for each in consent.purposes(db.session()) if each.purpose == "marketing")
    assert (first.asked, first.needed) == (True, False), "offers are never needed"
    agreed = {"customer_id": id, "purpose": "marketing", "locale": "en", "channel": "paper", "actor": "staff:1"}
    assert consenting.give(**agreed, now=clock.now)
    assert not consenting.give(**agreed, now=clock.now)
    assert words("News and offers?") == (True, 2)
    assert [each.version for each in consent.of_customers(db.session(), [id])] == [1], "she agreed to the old words"
    assert consent.agreed(db.session(), id, "marketing")
    ended = {"customer_id": id, "purpose": "marketing", "channel": "link", "actor": "customer", "now": clock.now}
    assert consenting.withdraw(**ended)
    assert not consenting.withdraw(**ended)
    assert not consent.agreed(db.session(), id, "marketing")
    assert db.session.scalars(select(Booking.status)).one() == "confirmed"


# Erased

MARK = "Zzmark"
MARKED = {"name": f"{MARK} Person", "email": f"{MARK}@example.com", "phone": "+49 151 70707077"}


def everything():
    """Every row of every table, as text."""
    db.session.rollback()
    found = {}
    for name in inspect(db.engine).get_table_names():
        rows = db.session.execute(text(f'SELECT * FROM "{name}"')).all()
        found[name] = json.dumps([[str(each) for each in row] for row in rows], ensure_ascii=False).lower()
    return found


def where(mark=MARK, number="15170707077"):
    return {name for name, rows in everything().items() if mark.lower() in rows or number in rows}


@pytest.fixture
def sown(clinic, clock):
    """Somebody's journey: booked with answers, corrected, noted, told, cancelled in her own words; nothing ahead of her."""
    owner = account("owner")
    viewer = staff_queries.viewer_of(db.session(), db.session.get(Staff, owner))
    answers = {"referral": True, "referred_by": f"Dr. {MARK}"}
    made = booked("ultrasound", clock.now, customer=MARKED, answers=answers).booking
    actor = f"staff:{owner}"
    now = clock.tick(minutes=1)
    correct.correct(reference=made.reference, fields={"company": f"{MARK} Ltd"}, actor=actor, now=now)
    notes.add(booking_id=made.id, text=f"{MARK} limps", actor=actor, now=now)
    id = customer(MARKED["name"]).id
    notes.about_customer(customer_id=id, text=f"{MARK} is early", actor=actor, now=now)
    fields = {"region": f"{MARK} hill", "level": f"{MARK} gold", "name": f"{MARK} Family"}
    customer_file.change(id=id, fields=fields, tags=[f"{MARK} tag"], actor=actor, now=now)
    saved_views.keep(name="Mine", query=f"view=day&q={MARK}", shared=False, by=viewer, now=now)
    for message in db.session.scalars(select(Message.id)).all():
        jobs.deliver(message)
    db.session.rollback()
    cancel.cancel(reference=made.reference, reason=f"{MARK} is ill", now=clock.tick(minutes=1))
    likeness.compare(now=clock.now)
    return id, made


def test_nothing_of_her_is_left_in_any_table(sown, clinic, clock, tmp_path):
    id, made = sown
    before = where()
    assert before >= {
        "booking",
        "customer",
        "contact",
        "customer_tag",
        "history",
        "history_personal",
        "message",
        "note",
    }
    assert "saved_view" in before
    counts = erasing.erase(id=id, actor="staff:1", now=clock.now)
    assert counts["bookings"] == 1
    assert counts["notes"] == 2
    assert where() == set()
    assert erasing.erase(id=id, actor="staff:1", now=clock.now) == {}, "a second tap finds it done"
    proof = db.session.scalars(select(Erasure)).one()
    assert proof.public_id == db.session.get(Customer, id).public_id
    kept = db.session.get(Booking, made.id)
    assert (kept.status, kept.answers) == ("cancelled", {"referral": True}), "what is counted stays"
    steps = select(History.action).where(History.object_kind == "booking", History.object_id == made.id)
    assert {"requested", "corrected", "noted", "cancelled"} <= set(db.session.scalars(steps))
    # Whoever comes again is a new customer.
    assert booked("check-up", clock.now, customer=MARKED).booking.customer_id != id


def test_history_gives_up_a_reason_and_nothing_else(sown, clinic):
    for change in ("actor = 'nobody', reason = NULL", "reason = 'other'", "after = NULL, reason = NULL"):
        with db.engine.connect() as connection, pytest.raises(Exception, match="append_only"):
            connection.execute(text(f"UPDATE history SET {change}"))


def test_who_is_still_to_come_or_on_hold_is_not_erased(clinic, clock):
    made = visit(clock, HANNAH)
    id = customer("Hannah Vogel").id
    with pytest.raises(errors.StillBooked) as refused:
        erasing.erase(id=id, actor="staff:1", now=clock.now)
    assert [each.reference for each in refused.value.params["bookings"]] == [made.reference]
    cancel.cancel(reference=made.reference, actor="staff:1", now=clock.now)
    with pytest.raises(errors.Invalid):
        erasing.hold(id=id, reason=" ", actor="staff:1", now=clock.now)
    erasing.hold(id=id, reason="An open bill", actor="staff:1", now=clock.now)
    with pytest.raises(errors.OnHold):
        erasing.erase(id=id, actor="staff:1", now=clock.now)
    erasing.hold(id=id, reason=None, actor="staff:1", now=clock.now)
    assert erasing.erase(id=id, actor="staff:1", now=clock.now)


def test_a_family_keeps_its_phone(clinic, clock):
    gone = visit(clock, HANNAH)
    visit(clock, {"name": "Paul Vogel", "phone": HANNAH["phone"]}, 1)
    cancel.cancel(reference=gone.reference, actor="staff:1", now=clock.now)
    erasing.erase(id=customer("Hannah Vogel").id, actor="staff:1", now=clock.now)
    assert set(db.session.scalars(select(Contact.value))) == {"+4915123456789"}
    assert [each.name for each in find_customers(db.session(), "456789")] == ["Paul Vogel"]


def test_an_old_backup_does_not_bring_her_back(sown, clinic, clock, tmp_path):
    id, _ = sown
    path, names = tmp_path / "old.zip", tmp_path / "erased"
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    backup(path, pictures_dir=pictures, key_mark="mark", now=clock.now)
    erasing.erase(id=id, actor="staff:1", now=clock.tick(minutes=1))
    erasing.write_down(db.session(), names)
    erasing.write_down(db.session(), names)
    assert len(names.read_text().split()) == 1
    db.session.remove()
    # The house itself is lost: only the list beside the backups knows.
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM erasure"))
        connection.execute(text("UPDATE customer SET erased_at = NULL"))
    done = restore(
        path, pictures_dir=pictures, now=clock.now, replace="Praxis am Park", erased=erasing.read_down(names)
    )
    assert done.since.erased == erasing.read_down(names)
    assert where() == set()
    assert db.session.scalars(select(Erasure)).one().actor == "shell"


# Grown old


def test_what_is_old_goes_by_schedule_and_the_count_says_so_before(clinic, clock):
    signed_in(clinic, account("owner"))
    old = visit(clock, HANNAH)
    upkeep.sweep(now=clock.tick(days=14))
    with db.engine.begin() as connection:
        connection.execute(update(table(Message)).values(facts={"was": "2026-12-08"}))
    with_her = datetime(2028, 12, 5, 8, 0, tzinfo=UTC)
    assert retention.due(now=clock.now) == {"customers": 0, "bookings": 0, "messages": 0, "sign_ins": 0}
    clock.tick(days=700)
    later = with_her - timedelta(days=30)
    booked("check-up", later, customer=TOM)
    upkeep.sweep(now=later)
    now = with_her
    assert retention.due(now=now)["customers"] == 0, "a day early"
    now = datetime(2028, 12, 9, 8, 0, tzinfo=UTC)
    due = retention.due(now=now)
    assert due["customers"] == 1
    assert due["messages"] > 0
    assert due["sign_ins"] == 1
    assert db.session.get(Booking, old.id).name == "Hannah Vogel", "counting takes nothing away"
    done = retention.apply(now=now)
    assert (done["customers"], done["sign_ins"]) == (1, 1)
    db.session.rollback()
    assert db.session.get(Booking, old.id).name == ""
    assert db.session.scalars(select(SignIn)).all() == []
    assert customer("Tom Fischer").erased_at is None
    assert retention.apply(now=now) == {"customers": 0, "bookings": 0, "messages": 0, "sign_ins": 0}


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_who_books_while_the_schedule_waits_for_her_keeps_her_name(clinic, clock):
    old = visit(clock, HANNAH)
    upkeep.sweep(now=clock.tick(days=14))
    id, now = customer("Hannah Vogel").id, datetime(2028, 12, 9, 8, 0, tzinfo=UTC)
    assert retention.due(now=now)["customers"] == 1
    db.session.rollback()

    def apply():
        with clinic.app_context():
            retention.apply(now=now)
            db.session.remove()

    with db.engine.connect() as other:
        # As a booking does: her row is held, and she has something ahead once it is committed.
        other.execute(
            select(table(Customer).c.id).where(table(Customer).c.id == id).with_for_update(key_share=True, read=True)
        )
        mine = table(Session).c.id == db.session.get(Booking, old.id).session_id
        db.session.rollback()
        thread = Thread(target=apply)
        thread.start()
        waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        with db.engine.connect() as watch:
            until = time.monotonic() + 10
            while not watch.execute(waits).scalar() and time.monotonic() < until:
                time.sleep(0.02)
        was = other.execute(select(table(Session).c.starts, table(Session).c.ends).where(mine)).one()._asdict()
        ahead = {"starts": now + timedelta(days=1), "ends": now + timedelta(days=1, hours=1)}
        other.execute(update(table(Session)).where(mine).values(**ahead))
        other.commit()
        thread.join(10)
        # The time that it takes was left where it was.
        other.execute(update(table(Session)).where(mine).values(**was))
        other.commit()
    assert customer("Hannah Vogel").id == id


def test_of_who_still_comes_only_the_old_visits_are_blanked_and_a_hold_keeps_them(clinic, clock):
    old = visit(clock, HANNAH)
    upkeep.sweep(now=clock.tick(days=14))
    recent = booked("check-up", datetime(2028, 11, 20, 8, 0, tzinfo=UTC), customer=HANNAH).booking
    upkeep.sweep(now=datetime(2028, 12, 9, 8, 0, tzinfo=UTC))
    now, id = datetime(2028, 12, 9, 9, 0, tzinfo=UTC), customer("Hannah Vogel").id
    erasing.hold(id=id, reason="A lawsuit", actor="staff:1", now=now)
    assert retention.due(now=now)["bookings"] == 0
    erasing.hold(id=id, reason=None, actor="staff:1", now=now)
    assert retention.apply(now=now)["bookings"] == 1
    db.session.rollback()
    assert (db.session.get(Booking, old.id).name, db.session.get(Booking, recent.id).name) == ("", "Hannah Vogel")


def test_figures_of_time_are_the_houses(clinic, clock):
    typed = {"bookings": 12, "messages": 30, "sign_ins": 6}
    assert retention.set_figures(typed, actor="staff:1", now=clock.now)
    assert not retention.set_figures(typed, actor="staff:1", now=clock.now)
    assert retention.figures_of(db.session()) == typed
    with pytest.raises(errors.Invalid):
        retention.set_figures({**typed, "sign_ins": 1}, actor="staff:1", now=clock.now)
