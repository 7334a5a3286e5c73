"""How busy the candidates are, read only when there is a choice to make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session as OrmSession

from models.base import minutes
from models.booking import Allocation
from rules.assignment import Load, rank, reason

if TYPE_CHECKING:
    from actions.availability import Asked


class Ranking:
    """Orders the free candidates of each need by the service's strategy, and remembers why."""

    def __init__(self, session: OrmSession, asked: Asked, start: datetime, now: datetime) -> None:
        self._session, self._asked, self._start, self._now = session, asked, start, now
        self._loads: dict[int, list[Load]] = {}

    def best_first(self, need: int, candidates: Sequence[int]) -> list[int]:
        """Resource ids, best first."""
        loads = self._read(candidates)
        self._loads[need] = loads
        return [load.id for load in rank(self._asked.service.assign, loads)]

    def reason(self, need: int, chosen: int) -> dict[str, Any]:
        """Why ``chosen`` serves ``need``, as data that can be said in words."""
        if any(resource.id == chosen for resource in self._asked.chosen):
            return {"code": f"chosen_by_{self._asked.chosen_by}"}
        loads = self._loads.get(need)
        return reason(self._asked.service.assign, loads, chosen) if loads else {"code": "only_one_free"}

    def overtaken(self, assignment: Iterable[tuple[int, int, tuple[int, ...]]]) -> bool:
        """True when one who was the best has been given something else since, and is not the best any more: asked again
        with her locked, so that whoever chooses at the same moment does not give her twice as much."""
        for need, chosen, _ in assignment:
            before = self._loads.get(need, [])
            if len(before) < 2 or self._asked.service.assign == "priority":
                continue
            after = self._read([load.id for load in before])
            was, is_ = (next(each for each in loads if each.id == chosen) for loads in (before, after))
            best, still = (rank(self._asked.service.assign, loads)[0].id == chosen for loads in (before, after))
            if was != is_ and best and not still:
                return True
        return False

    def loads(self, need: int) -> list[Load]:
        """What the candidates of a need had to do when they were ranked; none where there was nothing to choose."""
        return self._loads.get(need, [])

    def _read(self, candidates: Sequence[int]) -> list[Load]:
        known = self._asked.catalogue.resource_by_id
        counted = {} if self._asked.service.assign == "priority" else self._counts(candidates)
        order = {id: index for index, id in enumerate(candidates)}
        return [
            Load(id, order[id], known[id].weight, *counted.get(id, (0, 0, 0)), near=self._is_near(id))
            for id in candidates
        ]

    def _is_near(self, id: int) -> bool:
        """True for who is at home, by the first of her places, in the region of this one."""
        known, region = self._asked.catalogue, self._asked.location.region
        first = next(iter(known.resource_by_id[id].at), None)
        return bool(region) and first is not None and known.location_by_id[first].region == region

    def _counts(self, candidates: Sequence[int]) -> dict[int, tuple[int, int, int]]:
        """Per resource: live sessions of the start's local week, minutes taken on its day, latest allocation of 30 days."""
        day = self._start.astimezone(self._asked.zone).date()
        monday = day - timedelta(days=day.weekday())
        week_from, week_to = self._midnight(monday), self._midnight(monday + timedelta(days=7))
        day_from, day_to = self._midnight(day), self._midnight(day + timedelta(days=1))
        in_week = and_(Allocation.busy_from >= week_from, Allocation.busy_from < week_to)
        in_day = and_(Allocation.busy_from >= day_from, Allocation.busy_from < day_to)
        rows = self._session.execute(
            select(
                Allocation.resource_id,
                func.count(func.distinct(case((in_week, Allocation.session_id)))),
                func.coalesce(func.sum(case((in_day, minutes(Allocation.busy_to) - minutes(Allocation.busy_from)))), 0),
                func.max(Allocation.id),
            )
            .where(
                Allocation.resource_id.in_(candidates),
                Allocation.live,
                or_(Allocation.held_until.is_(None), Allocation.held_until > self._now),
                Allocation.busy_to > min(week_from, self._start - timedelta(days=30)),
            )
            .group_by(Allocation.resource_id)
        )
        return {id: (int(week), int(taken), int(last)) for id, week, taken, last in rows}

    def _midnight(self, day: Any) -> datetime:
        return datetime.combine(day, time(), tzinfo=self._asked.zone)
