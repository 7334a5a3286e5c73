"""Squeezing a visit in: buffers give way, its own first, then those of its neighbours, never the time of a visit."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session as OrmSession

from actions.availability import Asked
from actions.taking import LettingGo, Seat, end_stale, lock_resources, resources_of, take
from actions.transaction import Again
from models import neighbours
from models.booking import Allocation, Session
from models.neighbours import Neighbour
from scheduling.availability import end_of

QUIET = {"synchronize_session": False}


def squeezed(
    session: OrmSession,
    asked: Asked,
    narrow: Asked,
    start: datetime,
    *,
    now: datetime,
    letting_go: LettingGo | None,
) -> Seat:
    """Takes ``start`` for ``narrow`` (one candidate for each need, no buffers) and gives it what is left of the buffers of
    ``asked``. Raises SlotTaken when a visit itself is in the way, Again."""
    wanted = {id for need in narrow.plan.service.needs for id in need.candidates}
    given_up = resources_of(session, letting_go.sessions) if letting_go else set()
    lock_resources(session, wanted | given_up)
    before, after = (timedelta(minutes=each) for each in (asked.service.buffer_before, asked.service.buffer_after))
    minute = int(start.timestamp()) // 60
    end = datetime.fromtimestamp(end_of(asked.plan.location, asked.length, minute) * 60, UTC)
    leaving = letting_go.sessions if letting_go else ()
    give_way(session, wanted, start, end, start - before, end + after, now=now, leaving=leaving)
    seat = take(session, narrow, start, now=now, held_until=None, letting_go=letting_go)
    _widen(session, seat, before, after)
    return seat


def give_way(
    session: OrmSession,
    resource_ids: Collection[int],
    start: datetime,
    end: datetime,
    low: datetime,
    high: datetime,
    *,
    now: datetime,
    leaving: Collection[int] = (),
) -> None:
    """Makes the buffers of all who have these locked resources between ``low`` and ``high`` give way to ``[start, end)``, and
    ends the holds there that have expired. Sessions of ``leaving`` are about to go."""
    near = neighbours.around(session, resource_ids=resource_ids, since=low, until=high)
    for expired in sorted({each.session_id for each in near if each.expired(now)}):
        if not end_stale(session, expired, now):
            raise Again
    for each in near:
        if not each.expired(now) and each.session_id not in leaving and not each.meets(start, end):
            _shorten(session, each, start, end)


def _shorten(session: OrmSession, one: Neighbour, start: datetime, end: datetime) -> None:
    """Makes the buffers of a neighbour end where the new visit begins, and begin where it ends."""
    low, high = one.busy
    if one.end * 60 <= start.timestamp():
        high = min(high, int(start.timestamp()) // 60)
    else:
        low = max(low, int(end.timestamp()) // 60)
    if (low, high) != one.busy:
        session.execute(
            update(Allocation)
            .where(Allocation.id == one.allocation_id)
            .values(busy_from=_instant(low), busy_to=_instant(high))
            .execution_options(**QUIET)
        )


def _widen(session: OrmSession, seat: Seat, before: timedelta, after: timedelta) -> None:
    """Gives a session the buffers of its service, and each of its allocations as much of them as is free."""
    low, high = seat.start - before, seat.end + after
    session.execute(
        update(Session)
        .where(Session.id == seat.session_id)
        .values(busy_from=low, busy_to=high)
        .execution_options(**QUIET)
    )
    near = neighbours.around(session, resource_ids=seat.resource_ids, since=low, until=high)
    others = [each for each in near if each.session_id != seat.session_id]
    for mine in [each for each in near if each.session_id == seat.session_id]:
        free_from, free_to = left_of_buffers(others, mine.unit_id, seat.start, seat.end, low, high)
        session.execute(
            update(Allocation)
            .where(Allocation.id == mine.allocation_id)
            .values(busy_from=free_from, busy_to=free_to)
            .execution_options(**QUIET)
        )


def left_of_buffers(
    others: Iterable[Neighbour], unit: int, start: datetime, end: datetime, low: datetime, high: datetime
) -> tuple[datetime, datetime]:
    """What a visit from ``start`` to ``end`` can have of the time between ``low`` and ``high`` beside the others of a unit."""
    beside = [each for each in others if each.unit_id == unit]
    before = [_instant(each.busy[1]) for each in beside if each.end * 60 <= start.timestamp()]
    after = [_instant(each.busy[0]) for each in beside if each.start * 60 >= end.timestamp()]
    return max([low, *before]), min([high, *after])


def _instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)
