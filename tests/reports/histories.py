"""Random histories: customers book, move, cancel, come or do not, staff decide and cancel, while the clock goes on."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import datetime, timedelta

from actions import cancel, move, review
from actions.availability import EVERYONE, resolved, view
from actions.confirm import Wish, confirm
from actions.correct import price
from actions.steps import take_step
from models import bookings
from models.base import db
from models.bookings import BookingView
from rules.errors import Refusal
from scheduling.hours import local_date
from tests.support.time import Clock

PEOPLE = ("Ada Byron", "Bo Li", "Cem Ay", "Dot Fox", "Eve Kim")
SERVICES = (("talk", "mitte"), ("talk", "island"), ("check", "mitte"), ("class", "mitte"))
REASONS = (None, "Ill", "生病", "The boiler is broken")
ACTS = (
    "book",
    "book",
    "book",
    "cancel",
    "staff_cancel",
    "move",
    "arrive",
    "complete",
    "miss",
    "decide",
    "restore",
    "price",
)


class Histories:
    """One random house; ``live`` lets things happen."""

    def __init__(self, seed: int, clock: Clock) -> None:
        self.chance, self.clock = random.Random(seed), clock

    def live(self, steps: int) -> None:
        """Lets ``steps`` things happen, most of them by the rules."""
        for _ in range(steps):
            self.clock.tick(minutes=self.chance.choice([0, 1, 7, 90, 600]), seconds=self.chance.choice([0, 20]))
            with suppress(Refusal):
                getattr(self, f"_{self.chance.choice(ACTS)}")()

    def _book(self) -> None:
        service, place = self.chance.choice(SERVICES)
        start = self._start(service, place)
        n = self.chance.randrange(len(PEOPLE))
        confirm(
            wish=Wish(service, start, location=place, who=EVERYONE),
            customer={"name": PEOPLE[n], "email": f"somebody{n}@example.com"},
            answers=self._answers() if service == "talk" else {},
            locale="en",
            source=self.chance.choice([None, "flyer"]),
            created_by=self.chance.choice(["customer", "staff:1", "program"]),
            now=self.clock.now,
        )

    def _answers(self) -> dict[str, object]:
        return self.chance.choice([{}, {"topic": "demo"}, {"topic": "first", "again": True}, {"again": False}])

    def _start(self, service: str, place: str) -> datetime:
        """One of the free starts around a day of a clock change, or of the next days."""
        zone = "Europe/Berlin" if place == "mitte" else "Australia/Lord_Howe"
        day = local_date(zone, int(self.clock.now.timestamp()) // 60) + timedelta(days=self.chance.randrange(0, 6))
        asked = resolved(service=service, location=place, who=EVERYONE)
        free = [each.start for each in view(asked, first=day, last=day, now=self.clock.now).offers if each.free]
        if not free:
            raise Refusal
        return self.chance.choice(free)

    def _some(self) -> BookingView:
        found = bookings.many(db.session(), bookings.columns().order_by(bookings.Booking.id))
        if not found:
            raise Refusal
        return self.chance.choice(found)

    def _cancel(self) -> None:
        cancel.cancel(reference=self._some().reference, reason=self.chance.choice(REASONS), now=self.clock.now)

    def _staff_cancel(self) -> None:
        cancel.cancel(
            reference=self._some().reference, reason=self.chance.choice(REASONS), actor="staff:1", now=self.clock.now
        )

    def _move(self) -> None:
        seen = self._some()
        start = self._start(seen.service, seen.location)
        move.move(
            reference=seen.reference, start=start, actor=self.chance.choice(["customer", "staff:1"]), now=self.clock.now
        )

    def _step(self, step: str) -> None:
        seen = self._some()
        if seen.status in ("confirmed", "arrived") and self.chance.random() < 0.7:
            self.clock.now = max(self.clock.now, seen.start + timedelta(minutes=20))
        take_step(reference=seen.reference, step=step, actor="staff:1", now=self.clock.now)

    def _arrive(self) -> None:
        self._step("arrive")

    def _complete(self) -> None:
        self._step("complete")

    def _miss(self) -> None:
        self._step("miss")

    def _restore(self) -> None:
        self._step("restore")

    def _decide(self) -> None:
        seen = self._some()
        decide = self.chance.choice([review.approve, review.decline])
        decide(reference=seen.reference, actor="staff:2", now=self.clock.now)

    def _price(self) -> None:
        minor = self.chance.choice([None, 0, 990])
        price(reference=self._some().reference, minor=minor, reason="as agreed", actor="staff:1", now=self.clock.now)
