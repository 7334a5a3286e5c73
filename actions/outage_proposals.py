"""What is proposed for each visit that an outage hits: a colleague, another time, the customer's choice, a call."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from actions.availability import Asked, question
from actions.desk_wish import set_aside
from actions.loads import Ranking
from actions.move import wish
from actions.outage_facts import Choice, Outage
from models import taken
from models.booking import Allocation
from models.bookings import BookingView
from rules import errors, outages
from rules.assignment import rank
from scheduling import availability
from scheduling.explaining import OF_THE_TIME
from scheduling.intervals import Interval

NEARBY = timedelta(days=14)


class Proposing:
    """Proposals one after the other: what one takes, the next cannot have."""

    def __init__(self, session: OrmSession, outage: Outage, now: datetime) -> None:
        self.session, self.outage, self.now = session, outage, now
        self.taken: dict[int, list[Interval]] = defaultdict(list)
        self.given: Counter[int] = Counter()
        self.classes: dict[int, Choice] = {}

    def choice(self, view: BookingView) -> Choice:
        """What is proposed for one booking; whoever shares a class is given to the same colleague."""
        if view.session_id in self.classes:
            return self.classes[view.session_id]
        may_choose = outages.choose_until(view.start, self.now) is not None
        try:
            asked = self.outage.out(wish(view, resources=[], chosen_by="staff", online=False))
        except errors.Refusal:
            # The service is not offered any more: only people can find something else.
            return Choice(outages.proposal(colleague=False, other_time=False, may_choose=may_choose))
        colleague = self._colleague(view, asked)
        if colleague is not None:
            self.classes[view.session_id] = colleague
            return colleague
        other = self._other_time(view, asked)
        if other is not None:
            return other
        return Choice(outages.proposal(colleague=False, other_time=False, may_choose=may_choose))

    def _colleague(self, view: BookingView, asked: Asked) -> Choice | None:
        """Somebody else, by the service's strategy, who is in and free at the same time."""
        known = asked.catalogue.resource_by_id
        able = {id for need in asked.plan.service.needs for id in need.candidates}
        gone = [id for id in view.resource_ids if id in self.outage.resource_ids]
        if not gone:
            return None
        stay = tuple(known[id] for id in view.resource_ids if id not in gone and id in able)
        easy = set_aside(replace(asked, chosen=stay), OF_THE_TIME)
        minute = int(view.start.timestamp()) // 60
        found = self._assigned(view, easy, minute)
        if found is None:
            return None
        served = select(Allocation.need, Allocation.resource_id).where(
            Allocation.session_id == view.session_id, Allocation.live
        )
        had = {row.need: row.resource_id for row in self.session.execute(served)}
        gives = {known[had[need]].slug: known[id].slug for need, id, _ in found if had.get(need) in gone}
        if len(gives) != len(gone):
            return None
        self._note(asked, minute, [each for each in found if had.get(each[0]) in gone])
        return Choice("colleague", gives=gives)

    def _other_time(self, view: BookingView, asked: Asked) -> Choice | None:
        """The nearest time with the same people as far as they are people, else with anybody."""
        known = asked.catalogue.resource_by_id
        able = {id for need in asked.plan.service.needs for id in need.candidates}
        people = tuple(known[id] for id in view.resource_ids if known[id].kind == "staff" and id in able)
        for chosen in (people, ()) if people else ((),):
            wanted = replace(asked, chosen=chosen)
            minute = self._nearest(view, wanted)
            if minute is not None:
                found = self._assigned(view, wanted, minute)
                self._note(wanted, minute, found or [])
                slugs = tuple(each.slug for each in chosen)
                return Choice("other_time", start=datetime.fromtimestamp(minute * 60, UTC), resources=slugs)
        return None

    def _nearest(self, view: BookingView, asked: Asked) -> int | None:
        zone = asked.zone
        today, day = self.now.astimezone(zone).date(), view.start.astimezone(zone).date()
        horizon = today + timedelta(days=asked.service.horizon_days)
        near = int(view.start.timestamp()) // 60
        for first, last in ((max(today, day - NEARBY), min(horizon, day + NEARBY)), (today, horizon)):
            if last < first:
                continue
            plan, ask = asked.plan, question(asked, first=first, last=last, now=self.now)
            low, high = (datetime(each.year, each.month, each.day, tzinfo=UTC) for each in (first, last))
            found = self._read(view, asked, low - timedelta(days=2), high + timedelta(days=3 + asked.length.days))
            slots = availability.slots(plan.service, plan.location, plan.resources, found, ask)
            best = outages.nearest((each.start for each in slots if each.start != near), near)
            if best is not None:
                return best
        return None

    def _assigned(
        self, view: BookingView, asked: Asked, minute: int
    ) -> Sequence[tuple[int, int, tuple[int, ...]]] | None:
        start = datetime.fromtimestamp(minute * 60, UTC)
        day = start.astimezone(asked.zone).date()
        ranking, plan = Ranking(self.session, asked, start, self.now), asked.plan

        def best_first(need: int, ids: Sequence[int]) -> list[int]:
            ranking.best_first(need, ids)
            loads = [replace(each, week=each.week + self.given[each.id]) for each in ranking.loads(need)]
            return [each.id for each in rank(asked.service.assign, loads)]

        reach = timedelta(days=asked.length.days + 1, minutes=asked.length.minutes)
        found = self._read(view, asked, start - timedelta(days=1), start + reach)
        ask = question(asked, first=day, last=day, now=self.now)
        return availability.assign(plan.service, plan.location, plan.resources, found, ask, minute, best_first)

    def _read(self, view: BookingView, asked: Asked, since: datetime, until: datetime) -> availability.Taken:
        """What is taken, proposals of before and without the visit itself."""
        plan = asked.plan
        own = {view.session_id: view.seats if asked.service.seats == 1 else asked.service.seats}
        found = taken.read(
            self.session,
            service=plan.service,
            location=plan.location,
            resource_ids=asked.candidates(),
            since=since,
            until=until,
            now=self.now,
            without=own,
        ).taken
        busy: dict[int, list[Interval]] = {unit: list(each) for unit, each in found.busy.items()}
        for unit, spans in self.taken.items():
            busy[unit] = [*busy.get(unit, ()), *spans]
        low, high = self.outage.start.timestamp() // 60, self.outage.end.timestamp() // 60
        open_ = [each for each in found.sessions if not self._is_out(each.resources, each.start, each.end, low, high)]
        return replace(found, busy=busy, sessions=open_)

    def _is_out(self, ids: Iterable[int], start: int, end: int, low: float, high: float) -> bool:
        hit = self.outage.location_id is not None or not self.outage.resource_ids.isdisjoint(ids)
        return hit and start < high and low < end

    def _note(self, asked: Asked, minute: int, found: Iterable[Any]) -> None:
        service = asked.plan.service
        end = availability.end_of(asked.plan.location, asked.length, minute)
        for _, id, units in found:
            self.given[id] += 1
            for unit in units:
                self.taken[unit].append((minute - service.buffer_before, end + service.buffer_after))
