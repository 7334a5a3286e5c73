"""Taking a time at the desk: rules that stand against it are named, set aside with one reason, or refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session as OrmSession

from actions.availability import Asked
from actions.desk_wish import Looked, looked, set_aside
from actions.faults import told
from actions.loads import Ranking
from actions.squeezing import squeezed
from actions.taking import NONE, LettingGo, Seat, look, refusal, take
from actions.transaction import Again
from models.booking import Allocation
from rules import broken, errors, text
from rules.broken import Broken
from scheduling import availability
from scheduling.explaining import OF_THE_TIME, Fault, giving_way, of_resource, of_the_assigned, of_the_time

RULES = {"open": ("hours", "away")}


@dataclass(frozen=True, slots=True)
class Overruling:
    """What somebody at the desk may do, and the one reason that was given, if any."""

    reason: str | None = None
    allowed: bool = False

    def refuse(self, found: Sequence[Broken], zone: str) -> dict[str, Any] | None:
        """What stays on the booking of the rules that are set aside; None where none is. Raises NotAllowed without the
        right, MustOverrule without a reason, Invalid for one that cannot be read."""
        if not found:
            return None
        if not self.allowed:
            raise errors.NotAllowed(broken=tuple(found), zone=zone)
        said = text.line(self.reason or "", longest=200)
        if isinstance(said, errors.FieldError):
            raise errors.Invalid(errors={"overrule": said})
        if not said:
            raise errors.MustOverrule(broken=tuple(found), zone=zone)
        return broken.set_aside(found, said)


def take_at_the_desk(
    session: OrmSession,
    asked: Asked,
    start: datetime,
    overruling: Overruling,
    *,
    now: datetime,
    letting_go: LettingGo | None = None,
    also: Sequence[Broken] = (),
    ignored: frozenset[str] = frozenset(),
) -> tuple[Seat, dict[str, Any] | None]:
    """Takes ``asked`` at ``start`` firmly; the second value is what was set aside for it. ``also`` are rules that the caller
    has found broken, ``ignored`` rules of the time that are of no matter here. Times that are over may be booked.

    Raises what ``Overruling.refuse`` raises, SlotTaken for a time that somebody has, NobodyCan, or Again.
    """
    if start.second or start.microsecond:
        raise errors.OffGrid(step=asked.service.slot_step)
    without = letting_go.sessions if letting_go else NONE
    seen = looked(session, asked, start, now, without)
    rules = giving_way(seen.case)
    if rules is None:
        raise _impossible(session, seen, now, letting_go)
    ranking = Ranking(session, asked, start, now)
    chosen = _chosen(seen, rules, ranking)
    faults = _faults(seen, chosen, ignored)
    named = [*also, *told(session, seen, (each for each in faults if each.why != "past"))]
    kept = overruling.refuse(named, asked.location.timezone)
    lift = ignored | {name for each in faults for name in RULES.get(each.rule, (each.rule,))}
    if not named:
        return _plainly(session, set_aside(asked, lift), start, now, letting_go), None
    narrow = _narrowed(set_aside(asked, lift), chosen)
    try:
        if "buffers" in lift:
            seat = squeezed(session, asked, narrow, start, now=now, letting_go=letting_go)
        else:
            seat = take(session, narrow, start, now=now, held_until=None, letting_go=letting_go)
    except (errors.SlotTaken, errors.Unfit, errors.LimitReached) as changed:
        # What was named is not how things stand any more: look again.
        raise Again from changed
    _keep_reasons(session, seat, chosen, ranking)
    return seat, kept


def _plainly(session: OrmSession, asked: Asked, start: datetime, now: datetime, letting_go: LettingGo | None) -> Seat:
    try:
        return take(session, asked, start, now=now, held_until=None, letting_go=letting_go)
    except (errors.SlotTaken, errors.Unfit, errors.LimitReached) as changed:
        raise Again from changed


def _impossible(session: OrmSession, seen: Looked, now: datetime, letting_go: LettingGo | None) -> errors.Refusal:
    """The refusal for what no rule that gives way would help."""
    easy = set_aside(seen.asked, OF_THE_TIME | {"hours", "away", "buffers"})
    slot, _ = look(session, easy, seen.start, now=now, without=letting_go.sessions if letting_go else NONE)
    if slot.reason == "closed":
        return errors.NobodyCan()
    if slot.reason is None:
        # Only buffers of others, which do not give way to a class that is joined.
        return errors.SlotTaken(start=seen.start)
    return refusal(seen.asked, slot, seen.start)


def _chosen(seen: Looked, rules: frozenset[str], ranking: Ranking) -> list[tuple[int, int, int]]:
    """(need, resource id, count) of those who would serve when ``rules`` give way: whoever breaks the fewest of them first,
    then by the strategy. None where a session is joined."""
    case = seen.case.without(*OF_THE_TIME, *rules)
    facts = (case.service, case.location, case.resources, case.taken, case.ask, case.start)
    if availability.at(*facts, choices=False).session is not None:
        return []
    needs = case.service.needs

    def rank(need: int, ids: Sequence[int]) -> Sequence[int]:
        best = ranking.best_first(need, ids)
        if not rules:
            return best
        return sorted(best, key=lambda id: len(of_resource(seen.case, id, needs[need].count)))

    found = availability.assign(*facts, rank)
    assert found is not None
    return [(need, id, needs[need].count) for need, id, _ in found]


def _faults(seen: Looked, chosen: Iterable[tuple[int, int, int]], ignored: frozenset[str]) -> list[Fault]:
    assigned = [(id, count) for _, id, count in chosen]
    found = of_the_assigned(seen.case, assigned) if assigned else list(of_the_time(seen.case))
    return [each for each in found if each.rule not in ignored]


def _narrowed(asked: Asked, chosen: Iterable[tuple[int, int, int]]) -> Asked:
    """The wish with only those who were named, so that nobody else is taken in their stead."""
    only = {need: id for need, id, _ in chosen}
    service = asked.plan.service
    needs = tuple(
        replace(need, candidates=(only[index],) if index in only else need.candidates)
        for index, need in enumerate(service.needs)
    )
    return replace(asked, plan=replace(asked.plan, service=replace(service, needs=needs)))


def _keep_reasons(session: OrmSession, seat: Seat, chosen: Iterable[tuple[int, int, int]], ranking: Ranking) -> None:
    """Why each of them, as the choice was made: whoever is the only one asked would always be the only one free."""
    for need, id, _ in chosen:
        session.execute(
            update(Allocation)
            .where(Allocation.session_id == seat.session_id, Allocation.need == need)
            .values(reason=ranking.reason(need, id))
            .execution_options(synchronize_session=False)
        )
