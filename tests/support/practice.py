"""The practice of four: a booking, a request and a block of each person, and one account of every kind, for who may what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask

from actions import blocks, cancel, keys, notes, saved_views, teams
from actions.confirm import Wish, confirm
from models import bookings, staff_queries
from models.base import db
from models.bookings import BookingView
from models.people import Staff
from models.snapshot import catalogue
from rules.rights import Viewer
from tests.support.staff import account, signed_in
from tests.support.web import Visitor

WHOSE = {"own": "anna", "team": "ben", "other": "cora", "elsewhere": "dora"}
PLACES = {"anna": "north", "ben": "north", "cora": "north", "dora": "south"}
# What is planted in the fields of each booking, so that it is seen wherever it comes out.
MARKS = {
    "name": "Zz{0}name Zz{0}family", "phone": "+49 151 7{1}", "email": "zz{0}mail@example.com", "company": "Zz{0}company",
    "address": "Zz{0}street 1", "answer": "Zz{0}answer", "note": "Zz{0}note", "reason": "Zz{0}reason",
}  # fmt: skip
NUMBERS = {"anna": "8140273", "ben": "6359182", "cora": "2907461", "dora": "5718390"}


@dataclass(frozen=True, slots=True)
class Thing:
    """What there is of one person: a visit, a request, a cancelled visit, a block."""

    person: str
    visit: BookingView
    request: BookingView
    cancelled: BookingView
    block: int

    def mark(self, field: str) -> str:
        """What is planted in this field."""
        return mark(field, self.person)


def mark(field: str, person: str) -> str:
    """What is planted in a field of the bookings of a person."""
    return MARKS[field].format(person, NUMBERS[person])


@dataclass
class Practice:
    """The whole of it. ``people`` are account ids by letter, ``view`` a saved view of the owner's, ``spare`` an account that is
    there to be changed."""

    app: Flask
    now: datetime
    things: dict[str, Thing]
    people: dict[str, int]
    spare: int

    def browser(self, letter: str) -> Visitor:
        """A browser in which this kind of person is signed in."""
        return signed_in(self.app, self.people[letter])

    def viewer(self, letter: str) -> Viewer:
        """Her rights."""
        return staff_queries.viewer_of(db.session(), db.session.get(Staff, self.people[letter]))

    def key(self, letter: str, now: datetime) -> dict[str, str]:
        """The header of a key of hers."""
        made = keys.make(name="till", may=None, days=30, by=self.viewer(letter), now=now).secret
        return {"Authorization": f"Bearer {made}"}

    def view(self, letter: str, now: datetime) -> int:
        """A view of the diary that she has kept."""
        saved_views.keep(name="Mine", query="view=day", shared=False, by=self.viewer(letter), now=now)
        from models.desk import SavedView

        db.session.rollback()
        return db.session.query(SavedView.id).filter_by(staff_id=self.people[letter]).scalar()


def furnish(app: Flask, now: datetime) -> Practice:
    """Fills the loaded practice. The day is Monday 30 November 2026."""
    things = {whose: _thing(person, number, now) for number, (whose, person) in enumerate(WHOSE.items())}
    people = {
        "O": account("owner"),
        "M": account("manager"),
        "F": account("front_desk", locations=["north"]),
        "S": account("staff", locations=["north"], resource="anna"),
        "L": account("staff", locations=["north"], resource="anna", email="leader@praxis.example", name="Leader"),
        "A": account("auditor"),
    }
    owner = staff_queries.viewer_of(db.session(), db.session.get(Staff, people["O"]))
    team = teams.set_team(id=None, name="Team", leader=people["L"], by=owner, now=now).id
    account("staff", locations=["north"], resource="ben", email="ben@praxis.example", name="Ben", team=team)
    spare = account("staff", email="spare@praxis.example", name="Spare")
    return Practice(app, now, things, people, spare)


def _thing(person: str, number: int, now: datetime) -> Thing:
    first = datetime(2026, 11, 30, 12, 0, tzinfo=now.tzinfo) + timedelta(hours=number)
    visit = _booked(person, "visit", first)
    request = _booked(person, "asked", first + timedelta(days=1))
    gone = _booked(person, "visit", first + timedelta(days=2))
    cancel.cancel(reference=gone.reference, reason=mark("reason", person), actor="shell", now=now)
    for each in (visit, request, gone):
        notes.add(booking_id=each.id, text=mark("note", person), actor="shell", now=now)
    start = first + timedelta(days=3)
    made = blocks.block(
        resources=[person], start=start, end=start + timedelta(hours=1), title="Course", actor="shell", now=now
    )
    now_is = [bookings.by_id(db.session(), each.id) for each in (visit, request, gone)]
    return Thing(person, now_is[0], now_is[1], now_is[2], made.session_id)


def _booked(person: str, service: str, start: datetime) -> BookingView:
    known: Any = catalogue(db.session()).services[service]
    fields = ["name", "phone", "email", "company"] + (["address"] if known.place == "customer" else [])
    return confirm(
        wish=Wish(service, start, location=PLACES[person], resources=(person,)),
        customer={field: mark(field, person) for field in fields},
        answers={"wish": mark("answer", person)},
        locale="en",
        now=start - timedelta(hours=8),
    ).booking
