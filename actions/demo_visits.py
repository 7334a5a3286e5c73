"""Visits of the demo, some weeks back and two ahead: what a desk looks like on a working day, and not only on its first one.

They are made by the same actions as any other, each at the moment when somebody would have done it; nobody is told of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from sqlalchemy import delete, select
from sqlalchemy.orm import Session as OrmSession

from actions import availability, cancel, feedback, review, steps
from actions.change import CUSTOMER
from actions.confirm import Wish, confirm
from actions.transaction import run
from models.base import db
from models.bookings import BookingView
from models.outbox import Message
from models.people import Staff
from models.snapshot import catalogue
from rules.errors import Refusal
from rules.facts import Catalogue

# Always the same visits of a day, so that two who look at the demo speak of the same.
SEED = 20
# What was asked for in the last hours is left for whoever tries the desk to decide.
UNDECIDED = timedelta(hours=16)
HOURLY = timedelta(hours=1)


def add_demo_visits(path: Path, *, now: datetime) -> int:
    """Makes the visits that a file like ``demo/visits.yaml`` describes and returns how many there are. What the rules refuse is
    left out, as a customer would have gone elsewhere."""
    said = yaml.safe_load(path.read_text(encoding="utf-8"))
    known = catalogue(db.session())
    desk = db.session.execute(select(Staff.id).where(Staff.role == "front_desk").limit(1)).scalar()
    made = _Making(said, known, now, f"staff:{desk}" if desk else "shell")
    made.all()
    return made.number


def _tell_nobody(session: OrmSession) -> None:
    """All of it is made up: no reminder and no question goes to somebody who does not exist. After each step, since whoever
    breaks it off halfway has the worker send what is left."""
    session.execute(delete(Message).execution_options(synchronize_session=False))


@dataclass(slots=True)
class _Making:
    """What happened, in the order of time: each thing leads to later ones."""

    said: Mapping[str, Any]
    known: Catalogue
    now: datetime
    desk: str
    number: int = 0
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))
    _later: list[tuple[datetime, int, Callable[[datetime], object]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)

    def all(self) -> None:
        for line in self.said["visits"]:
            zone = self.known.locations[line["location"]].timezone
            today = self.now.astimezone(ZoneInfo(zone)).date()
            for each in range(-7 * self.said["weeks"]["back"], 7 * self.said["weeks"]["ahead"]):
                for _ in range(self._how_many(line["week"] / 6)):
                    self._asks_for(line, today + timedelta(days=each))
        while self._later:
            at, _, act = heappop(self._later)
            try:
                act(at)
            except Refusal:
                continue
            run(_tell_nobody)

    def _at(self, at: datetime, act: Callable[[datetime], object]) -> None:
        """Does it when its time comes, if that has come."""
        if at <= self.now:
            heappush(self._later, (at, next(self._order), act))

    def _how_many(self, mean: float) -> int:
        return int(mean) + (self.dice.random() < mean % 1)

    def _asks_for(self, line: Mapping[str, Any], day: date) -> None:
        noon = datetime.combine(day, time(12), self.now.tzinfo)
        early, lately = noon - HOURLY * self.dice.uniform(14, 24 * 9), self.now - HOURLY * self.dice.uniform(0.2, 60)
        if self.known.services[line["service"]].approval and noon > self.now + UNDECIDED:
            early, lately = self.now, self.now - UNDECIDED * self.dice.uniform(0.1, 0.9)
        self._at(min(early, lately), lambda at: self._books(line, day, at))

    def _books(self, line: Mapping[str, Any], day: date, at: datetime) -> None:
        lengths = self.known.services[line["service"]].lengths
        wanted = self.dice.choice(lengths)
        length = f"{wanted.days}d" if wanted.days else wanted.minutes
        seats = self.dice.choice(line.get("seats", [1]))
        common = {"service": line["service"], "location": line["location"], "length": length, "seats": seats}
        asked = availability.resolve(self.known, **common)
        free = [each for each in availability.view(asked, first=day, last=day, now=at).offers if each.free]
        if not free:
            return
        who = self.dice.choice([each for each in self.said["customers"] if each["locale"] == line["who"]])
        # Most by themselves, some at the telephone.
        by = self.desk if self.dice.random() < 0.25 else CUSTOMER
        booked = confirm(
            wish=Wish(start=self.dice.choice(free).start, **common),
            customer={name: value for name, value in who.items() if name != "locale"},
            answers={key: self.dice.choice(values) for key, values in line.get("answers", {}).items()},
            locale=who["locale"],
            created_by=by,
            now=at,
        ).booking
        self.number += 1
        self._goes_on(booked, at)

    def _goes_on(self, booked: BookingView, at: datetime) -> None:
        """What becomes of it: most come, some cancel, a few stay away."""
        reference, chance = booked.reference, self.dice.random()
        if booked.status == "requested":
            decided = at + HOURLY * self.dice.uniform(1, 8)
            if at < self.now - UNDECIDED:
                self._at(decided, lambda then: review.approve(reference=reference, actor="shell", tell=False, now=then))
        if chance < 0.09:
            said = self._reason(booked.locale)
            early = at + (booked.start - at) * self.dice.uniform(0.1, 0.5)
            self._at(early, lambda then: cancel.cancel(reference=reference, reason=said, tell=False, now=then))
        # Who cancels too late comes after all.
        if 0.09 <= chance < 0.15:
            self._at(booked.start + timedelta(minutes=30), self._step(reference, "miss"))
        else:
            self._at(booked.start - timedelta(minutes=self.dice.randrange(8)), self._step(reference, "arrive"))
            self._at(booked.end, self._step(reference, "complete"))
            self._at(booked.end + HOURLY * self.dice.uniform(2, 40), self._rates(booked))

    def _reason(self, locale: str) -> str | None:
        listed = self.known.business.cancel_reasons
        reason = self.dice.choice(listed) if listed else ""
        return reason if isinstance(reason, str) else reason.get(locale)

    def _step(self, reference: str, step: str) -> Callable[[datetime], object]:
        return lambda at: steps.take_step(reference=reference, step=step, actor=self.desk, now=at)

    def _rates(self, booked: BookingView) -> Callable[[datetime], object]:
        stars = self.dice.choice([5, 5, 5, 5, 4, 4, 4, 3, 2])
        words = self.dice.choice(self.said["said"][booked.locale][stars])

        def rate(at: datetime) -> None:
            if self.known.services[booked.service].feedback and self.dice.random() < 0.6:
                feedback.answer(reference=booked.reference, stars=str(stars), words=words, now=at)

        return rate
